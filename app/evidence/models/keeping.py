"""What is kept how long, what keeps it longer, what went, and the receipts of submissions."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.evidence.retaining import Ending, HoldInStore, HoldKind, KeptAs
from app.kit.db import Table, TenantRow


class Receipt(Table):
    """The PDF that tells a candidate what a snapshot sealed, and where it lies in the store."""

    __tablename__ = "receipt"

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    portfolio_id: Mapped[UUID]
    snapshot_id: Mapped[UUID] = mapped_column(primary_key=True)
    key: Mapped[str]
    sha256: Mapped[str]
    language: Mapped[str]
    drawn_at: Mapped[datetime]


class RetentionSchedule(Table):
    """A certification body's own periods: months by class and ending, None for never.

    Without a row the periods that come with the service hold.
    """

    __tablename__ = "retention_schedule"

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int]
    periods: Mapped[dict[str, dict[str, int | None]]] = mapped_column(JSONB)
    changed_at: Mapped[datetime]
    changed_by: Mapped[UUID]


class Hold(TenantRow):
    """A reason for which nothing of a portfolio may go, until it is released."""

    __tablename__ = "retention_hold"

    portfolio_id: Mapped[UUID]
    kind: Mapped[HoldKind]
    reason: Mapped[str]
    placed_at: Mapped[datetime]
    placed_by: Mapped[UUID]
    released_at: Mapped[datetime | None] = mapped_column(default=None)
    released_by: Mapped[UUID | None] = mapped_column(default=None)
    in_store: Mapped[HoldInStore | None] = mapped_column(default=None)
    """What the store was told last of this hold; None: nothing yet."""


class Disposal(TenantRow):
    """That a file's bytes went because its retention had ended; `sha256` says what they were."""

    __tablename__ = "disposal"

    portfolio_id: Mapped[UUID]
    file_id: Mapped[UUID]
    kept_as: Mapped[KeptAs] = mapped_column("class")
    ending: Mapped[Ending]
    due_on: Mapped[date]
    schedule_version: Mapped[int]
    sealed: Mapped[bool]
    size: Mapped[int]
    sha256: Mapped[str]
    disposed_at: Mapped[datetime]
