"""How an assessment comes to its end, over HTTP: interview, verification and result."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from fastapi import Response

from app.assessment import access, interview, plan, queries, result, service, verification
from app.assessment.access import NotAssessingThis
from app.assessment.api.door import CurrentWork, Reading
from app.assessment.models import Interview, Verification
from app.assessment.schemas import (
    AnswerOut,
    GivenOut,
    IndicatorResultOut,
    InterviewOut,
    InterviewReadOut,
    LevelResultOut,
    NewInterview,
    NewVerification,
    PlanOut,
    ResultOut,
    VerificationOut,
)
from app.framework.content.framework import UnknownIndicators
from app.kit.errors import StaleVersion, VersionRequired
from app.kit.http import IfMatch, declared, version_in, with_etag
from app.people.door import feature_router
from app.portfolio import queries as portfolios
from app.portfolio.access import NoSuchPortfolio, PartsKeptApart
from app.portfolio.lifecycle import StepNotOpen

portfolio = feature_router("/portfolios", "Assessment")
routers = (portfolio,)

ENTERING = (
    NoSuchPortfolio,
    NotAssessingThis,
    StepNotOpen,
    interview.NotHeldYet,
    interview.HeldBeforeSubmission,
    interview.MinuteOutOfRange,
    interview.RaiseNeedsNote,
    interview.DisagreementOpen,
    result.NotAssessedYet,
    plan.InterviewIncomplete,
    plan.RaiseNotAllowed,
    UnknownIndicators,
)


@portfolio.get(
    "/{id}/interview/plan",
    operation_id="getInterviewPlan",
    response_model=PlanOut,
    responses=declared(NoSuchPortfolio, NotAssessingThis, result.NotAssessedYet),
)
def interview_plan(id: UUID, work: CurrentWork) -> plan.Plan:
    """Say what the interview has to ask about."""
    return interview.planned(work, id)


@portfolio.get(
    "/{id}/interview",
    operation_id="getInterview",
    responses=declared(NoSuchPortfolio, queries.NoInterview),
)
def get_interview(id: UUID, response: Response, work: Reading) -> InterviewReadOut:
    """Show the interview: to its referents, to staff once assessed, the candidate once decided."""
    found = interview.read(work, id)
    with_etag(response, found.interview.version)
    shown = InterviewOut.model_validate(found.interview)
    answers = [AnswerOut.model_validate(one) for one in found.answers]
    return InterviewReadOut(**shown.model_dump(), answers=answers)


@portfolio.post(
    "/{id}/interview",
    status_code=201,
    operation_id="recordInterview",
    response_model=InterviewOut,
    responses=declared(*ENTERING, interview.InterviewRecorded),
)
def record_interview(
    id: UUID, body: NewInterview, response: Response, work: CurrentWork
) -> Interview:
    """Enter the interview that you held."""
    recorded = interview.record_interview(work, id, _account(body))
    with_etag(response, recorded.version)
    return recorded


@portfolio.put(
    "/{id}/interview",
    operation_id="replaceInterview",
    response_model=InterviewOut,
    responses=declared(
        *ENTERING,
        queries.NoInterview,
        interview.ReplacedByRecorder,
        interview.InterviewConfirmed,
        VersionRequired,
        StaleVersion,
    ),
)
def replace_interview(
    id: UUID, body: NewInterview, response: Response, work: CurrentWork, if_match: IfMatch = None
) -> Interview:
    """Enter your interview anew, while the other referent has not confirmed it."""
    replaced = interview.replace(work, id, version_in(if_match), _account(body))
    with_etag(response, replaced.version)
    return replaced


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
        VersionRequired,
        StaleVersion,
    ),
)
def confirm_interview(
    id: UUID, response: Response, work: CurrentWork, if_match: IfMatch = None
) -> Interview:
    """Confirm the interview that the other referent entered, as you have read it."""
    confirmed = interview.confirm(work, id, version_in(if_match))
    with_etag(response, confirmed.version)
    return confirmed


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
        access.ConflictOfInterest,
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
    case = portfolios.portfolio_to_read(work, id)
    staff = access.may_read_ratings(work.actor, case.candidate_id, case.training_body_id)
    given = queries.given(work, id) if staff else None
    recommended = found.recommendation
    return ResultOut.model_validate(
        {
            "outcome": recommended.outcome,
            "level": recommended.level,
            "scheme": recommended.scheme,
            "applied_for": LevelResultOut.model_validate(recommended.applied_for),
            "considered": [LevelResultOut.model_validate(one) for one in recommended.considered],
            "indicators": [_line(line, given) for line in found.lines],
        }
    )


def _account(body: NewInterview) -> interview.Account:
    answers = {
        code: interview.Answer(one.minute, one.note, one.raised_to)
        for code, one in body.answers.items()
    }
    return interview.Account(body.held_at, body.minutes, body.summary, answers)


def _line(
    line: result.Line, given: Mapping[str, Sequence[queries.Given]] | None
) -> IndicatorResultOut:
    return IndicatorResultOut(
        indicator=line.indicator,
        rating=line.rating,
        how=line.settled.how,
        ratings=None if given is None else list(line.ratings),
        third=None if given is None else line.third,
        raised_to=line.raised_to,
        given=None
        if given is None
        else [GivenOut.model_validate(one) for one in given.get(line.indicator, ())],
    )
