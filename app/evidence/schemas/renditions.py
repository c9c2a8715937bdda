"""What clients are told of renditions, captions and what a search found."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from app.evidence.models import Captions, File, Making, Rendition
from app.evidence.schemas.files import FileOut
from app.kit.fields import Body, Line, Out

Language = Annotated[
    str,
    StringConstraints(pattern=r"^[a-z]{2,3}(-[A-Z]{2})?$"),
    Field(description="A language, as `en` or `fr-CA`."),
]
RenditionKind = Annotated[
    str,
    StringConstraints(
        pattern=r"^(poster|waveform|playable|preview|text|copy|captions-[a-z]{2,3}(-[A-Z]{2})?)$"
    ),
]
Wanted = Annotated[
    Line, Field(description='Words that must all be there; "in quotes" side by side; -not these.')
]


LISTS = {"renditions", "captions"}


class RenditionOut(Out):
    """Something made of a file: `progress` in percent; `reason` says why there is none.

    Open it with `GET /files/{id}/renditions/{kind}` once it is `made`.
    """

    kind: str
    state: Making
    progress: int
    media_type: str | None
    size: int | None
    sha256: str | None
    reason: str | None
    made_at: datetime | None


class CaptionsOut(Out):
    """Captions of a recording in one language; `sha256` is that of the text as it is given out."""

    language: str
    cues: int
    sha256: str
    entered_at: datetime


class FileDetailOut(FileOut):
    """A file with what was made of it.

    `location_shared_at` says since when others may see the original of a file that tells where it
    was made; until then they are given a copy that does not.
    """

    video_codec: str | None
    audio_codec: str | None
    location_shared_at: datetime | None
    renditions: list[RenditionOut]
    captions: list[CaptionsOut]

    @classmethod
    def of(
        cls, file: File, renditions: Sequence[Rendition], captions: Sequence[Captions]
    ) -> FileDetailOut:
        """Put together what is known of a file."""
        own = {name: getattr(file, name) for name in cls.model_fields.keys() - LISTS}
        return cls.model_validate(
            {**own, "renditions": renditions, "captions": captions}, from_attributes=True
        )


class CaptionsIn(Body):
    """Captions as WebVTT, where a client prefers JSON to `text/vtt`."""

    text: str = Field(min_length=1, max_length=1024 * 1024)


class LocationSharing(Body):
    """Whether others may see the original of a file that tells where it was made."""

    shared: bool


class FoundOut(Out):
    """Something that holds the words asked for, and where; `snippet` is plain text.

    `evidence` is a title or description, `claim` a claim's reason, `text` a page of a document,
    `captions` what is said in a recording from `from_ms` to `to_ms`.
    """

    kind: Literal["evidence", "claim", "text", "captions"]
    item_id: UUID = Field(serialization_alias="evidence_id")
    file_id: UUID | None
    page: int | None
    from_ms: int | None
    to_ms: int | None
    indicator: str | None
    snippet: str
