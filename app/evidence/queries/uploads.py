"""Finding uploads: those that are under way, and the parts that they were granted."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import text

from app.evidence.models import File, incoming_key
from app.kit.db import Statement
from app.portfolio.lifecycle import State as PortfolioState
from app.work import Work

# One statement finds the upload and notes the grant. Whoever asks for the same parts at the same
# moment waits at the upload's row and is then told that they were granted before.
TAKE_PARTS = Statement(
    "WITH held AS ("
    " SELECT f.tenant_id, f.id, f.portfolio_id, f.upload_id, f.size, f.part_size, p.state,"
    " u.granted && :wanted::int4multirange AS again"
    " FROM evidence_file f"
    " JOIN portfolio p ON p.tenant_id = f.tenant_id AND p.id = f.portfolio_id"
    " JOIN evidence_upload u ON u.tenant_id = f.tenant_id AND u.file_id = f.id"
    " WHERE f.id = :id AND f.state = 'uploading' AND p.candidate_id = :candidate"
    " FOR NO KEY UPDATE OF u"
    "), noted AS ("
    " UPDATE evidence_upload u SET granted = u.granted + :wanted::int4multirange,"
    " granted_at = :now FROM held"
    " WHERE u.tenant_id = held.tenant_id AND u.file_id = held.id"
    ") SELECT portfolio_id, upload_id, size, part_size, state, again FROM held"
)
GRANTED = text(
    "INSERT INTO evidence_upload (tenant_id, portfolio_id, file_id, granted_at)"
    " VALUES (:tenant, :portfolio, :file, :now)"
    " ON CONFLICT (tenant_id, file_id) DO UPDATE SET granted_at = excluded.granted_at"
)
# While an older release still runs beside a database that has this table, files are announced
# without a row in it: their grant was given when they were announced.
GRANTED_AT = text(
    "SELECT coalesce(u.granted_at, f.announced_at) FROM evidence_file f"
    " LEFT JOIN evidence_upload u ON u.tenant_id = f.tenant_id AND u.file_id = f.id"
    " WHERE f.id = :file"
)
HOLD_GRANT = text("SELECT FROM evidence_upload WHERE file_id = :file FOR UPDATE")
RESTING_SINCE = text(
    "SELECT f.id FROM evidence_file f"
    " LEFT JOIN evidence_upload u ON u.tenant_id = f.tenant_id AND u.file_id = f.id"
    " WHERE f.state IN ('announced', 'uploading')"
    " AND coalesce(u.granted_at, f.announced_at) < :before"
    " ORDER BY coalesce(u.granted_at, f.announced_at) LIMIT 1000"
)


@dataclass(frozen=True, slots=True)
class UnderWay:
    """One's own upload in parts that has begun.

    `again` tells whether some of the parts now asked for were granted before.
    """

    incoming_key: str
    upload_id: str
    size: int
    part_size: int
    portfolio_state: PortfolioState
    again: bool


def take_parts(work: Work, id: UUID, numbers: Iterable[int]) -> UnderWay | None:
    """Note that parts of one's own upload are granted now; None if no such upload has begun."""
    row = TAKE_PARTS.row(
        work.session,
        {
            "id": id,
            "candidate": work.actor.person_id,
            "wanted": _ranges(numbers),
            "now": work.now,
        },
    )
    if row is None or row[1] is None:
        return None
    portfolio_id, upload_id, size, part_size, state, again = row
    key = incoming_key(portfolio_id, id)
    return UnderWay(key, upload_id, size, part_size, PortfolioState(state), again)


def note_grant(work: Work, file: File) -> None:
    """Note that leave to send a file was given now, for the first time or once more."""
    work.session.flush()
    work.session.execute(
        GRANTED,
        {
            "tenant": file.tenant_id,
            "portfolio": file.portfolio_id,
            "file": file.id,
            "now": work.now,
        },
    )


def granted_at(work: Work, file_id: UUID, *, hold: bool = False) -> datetime:
    """Return when leave to send a file, or a part of it, was given last.

    With `hold` none is given until the transaction ends.
    """
    if hold:
        work.session.execute(HOLD_GRANT, {"file": file_id})
    found: datetime = work.session.execute(GRANTED_AT, {"file": file_id}).scalar_one()
    return found


def resting_since(work: Work, before: datetime) -> Sequence[UUID]:
    """Return uploads that no leave was given for since a moment, the oldest first."""
    return work.session.scalars(RESTING_SINCE, {"before": before}).all()


def _ranges(numbers: Iterable[int]) -> str:
    """Write numbers as PostgreSQL writes a set of ranges; it joins those that touch."""
    ranges: list[list[int]] = []
    for number in sorted(numbers):
        if ranges and ranges[-1][1] == number:
            ranges[-1][1] = number + 1
        else:
            ranges.append([number, number + 1])
    return "{" + ",".join(f"[{first},{end})" for first, end in ranges) + "}"
