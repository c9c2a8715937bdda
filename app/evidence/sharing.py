"""Agreeing that others see the original of a file that tells where it was made, or no longer."""

from __future__ import annotations

from uuid import UUID

from app.evidence import access
from app.evidence import queries as evidence
from app.evidence.models import File
from app.journal.service import record
from app.work import Work


def share_location(work: Work, file_id: UUID, *, shared: bool) -> File:
    """Let those who read the file see where it was made, or give them the copy again.

    Its candidate alone decides, at any time: after the assessment too, and for what was submitted,
    whose bytes and digest stay as they are.
    """
    file, portfolio = evidence.file(work, file_id)
    access.check_may_change(work.actor, portfolio.candidate_id)
    if shared != (file.location_shared_at is not None):
        file.location_shared_at = work.now if shared else None
        act = "evidence.location_shared" if shared else "evidence.location_hidden"
        record(work, portfolio.id, act, file.id)
    return file
