"""What referents sign of named evidence without assessing the portfolio."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import TypedDict
from uuid import UUID

from sqlalchemy import ARRAY, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.kit.db import TenantRow
from app.portfolio.access import Part


class ValidationState(StrEnum):
    OPEN = "open"
    TAKEN = "taken"
    SIGNED = "signed"
    REVOKED = "revoked"


class Named(TypedDict):
    """A file or testimony as it was when the referent signed."""

    id: str
    sha256: str


class Evidence(TypedDict):
    """All that an item held when the referent signed."""

    files: list[Named]
    testimonies: list[Named]


class Validation(TenantRow):
    """A referent's word on an item and some indicators: asked, taken on, signed.

    `holds` says whether the evidence bears the indicators out; `sha256` is of everything signed.
    """

    __tablename__ = "validation"

    portfolio_id: Mapped[UUID]
    item_id: Mapped[UUID]
    indicators: Mapped[list[str]] = mapped_column(ARRAY(Text))
    asked_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None] = mapped_column(default=None)
    referent_id: Mapped[UUID | None] = mapped_column(default=None)
    taken_as: Mapped[Part | None] = mapped_column(default=None)
    taken_at: Mapped[datetime | None] = mapped_column(default=None)
    holds: Mapped[bool | None] = mapped_column(default=None)
    statement: Mapped[str | None] = mapped_column(default=None)
    reason: Mapped[str | None] = mapped_column(default=None)
    signed_name: Mapped[str | None] = mapped_column(default=None)
    signed_at: Mapped[datetime | None] = mapped_column(default=None)
    evidence: Mapped[Evidence | None] = mapped_column(JSONB(none_as_null=True), default=None)
    sha256: Mapped[str | None] = mapped_column(default=None)

    @property
    def state(self) -> ValidationState:
        if self.revoked_at is not None:
            return ValidationState.REVOKED
        if self.signed_at is not None:
            return ValidationState.SIGNED
        return ValidationState.OPEN if self.referent_id is None else ValidationState.TAKEN
