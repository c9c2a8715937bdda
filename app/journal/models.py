"""The journal's tables. Rows of `journal_entry` come only from the function `record_entry`."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, ForeignKeyConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.kit.db import Table


class Head(Table):
    """Where a stream has got to."""

    __tablename__ = "journal_head"

    tenant_id: Mapped[UUID] = mapped_column(ForeignKey("tenant.id"), primary_key=True)
    stream_id: Mapped[UUID] = mapped_column(primary_key=True)
    seq: Mapped[int]
    hash: Mapped[bytes]


class Entry(Table):
    """One thing that happened: who did what to which subject, and when."""

    __tablename__ = "journal_entry"

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    stream_id: Mapped[UUID] = mapped_column(primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    actor_id: Mapped[UUID]
    action: Mapped[str]
    subject_id: Mapped[UUID]
    body: Mapped[str]
    hash: Mapped[bytes]


class Anchor(Table):
    """All heads of a tenant at one moment, under one hash that also covers the anchor before it."""

    __tablename__ = "journal_anchor"

    tenant_id: Mapped[UUID] = mapped_column(ForeignKey("tenant.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    previous: Mapped[bytes]
    root: Mapped[bytes]


class AnchoredHead(Table):
    """A head that had moved since the anchor before."""

    __tablename__ = "journal_anchored_head"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "number"], ["journal_anchor.tenant_id", "journal_anchor.number"]
        ),
    )

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    stream_id: Mapped[UUID] = mapped_column(primary_key=True)
    seq: Mapped[int]
    hash: Mapped[bytes]
