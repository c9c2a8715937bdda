"""What the worker has the store do for sealed files: refuse to remove them.

A lock lasts for a year and is renewed as long as the file is kept, so that it never outlives what
it is for by more than that. Where the store cannot lock, the service's own rights must do.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from app.evidence.models import Snapshot
from app.evidence.queries import keeping
from app.evidence.queries.keeping import Kept
from app.evidence.retaining import HoldInStore
from app.jobs.queue import defer_missing
from app.jobs.shift import Shift
from app.journal.service import record

LOCKED_FOR = timedelta(days=365)
RENEWED_BEFORE = timedelta(days=30)
AT_ONCE = 500
MOST = 20_000
"""Locks that are renewed in one night; the next goes on with those that end first."""


def lock_snapshot(shift: Shift, snapshot_id: UUID) -> None:
    """Have the store keep what a snapshot seals, and hold it if its portfolio is held."""
    if not shift.store.locks_objects():
        return
    with shift.work() as work:
        portfolio_id = work.session.get_one(Snapshot, snapshot_id).portfolio_id
        files, until = keeping.kept_in_snapshot(work, snapshot_id), work.now + LOCKED_FOR
        held = keeping.is_held(work, portfolio_id)
    locked = _lock(shift, files, until)
    with shift.work() as work:
        keeping.note_locked(work, locked, until)
        record(
            work,
            portfolio_id,
            "evidence.snapshot_locked",
            snapshot_id,
            files=len(locked),
            until=until.isoformat(),
        )
    if held:
        apply_holds(shift, portfolio_id)


def renew_locks(shift: Shift) -> None:
    """Lock what is sealed and not locked for much longer: new submissions, and old ones in time."""
    if not shift.store.locks_objects():
        return
    missing = 0
    for _ in range(0, MOST, AT_ONCE):
        with shift.work() as work:
            files = keeping.to_lock(work, work.now + RENEWED_BEFORE, AT_ONCE, missing)
            until = work.now + LOCKED_FOR
        locked = _lock(shift, files, until)
        with shift.work() as work:
            keeping.note_locked(work, locked, until)
        missing += len(files) - len(locked)
        if len(files) < AT_ONCE:
            return


def take_up(shift: Shift) -> None:
    """Have the store told again of holds that it was not told of: it was away for too long."""
    if not shift.store.locks_objects():
        return
    with shift.work() as work:
        defer_missing(work, "evidence.apply_holds", keeping.untold(work, AT_ONCE))


def apply_holds(shift: Shift, portfolio_id: UUID) -> None:
    """Put what a portfolio keeps under the store's legal hold, or lift it, as its holds say."""
    if not shift.store.locks_objects():
        return
    with shift.work() as work:
        known = keeping.holds_in(work, portfolio_id)
        held = HoldInStore.PLACED in known.values()
        files = list(keeping.kept_in_portfolio(work, portfolio_id))
        if not held:  # what went meanwhile, and could not leave the store under its hold
            files += keeping.uncleared_in_portfolio(work, portfolio_id)
    for file in files:
        shift.store.hold(file.key, on=held)
    with shift.work() as work:
        keeping.note_told(work, known)
        changed = keeping.is_held(work, portfolio_id) is not held
    if changed:  # by another act meanwhile, whose own job may have come before this one's end
        apply_holds(shift, portfolio_id)


def _lock(shift: Shift, files: Sequence[Kept], until: datetime) -> list[UUID]:
    """Lock files and return those that are there."""
    return [file.id for file in files if shift.store.lock(file.key, until)]
