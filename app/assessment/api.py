"""Assignments, a referent's queue and ratings, the interview, verification and result over HTTP."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Header, Request, Response
from fastapi.responses import RedirectResponse

from app.assessment import (
    access,
    desk,
    interview,
    plan,
    queries,
    reconciliation,
    result,
    service,
    verification,
)
from app.assessment.access import NoSuchAssessment, NotAssessingThis
from app.assessment.lifecycle import AssessmentStepNotOpen, State
from app.assessment.models import Assessment, Interview, Verification
from app.assessment.schemas import (
    AssessmentOut,
    DeskOut,
    Finalisation,
    IndicatorResultOut,
    InterviewOut,
    LevelResultOut,
    NewAssignment,
    NewInterview,
    NewVerification,
    PlanOut,
    QueueRowOut,
    RatingIn,
    RatingOut,
    RatingsIn,
    RatingsOut,
    Reason,
    ResultOut,
    VerificationOut,
)
from app.assessment.writing import Given, Judged
from app.evidence import uploads
from app.evidence.access import NoSuchFile
from app.framework.content.scheme import RatingOffTheScale
from app.kit.errors import StaleVersion, VersionRequired
from app.kit.fields import Code
from app.kit.http import declared, etag, known_version, link_next, version_in, with_etag
from app.kit.paging import Limit, MalformedCursor, position
from app.people.authentication import door, feature_router
from app.portfolio import queries as portfolios
from app.portfolio.access import NoSuchPortfolio, PartsKeptApart
from app.portfolio.lifecycle import StepNotOpen
from app.work import Work

CurrentWork = Annotated[Work, Depends(door("assessment"), scope="function")]
Reading = Annotated[Work, Depends(door("portfolio"), scope="function")]
IfMatch = Annotated[str | None, Header()]
IfNoneMatch = Annotated[str | None, Header()]

portfolio = feature_router("/portfolios", "Assessment")
assessments = feature_router("/assessments", "Assessment")
files = feature_router("/files", "Evidence")
routers = (portfolio, assessments, files)

WRITING = declared(
    NoSuchAssessment,
    VersionRequired,
    StaleVersion,
    service.RatingsClosed,
    service.RatingLocked,
    service.NotInThisAssessment,
    RatingOffTheScale,
    service.CommentNeeded,
    service.UnknownClaims,
    service.ReasonForNo,
    service.JudgedTwice,
)


@portfolio.post(
    "/{id}/assignments",
    status_code=201,
    operation_id="assignReferent",
    response_model=AssessmentOut,
    responses=declared(
        NoSuchPortfolio,
        StepNotOpen,
        PartsKeptApart,
        access.PartyToTheCase,
        access.ConflictOfInterest,
        access.NotAReferent,
        service.EnoughReferents,
        service.AlreadyAssigned,
    ),
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
    portfolios.portfolio(work, id)
    service.check_may_oversee(work, id, "assessment.assign")
    return list(queries.assessments(work, id))


@portfolio.post(
    "/{id}/moderation",
    status_code=201,
    operation_id="callThirdReferent",
    response_model=AssessmentOut,
    responses=declared(
        NoSuchPortfolio,
        StepNotOpen,
        PartsKeptApart,
        access.ConflictOfInterest,
        access.NotAReferent,
        service.EnoughReferents,
        service.ModerationNotNeeded,
        result.NotAssessedYet,
    ),
)
def moderate(id: UUID, body: NewAssignment, work: CurrentWork) -> Assessment:
    """Ask a third referent to rate, blind, the indicators on which the two disagree."""
    return reconciliation.moderate(work, id, body.referent_id)


@assessments.get(
    "",
    operation_id="listAssessments",
    response_model=list[QueueRowOut],
    responses=declared(MalformedCursor),
)
def queue(
    request: Request,
    work: CurrentWork,
    state: State | None = None,
    limit: Limit = 50,
    cursor: str | None = None,
) -> Response:
    """List your assessments, the longest assigned first; without a state, the unfinished ones."""
    page = queries.queue(work, state, limit, position(cursor))
    response = Response(page.body, media_type="application/json")
    link_next(request, response, page.next_cursor)
    return response


@assessments.get(
    "/{id}",
    operation_id="getAssessment",
    response_model=DeskOut,
    responses={
        **declared(NoSuchAssessment),
        304: {"description": "You have this version already."},
    },
)
def get_assessment(id: UUID, work: CurrentWork, if_none_match: IfNoneMatch = None) -> Response:
    """Show your assessment with what was submitted, your ratings and your judgements."""
    found = desk.desk(work, id, known_version(if_none_match))
    headers = {"ETag": etag(found.version), "Cache-Control": "private, no-cache"}
    if found.body is None:
        return Response(status_code=304, headers=headers)
    return Response(found.body, headers=headers, media_type="application/json")


@assessments.post(
    "/{id}/acceptance",
    operation_id="acceptAssessment",
    response_model=AssessmentOut,
    responses=declared(NoSuchAssessment, AssessmentStepNotOpen, service.NotUnderAssessment),
)
def accept(id: UUID, response: Response, work: CurrentWork) -> Assessment:
    """Take an assessment on."""
    assessment = service.accept(work, id)
    with_etag(response, assessment.version)
    return assessment


@assessments.post(
    "/{id}/decline",
    operation_id="declineAssessment",
    response_model=AssessmentOut,
    responses=declared(NoSuchAssessment, AssessmentStepNotOpen),
)
def decline(id: UUID, body: Reason, work: CurrentWork) -> Assessment:
    """Say no to an assignment, with the reason."""
    return service.decline(work, id, body.reason)


@assessments.post(
    "/{id}/conflict",
    operation_id="declareConflict",
    response_model=AssessmentOut,
    responses=declared(NoSuchAssessment, AssessmentStepNotOpen),
)
def declare_conflict(id: UUID, body: Reason, work: CurrentWork) -> Assessment:
    """Step back from an assessment for a conflict of interest."""
    return service.declare_conflict(work, id, body.reason)


@assessments.put("/{id}/ratings/{indicator}", operation_id="rateIndicator", responses=WRITING)
def rate(
    id: UUID,
    indicator: Code,
    body: RatingIn,
    response: Response,
    work: CurrentWork,
    if_match: IfMatch = None,
) -> RatingOut:
    """Rate one indicator; If-Match takes the rating's own version."""
    given = _given(indicator, body)
    version = service.rate(work, id, version_in(if_match), given, _judged(body))
    with_etag(response, version)
    return RatingOut(
        indicator=indicator,
        rating=given.rating,
        not_assessable=given.not_assessable,
        comment=given.comment,
        version=version,
        rated_at=work.now,
    )


@assessments.put("/{id}/ratings", operation_id="rateIndicators", responses=WRITING)
def rate_many(
    id: UUID, body: RatingsIn, response: Response, work: CurrentWork, if_match: IfMatch = None
) -> RatingsOut:
    """Rate many indicators at once; If-Match takes the assessment's version."""
    given = [_given(code, one) for code, one in body.ratings.items()]
    judged = [judgement for one in body.ratings.values() for judgement in _judged(one)]
    written = service.rate_many(work, id, version_in(if_match), given, judged)
    with_etag(response, written.version)
    return RatingsOut(version=written.version, rated=written.rated, versions=dict(written.versions))


@assessments.post(
    "/{id}/finalisation",
    operation_id="finaliseAssessment",
    response_model=AssessmentOut,
    responses=declared(
        NoSuchAssessment,
        AssessmentStepNotOpen,
        service.NotUnderAssessment,
        service.RatingsMissing,
        service.ClaimsNotJudged,
    ),
)
def finalise(id: UUID, body: Finalisation, work: CurrentWork) -> Assessment:
    """Close your ratings."""
    return reconciliation.finalise(work, id, body.comment)


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
    portfolios.portfolio(work, id)
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


@files.get(
    "/{id}/content",
    status_code=307,
    operation_id="readFile",
    response_class=RedirectResponse,
    responses=declared(NoSuchFile, uploads.FileNotReadable),
)
def read_file(id: UUID, work: Reading) -> RedirectResponse:
    """Go to a file's bytes: a link into the store that is good for some minutes."""
    link = uploads.link(work, id, queries.readers(work, id))
    return RedirectResponse(link, 307, {"Cache-Control": "no-store"})


def _given(indicator: str, body: RatingIn) -> Given:
    return Given(indicator, body.rating, body.not_assessable, body.comment)


def _judged(body: RatingIn) -> list[Judged]:
    return [Judged(**judgement.model_dump()) for judgement in body.judgements]


def _line(line: result.Line, staff: bool) -> IndicatorResultOut:
    return IndicatorResultOut(
        indicator=line.indicator,
        rating=line.rating,
        how=line.settled.how,
        ratings=list(line.ratings) if staff else None,
        third=line.third if staff else None,
        raised_to=line.raised_to,
    )
