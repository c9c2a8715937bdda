"""Files over HTTP: announced, granted, completed, taken out."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from fastapi import Request, Response
from pydantic_core import to_json

from app.evidence import parts, queries, replacing, service, uploads
from app.evidence.access import NoSuchEvidence, NoSuchFile
from app.evidence.api.door import CHANGES, CurrentWork, usual_limits
from app.evidence.lifecycle import FileStepNotOpen
from app.evidence.models import File
from app.evidence.queries import renditions as made
from app.evidence.queries.versions import NotReplaceable
from app.evidence.quota import QuotaExceeded
from app.evidence.schemas.files import (
    Completion,
    FileOut,
    GrantedPartsOut,
    GrantOut,
    NewFile,
    PartsOut,
    PartsWanted,
    RequestOut,
)
from app.evidence.schemas.renditions import FileDetailOut
from app.kit.http import declared
from app.people.door import feature_router
from app.storage import Part, SignedRequest, StoreUnavailable, UploadGone

evidence = feature_router("/evidence", "Evidence")
files = feature_router("/files", "Evidence")
routers = (evidence, files)


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
            NoSuchFile,
            NotReplaceable,
            QuotaExceeded,
            StoreUnavailable,
        ),
    },
)
def announce(
    id: UUID, body: NewFile, request: Request, response: Response, work: CurrentWork
) -> GrantOut:
    """Announce a file and get leave to send it straight to the store."""
    limits = usual_limits(request)
    grant = uploads.announce(work, id, **body.model_dump(), limits=limits)
    response.headers["Location"] = f"/api/v1/files/{grant.file.id}"
    return _grant(grant)


@files.get("/{id}", operation_id="getFile", responses=declared(NoSuchFile))
def get_file(id: UUID, work: CurrentWork) -> FileDetailOut:
    """Show where a file stands, and what was made of it."""
    file = queries.file_to_read(work, id)
    return FileDetailOut.of(file, made.renditions(work, id), made.captions_of(work, id))


@files.get(
    "/{id}/versions",
    operation_id="listVersions",
    response_model=list[FileOut],
    responses=declared(NoSuchFile),
)
def list_versions(id: UUID, work: CurrentWork) -> Sequence[File]:
    """List every version of a file, the oldest first."""
    return replacing.versions(work, id)


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
        **declared(
            NoSuchFile,
            FileStepNotOpen,
            UploadGone,
            StoreUnavailable,
            parts.NotInParts,
            parts.PartsOutOfRange,
        ),
    },
)
def grant_parts(id: UUID, body: PartsWanted, work: CurrentWork) -> Response:
    """Get leave to send some parts of a large file.

    Those that have arrived are in `held`, without a request: send what is in `parts`, nothing else.
    """
    wanted = [Part(part.number, part.size, part.sha256) for part in body.parts]
    granted = parts.grant_parts(work, id, wanted)
    # A model for each of a hundred parts would cost as much again as signing them.
    shown = {
        "parts": [
            {
                "number": part.number,
                "request": {"method": link.method, "url": link.url, "headers": link.headers},
            }
            for part, link in zip(granted.parts, granted.requests, strict=True)
        ],
        "held": granted.held,
        "expires_at": granted.expires_at.isoformat().replace("+00:00", "Z"),
    }
    return Response(to_json(shown), media_type="application/json")


@files.post(
    "/{id}/completion",
    status_code=202,
    operation_id="completeFile",
    response_model=FileOut,
    responses={
        **CHANGES,
        **declared(
            NoSuchFile,
            FileStepNotOpen,
            parts.PartsMissing,
            uploads.DigestNeeded,
            uploads.DigestDiffers,
        ),
    },
)
def complete(id: UUID, body: Completion, work: CurrentWork) -> File:
    """Say that everything was sent; the file is then read back, checked and kept."""
    return uploads.complete(work, id, sha256=body.sha256)


@files.delete(
    "/{id}",
    status_code=204,
    operation_id="removeFile",
    responses={
        **CHANGES,
        **declared(NoSuchFile, service.EvidenceSealed, service.UnderHold, FileStepNotOpen),
    },
)
def remove_file(id: UUID, work: CurrentWork) -> None:
    """Take a file out, unless it was submitted; what it replaced is there again."""
    replacing.remove_file(work, id)


def _grant(grant: uploads.Grant) -> GrantOut:
    file = grant.file
    size = grant.parts and file.part_size
    return GrantOut(
        file=FileOut.model_validate(file),
        request=_request(grant.request) if grant.request else None,
        parts=PartsOut(count=grant.parts or 0, size=size) if size else None,
        expires_at=grant.expires_at,
    )


def _request(link: SignedRequest) -> RequestOut:
    return RequestOut(method=link.method, url=link.url, headers=dict(link.headers))
