"""How long a file is tried again whose check fails through no fault of the file."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Final
from uuid import UUID

from app.evidence import queries
from app.evidence.lifecycle import Failing, State
from app.evidence.models import File
from app.jobs.shift import Shift
from app.work import Work

WAITING: Final = frozenset({State.RECEIVED, State.CHECKED})
"""States in which a file waits for its check to end."""

PATIENCE: Final[Mapping[Failing, timedelta]] = {
    Failing.STORE: timedelta(hours=1),
    Failing.CHECK: timedelta(days=1),
}
"""How long the store may fail to give a file back, and how long its check may break off, from the
first failure on: a file that waited for ever could be neither used nor removed."""

FORGOTTEN: Final = timedelta(hours=3)
"""After so long without a failure the next one is a first one again: the worker was stopped, or the
file waited for a scanner. Tries of a job are up to 70 minutes apart, its jobs half an hour."""


def lasts(shift: Shift, file_id: UUID, failing: Failing) -> bool:
    """Note that the check of a file failed, and say whether it is to be tried again."""
    with shift.work() as work:
        file, _ = queries.file(work, file_id)
        if file.state not in WAITING:
            return True
        if file.failing_since is None or _is_first(work, file, failing):
            file.failing, file.failing_since = failing, work.now
        file.failed_at = work.now
        return work.now - file.failing_since <= PATIENCE[Failing(file.failing or failing)]


def _is_first(work: Work, file: File, failing: Failing) -> bool:
    # Not the other way round, or a file that fails now in this way, now in that would never end.
    given_back = file.failing == Failing.STORE and failing == Failing.CHECK
    return given_back or file.failed_at is None or work.now - file.failed_at > FORGOTTEN
