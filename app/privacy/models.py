"""Exports, imports, and what came with an import."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Mapped, mapped_column

from app.kit.db import TenantRow
from app.privacy.lifecycle import ExportState, ImportState


class Export(TenantRow):
    """A portfolio's archive: asked for, made, and removed after some days."""

    __tablename__ = "portfolio_export"

    portfolio_id: Mapped[UUID]
    asked_by: Mapped[UUID]
    state: Mapped[ExportState] = mapped_column(default=ExportState.WAITING)
    bytes_done: Mapped[int] = mapped_column(default=0)
    bytes_total: Mapped[int] = mapped_column(default=0)
    size: Mapped[int | None] = mapped_column(default=None)
    sha256: Mapped[str | None] = mapped_column(default=None)
    problem: Mapped[str | None] = mapped_column(default=None)
    problem_detail: Mapped[str | None] = mapped_column(default=None)
    asked_at: Mapped[datetime]
    made_at: Mapped[datetime | None] = mapped_column(default=None)
    expires_at: Mapped[datetime | None] = mapped_column(default=None)

    @property
    def key(self) -> str:
        return f"takeout/{self.portfolio_id}/{self.id}.zip"


class Import(TenantRow):
    """An archive that a candidate brings in; `holds_id` is the portfolio in it."""

    __tablename__ = "portfolio_import"

    candidate_id: Mapped[UUID]
    size: Mapped[int]
    sha256: Mapped[str]
    state: Mapped[ImportState] = mapped_column(default=ImportState.ANNOUNCED)
    upload_id: Mapped[str | None] = mapped_column(default=None)
    part_size: Mapped[int | None] = mapped_column(default=None)
    holds_id: Mapped[UUID | None] = mapped_column(default=None)
    portfolio_id: Mapped[UUID | None] = mapped_column(default=None)
    problem: Mapped[str | None] = mapped_column(default=None)
    problem_detail: Mapped[str | None] = mapped_column(default=None)
    announced_at: Mapped[datetime]
    received_at: Mapped[datetime | None] = mapped_column(default=None)
    settled_at: Mapped[datetime | None] = mapped_column(default=None)

    @property
    def key(self) -> str:
        return f"takeout/{self.id}/archive.zip"


class ImportedRecord(TenantRow):
    """What came with a portfolio and is no working content here, as canonical JSON."""

    __tablename__ = "imported_record"

    portfolio_id: Mapped[UUID]
    import_id: Mapped[UUID]
    manifest: Mapped[str] = mapped_column(deferred=True)
    record: Mapped[str] = mapped_column(deferred=True)
    imported_at: Mapped[datetime]
