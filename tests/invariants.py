"""What always holds of a certification body, whatever was done to it (FAULTS.md, "INV").

`check` looks at everything there is and fails with every breach that it finds. Files that a test
has put in as rows alone (`make.submitted_portfolio`) are breaches: they have no bytes.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

from sqlalchemy import TextClause, select, text

from app.audit import service as audit
from app.evidence.lifecycle import State
from app.evidence.models import File
from app.evidence.queries import storage
from app.portfolio.models import Portfolio
from app.storage import ObjectMissing
from app.storage.s3 import S3Store
from app.work import Work
from tests.make import Tenant

KEPT = {State.AVAILABLE, State.SUPERSEDED, State.QUARANTINED}
SETTLING = {State.RECEIVED, State.CHECKED}
"""Of these the checked object may be there already: a worker copies it before it says so."""

WITHOUT_DECISION = text(
    "SELECT c.number FROM certificate c LEFT JOIN decision d"
    " ON d.tenant_id = c.tenant_id AND d.id = c.decision_id"
    " WHERE d.id IS NULL OR d.portfolio_id <> c.portfolio_id"
)
WITHOUT_ENTRY = text(
    "SELECT c.number FROM certificate c WHERE (SELECT count(*) FROM journal_entry e"
    " WHERE e.action = 'certification.certificate_issued' AND e.subject_id = c.id) <> 1"
)


def check(tenant: Tenant) -> None:
    """Fail unless all holds: files and their objects, room, certificates, the journal's chain."""
    with tenant.at_work() as work:
        found = [
            *_files_without_their_object(work),
            *_objects_without_their_file(work),
            *(f"room of {one}: {sums}" for one, sums in storage.drift(work).items()),
            *(f"certificate {one} without a decision" for one in _all(work, WITHOUT_DECISION)),
            *(f"certificate {one} without its entry" for one in _all(work, WITHOUT_ENTRY)),
            *(str(one) for one in audit.verify(work).breaks),
        ]
    assert not found, "\n".join(found)


def _files_without_their_object(work: Work) -> Iterator[str]:
    store = cast(S3Store, work.store)
    for file in work.session.scalars(select(File).where(File.state.in_(KEPT))):
        try:
            there = store.fingerprint(file.key)
        except ObjectMissing:
            yield f"{file.state} file {file.id} without an object"
            continue
        if (there.sha256, there.size) != (file.sha256, file.size):
            yield f"{file.state} file {file.id} has {there}"


def _objects_without_their_file(work: Work) -> Iterator[str]:
    store = cast(S3Store, work.store)
    states = {str(file.id): file.state for file in work.session.scalars(select(File))}
    # The bytes of a deleted file go with the next job, which then says so.
    leaving = select(File.id).where(File.state == State.DELETED, File.cleared_at.is_(None))
    left = {str(id) for id in work.session.scalars(leaving)}
    for portfolio_id in work.session.scalars(select(Portfolio.id)):
        for one in store.objects(f"evidence/{portfolio_id}/"):
            id = one.key.rpartition("/")[2]
            state = states.get(id)
            if id not in left and state not in KEPT | SETTLING:
                yield f"object {one.key} of a file that is {state}"


def _all(work: Work, statement: TextClause) -> list[object]:
    return list(work.session.scalars(statement))
