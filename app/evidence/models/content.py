"""Client cases, evidence items, claims and the candidate's own ratings."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.evidence.locator import Box
from app.kit.db import Table, TenantRow


class CaseSize(StrEnum):
    SELF_EMPLOYED = "self_employed"
    MICRO = "micro"
    SMALL = "small"
    MEDIUM = "medium"
    LARGE = "large"


class Authorship(StrEnum):
    """Who made what a piece of evidence shows."""

    OWN = "own"
    SHARED = "shared"
    BY_OTHERS = "by_others"


@dataclass(frozen=True, slots=True)
class Declaration:
    """Who made a piece of evidence, and the candidate's part where others had one."""

    role: Authorship
    contribution: str | None
    declared_at: datetime


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
    # Who made it, as the candidate declares; `contribution` is their part in what they share.
    authorship: Mapped[Authorship | None] = mapped_column(default=None)
    contribution: Mapped[str | None] = mapped_column(default=None)
    authorship_declared_at: Mapped[datetime | None] = mapped_column(default=None)
    # The rows of its files stay, for the worker to find their bytes; so must what they belong to.
    removed_at: Mapped[datetime | None] = mapped_column(default=None)

    @property
    def declaration(self) -> Declaration | None:
        """What the candidate declared of who made it, if they did."""
        if self.authorship is None or self.authorship_declared_at is None:
            return None
        return Declaration(self.authorship, self.contribution, self.authorship_declared_at)


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
    box: Mapped[Box | None] = mapped_column(JSONB(none_as_null=True), default=None)
    from_ms: Mapped[int | None]
    to_ms: Mapped[int | None]
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime]


class ClaimVersion(Table):
    """What a claim said before it was changed; it goes with the claim."""

    __tablename__ = "claim_version"

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    portfolio_id: Mapped[UUID] = mapped_column(primary_key=True)
    claim_id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    reason: Mapped[str]
    file_id: Mapped[UUID | None]
    page: Mapped[int | None]
    box: Mapped[Box | None] = mapped_column(JSONB(none_as_null=True), default=None)
    from_ms: Mapped[int | None]
    to_ms: Mapped[int | None]
    replaced_at: Mapped[datetime]
    replaced_by: Mapped[UUID]


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
