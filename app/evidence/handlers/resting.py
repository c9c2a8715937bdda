"""Giving up uploads that rest: announced, perhaps begun, and then left alone."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from app.evidence import queries
from app.evidence.lifecycle import State
from app.evidence.queries import uploads as known
from app.evidence.service import let_go, take_out_of_claims
from app.jobs.shift import Shift
from app.kit.errors import Conflict
from app.portfolio.service import touch
from app.work import Work


class UploadGivenUp(Conflict):
    """Nothing was heard of this upload for days, so it was given up; announce the file anew."""


RESTING = frozenset({State.ANNOUNCED, State.UPLOADING})


def give_up(shift: Shift) -> None:
    """Delete the files whose upload has rested for longer than it may, each by itself.

    What has arrived of them is then removed as that of any deleted file.
    """
    with shift.work() as work:
        before = work.now - shift.upload_life
        resting = known.resting_since(work, before)
    for file_id in resting:
        with shift.work() as work:
            _give_up(work, file_id, before)


def _give_up(work: Work, file_id: UUID, before: datetime) -> None:
    file, portfolio = queries.file(work, file_id)
    # Who asks for parts does not hold the portfolio: their grant is waited for, and counts.
    if file.state not in RESTING or known.granted_at(work, file_id, hold=True) >= before:
        return
    file.problem, file.problem_detail = UploadGivenUp.slug(), UploadGivenUp.title()
    take_out_of_claims(work, file_id)
    # No hold keeps an upload that never ended: there is nothing in it that could be shown.
    let_go(work, portfolio, file, reason="abandoned")
    touch(work, portfolio)
