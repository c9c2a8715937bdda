"""What people need from a file, over HTTP: captions, the search, and where it was made."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request, Response

from app.evidence import captions as story
from app.evidence import queries as evidence
from app.evidence import searching, service, sharing
from app.evidence.access import NoSuchFile
from app.evidence.api.door import CHANGES, CurrentWork
from app.evidence.models import Captions, File
from app.evidence.queries import renditions as queries
from app.evidence.queries.search import Found, place
from app.evidence.schemas.files import FileOut
from app.evidence.schemas.renditions import (
    CaptionsIn,
    CaptionsOut,
    FoundOut,
    Language,
    LocationSharing,
    Wanted,
)
from app.kit.http import declared, link_next
from app.kit.paging import Limit, MalformedCursor
from app.people.door import feature_router
from app.portfolio.access import EvidenceNotOpen, NoSuchPortfolio

files = feature_router("/files", "Evidence")
portfolios = feature_router("/portfolios", "Evidence")
routers = (files, portfolios)

VTT = "text/vtt"
TWO_WAYS = {
    "requestBody": {
        "required": True,
        "content": {
            VTT: {"schema": {"type": "string"}},
            "application/json": {"schema": CaptionsIn.model_json_schema()},
        },
    }
}


async def body(request: Request) -> bytes:
    """Return a body as it came, and whether it is JSON; it is read in the endpoint's thread."""
    return await request.body()


@files.put(
    "/{id}/captions/{language}",
    operation_id="attachCaptions",
    response_model=CaptionsOut,
    openapi_extra=TWO_WAYS,
    responses={
        **CHANGES,
        **declared(
            NoSuchFile,
            service.EvidenceSealed,
            service.UnderHold,
            story.NotARecording,
            story.NotWebVtt,
            story.CaptionsTooLarge,
            story.CaptionsBeyondEnd,
        ),
    },
)
def attach_captions(
    id: UUID,
    language: Language,
    request: Request,
    content: Annotated[bytes, Depends(body)],
    work: CurrentWork,
) -> Captions:
    """Attach captions in a language to a recording, as WebVTT; they replace those there are."""
    evidence.file_to_read(work, id)  # what is not there is said before what is wrong in the body
    if request.headers.get("content-type", "").partition(";")[0].strip() == "application/json":
        content = story.from_json(content)
    return story.attach(work, id, language, content)


@files.delete(
    "/{id}/captions/{language}",
    status_code=204,
    operation_id="removeCaptions",
    responses={
        **CHANGES,
        **declared(NoSuchFile, queries.NoSuchCaptions, service.EvidenceSealed, service.UnderHold),
    },
)
def remove_captions(id: UUID, language: Language, work: CurrentWork) -> None:
    """Take captions off a recording, unless they were submitted with it."""
    story.remove(work, id, language)


@files.put(
    "/{id}/location-sharing",
    operation_id="shareLocation",
    response_model=FileOut,
    responses={**CHANGES, **declared(NoSuchFile)},
)
def share_location(id: UUID, body: LocationSharing, work: CurrentWork) -> File:
    """Agree that others see the original of a file that tells where it was made, or no longer."""
    return sharing.share_location(work, id, shared=body.shared)


@portfolios.get(
    "/{id}/search",
    operation_id="searchPortfolio",
    response_model=list[FoundOut],
    responses=declared(NoSuchPortfolio, EvidenceNotOpen, MalformedCursor),
)
def search(
    id: UUID,
    q: Wanted,
    request: Request,
    response: Response,
    work: CurrentWork,
    limit: Limit = 50,
    cursor: str | None = None,
) -> Sequence[Found]:
    """Search what a portfolio says: documents, captions, titles and claims."""
    page = searching.search(work, id, q, limit, place(cursor))
    link_next(request, response, page.next_cursor)
    return page.rows
