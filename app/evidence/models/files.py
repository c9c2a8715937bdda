"""The files of evidence items."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import ARRAY, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.evidence.lifecycle import State
from app.kit.db import TenantRow


def incoming_key(portfolio_id: UUID, file_id: UUID) -> str:
    return f"incoming/{portfolio_id}/{file_id}"


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
    cautions: Mapped[list[str]] = mapped_column(ARRAY(Text), default=list)
    problem: Mapped[str | None] = mapped_column(default=None)
    problem_detail: Mapped[str | None] = mapped_column(default=None)
    announced_at: Mapped[datetime]
    received_at: Mapped[datetime | None] = mapped_column(default=None)
    settled_at: Mapped[datetime | None] = mapped_column(default=None)
    # Of a deleted file: when its bytes were removed from the store.
    cleared_at: Mapped[datetime | None] = mapped_column(default=None)

    @property
    def incoming_key(self) -> str:
        """Where the upload arrives; whoever holds the grant may write here, once."""
        return incoming_key(self.portfolio_id, self.id)

    @property
    def key(self) -> str:
        """Where the checked file stays; nobody outside ever holds a grant to write here."""
        return f"evidence/{self.portfolio_id}/{self.id}"
