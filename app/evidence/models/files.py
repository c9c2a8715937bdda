"""The files of evidence items."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ARRAY, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.evidence.lifecycle import State
from app.kit.db import TenantRow


def incoming_key(portfolio_id: UUID, file_id: UUID) -> str:
    return f"incoming/{portfolio_id}/{file_id}"


def kept_key(portfolio_id: UUID, file_id: UUID) -> str:
    return f"evidence/{portfolio_id}/{file_id}"


class Damage(StrEnum):
    """What was wrong with a kept file when it was read back."""

    MISSING = "missing"
    SIZE = "size"
    DIGEST = "digest"
    UNREADABLE = "unreadable"


class File(TenantRow):
    """A file of an evidence item; `size` in bytes, `duration_ms` in milliseconds."""

    __tablename__ = "evidence_file"

    portfolio_id: Mapped[UUID]
    item_id: Mapped[UUID]
    name: Mapped[str]
    media_type: Mapped[str]
    kind: Mapped[str]
    size: Mapped[int]
    sha256: Mapped[str | None]
    state: Mapped[State] = mapped_column(default=State.ANNOUNCED)
    upload_id: Mapped[str | None] = mapped_column(default=None)
    part_size: Mapped[int | None] = mapped_column(default=None)
    pages: Mapped[int | None] = mapped_column(default=None)
    duration_ms: Mapped[int | None] = mapped_column(default=None)
    width: Mapped[int | None] = mapped_column(default=None)
    height: Mapped[int | None] = mapped_column(default=None)
    video_codec: Mapped[str | None] = mapped_column(default=None)
    audio_codec: Mapped[str | None] = mapped_column(default=None)
    # When its candidate agreed that others see the original, which tells where it was made.
    location_shared_at: Mapped[datetime | None] = mapped_column(default=None)
    cautions: Mapped[list[str]] = mapped_column(ARRAY(Text), default=list)
    problem: Mapped[str | None] = mapped_column(default=None)
    problem_detail: Mapped[str | None] = mapped_column(default=None)
    announced_at: Mapped[datetime]
    received_at: Mapped[datetime | None] = mapped_column(default=None)
    settled_at: Mapped[datetime | None] = mapped_column(default=None)
    quarantined_at: Mapped[datetime | None] = mapped_column(default=None)
    # Of a deleted file: when its bytes were removed from the store.
    cleared_at: Mapped[datetime | None] = mapped_column(default=None)
    # The file of the same item that this one is a new version of.
    replaces: Mapped[UUID | None] = mapped_column(default=None)
    last_verified_at: Mapped[datetime | None] = mapped_column(default=None)
    damaged_at: Mapped[datetime | None] = mapped_column(default=None)
    damage: Mapped[Damage | None] = mapped_column(default=None)
    # Until when the store itself refuses to remove a sealed file; None where it cannot.
    locked_until: Mapped[datetime | None] = mapped_column(default=None)
    # A `WaitingFor`, and when it was last asked for in vain.
    waiting_for: Mapped[str | None] = mapped_column(default=None)
    tried_at: Mapped[datetime | None] = mapped_column(default=None)
    # A `Failing`: why its check could not end, since when again and again, and when last.
    failing: Mapped[str | None] = mapped_column(default=None)
    failing_since: Mapped[datetime | None] = mapped_column(default=None)
    failed_at: Mapped[datetime | None] = mapped_column(default=None)
    # When its retention ended: the bytes are gone, the digest stays.
    disposed_at: Mapped[datetime | None] = mapped_column(default=None)

    @property
    def incoming_key(self) -> str:
        """Where the upload arrives; whoever holds the grant may write here, once."""
        return incoming_key(self.portfolio_id, self.id)

    @property
    def key(self) -> str:
        """Where the checked file stays; nobody outside ever holds a grant to write here."""
        return kept_key(self.portfolio_id, self.id)
