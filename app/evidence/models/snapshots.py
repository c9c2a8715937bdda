"""What was handed in, sealed."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Mapped, mapped_column

from app.kit.db import Table, TenantRow


class Snapshot(TenantRow):
    """What was handed in, sealed: never changed, whatever becomes of the working portfolio.

    `manifest` proves it (identities and digests under `root`); `content` is what referents read.
    """

    __tablename__ = "snapshot"

    portfolio_id: Mapped[UUID]
    number: Mapped[int]
    sealed_at: Mapped[datetime]
    root: Mapped[str]
    manifest: Mapped[str] = mapped_column(deferred=True)
    content: Mapped[str] = mapped_column(deferred=True)


class SnapshotClaim(Table):
    """A claim as it was handed in: what referents judge."""

    __tablename__ = "snapshot_claim"

    tenant_id: Mapped[UUID]
    portfolio_id: Mapped[UUID]
    snapshot_id: Mapped[UUID] = mapped_column(primary_key=True)
    claim_id: Mapped[UUID] = mapped_column(primary_key=True)
    indicator: Mapped[str]
    # What it rested on; not known of claims that were handed in before this was kept.
    item_id: Mapped[UUID | None] = mapped_column(default=None)
    file_id: Mapped[UUID | None] = mapped_column(default=None)


class SnapshotFile(Table):
    """A file that a snapshot seals."""

    __tablename__ = "snapshot_file"

    tenant_id: Mapped[UUID]
    portfolio_id: Mapped[UUID]
    snapshot_id: Mapped[UUID] = mapped_column(primary_key=True)
    file_id: Mapped[UUID] = mapped_column(primary_key=True)
    sha256: Mapped[str]
