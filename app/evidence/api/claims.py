"""What candidates claim, over HTTP: which indicators an item shows, and their own ratings."""

from __future__ import annotations

from uuid import UUID

from fastapi import Response

from app.evidence import claiming, locator, queries
from app.evidence.access import NoSuchClaim, NoSuchEvidence, NoSuchFile
from app.evidence.api.door import CHANGES, CurrentWork, check_may_read
from app.evidence.models import Claim
from app.evidence.queries.wordings import Wording, suggested, wordings
from app.evidence.schemas.claims import (
    ClaimChange,
    ClaimOut,
    ClaimVersionOut,
    NewClaim,
    OwnRatings,
    SelfAssessmentOut,
    SelfRatingOut,
)
from app.evidence.schemas.suggestions import ExampleOut, SuggestionOut
from app.framework.content.framework import UnknownIndicators
from app.framework.content.scheme import RatingOffTheScale
from app.kit.errors import StaleVersion, VersionRequired
from app.kit.http import IfMatch, declared, version_in, with_etag
from app.people.door import feature_router
from app.portfolio.access import EvidenceNotOpen, NoSuchPortfolio
from app.work import Work

portfolio = feature_router("/portfolios", "Evidence")
evidence = feature_router("/evidence", "Evidence")
claims = feature_router("/claims", "Evidence")
routers = (portfolio, evidence, claims)


@portfolio.get(
    "/{id}/self-assessment",
    operation_id="getSelfAssessment",
    responses=declared(NoSuchPortfolio, EvidenceNotOpen),
)
def get_self_assessment(id: UUID, response: Response, work: CurrentWork) -> SelfAssessmentOut:
    """Show how the candidate rates themself; its ETag is needed to change it."""
    check_may_read(work, id)
    return _self_assessment(work, id, response)


@portfolio.put(
    "/{id}/self-assessment",
    operation_id="assessSelf",
    responses={
        **CHANGES,
        **declared(
            NoSuchPortfolio,
            StaleVersion,
            VersionRequired,
            UnknownIndicators,
            RatingOffTheScale,
        ),
    },
)
def assess_self(
    id: UUID,
    body: OwnRatings,
    response: Response,
    work: CurrentWork,
    if_match: IfMatch = None,
) -> SelfAssessmentOut:
    """Rate yourself on some or all indicators."""
    ratings = {code: (own.rating, own.comment) for code, own in body.ratings.items()}
    claiming.assess_self(work, id, version_in(if_match), ratings)
    work.session.flush()
    return _self_assessment(work, id, response)


@evidence.post(
    "/{id}/claims",
    status_code=201,
    operation_id="addClaim",
    response_model=ClaimOut,
    responses={
        **CHANGES,
        **declared(NoSuchEvidence, NoSuchFile, UnknownIndicators, locator.LocatorOutOfPlace),
    },
)
def add_claim(id: UUID, body: NewClaim, response: Response, work: CurrentWork) -> Claim:
    """Claim that the item shows an indicator, and say why and where."""
    claim = claiming.add_claim(work, id, **body.model_dump())
    with_etag(response, claim.version)
    return claim


@evidence.get(
    "/{id}/suggestions", operation_id="suggestIndicators", responses=declared(NoSuchEvidence)
)
def suggest(id: UUID, work: CurrentWork) -> list[SuggestionOut]:
    """Propose indicators that the item could show, by its kind and the framework's examples.

    Those that still lack evidence come first. It is advice from the framework, never a rating.
    """
    return [
        SuggestionOut(
            indicator=one.indicator,
            statement=dict(one.statement.words),
            examples=[
                ExampleOut(text=dict(example.text.words), kinds=list(example.kinds))
                for example in one.examples
            ],
            need=one.need,
            why=dict(one.why),
            items=one.items,
            items_needed=one.items_needed,
            cases=one.cases,
            cases_needed=one.cases_needed,
        )
        for one in suggested(work, id)
    ]


@claims.patch(
    "/{id}",
    operation_id="changeClaim",
    response_model=ClaimOut,
    responses={
        **CHANGES,
        **declared(
            NoSuchClaim, NoSuchFile, StaleVersion, VersionRequired, locator.LocatorOutOfPlace
        ),
    },
)
def change_claim(
    id: UUID, body: ClaimChange, response: Response, work: CurrentWork, if_match: IfMatch = None
) -> Claim:
    """Give a claim another reason or place; what is left out stays as it is."""
    changes = body.model_dump(exclude_unset=True)
    claim = claiming.change_claim(work, id, version_in(if_match), **changes)
    with_etag(response, claim.version)
    return claim


@claims.get(
    "/{id}/versions",
    operation_id="listClaimVersions",
    response_model=list[ClaimVersionOut],
    responses=declared(NoSuchClaim),
)
def list_versions(id: UUID, work: CurrentWork) -> list[Wording]:
    """Show what a claim has said since it was made, from its first version to the present one."""
    return wordings(work, id)


@claims.delete(
    "/{id}",
    status_code=204,
    operation_id="removeClaim",
    responses={**CHANGES, **declared(NoSuchClaim, StaleVersion, VersionRequired)},
)
def remove_claim(id: UUID, work: CurrentWork, if_match: IfMatch = None) -> None:
    """Take a claim back."""
    claiming.remove_claim(work, id, version_in(if_match))


def _self_assessment(work: Work, id: UUID, response: Response) -> SelfAssessmentOut:
    whole = queries.self_assessment(work, id)
    version = whole.version if whole else 0
    with_etag(response, version)
    return SelfAssessmentOut(
        version=version,
        ratings=[SelfRatingOut.model_validate(own) for own in queries.self_ratings(work, id)],
    )
