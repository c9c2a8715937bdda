"""The officer asks referents to assess, and a third one where two disagree, over HTTP."""

from __future__ import annotations

from uuid import UUID

from app.assessment import access, queries, reconciliation, result, service
from app.assessment.api.door import CurrentWork
from app.assessment.models import Assessment
from app.assessment.schemas import AssessmentOut, NewAssignment
from app.kit.http import declared
from app.people.door import feature_router
from app.portfolio import queries as portfolios
from app.portfolio.access import NoSuchPortfolio, PartsKeptApart
from app.portfolio.lifecycle import StepNotOpen

portfolio = feature_router("/portfolios", "Assessment")
routers = (portfolio,)


ASKING = (
    NoSuchPortfolio,
    StepNotOpen,
    PartsKeptApart,
    access.PartyToTheCase,
    access.SelfAssigned,
    access.ConflictOfInterest,
    access.NotAReferent,
    service.EnoughReferents,
    service.AlreadyAssigned,
)
"""What may stand against asking someone to assess."""


@portfolio.post(
    "/{id}/assignments",
    status_code=201,
    operation_id="assignReferent",
    response_model=AssessmentOut,
    responses=declared(*ASKING),
)
def assign(id: UUID, body: NewAssignment, work: CurrentWork) -> Assessment:
    """Ask a referent to assess a submitted portfolio."""
    return service.assign(work, id, body.referent_id)


@portfolio.get(
    "/{id}/assignments",
    operation_id="listAssignments",
    response_model=list[AssessmentOut],
    responses=declared(NoSuchPortfolio),
)
def list_assignments(id: UUID, work: CurrentWork) -> list[Assessment]:
    """List who was asked to assess a portfolio, and how far each has come."""
    portfolios.portfolio_to_read(work, id)
    service.check_may_oversee(work, id, "assessment.assign")
    return list(queries.assessments(work, id))


@portfolio.post(
    "/{id}/moderation",
    status_code=201,
    operation_id="callThirdReferent",
    response_model=AssessmentOut,
    responses=declared(*ASKING, service.ModerationNotNeeded, result.NotAssessedYet),
)
def moderate(id: UUID, body: NewAssignment, work: CurrentWork) -> Assessment:
    """Ask a third referent to rate, blind, the indicators on which the two disagree."""
    return reconciliation.moderate(work, id, body.referent_id)
