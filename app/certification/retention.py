"""Retention, which a certificate prolongs: evidence asks here when the last of them ends."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date
from uuid import UUID

from sqlalchemy import func, select

from app.certification.models import Certificate
from app.evidence import retention
from app.evidence.retention import DueFile
from app.work import Work


def due_files(work: Work, limit: int) -> list[DueFile]:
    """Return files whose retention has ended and that are still there, at most so many."""
    return retention.due_files(work, ends, limit)


def dispose(work: Work, file_id: UUID) -> bool:
    """Let a file go if it is due now; tell whether it did."""
    return retention.dispose(work, file_id, ends)


def ends(work: Work, portfolio_ids: Collection[UUID]) -> Mapping[UUID, date]:
    """Return the last day of each portfolio's certificate, whatever became of it since."""
    rows = (
        select(Certificate.portfolio_id, func.max(Certificate.valid_until))
        .where(Certificate.portfolio_id.in_(portfolio_ids))
        .group_by(Certificate.portfolio_id)
    )
    return {row[0]: row[1] for row in work.session.execute(rows)}
