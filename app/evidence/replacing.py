"""Replacing a file: the new one is a version of it, and what was assessed stays.

The old file is superseded once the new one has been checked and kept. Whatever a snapshot sealed of
it stays as it was. Claims that pointed into it point into the new one if their place is there too;
the others keep pointing into the old one, and readiness says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from app.evidence import locator, queries, service
from app.evidence.lifecycle import State, Step
from app.evidence.models import Claim, File
from app.evidence.queries import versions as found
from app.evidence.service import check_open_to, move
from app.evidence.writing import keep_former
from app.journal.service import record
from app.work import Work


def take_over(work: Work, file: File) -> None:
    """Put a file that has just been kept in the place of the one that it replaces, if any."""
    if file.replaces is None:
        return
    old = work.session.get_one(File, file.replaces, populate_existing=True)
    if old.state != State.AVAILABLE:  # it was removed or quarantined meanwhile
        return
    move(work, old, Step.SUPERSEDE)
    moved = _move_claims(work, old, file)
    record(
        work, file.portfolio_id, "evidence.file_superseded", old.id, by=file.id, claims=len(moved)
    )


def remove_file(work: Work, id: UUID) -> None:
    """Take a file out, unless it was submitted; the version that it replaced is there again."""
    file, portfolio = queries.file(work, id)
    check_open_to(work, portfolio)
    before = _to_reinstate(work, file)
    if before is not None and not queries.is_sealed(work, id):
        _move_claims(work, file, before)
    service.remove_file(work, id)
    if before is not None:
        move(work, before, Step.REINSTATE)
        record(work, portfolio.id, "evidence.file_reinstated", before.id, instead_of=id)


def versions(work: Work, id: UUID) -> Sequence[File]:
    """Return every version of a file, the oldest first, for those who may read the evidence."""
    return found.versions(work, queries.file_to_read(work, id))


def _to_reinstate(work: Work, file: File) -> File | None:
    """Return the version to take up again when a file goes: none while a newer one is there."""
    if found.newest_after(work, file.id) is not None:
        return None
    return found.version_before(work, file)


def _move_claims(work: Work, old: File, new: File) -> list[Claim]:
    """Have the claims on one version point into another, where their place is there too."""
    fitting = [claim for claim in queries.claims_at(work, old.id) if _fits(claim, new)]
    for claim in fitting:
        keep_former(work, claim)
        claim.file_id = new.id
    work.session.flush()
    return fitting


def _fits(claim: Claim, file: File) -> bool:
    return (
        locator.fault(
            kind=file.kind,
            page=claim.page,
            box=claim.box,
            from_ms=claim.from_ms,
            to_ms=claim.to_ms,
            pages=file.pages,
            duration_ms=file.duration_ms,
        )
        is None
    )
