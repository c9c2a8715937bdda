"""A file's bytes over HTTP. Here and not in evidence: who may read depends on who assesses."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from fastapi import Response
from fastapi.responses import RedirectResponse

from app.assessment import queries
from app.assessment.api.door import Reading
from app.evidence import derived, reading
from app.evidence.access import NoSuchFile
from app.evidence.derived import RenditionNotMade
from app.evidence.models import Rendition
from app.evidence.queries.renditions import NoSuchCaptions
from app.evidence.schemas.renditions import Language, RenditionKind, RenditionOut
from app.kit.http import declared
from app.people.door import feature_router

files = feature_router("/files", "Evidence")
routers = (files,)

NOT_READABLE = (reading.FileNotReadable, reading.FileDamaged, reading.FileDisposed)


@files.get(
    "/{id}/content",
    status_code=307,
    operation_id="readFile",
    response_class=RedirectResponse,
    responses=declared(NoSuchFile, *NOT_READABLE, derived.NoSuchRendition, RenditionNotMade),
)
def read_file(id: UUID, work: Reading) -> RedirectResponse:
    """Go to a file's bytes: a link into the store that is good for some minutes.

    Others than its candidate get the copy of a file that tells where it was made.
    """
    link = reading.link(work, id, queries.readers(work, id))
    return RedirectResponse(link, 307, {"Cache-Control": "no-store"})


@files.get(
    "/{id}/renditions",
    operation_id="listRenditions",
    response_model=list[RenditionOut],
    responses=declared(NoSuchFile, *NOT_READABLE),
)
def list_renditions(id: UUID, work: Reading) -> Sequence[Rendition]:
    """List what is made of a file, for all who may read it."""
    return reading.renditions(work, id, queries.readers(work, id))


@files.get(
    "/{id}/renditions/{kind}",
    status_code=307,
    operation_id="readRendition",
    response_class=RedirectResponse,
    responses=declared(NoSuchFile, derived.NoSuchRendition, RenditionNotMade, *NOT_READABLE),
)
def read_rendition(id: UUID, kind: RenditionKind, work: Reading) -> RedirectResponse:
    """Go to something made of a file: a poster, a waveform, a copy that browsers play, …"""
    link = reading.rendition_link(work, id, kind, queries.readers(work, id))
    return RedirectResponse(link, 307, {"Cache-Control": "no-store"})


@files.get(
    "/{id}/captions/{language}",
    operation_id="readCaptions",
    response_class=Response,
    responses={
        **declared(NoSuchFile, NoSuchCaptions, *NOT_READABLE),
        200: {"content": {"text/vtt": {"schema": {"type": "string"}}}, "description": "WebVTT."},
    },
)
def read_captions(id: UUID, language: Language, work: Reading) -> Response:
    """Read a recording's captions in a language, as WebVTT."""
    found = reading.captions(work, id, language, queries.readers(work, id))
    # The one file that comes from here and not from the store: it is never taken for a page.
    headers = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
    return Response(found.words, media_type="text/vtt", headers=headers)
