"""Consents that may be withdrawn, and what rests on recordings that were shut."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import exists, select, text

from app.evidence import access
from app.evidence.lifecycle import State
from app.evidence.models import Consent, File
from app.evidence.queries import check_may_read_in
from app.evidence.readiness import RECORDINGS
from app.portfolio.models import Portfolio
from app.work import Work

SHOWN = (State.AVAILABLE, State.SUPERSEDED)
"""States in which a file can be opened."""


def consent(work: Work, id: UUID) -> tuple[Consent, Portfolio]:
    """Fetch a consent and hold its portfolio's row until the transaction ends."""
    known = work.session.get(Consent, id)
    if known is None:
        raise access.NoSuchConsent
    portfolio = work.session.get_one(Portfolio, known.portfolio_id, with_for_update=True)
    check_may_read_in(work, portfolio, access.NoSuchConsent)
    found = work.session.get(Consent, id, populate_existing=True)
    if found is None:
        raise access.NoSuchConsent
    return found, portfolio


def recordings_to_shut(work: Work, item_id: UUID) -> Sequence[File]:
    """Return the recordings of an item that can be opened, and hold them."""
    rows = select(File).where(
        File.item_id == item_id, File.kind.in_(RECORDINGS), File.state.in_(SHOWN)
    )
    return work.session.scalars(rows.order_by(File.id).with_for_update()).all()


def was_withdrawn_for(work: Work, file: File) -> bool:
    """Tell whether a consent to a recording was withdrawn while it was still on its way."""
    since = exists().where(
        Consent.item_id == file.item_id, Consent.withdrawn_at > file.announced_at
    )
    return file.kind in RECORDINGS and bool(work.session.execute(select(since)).scalar_one())


# What was decided stays decided: a recording that is shut afterwards changes no result, nor does
# the disposal of one that was shut before; so the moment tells, not the state. A claim rests on
# the file it points into; without one, on all that its item held when it was sealed.
SHUT = """
    (f.quarantined_at IS NOT NULL AND (p.decided_at IS NULL OR f.quarantined_at < p.decided_at))"""
HELD = """
    snapshot_file k JOIN evidence_file f ON f.tenant_id = k.tenant_id AND f.id = k.file_id
    WHERE k.tenant_id = s.tenant_id AND k.snapshot_id = s.id"""
SHUT_FILES = f"SELECT f.id FROM {HELD} AND {SHUT}"  # noqa: S608 -- constants
"""The files of a snapshot `s` of a portfolio `p` that were shut after it was sealed."""
SHUT_CLAIMS = f"""
SELECT c.claim_id FROM snapshot_claim c
WHERE c.tenant_id = s.tenant_id AND c.snapshot_id = s.id AND EXISTS ({SHUT_FILES}) AND CASE
    WHEN c.file_id IS NOT NULL THEN c.file_id IN ({SHUT_FILES})
    ELSE EXISTS ({SHUT_FILES} AND f.item_id = c.item_id)
         AND NOT EXISTS (SELECT FROM {HELD} AND f.item_id = c.item_id AND NOT {SHUT})
         AND NOT EXISTS (SELECT FROM testimony y
             WHERE y.tenant_id = s.tenant_id AND y.portfolio_id = s.portfolio_id
               AND y.item_id = c.item_id AND y.signed_at <= s.sealed_at)
END"""  # noqa: S608 -- constants
"""The claims of `s` that count no more, because what they rest on was shut."""

NOT_COUNTABLE = text(
    f"SELECT n.claim_id FROM snapshot s"  # noqa: S608 -- constants
    " JOIN portfolio p ON p.tenant_id = s.tenant_id AND p.id = s.portfolio_id"
    f" CROSS JOIN LATERAL ({SHUT_CLAIMS}) n WHERE s.id = :id ORDER BY n.claim_id"
)


def not_countable(work: Work, snapshot_id: UUID) -> Sequence[UUID]:
    """Return the sealed claims that count no more, because what they rest on was shut."""
    return work.session.scalars(NOT_COUNTABLE, {"id": snapshot_id}).all()
