"""Archives over HTTP: asked for, fetched, announced, sent and taken in."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request, Response
from fastapi.responses import RedirectResponse

from app.actor import RoleRequired
from app.evidence.parts import NotInParts, PartsOutOfRange
from app.evidence.quota import Limits, QuotaExceeded
from app.kit.http import declared
from app.people.door import door, feature_router
from app.portfolio.access import EvidenceNotOpen, NoSuchPortfolio, NotTheCandidate
from app.privacy import importing, queries, service
from app.privacy.access import NoSuchExport, NoSuchImport, NothingImported
from app.privacy.models import Export, Import
from app.privacy.schemas import (
    ExportOut,
    GrantedImportPartOut,
    GrantedImportPartsOut,
    ImportGrantOut,
    ImportOut,
    ImportPartsOut,
    ImportPartsWanted,
    ImportRequestOut,
    NewImport,
)
from app.storage import Part, SignedRequest, StoreUnavailable
from app.work import Work

CurrentWork = Annotated[Work, Depends(door("portfolio"), scope="function")]

portfolio = feature_router("/portfolios", "Take along")
exports = feature_router("/exports", "Take along")
imports = feature_router("/imports", "Take along")
routers = (portfolio, exports, imports)


@portfolio.post(
    "/{id}/exports",
    status_code=202,
    operation_id="askExport",
    response_model=ExportOut,
    responses=declared(NoSuchPortfolio, NotTheCandidate),
)
def ask_export(id: UUID, response: Response, work: CurrentWork) -> Export:
    """Ask for an archive of the whole portfolio; one that is being made already is returned."""
    export = service.ask_export(work, id)
    response.headers["Location"] = f"/api/v1/exports/{export.id}"
    return export


@portfolio.get(
    "/{id}/imported-record",
    operation_id="getImportedRecord",
    response_class=Response,
    responses={
        200: {"content": {"application/json": {"schema": {"type": "object"}}}},
        **declared(NoSuchPortfolio, EvidenceNotOpen, NothingImported),
    },
)
def imported_record(id: UUID, work: CurrentWork) -> Response:
    """Read what came with a portfolio from elsewhere and is no working content here.

    It stands as it came, and counts for nothing: former snapshots, results, steps, journal.
    """
    found = service.imported_record(work, id)
    body = f'{{"manifest":{found.manifest},"record":{found.record}}}'
    return Response(body, media_type="application/json")


@exports.get(
    "/{id}",
    operation_id="getExport",
    response_model=ExportOut,
    responses=declared(NoSuchExport),
)
def get_export(id: UUID, work: CurrentWork) -> Export:
    """Show where an archive stands."""
    return queries.export(work, id)


@exports.get(
    "/{id}/content",
    operation_id="getExportContent",
    status_code=307,
    response_class=RedirectResponse,
    responses=declared(NoSuchExport, service.ExportNotMade),
)
def get_content(id: UUID, work: CurrentWork) -> RedirectResponse:
    """Go to an archive; the address is good for some minutes."""
    link = service.export_link(work, id)
    return RedirectResponse(link, 307, {"Cache-Control": "no-store"})


@imports.post(
    "",
    status_code=201,
    operation_id="announceImport",
    responses=declared(RoleRequired, importing.ImportUnderWay, QuotaExceeded, StoreUnavailable),
)
def announce(
    body: NewImport, request: Request, response: Response, work: CurrentWork
) -> ImportGrantOut:
    """Announce an archive from another installation and get leave to send it to the store."""
    settings = request.app.state.settings
    limits = Limits(settings.person_storage_bytes, settings.tenant_storage_bytes)
    granted = importing.announce(work, size=body.size, sha256=body.sha256, limits=limits)
    response.headers["Location"] = f"/api/v1/imports/{granted.found.id}"
    return _grant(granted)


@imports.get(
    "/{id}", operation_id="getImport", response_model=ImportOut, responses=declared(NoSuchImport)
)
def get_import(id: UUID, work: CurrentWork) -> Import:
    """Show where an import stands, and the portfolio that came of it."""
    return queries.import_(work, id)


@imports.post(
    "/{id}/grant",
    operation_id="renewImportGrant",
    responses=declared(NoSuchImport, importing.ImportSettled),
)
def renew(id: UUID, work: CurrentWork) -> ImportGrantOut:
    """Get leave once more to send an archive that was announced."""
    return _grant(importing.renew(work, id))


@imports.post(
    "/{id}/parts",
    operation_id="grantImportParts",
    responses=declared(NoSuchImport, importing.ImportSettled, NotInParts, PartsOutOfRange),
)
def grant_parts(id: UUID, body: ImportPartsWanted, work: CurrentWork) -> GrantedImportPartsOut:
    """Get leave to send some parts of a large archive."""
    wanted = [Part(part.number, part.size, part.sha256) for part in body.parts]
    links, expires_at = importing.grant_parts(work, id, wanted)
    return GrantedImportPartsOut(
        parts=[
            GrantedImportPartOut(number=part.number, request=_request(link))
            for part, link in zip(wanted, links, strict=True)
        ],
        expires_at=expires_at,
    )


@imports.post(
    "/{id}/completion",
    status_code=202,
    operation_id="completeImport",
    response_model=ImportOut,
    responses=declared(NoSuchImport, importing.ImportSettled),
)
def complete(id: UUID, work: CurrentWork) -> Import:
    """Say that the archive was sent; it is then verified and taken in."""
    return importing.complete(work, id)


@imports.delete(
    "/{id}",
    status_code=204,
    operation_id="giveUpImport",
    responses=declared(NoSuchImport, importing.ImportSettled),
)
def give_up(id: UUID, work: CurrentWork) -> None:
    """End an import whose archive was not sent."""
    importing.give_up(work, id)


def _grant(granted: importing.Grant) -> ImportGrantOut:
    size = granted.found.part_size
    return ImportGrantOut(
        import_=ImportOut.model_validate(granted.found),
        request=_request(granted.request) if granted.request else None,
        parts=ImportPartsOut(count=granted.parts or 0, size=size) if size else None,
        expires_at=granted.expires_at,
    )


def _request(link: SignedRequest) -> ImportRequestOut:
    return ImportRequestOut(method=link.method, url=link.url, headers=dict(link.headers))
