"""How an assessment comes to its end, over HTTP: interview, verification and result."""

from __future__ import annotations

from uuid import UUID

from app.assessment import access, interview, plan, queries, result, service, verification
from app.assessment.access import NotAssessingThis
from app.assessment.api.door import CurrentWork, Reading
from app.assessment.models import Interview, Verification
from app.assessment.schemas import (
    IndicatorResultOut,
    InterviewOut,
    LevelResultOut,
    NewInterview,
    NewVerification,
    PlanOut,
    ResultOut,
    VerificationOut,
)
from app.kit.http import declared
from app.people.door import feature_router
from app.portfolio import queries as portfolios
from app.portfolio.access import NoSuchPortfolio, PartsKeptApart
from app.portfolio.lifecycle import StepNotOpen

portfolio = feature_router("/portfolios", "Assessment")
routers = (portfolio,)


@portfolio.get(
    "/{id}/interview/plan",
    operation_id="getInterviewPlan",
    response_model=PlanOut,
    responses=declared(NoSuchPortfolio, NotAssessingThis, result.NotAssessedYet),
)
def interview_plan(id: UUID, work: CurrentWork) -> plan.Plan:
    """Say what the interview has to ask about."""
    return interview.planned(work, id)


@portfolio.post(
    "/{id}/interview",
    status_code=201,
    operation_id="recordInterview",
    response_model=InterviewOut,
    responses=declared(
        NoSuchPortfolio,
        NotAssessingThis,
        StepNotOpen,
        interview.InterviewRecorded,
        interview.NotHeldYet,
        interview.HeldBeforeSubmission,
        interview.MinuteOutOfRange,
        interview.RaiseNeedsNote,
        interview.DisagreementOpen,
        result.NotAssessedYet,
        plan.InterviewIncomplete,
        plan.RaiseNotAllowed,
    ),
)
def record_interview(id: UUID, body: NewInterview, work: CurrentWork) -> Interview:
    """Enter the interview that you held."""
    answers = {
        code: interview.Answer(one.minute, one.note, one.raised_to)
        for code, one in body.answers.items()
    }
    return interview.record_interview(
        work, id, held_at=body.held_at, minutes=body.minutes, summary=body.summary, answers=answers
    )


@portfolio.post(
    "/{id}/interview/confirmation",
    operation_id="confirmInterview",
    response_model=InterviewOut,
    responses=declared(
        NoSuchPortfolio,
        NotAssessingThis,
        StepNotOpen,
        queries.NoInterview,
        interview.ConfirmedByOther,
    ),
)
def confirm_interview(id: UUID, work: CurrentWork) -> Interview:
    """Confirm the interview that the other referent entered."""
    return interview.confirm(work, id)


@portfolio.get(
    "/{id}/verification",
    operation_id="getVerification",
    response_model=VerificationOut,
    responses=declared(NoSuchPortfolio, queries.NoVerification),
)
def get_verification(id: UUID, work: CurrentWork) -> Verification:
    """Show whether an assessment was drawn for verification, and what was found."""
    portfolios.portfolio_to_read(work, id)
    service.check_may_oversee(work, id, "result.read")
    return queries.verification(work, id)


@portfolio.post(
    "/{id}/verification",
    operation_id="verifyAssessment",
    response_model=VerificationOut,
    responses=declared(
        NoSuchPortfolio,
        StepNotOpen,
        PartsKeptApart,
        verification.AlreadyVerified,
        verification.ReturnNeedsReason,
    ),
)
def verify(id: UUID, body: NewVerification, work: CurrentWork) -> Verification:
    """Confirm a finished assessment, or return named indicators."""
    return verification.verify(
        work, id, body.outcome, indicators=body.indicators, comment=body.comment
    )


@portfolio.get(
    "/{id}/result",
    operation_id="getResult",
    responses=declared(NoSuchPortfolio, result.NotAssessedYet),
)
def get_result(id: UUID, work: Reading) -> ResultOut:
    """Explain the result: rule by rule, competence by competence, indicator by indicator."""
    found = result.result_for(work, id)
    staff = bool(access.RIGHTS["result.read"] & work.actor.roles)
    recommended = found.recommendation
    return ResultOut.model_validate(
        {
            "outcome": recommended.outcome,
            "level": recommended.level,
            "scheme": recommended.scheme,
            "applied_for": LevelResultOut.model_validate(recommended.applied_for),
            "considered": [LevelResultOut.model_validate(one) for one in recommended.considered],
            "indicators": [_line(line, staff) for line in found.lines],
        }
    )


def _line(line: result.Line, staff: bool) -> IndicatorResultOut:
    return IndicatorResultOut(
        indicator=line.indicator,
        rating=line.rating,
        how=line.settled.how,
        ratings=list(line.ratings) if staff else None,
        third=line.third if staff else None,
        raised_to=line.raised_to,
    )
