"""What is made of an original, the words found in it, and the captions of recordings."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy.orm import Mapped, mapped_column

from app.kit.db import TenantRow


class Making(StrEnum):
    """Where a rendition stands."""

    WAITING = "waiting"
    MAKING = "making"
    MADE = "made"
    FAILED = "failed"
    NOT_NEEDED = "not_needed"
    NOT_AVAILABLE = "not_available"


UNSETTLED = (Making.WAITING, Making.MAKING)


class Rendition(TenantRow):
    """Something made of an original: a poster, a waveform, a copy that browsers play, …

    `progress` is in percent; `size` in bytes; `reason` says why there is none.
    """

    __tablename__ = "rendition"

    portfolio_id: Mapped[UUID]
    file_id: Mapped[UUID]
    kind: Mapped[str]
    state: Mapped[Making] = mapped_column(default=Making.WAITING)
    progress: Mapped[int] = mapped_column(default=0)
    # How often making it was begun: what brings its maker down is not tried for ever.
    tries: Mapped[int] = mapped_column(default=0)
    media_type: Mapped[str | None] = mapped_column(default=None)
    size: Mapped[int | None] = mapped_column(default=None)
    sha256: Mapped[str | None] = mapped_column(default=None)
    reason: Mapped[str | None] = mapped_column(default=None)
    made_at: Mapped[datetime | None] = mapped_column(default=None)

    @property
    def key(self) -> str:
        """Where it lies in the store."""
        return derived_prefix(self.portfolio_id, self.file_id) + self.kind


def derived_prefix(portfolio_id: UUID, file_id: UUID) -> str:
    """Return what the keys of everything made of a file begin with."""
    return f"derived/{portfolio_id}/{file_id}/"


class Captions(TenantRow):
    """What is said in a recording, in one language, as WebVTT."""

    __tablename__ = "captions"

    portfolio_id: Mapped[UUID]
    file_id: Mapped[UUID]
    language: Mapped[str]
    words: Mapped[str] = mapped_column(deferred=True)
    sha256: Mapped[str]
    cues: Mapped[int]
    entered_at: Mapped[datetime]

    @property
    def kind(self) -> str:
        """The kind of rendition under which they lie in the store."""
        return f"captions-{self.language}"


class Passage(TenantRow):
    """Words found in a file, with their place: a page, or a time range of a recording."""

    __tablename__ = "passage"

    portfolio_id: Mapped[UUID]
    file_id: Mapped[UUID]
    source: Mapped[str]
    page: Mapped[int | None] = mapped_column(default=None)
    from_ms: Mapped[int | None] = mapped_column(default=None)
    to_ms: Mapped[int | None] = mapped_column(default=None)
    words: Mapped[str] = mapped_column(deferred=True)
