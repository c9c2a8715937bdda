"""Uploads over HTTP: what has arrived of them, and how much room there is."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from fastapi import Request

from app.evidence import parts, room
from app.evidence.access import NoSuchFile
from app.evidence.api.door import CurrentWork, usual_limits
from app.evidence.lifecycle import FileStepNotOpen
from app.evidence.schemas.uploads import ProgressOut, RoomOut
from app.kit.http import declared
from app.people.door import feature_router
from app.portfolio.access import EvidenceNotOpen, NoSuchPortfolio, NotTheCandidate
from app.storage import StoreUnavailable, UploadGone

files = feature_router("/files", "Evidence")
portfolios = feature_router("/portfolios", "Evidence")
storage = feature_router("/storage", "Evidence")
routers = (files, portfolios, storage)


@files.get(
    "/{id}/parts",
    operation_id="getParts",
    response_model=ProgressOut,
    responses=declared(
        NoSuchFile,
        NotTheCandidate,
        FileStepNotOpen,
        parts.NotInParts,
        UploadGone,
        StoreUnavailable,
    ),
)
def get_parts(id: UUID, request: Request, work: CurrentWork) -> parts.Progress:
    """Show which parts of a large file have arrived and which are missing."""
    life = timedelta(days=request.app.state.settings.upload_life_days)
    return parts.progress(work, id, life)


@portfolios.get(
    "/{id}/storage",
    operation_id="getStorage",
    response_model=RoomOut,
    responses=declared(NoSuchPortfolio, EvidenceNotOpen),
)
def get_storage(id: UUID, request: Request, work: CurrentWork) -> room.Room:
    """Show how much room the candidate's files have, of all their portfolios."""
    return room.room_of(work, id, usual_limits(request))


@storage.get("", operation_id="getAllStorage", response_model=RoomOut)
def get_all_storage(request: Request, work: CurrentWork) -> room.Room:
    """Show how much room all files of the certification body have."""
    return room.room_of_all(work, usual_limits(request))
