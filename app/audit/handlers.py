"""What the worker does with the journal by the clock."""

from __future__ import annotations

from app.audit import service
from app.jobs.shift import Shift


def anchor_heads(shift: Shift) -> None:
    """Anchor what was recorded since the last time; nothing new, nothing done."""
    with shift.work() as work:
        service.anchor(work)
