"""Finding snapshots by their number, and the receipts drawn of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import exists, select

from app.evidence.models import Receipt, Snapshot
from app.evidence.queries import NoSnapshot
from app.work import Work


def snapshot(work: Work, portfolio_id: UUID, number: int) -> Snapshot:
    """Return the snapshot of this number, counted from a portfolio's first submission."""
    own = select(Snapshot).where(Snapshot.portfolio_id == portfolio_id, Snapshot.number == number)
    found = work.session.scalars(own).one_or_none()
    if found is None:
        raise NoSnapshot
    return found


def receipt(work: Work, snapshot_id: UUID) -> Receipt | None:
    """Return the printed receipt of a snapshot, if it has been drawn."""
    return work.session.scalars(
        select(Receipt).where(Receipt.snapshot_id == snapshot_id)
    ).one_or_none()


def without_receipt(work: Work, before: datetime) -> Sequence[UUID]:
    """Return the snapshots that were sealed before a moment and have no receipt yet."""
    drawn = exists().where(Receipt.snapshot_id == Snapshot.id)
    return work.session.scalars(
        select(Snapshot.id).where(Snapshot.sealed_at < before, ~drawn)
    ).all()
