"""Finding what is kept: sealed files and their locks, holds, and what was not read back lately."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, exists, func, select, update

from app.evidence.lifecycle import State
from app.evidence.models import File, Hold, SnapshotFile, kept_key
from app.evidence.retaining import HoldInStore
from app.work import Work

KEPT = (State.AVAILABLE, State.SUPERSEDED, State.QUARANTINED)
"""States of a file whose bytes lie in their place."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A kept file, as far as the store is asked for it."""

    id: UUID
    portfolio_id: UUID
    size: int
    sha256: str | None

    @property
    def key(self) -> str:
        return kept_key(self.portfolio_id, self.id)


def sealed() -> ColumnElement[bool]:
    """Say of a file's row that a snapshot seals it."""
    return exists().where(
        SnapshotFile.tenant_id == File.tenant_id,
        SnapshotFile.portfolio_id == File.portfolio_id,
        SnapshotFile.file_id == File.id,
    )


def kept_in_snapshot(work: Work, snapshot_id: UUID) -> Sequence[Kept]:
    """Return the files that a snapshot seals and whose bytes are there."""
    members = select(SnapshotFile.file_id).where(SnapshotFile.snapshot_id == snapshot_id)
    return _kept(work, File.id.in_(members))


def kept_in_portfolio(work: Work, portfolio_id: UUID) -> Sequence[Kept]:
    return _kept(work, File.portfolio_id == portfolio_id)


def uncleared_in_portfolio(work: Work, portfolio_id: UUID) -> Sequence[Kept]:
    """Return files of a portfolio that are deleted and whose bytes may still be there."""
    rows = select(File.id, File.portfolio_id, File.size, File.sha256).where(
        File.portfolio_id == portfolio_id,
        File.state == State.DELETED,
        File.cleared_at.is_(None),
    )
    return [Kept(*row) for row in work.session.execute(rows.order_by(File.id))]


def to_lock(work: Work, before: datetime, limit: int, passed_over: int) -> Sequence[Kept]:
    """Return sealed files that the store does not keep until `before`, the most urgent first.

    The first `passed_over` of them are left out.
    """
    unlocked = File.locked_until.is_(None) | (File.locked_until < before)
    rows = (
        select(File.id, File.portfolio_id, File.size, File.sha256)
        .where(File.state.in_(KEPT), sealed(), unlocked)
        .order_by(File.locked_until.asc().nulls_first(), File.id)
        .limit(limit)
        .offset(passed_over)
    )
    return [Kept(*row) for row in work.session.execute(rows)]


def to_verify(work: Work, before: datetime, limit: int) -> Sequence[Kept]:
    """Return files that were not read back since `before`, those first that wait longest."""
    due = File.last_verified_at.is_(None) | (File.last_verified_at < before)
    rows = (
        select(File.id, File.portfolio_id, File.size, File.sha256)
        .where(File.state.in_(KEPT), due)
        .order_by(File.last_verified_at.asc().nulls_first(), File.id)
        .limit(limit)
    )
    return [Kept(*row) for row in work.session.execute(rows)]


def note_locked(work: Work, ids: Collection[UUID], until: datetime) -> None:
    """Note until when the store keeps some files."""
    work.session.execute(
        update(File)
        .where(File.id.in_(ids))
        .values(locked_until=until)
        .execution_options(synchronize_session=False)
    )


def is_held(work: Work, portfolio_id: UUID) -> bool:
    """Tell whether nothing of a portfolio may go at present."""
    open_hold = exists().where(Hold.portfolio_id == portfolio_id, Hold.released_at.is_(None))
    return bool(work.session.execute(select(open_hold)).scalar_one())


def holds_in(work: Work, portfolio_id: UUID) -> Mapping[UUID, HoldInStore]:
    """Return what the store should know of each hold that a portfolio is or was under."""
    rows = select(Hold.id, Hold.released_at).where(Hold.portfolio_id == portfolio_id)
    return {
        id: HoldInStore.PLACED if released_at is None else HoldInStore.RELEASED
        for id, released_at in work.session.execute(rows)
    }


def note_told(work: Work, told: Mapping[UUID, HoldInStore]) -> None:
    """Note what the store was told of some holds."""
    for word in HoldInStore:
        ids = [id for id, said in told.items() if said == word]
        work.session.execute(update(Hold).where(Hold.id.in_(ids)).values(in_store=word))


def untold(work: Work, limit: int) -> Sequence[UUID]:
    """Return portfolios of whose holds the store does not know how they stand."""
    behind = Hold.in_store.is_(None) | (
        (Hold.in_store == HoldInStore.PLACED) & Hold.released_at.is_not(None)
    )
    rows = select(Hold.portfolio_id).where(behind).distinct()
    return work.session.scalars(rows.order_by(Hold.portfolio_id).limit(limit)).all()


def _kept(work: Work, which: ColumnElement[bool]) -> Sequence[Kept]:
    rows = select(File.id, File.portfolio_id, File.size, File.sha256).where(
        File.state.in_(KEPT), which
    )
    return [Kept(*row) for row in work.session.execute(rows.order_by(File.id))]


def amount(work: Work) -> tuple[int, int]:
    """Return how many files are kept, and their bytes together."""
    rows = select(func.count(), func.coalesce(func.sum(File.size), 0)).where(File.state.in_(KEPT))
    count, size = work.session.execute(rows).one()
    return int(count), int(size)


def damaged_since(work: Work, portfolio_id: UUID) -> datetime | None:
    """Return since when something that a portfolio's snapshots seal is damaged, if it is."""
    rows = select(func.min(File.damaged_at)).where(File.portfolio_id == portfolio_id, sealed())
    return work.session.execute(rows).scalar_one()
