"""Opening portfolios, applying, admission and withdrawal over HTTP."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request, Response

from app.kit.http import declared, link_next
from app.kit.paging import Limit, MalformedCursor, position
from app.people.door import door, feature_router
from app.portfolio import access, prerequisites, queries, service
from app.portfolio.access import NoSuchPortfolio, NotTheCandidate, OwnCase
from app.portfolio.lifecycle import ReasonRequired, State, Step, StepNotOpen
from app.portfolio.models import Portfolio, Transition
from app.portfolio.schemas import (
    Admission,
    ApplicationOut,
    NewApplication,
    NewPortfolio,
    PortfolioOut,
    PrerequisiteOut,
    TransitionOut,
)
from app.work import Work

CurrentWork = Annotated[Work, Depends(door("portfolio"), scope="function")]

router = feature_router("/portfolios", "Portfolio")

NO_REASON = {"reason": None}
OUTCOMES = {
    "admitted": Step.ADMIT,
    "needs_info": Step.ASK_FOR_INFORMATION,
    "not_admitted": Step.REFUSE_ADMISSION,
}


@router.post(
    "",
    status_code=201,
    operation_id="openPortfolio",
    response_model=PortfolioOut,
    responses=declared(service.AlreadyOpen, service.NoSuchLevel),
)
def open_portfolio(body: NewPortfolio, response: Response, work: CurrentWork) -> Portfolio:
    """Open your portfolio for one level of a scheme."""
    portfolio = service.open_portfolio(work, scheme_code=body.scheme, level=body.level)
    response.headers["Location"] = f"/api/v1/portfolios/{portfolio.id}"
    return portfolio


@router.get(
    "",
    operation_id="listPortfolios",
    response_model=list[PortfolioOut],
    responses=declared(MalformedCursor),
)
def list_portfolios(
    request: Request,
    response: Response,
    work: CurrentWork,
    state: State | None = None,
    limit: Limit = 50,
    cursor: str | None = None,
) -> Sequence[Portfolio]:
    """List the portfolios that you may know of, the oldest first."""
    page = queries.portfolios(work, state, limit, position(cursor))
    link_next(request, response, page.next_cursor)
    return page.rows


@router.get(
    "/{id}/history",
    operation_id="getPortfolioHistory",
    response_model=list[TransitionOut],
    responses=declared(NoSuchPortfolio),
)
def history(id: UUID, work: CurrentWork) -> Sequence[TransitionOut]:
    """List the steps that a portfolio has taken.

    A training body is not told the reasons, and the candidate learns why a portfolio was returned
    or referred back once it is decided.
    """
    portfolio = queries.portfolio_to_read(work, id)
    return [_told(work, portfolio, step) for step in queries.transitions(work, id)]


@router.post(
    "/{id}/application",
    operation_id="applyForAdmission",
    response_model=PortfolioOut,
    responses=declared(
        NoSuchPortfolio,
        NotTheCandidate,
        StepNotOpen,
        service.CharterNotAccepted,
        prerequisites.PrerequisitesUndeclared,
    ),
)
def apply(id: UUID, body: NewApplication, work: CurrentWork) -> Portfolio:
    """Apply for admission: declare the prerequisites and accept the charter."""
    return service.apply(
        work,
        id,
        declarations={
            code: (given.value, given.statement) for code, given in body.prerequisites.items()
        },
        charter_accepted=body.charter.accepted,
        charter_language=body.charter.language,
        special_arrangements=body.special_arrangements,
    )


@router.get(
    "/{id}/application",
    operation_id="getApplication",
    responses=declared(NoSuchPortfolio, queries.NoApplication),
)
def application(id: UUID, work: CurrentWork) -> ApplicationOut:
    """Show an application and how each prerequisite stands."""
    portfolio = queries.portfolio_to_read(work, id)
    found = queries.application(work, id)
    confidential = access.may_read_arrangements(work.actor, portfolio.candidate_id)
    return ApplicationOut(
        applied_at=found.applied_at,
        charter_hash=found.charter_hash,
        charter_language=found.charter_language,
        charter_accepted_at=found.charter_accepted_at,
        special_arrangements=found.special_arrangements if confidential else None,
        prerequisites=[
            PrerequisiteOut.model_validate(row) for row in queries.prerequisites(work, id)
        ],
    )


@router.post(
    "/{id}/admission",
    operation_id="decideAdmission",
    response_model=PortfolioOut,
    responses=declared(
        NoSuchPortfolio,
        OwnCase,
        StepNotOpen,
        ReasonRequired,
        service.UnknownPrerequisites,
        prerequisites.PrerequisitesUnchecked,
        prerequisites.PrerequisitesUnmet,
    ),
)
def decide_admission(id: UUID, body: Admission, work: CurrentWork) -> Portfolio:
    """Answer an application: admit, ask for more, or refuse, with the prerequisites checked."""
    findings = {code: (given.met, given.finding) for code, given in body.findings.items()}
    return service.decide_admission(
        work, id, OUTCOMES[body.outcome], findings=findings, reason=body.reason
    )


@router.post(
    "/{id}/withdrawal",
    operation_id="withdrawPortfolio",
    response_model=PortfolioOut,
    responses=declared(NoSuchPortfolio, NotTheCandidate, StepNotOpen),
)
def withdraw(id: UUID, work: CurrentWork) -> Portfolio:
    """Withdraw your portfolio."""
    return service.withdraw(work, id)


def _told(work: Work, portfolio: Portfolio, step: Transition) -> TransitionOut:
    told = TransitionOut.model_validate(step)
    may_read_reason = access.may_read_reason(
        work.actor,
        portfolio.candidate_id,
        portfolio.state,
        step.step,
        submitted=portfolio.was_submitted,
    )
    return told if may_read_reason else told.model_copy(update=NO_REASON)
