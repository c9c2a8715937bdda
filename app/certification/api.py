"""Decisions, and the public register of certificates, over HTTP."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request, Response
from fastapi.responses import RedirectResponse

from app.actor import RoleRequired
from app.assessment.access import ConflictOfInterest
from app.assessment.result import NotAssessedYet
from app.certification import access, outcome, public, queries, retention, service
from app.certification.access import DecidedByAssessor, NoSuchCertificate, NoSuchDecision
from app.certification.models import Certificate, Decision
from app.certification.numbers import MistypedNumber, normalise
from app.certification.schemas import CertificateOut, DecisionOut, NewDecision
from app.evidence.retention import DueFile
from app.evidence.schemas.retention import DueFileOut
from app.framework.content.framework import UnknownIndicators
from app.kit.alphabet import UndrawableText
from app.kit.clock import utc_now
from app.kit.errors import Unavailable
from app.kit.http import declared
from app.kit.paging import Limit
from app.kit.routing import PlainRoute, api_router
from app.people.door import door, feature_router
from app.portfolio.access import NoSuchPortfolio, PartsKeptApart
from app.portfolio.lifecycle import StepNotOpen
from app.work import Work

CurrentWork = Annotated[Work, Depends(door("certification"), scope="function")]
Reading = Annotated[Work, Depends(door("portfolio"), scope="function")]

portfolio = feature_router("/portfolios", "Certification")
decisions = feature_router("/decisions", "Certification")
certificates = api_router("/certificates", "Certificates", PlainRoute)
due = feature_router("/retention", "Retention")
routers = (certificates, decisions, portfolio, due)

LINK_SECONDS = 300


class PdfNotReady(Unavailable):
    """The certificate's PDF is being drawn; try again in a few seconds."""


@portfolio.post(
    "/{id}/decision",
    status_code=201,
    operation_id="draftDecision",
    responses=declared(
        NoSuchPortfolio,
        DecidedByAssessor,
        PartsKeptApart,
        ConflictOfInterest,
        StepNotOpen,
        NotAssessedYet,
        service.VerificationPending,
        service.DecisionExists,
        outcome.ResultNotRaised,
        outcome.ReasonsRequired,
        outcome.LevelNotReached,
        outcome.LevelNotAsked,
        outcome.PartNotReached,
        UnknownIndicators,
        outcome.ReferredBackBefore,
        outcome.IndicatorsNeeded,
        UndrawableText,
    ),
)
def draft(id: UUID, body: NewDecision, work: CurrentWork) -> DecisionOut:
    """Draft a decision on an assessed portfolio."""
    decision = service.draft(
        work,
        id,
        chosen=body.outcome,
        level=body.level,
        reasons=body.reasons,
        indicators=body.indicators,
    )
    return _shown(work, decision, None)


@portfolio.get(
    "/{id}/decision",
    operation_id="getDecision",
    responses=declared(NoSuchPortfolio, NoSuchDecision),
)
def get_decision(id: UUID, work: Reading) -> DecisionOut:
    """Show the decision on a portfolio: to its candidate once it stands."""
    return _shown(work, *service.decision_for(work, id))


@decisions.post(
    "/{id}/signatures",
    operation_id="signDecision",
    responses=declared(
        NoSuchDecision,
        DecidedByAssessor,
        PartsKeptApart,
        ConflictOfInterest,
        StepNotOpen,
        NotAssessedYet,
        service.VerificationPending,
        service.AlreadySigned,
        service.DraftTakenBack,
        service.ResultChanged,
        UndrawableText,
    ),
)
def sign(id: UUID, work: CurrentWork) -> DecisionOut:
    """Sign a decision; the last signature needed carries it out."""
    decision = service.sign(work, id)
    return _shown(work, decision, queries.certificate_of(work, decision.portfolio_id))


@decisions.delete(
    "/{id}",
    status_code=204,
    operation_id="discardDecision",
    responses=declared(
        NoSuchDecision,
        DecidedByAssessor,
        ConflictOfInterest,
        service.AlreadySigned,
        service.DraftTakenBack,
    ),
)
def discard(id: UUID, work: CurrentWork) -> None:
    """Take a draft back."""
    service.discard(work, id)


@due.get(
    "/due",
    operation_id="listDueFiles",
    response_model=list[DueFileOut],
    responses=declared(RoleRequired),
)
def list_due(work: Reading, limit: Limit = 50) -> list[DueFile]:
    """List what goes the next night, some of it: nothing is removed by asking."""
    return retention.due_files(work, limit)


@certificates.get(
    "/{number}.pdf",
    status_code=307,
    operation_id="getCertificatePdf",
    response_class=RedirectResponse,
    responses=declared(NoSuchCertificate, MistypedNumber, PdfNotReady),
)
def get_pdf(number: str, request: Request) -> RedirectResponse:
    """Go to a certificate's PDF."""
    exact = normalise(number)
    state = request.app.state
    if queries.registered(state.sessions, exact) is None:
        raise NoSuchCertificate
    key = queries.registered_pdf(state.sessions, exact)
    if key is None:
        raise PdfNotReady
    link = state.store.get_link(
        key,
        media_type="application/pdf",
        disposition=f'inline; filename="{exact}.pdf"',
        seconds=LINK_SECONDS,
    )
    return RedirectResponse(link, 307, {"Cache-Control": "no-store"})


@certificates.get(
    "/{number}",
    operation_id="getCertificate",
    response_model=CertificateOut,
    responses=declared(NoSuchCertificate, MistypedNumber),
)
def get_certificate(number: str, request: Request) -> Response:
    """Check a certificate by its number: what it says, its status, and the status history."""
    body = public.public_json(request.app.state.sessions, number, utc_now().date())
    if body is None:
        raise access.NoSuchCertificate
    return Response(body, media_type="application/json", headers={"Cache-Control": "no-cache"})


def _shown(work: Work, decision: Decision, certificate: Certificate | None) -> DecisionOut:
    return DecisionOut.model_validate(
        {
            **{
                name: getattr(decision, name)
                for name in DecisionOut.model_fields
                if hasattr(decision, name)
            },
            "signatures": len(queries.signatures(work, decision.id)),
            "certificate_number": None if certificate is None else certificate.number,
        }
    )
