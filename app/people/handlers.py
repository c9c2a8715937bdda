"""What the worker tidies up for people by the clock."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import delete

from app.jobs.shift import Shift
from app.people.models import IdempotentAnswer

KEPT = timedelta(days=7)
"""How long a repeated request is recognised: longer than any client goes on trying."""


def forget_answers(shift: Shift) -> None:
    """Remove the answers kept for repeated requests once nobody repeats them any more."""
    with shift.work() as work:
        work.session.execute(
            delete(IdempotentAnswer).where(IdempotentAnswer.answered_at < work.now - KEPT)
        )
