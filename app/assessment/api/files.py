"""A file's bytes over HTTP. Here and not in evidence: who may read depends on who assesses."""

from __future__ import annotations

from uuid import UUID

from fastapi.responses import RedirectResponse

from app.assessment import queries
from app.assessment.api.door import Reading
from app.evidence import uploads
from app.evidence.access import NoSuchFile
from app.kit.http import declared
from app.people.door import feature_router

files = feature_router("/files", "Evidence")
routers = (files,)


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
