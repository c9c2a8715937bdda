"""Evidence over HTTP: the portfolio with all that is in it, its cases, items, files and claims."""

from __future__ import annotations

import json
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Header, Response

from app.evidence import access, locator, queries, readiness, service, submission, tree, uploads
from app.evidence.access import NoSuchClaim, NoSuchEvidence, NoSuchFile
from app.evidence.lifecycle import FileStepNotOpen
from app.evidence.models import Claim, ClientCase, Consent, File, Item, Snapshot
from app.evidence.schemas import (
    CaseOut,
    ClaimOut,
    Completion,
    ConsentOut,
    FileOut,
    GrantedPartsOut,
    GrantOut,
    ItemOut,
    NewCase,
    NewClaim,
    NewConsent,
    NewFile,
    NewItem,
    OwnRatings,
    PartsOut,
    PartsWanted,
    Place,
    PortfolioTreeOut,
    ReadinessOut,
    RequestOut,
    SelfAssessmentOut,
    SelfRatingOut,
    SnapshotOut,
    SubmissionOut,
    UnmetOut,
)
from app.framework.content.framework import UnknownIndicators
from app.framework.content.scheme import RatingOffTheScale
from app.kit.errors import StaleVersion, VersionRequired
from app.kit.http import declared, etag, known_version, version_in, with_etag
from app.people.authentication import door, feature_router
from app.portfolio import queries as portfolios
from app.portfolio.access import EvidenceNotOpen, NoSuchPortfolio, NotTheCandidate
from app.portfolio.lifecycle import EvidenceClosed, StepNotOpen
from app.storage import Part, SignedRequest
from app.work import Work

CurrentWork = Annotated[Work, Depends(door("portfolio"), scope="function")]
IfMatch = Annotated[str | None, Header()]
IfNoneMatch = Annotated[str | None, Header()]

portfolio = feature_router("/portfolios", "Evidence")
evidence = feature_router("/evidence", "Evidence")
files = feature_router("/files", "Evidence")
claims = feature_router("/claims", "Evidence")
routers = (portfolio, evidence, files, claims)

CHANGES = declared(NotTheCandidate, EvidenceClosed)


@portfolio.get(
    "/{id}",
    operation_id="getPortfolio",
    response_model=PortfolioTreeOut,
    responses={
        **declared(NoSuchPortfolio, EvidenceNotOpen),
        304: {"description": "You have this version already."},
    },
)
def get_portfolio(id: UUID, work: CurrentWork, if_none_match: IfNoneMatch = None) -> Response:
    """Show a portfolio with its indicators, cases, evidence, files, claims and own ratings."""
    found = tree.tree(work, id, known_version(if_none_match))
    headers = {"ETag": etag(found.version), "Cache-Control": "private, no-cache"}
    if found.body is None:
        return Response(status_code=304, headers=headers)
    return Response(found.body, headers=headers, media_type="application/json")


@portfolio.get("/{id}/readiness", operation_id="getReadiness", responses=declared(NoSuchPortfolio))
def get_readiness(id: UUID, work: CurrentWork) -> ReadinessOut:
    """Say what stands between a portfolio and its submission."""
    report = submission.report(work, id)
    return ReadinessOut(
        ready=not readiness.obstacles(report),
        unmet=[
            UnmetOut(
                rule=line.rule,
                sentence=line.sentence,
                indicator=line.indicator,
                evidence_id=line.item,
                advice=line.advice,
            )
            for line in report
        ],
    )


@portfolio.post(
    "/{id}/submission",
    operation_id="submitPortfolio",
    responses=declared(NoSuchPortfolio, NotTheCandidate, StepNotOpen, readiness.NotReady),
)
def submit(id: UUID, work: CurrentWork) -> SubmissionOut:
    """Submit a complete portfolio: what it holds now is sealed for assessment."""
    moved, snapshot = submission.submit(work, id)
    return SubmissionOut(
        state="submitted", version=moved.version, snapshot=SnapshotOut.model_validate(snapshot)
    )


@portfolio.get(
    "/{id}/snapshot",
    operation_id="getSnapshot",
    response_model=SnapshotOut,
    responses=declared(NoSuchPortfolio, queries.NoSnapshot),
)
def get_snapshot(id: UUID, work: CurrentWork) -> Snapshot:
    """Show what was sealed last."""
    _check_may_read(work, id)
    return queries.latest_snapshot(work, id)


@portfolio.get(
    "/{id}/snapshot/manifest",
    operation_id="getManifest",
    responses={
        **declared(NoSuchPortfolio, EvidenceNotOpen, queries.NoSnapshot),
        200: {"content": {"application/json": {}}},
    },
)
def get_manifest(id: UUID, work: CurrentWork) -> Response:
    """Return the sealed manifest: canonical JSON with a digest for everything handed in."""
    _check_may_read(work, id)
    snapshot = queries.latest_snapshot(work, id)
    return Response(snapshot.manifest, media_type="application/json")


@portfolio.post(
    "/{id}/cases",
    status_code=201,
    operation_id="addCase",
    response_model=CaseOut,
    responses={
        **CHANGES,
        **declared(
            NoSuchPortfolio,
            service.InTheFuture,
            service.CaseEndsBeforeItBegins,
            service.PseudonymTaken,
        ),
    },
)
def add_case(id: UUID, body: NewCase, work: CurrentWork) -> ClientCase:
    """Enter a client case under a pseudonym."""
    return service.add_case(work, id, **body.model_dump())


@portfolio.delete(
    "/{id}/cases/{case_id}",
    status_code=204,
    operation_id="removeCase",
    responses={**CHANGES, **declared(access.NoSuchCase, service.CaseInUse)},
)
def remove_case(id: UUID, case_id: UUID, work: CurrentWork) -> None:
    """Take out a client case that no evidence refers to."""
    service.remove_case(work, id, case_id)


@portfolio.post(
    "/{id}/evidence",
    status_code=201,
    operation_id="addEvidence",
    response_model=ItemOut,
    responses={
        **CHANGES,
        **declared(NoSuchPortfolio, service.UnknownEvidenceKind, service.InTheFuture),
    },
)
def add_item(id: UUID, body: NewItem, response: Response, work: CurrentWork) -> Item:
    """Enter a piece of evidence."""
    item = service.add_item(work, id, **body.model_dump())
    with_etag(response, item.version)
    return item


@portfolio.get(
    "/{id}/self-assessment",
    operation_id="getSelfAssessment",
    responses=declared(NoSuchPortfolio, EvidenceNotOpen),
)
def get_self_assessment(id: UUID, response: Response, work: CurrentWork) -> SelfAssessmentOut:
    """Show how the candidate rates themself; its ETag is needed to change it."""
    _check_may_read(work, id)
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
    service.assess_self(work, id, version_in(if_match), ratings)
    work.session.flush()
    return _self_assessment(work, id, response)


def _check_may_read(work: Work, id: UUID) -> None:
    access.check_may_read(work.actor, portfolios.portfolio(work, id).candidate_id)


def _self_assessment(work: Work, id: UUID, response: Response) -> SelfAssessmentOut:
    whole = queries.self_assessment(work, id)
    version = whole.version if whole else 0
    with_etag(response, version)
    return SelfAssessmentOut(
        version=version,
        ratings=[SelfRatingOut.model_validate(own) for own in queries.self_ratings(work, id)],
    )


@evidence.get(
    "/{id}",
    operation_id="getEvidence",
    response_model=ItemOut,
    responses=declared(NoSuchEvidence),
)
def get_item(id: UUID, response: Response, work: CurrentWork) -> Item:
    """Show one piece of evidence; its ETag is needed to change it."""
    item, _ = queries.item(work, id)
    with_etag(response, item.version)
    return item


@evidence.put(
    "/{id}",
    operation_id="changeEvidence",
    response_model=ItemOut,
    responses={**CHANGES, **declared(NoSuchEvidence, StaleVersion, VersionRequired)},
)
def change_item(
    id: UUID, body: NewItem, response: Response, work: CurrentWork, if_match: IfMatch = None
) -> Item:
    """Describe a piece of evidence anew."""
    item = service.change_item(work, id, version_in(if_match), **body.model_dump())
    with_etag(response, item.version)
    return item


@evidence.delete(
    "/{id}",
    status_code=204,
    operation_id="removeEvidence",
    responses={**CHANGES, **declared(NoSuchEvidence, service.EvidenceSealed, FileStepNotOpen)},
)
def remove_item(id: UUID, work: CurrentWork) -> None:
    """Take out a piece of evidence with its files and claims, unless it was submitted."""
    service.remove_item(work, id)


@evidence.post(
    "/{id}/files",
    status_code=201,
    operation_id="announceFile",
    responses={
        **CHANGES,
        **declared(
            NoSuchEvidence,
            uploads.MediaTypeNotAccepted,
            uploads.FileTooLarge,
            uploads.DigestNeeded,
        ),
    },
)
def announce(id: UUID, body: NewFile, response: Response, work: CurrentWork) -> GrantOut:
    """Announce a file and get leave to send it straight to the store."""
    grant = uploads.announce(work, id, **body.model_dump())
    response.headers["Location"] = f"/api/v1/files/{grant.file.id}"
    return _grant(grant)


@evidence.post(
    "/{id}/consents",
    status_code=201,
    operation_id="enterConsent",
    response_model=ConsentOut,
    responses={**CHANGES, **declared(NoSuchEvidence, service.InTheFuture)},
)
def enter_consent(id: UUID, body: NewConsent, work: CurrentWork) -> Consent:
    """Enter the consent of a person heard or seen in the item's recordings."""
    return service.enter_consent(work, id, **body.model_dump())


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
    claim = service.add_claim(work, id, **body.model_dump())
    with_etag(response, claim.version)
    return claim


@claims.patch(
    "/{id}",
    operation_id="changeClaim",
    response_model=ClaimOut,
    responses={
        **CHANGES,
        **declared(NoSuchClaim, StaleVersion, VersionRequired, locator.LocatorOutOfPlace),
    },
)
def change_claim(
    id: UUID, body: Place, response: Response, work: CurrentWork, if_match: IfMatch = None
) -> Claim:
    """Give a claim another reason or place."""
    claim = service.change_claim(work, id, version_in(if_match), **body.model_dump())
    with_etag(response, claim.version)
    return claim


@claims.delete(
    "/{id}",
    status_code=204,
    operation_id="removeClaim",
    responses={**CHANGES, **declared(NoSuchClaim, StaleVersion, VersionRequired)},
)
def remove_claim(id: UUID, work: CurrentWork, if_match: IfMatch = None) -> None:
    """Take a claim back."""
    service.remove_claim(work, id, version_in(if_match))


@files.get("/{id}", operation_id="getFile", response_model=FileOut, responses=declared(NoSuchFile))
def get_file(id: UUID, work: CurrentWork) -> File:
    """Show where a file stands."""
    file, _ = queries.file(work, id)
    return file


@files.post(
    "/{id}/grant",
    operation_id="renewGrant",
    responses={**CHANGES, **declared(NoSuchFile, FileStepNotOpen)},
)
def renew(id: UUID, work: CurrentWork) -> GrantOut:
    """Get leave once more to send a file that was announced."""
    return _grant(uploads.renew(work, id))


@files.post(
    "/{id}/parts",
    operation_id="grantParts",
    response_model=GrantedPartsOut,
    responses={
        **CHANGES,
        **declared(NoSuchFile, FileStepNotOpen, uploads.NotInParts, uploads.PartsOutOfRange),
    },
)
def grant_parts(id: UUID, body: PartsWanted, work: CurrentWork) -> Response:
    """Get leave to send some parts of a large file."""
    wanted = [Part(part.number, part.size, part.sha256) for part in body.parts]
    links, expires_at = uploads.grant_parts(work, id, wanted)
    # A model for each of a hundred parts would cost as much again as signing them.
    parts = [
        {
            "number": part.number,
            "request": {"method": link.method, "url": link.url, "headers": dict(link.headers)},
        }
        for part, link in zip(wanted, links, strict=True)
    ]
    granted = {"parts": parts, "expires_at": expires_at.isoformat().replace("+00:00", "Z")}
    return Response(json.dumps(granted, separators=(",", ":")), media_type="application/json")


@files.post(
    "/{id}/completion",
    status_code=202,
    operation_id="completeFile",
    response_model=FileOut,
    responses={
        **CHANGES,
        **declared(NoSuchFile, FileStepNotOpen, uploads.DigestNeeded, uploads.DigestDiffers),
    },
)
def complete(id: UUID, body: Completion, work: CurrentWork) -> File:
    """Say that everything was sent; the file is then read back, checked and kept."""
    return uploads.complete(work, id, sha256=body.sha256)


@files.delete(
    "/{id}",
    status_code=204,
    operation_id="removeFile",
    responses={**CHANGES, **declared(NoSuchFile, service.EvidenceSealed, FileStepNotOpen)},
)
def remove_file(id: UUID, work: CurrentWork) -> None:
    """Take a file out, unless it was submitted."""
    service.remove_file(work, id)


def _grant(grant: uploads.Grant) -> GrantOut:
    file = grant.file
    parts = grant.parts and file.part_size
    return GrantOut(
        file=FileOut.model_validate(file),
        request=_request(grant.request) if grant.request else None,
        parts=PartsOut(count=grant.parts or 0, size=parts) if parts else None,
        expires_at=grant.expires_at,
    )


def _request(link: SignedRequest) -> RequestOut:
    return RequestOut(method=link.method, url=link.url, headers=dict(link.headers))
