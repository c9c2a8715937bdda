"""Versions of reference data, and the indicators that other tables point to."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from app.framework.content import Kind
from app.framework.lifecycle import State
from app.kit.db import Row, Table


class ReferenceVersion(Row):
    """One version of a framework, scheme or charter; published, it never changes."""

    __tablename__ = "reference_version"

    kind: Mapped[Kind]
    code: Mapped[str]
    version: Mapped[str]
    state: Mapped[State] = mapped_column(default=State.DRAFT)
    # Deferred: tens of kilobytes that most readers of a row do not want.
    content: Mapped[str] = mapped_column(deferred=True)
    """Canonical JSON (RFC 8785)."""
    content_hash: Mapped[str]
    """SHA-256 of the content, checked by the database."""
    loaded_at: Mapped[datetime]
    published_at: Mapped[datetime | None] = mapped_column(default=None)


class Indicator(Table):
    """An indicator as a key: tables refer to (framework_id, code)."""

    __tablename__ = "indicator"

    framework_id: Mapped[UUID] = mapped_column(ForeignKey("reference_version.id"), primary_key=True)
    code: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[UUID]
    """The same uuid5 in every installation and export."""
    competence: Mapped[int]
    phase: Mapped[str]
    position: Mapped[int]
