"""A referent's work over HTTP: the queue, the desk, taking on or stepping back, the ratings."""

from __future__ import annotations

from uuid import UUID

from fastapi import Request, Response

from app.assessment import desk, queries, reconciliation, service
from app.assessment.access import NoSuchAssessment
from app.assessment.api.door import CurrentWork
from app.assessment.lifecycle import AssessmentStepNotOpen, State
from app.assessment.models import Assessment
from app.assessment.schemas import (
    AssessmentOut,
    DeskOut,
    Finalisation,
    QueueRowOut,
    RatingIn,
    RatingOut,
    RatingsIn,
    RatingsOut,
    Reason,
)
from app.assessment.writing import Given, Judged
from app.framework.content.scheme import RatingOffTheScale
from app.kit.errors import StaleVersion, VersionRequired
from app.kit.fields import Code
from app.kit.http import (
    IfMatch,
    IfNoneMatch,
    declared,
    etag,
    known_version,
    link_next,
    version_in,
    with_etag,
)
from app.kit.paging import Limit, MalformedCursor, position
from app.people.door import feature_router

assessments = feature_router("/assessments", "Assessment")
routers = (assessments,)

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
    """List your assessments, the longest assigned first; without a state, those with work to do."""
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


def _given(indicator: str, body: RatingIn) -> Given:
    return Given(indicator, body.rating, body.not_assessable, body.comment)


def _judged(body: RatingIn) -> list[Judged]:
    return [Judged(**judgement.model_dump()) for judgement in body.judgements]
