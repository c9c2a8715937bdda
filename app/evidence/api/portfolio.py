"""A portfolio over HTTP: all that is in it, whether it is complete, and what was sealed of it."""

from __future__ import annotations

from uuid import UUID

from fastapi import Response

from app.evidence import queries, readiness, submission, tree
from app.evidence.api.door import CurrentWork, check_may_read
from app.evidence.models import Snapshot
from app.evidence.schemas.portfolio import (
    PortfolioTreeOut,
    ReadinessOut,
    SnapshotOut,
    SubmissionOut,
    UnmetOut,
)
from app.kit.http import IfNoneMatch, declared, etag, known_version
from app.people.door import feature_router
from app.portfolio.access import EvidenceNotOpen, NoSuchPortfolio, NotTheCandidate
from app.portfolio.lifecycle import StepNotOpen

portfolio = feature_router("/portfolios", "Evidence")
routers = (portfolio,)


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
    check_may_read(work, id)
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
    check_may_read(work, id)
    snapshot = queries.latest_snapshot(work, id)
    return Response(snapshot.manifest, media_type="application/json")
