"""Client cases, evidence items, claims and the candidate's own ratings."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy.orm import Mapped, mapped_column

from app.kit.db import Table, TenantRow


class CaseSize(StrEnum):
    SELF_EMPLOYED = "self_employed"
    MICRO = "micro"
    SMALL = "small"
    MEDIUM = "medium"
    LARGE = "large"


class ClientCase(TenantRow):
    """One mentee's file, under a pseudonym; never a name."""

    __tablename__ = "client_case"

    portfolio_id: Mapped[UUID]
    pseudonym: Mapped[str]
    sector: Mapped[str]
    size: Mapped[CaseSize]
    began_on: Mapped[date]
    ended_on: Mapped[date | None]


class Item(TenantRow):
    """A piece of evidence: what it shows, from when, of which case; its files hold the proof."""

    __tablename__ = "evidence_item"

    portfolio_id: Mapped[UUID]
    case_id: Mapped[UUID | None]
    kind: Mapped[str]
    title: Mapped[str]
    description: Mapped[str | None]
    practised_on: Mapped[date]
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime]
    # The rows of its files stay, for the worker to find their bytes; so must what they belong to.
    removed_at: Mapped[datetime | None] = mapped_column(default=None)


class Claim(TenantRow):
    """The candidate's word that an item shows an indicator: why, and where in which file."""

    __tablename__ = "claim"

    portfolio_id: Mapped[UUID]
    framework_id: Mapped[UUID]
    indicator: Mapped[str]
    item_id: Mapped[UUID]
    reason: Mapped[str]
    file_id: Mapped[UUID | None]
    page: Mapped[int | None]
    from_ms: Mapped[int | None]
    to_ms: Mapped[int | None]
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime]


class SelfAssessment(Table):
    """The version of a candidate's self-assessment; `SelfRating` holds what it says."""

    __tablename__ = "self_assessment"

    portfolio_id: Mapped[UUID] = mapped_column(primary_key=True)
    tenant_id: Mapped[UUID]
    version: Mapped[int]
    changed_at: Mapped[datetime]


class SelfRating(Table):
    """How the candidate sees their own ability on one indicator."""

    __tablename__ = "self_rating"

    tenant_id: Mapped[UUID]
    portfolio_id: Mapped[UUID] = mapped_column(primary_key=True)
    framework_id: Mapped[UUID]
    indicator: Mapped[str] = mapped_column(primary_key=True)
    rating: Mapped[int]
    comment: Mapped[str | None]
