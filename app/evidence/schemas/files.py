"""What candidates say of files, and what they are told: grants, parts, and where a file stands."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints, field_validator

from app.evidence.lifecycle import State, WaitingFor
from app.evidence.media.facts import Caution
from app.kit.fields import Body, Line, Out, Sha256, Size

MediaType = Annotated[
    str,
    StringConstraints(
        # The pattern is matched before the capitals are made small.
        to_lower=True,
        max_length=127,
        pattern=r"^[A-Za-z0-9][A-Za-z0-9.+-]*/[A-Za-z0-9][A-Za-z0-9.+-]*$",
    ),
]


class NewFile(Body):
    """A file about to be sent: its size in bytes, and its SHA-256 (needed up to 64 MiB)."""

    name: Line
    media_type: MediaType
    size: Size
    sha256: Sha256 | None = None
    replaces: UUID | None = Field(
        default=None, description="The file of this item that it is a new version of."
    )


class FileOut(Out):
    """A file and where it stands; `problem` says why one was rejected.

    `cautions` name what an accepted file could do, or tell, once it is opened. A file that no
    longer reads back as it was kept is `damaged_at`; the store itself keeps a sealed one
    `locked_until`; what is `disposed_at` went when its retention ended, and its digest stays.
    `waiting_for` names what its check was waiting for at `tried_at`; it is asked every minute.
    """

    id: UUID
    item_id: UUID = Field(serialization_alias="evidence_id")
    portfolio_id: UUID
    name: str
    media_type: str
    kind: str
    size: int
    sha256: str | None
    state: State
    pages: int | None
    duration_ms: int | None
    width: int | None
    height: int | None
    cautions: list[Caution]
    problem: str | None
    problem_detail: str | None
    waiting_for: WaitingFor | None
    tried_at: datetime | None
    announced_at: datetime
    received_at: datetime | None
    settled_at: datetime | None
    replaces: UUID | None
    last_verified_at: datetime | None
    damaged_at: datetime | None
    locked_until: datetime | None
    disposed_at: datetime | None


class RequestOut(Out):
    """Send exactly this, with these headers and the bytes as its body."""

    method: str
    url: str
    headers: dict[str, str]


class PartsOut(Out):
    """The file goes in parts: ask for each with `POST /files/{id}/parts`."""

    count: int
    size: int


class GrantOut(Out):
    """Leave to send a file: one request, or parts."""

    file: FileOut
    request: RequestOut | None
    parts: PartsOut | None
    expires_at: datetime


class PartIn(Body):
    number: Annotated[int, Field(ge=1, le=10_000)]
    size: Size
    sha256: Sha256


class PartsWanted(Body):
    """Parts about to be sent, each with its SHA-256; all but the last have the granted size."""

    parts: list[PartIn] = Field(min_length=1, max_length=100)

    @field_validator("parts")
    @classmethod
    def _differ(cls, parts: list[PartIn]) -> list[PartIn]:
        if len({part.number for part in parts}) < len(parts):
            raise ValueError("must name each part once")
        return parts


class GrantedPartOut(Out):
    number: int
    request: RequestOut


class GrantedPartsOut(Out):
    """Requests for the parts to send; those in `held` have arrived and are not sent again."""

    parts: list[GrantedPartOut]
    held: list[int]
    expires_at: datetime


class Completion(Body):
    """Everything was sent; the SHA-256 of the whole file, if it was not announced."""

    sha256: Sha256 | None = None
