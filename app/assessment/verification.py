"""Internal verification: a verifier confirms a finished assessment, or returns named indicators."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from app.actor import check_right
from app.assessment import access, queries, service
from app.assessment.models import Finding, Verification
from app.framework import queries as reference
from app.journal.service import record
from app.kit.errors import Conflict, Invalid
from app.portfolio import lifecycle
from app.portfolio import queries as portfolios
from app.portfolio import service as portfolio_service
from app.portfolio.access import Part
from app.portfolio.lifecycle import Step
from app.portfolio.models import Portfolio
from app.work import Work


class AlreadyVerified(Conflict):
    """This assessment was verified already."""


class ReturnNeedsReason(Invalid):
    """An assessment is returned with the indicators to look at again, and why."""


def verify(
    work: Work,
    portfolio_id: UUID,
    finding: Finding,
    *,
    indicators: Sequence[str],
    comment: str | None,
) -> Verification:
    """Confirm an assessment, or return named indicators to its referents with the reason."""
    portfolio = portfolios.portfolio(work, portfolio_id)
    check_right(work.actor, access.RIGHTS, "verification.verify")
    service.check_no_conflict(work, portfolio, work.actor.person_id)
    lifecycle.after(portfolio.state, Step.RETURN)
    verification = queries.verification(work, portfolio_id)
    if verification.outcome is not None:
        raise AlreadyVerified
    portfolio_service.take_part(work, portfolio, work.actor.person_id, Part.VERIFIER)
    verification.verifier_id, verification.verified_as = work.actor.person_id, Part.VERIFIER
    verification.outcome, verification.verified_at = finding, work.now
    verification.comment = comment
    verification.indicators = list(indicators)
    if finding == Finding.RETURNED:
        if not comment or not indicators:
            raise ReturnNeedsReason
        give_back(work, portfolio, Step.RETURN, indicators, comment)
    record(work, portfolio.id, f"verification.{finding}", verification.id)
    return verification


def give_back(
    work: Work, portfolio: Portfolio, step: Step, indicators: Sequence[str], reason: str
) -> None:
    """Open named indicators of both referents' assessments again."""
    reference.framework(work.session, portfolio.framework_id).check_known(indicators)
    portfolio_service.move(work, portfolio, step, reason=reason)
    for part in (Part.REFERENT, Part.MODERATOR):
        for assessment in queries.working(work, portfolio.id, part):
            service.reopen(work, assessment, indicators)
