"""From two blind assessments to one: closing them, and a third referent when they differ."""

from __future__ import annotations

from uuid import UUID

from app.assessment import result, service
from app.assessment.models import Assessment
from app.portfolio import lifecycle
from app.portfolio import queries as portfolios
from app.portfolio.lifecycle import Step
from app.work import Work


def finalise(work: Work, id: UUID, comment: str) -> Assessment:
    """Close one's assessment, and the portfolio's if it was the last thing to do."""
    assessment = service.finalise(work, id, comment)
    result.conclude(work, portfolios.portfolio_for_duty(work, assessment.portfolio_id))
    return assessment


def moderate(work: Work, portfolio_id: UUID, referent_id: UUID) -> Assessment:
    """Call a third referent for the indicators on which the two disagree."""
    portfolio = portfolios.portfolio(work, portfolio_id)
    service.check_may_oversee(work, portfolio_id, "assessment.assign")
    lifecycle.after(portfolio.state, Step.CONCLUDE)
    return service.call_third(
        work, portfolio_id, referent_id, result.disagreements(work, portfolio)
    )
