"""What candidates say of archives, and what they are told."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.kit.fields import Body, Out, Sha256, Size
from app.privacy.lifecycle import ExportState, ImportState

MOST_BYTES = 64 * 1024**3
"""The largest archive that is taken in: 64 GiB."""


class ExportOut(Out):
    """An archive that was asked for: where it stands, and what it is once it is made.

    `bytes_done` of `bytes_total` bytes of files are in it. It can be fetched until `expires_at`.
    """

    id: UUID
    portfolio_id: UUID
    state: ExportState
    bytes_done: int
    bytes_total: int
    size: int | None
    sha256: str | None
    problem: str | None
    problem_detail: str | None
    asked_at: datetime
    made_at: datetime | None
    expires_at: datetime | None


class NewImport(Body):
    """An archive about to be sent: its size in bytes and its SHA-256."""

    size: Annotated[int, Field(ge=1, le=MOST_BYTES)]
    sha256: Sha256


class ImportRequestOut(Out):
    """Send exactly this, with these headers and the archive as its body."""

    method: str
    url: str
    headers: dict[str, str]


class ImportPartsOut(Out):
    """The archive goes in parts: ask for each with `POST /imports/{id}/parts`."""

    count: int
    size: int


class ImportPartIn(Body):
    number: Annotated[int, Field(ge=1, le=10_000)]
    size: Size
    sha256: Sha256


class ImportPartsWanted(Body):
    """Parts about to be sent, each with its SHA-256; all but the last have the granted size."""

    parts: list[ImportPartIn] = Field(min_length=1, max_length=100)


class GrantedImportPartOut(Out):
    number: int
    request: ImportRequestOut


class GrantedImportPartsOut(Out):
    parts: list[GrantedImportPartOut]
    expires_at: datetime


class ImportOut(Out):
    """An archive that is brought in: where it stands, and the portfolio that came of it."""

    id: UUID
    state: ImportState
    size: int
    sha256: str
    portfolio_id: UUID | None
    problem: str | None
    problem_detail: str | None
    announced_at: datetime
    received_at: datetime | None
    settled_at: datetime | None


class ImportGrantOut(Out):
    """Leave to send an archive: one request, or parts."""

    import_: ImportOut = Field(serialization_alias="import")
    request: ImportRequestOut | None
    parts: ImportPartsOut | None
    expires_at: datetime
