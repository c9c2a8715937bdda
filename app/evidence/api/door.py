"""The door that all of evidence stands behind, and what may keep any change out."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request

from app.evidence import access
from app.evidence.quota import Limits
from app.kit.http import declared
from app.people.door import door
from app.portfolio import queries as portfolios
from app.portfolio.access import NotTheCandidate
from app.portfolio.lifecycle import EvidenceClosed
from app.work import Work

CurrentWork = Annotated[Work, Depends(door("portfolio"), scope="function")]


def usual_limits(request: Request) -> Limits:
    """Return how much room files have where a certification body has no limits of its own."""
    settings = request.app.state.settings
    return Limits(settings.person_storage_bytes, settings.tenant_storage_bytes)


CHANGES = declared(NotTheCandidate, EvidenceClosed)


def check_may_read(work: Work, id: UUID) -> None:
    """Refuse someone who may know of the portfolio but not read what is in it."""
    found = portfolios.portfolio_to_read(work, id)
    access.check_may_read(work.actor, found.candidate_id, submitted=found.was_submitted)
