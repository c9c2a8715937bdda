"""Client cases, pieces of evidence and consents over HTTP."""

from __future__ import annotations

from uuid import UUID

from fastapi import Response

from app.evidence import access, queries, service
from app.evidence.access import NoSuchEvidence
from app.evidence.api.door import CHANGES, CurrentWork
from app.evidence.lifecycle import FileStepNotOpen
from app.evidence.models import ClientCase, Consent, Item
from app.evidence.schemas.consents import ConsentOut, NewConsent
from app.evidence.schemas.items import CaseOut, ItemOut, NewCase, NewItem
from app.kit.errors import StaleVersion, VersionRequired
from app.kit.http import IfMatch, declared, version_in, with_etag
from app.people.door import feature_router
from app.portfolio.access import NoSuchPortfolio

portfolio = feature_router("/portfolios", "Evidence")
evidence = feature_router("/evidence", "Evidence")
routers = (portfolio, evidence)


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


@evidence.get(
    "/{id}",
    operation_id="getEvidence",
    response_model=ItemOut,
    responses=declared(NoSuchEvidence),
)
def get_item(id: UUID, response: Response, work: CurrentWork) -> Item:
    """Show one piece of evidence; its ETag is needed to change it."""
    item = queries.item_to_read(work, id)
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
    responses={
        **CHANGES,
        **declared(
            NoSuchEvidence,
            service.EvidenceSealed,
            service.UnderHold,
            FileStepNotOpen,
            StaleVersion,
            VersionRequired,
        ),
    },
)
def remove_item(id: UUID, work: CurrentWork, if_match: IfMatch = None) -> None:
    """Take out a piece of evidence with its files and claims, unless it was submitted."""
    service.remove_item(work, id, version_in(if_match))


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
