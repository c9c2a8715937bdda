"""Client cases, evidence items, their files, claims and consents, and the sealed snapshots."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ARRAY, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.evidence.lifecycle import State
from app.kit.db import Table, TenantRow


class CaseSize(StrEnum):
    SELF_EMPLOYED = "self_employed"
    MICRO = "micro"
    SMALL = "small"
    MEDIUM = "medium"
    LARGE = "large"


class ConsentScope(StrEnum):
    ASSESSMENT = "assessment"
    ASSESSMENT_AND_TRAINING = "assessment_and_training"


class ConsentForm(StrEnum):
    WRITTEN = "written"
    RECORDED = "recorded"
    LINK = "link"


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


class Consent(TenantRow):
    """That a person heard or seen in a recording agreed to its use."""

    __tablename__ = "consent"

    portfolio_id: Mapped[UUID]
    item_id: Mapped[UUID]
    person: Mapped[str]
    scope: Mapped[ConsentScope]
    language: Mapped[str]
    given_on: Mapped[date]
    how: Mapped[ConsentForm]
    entered_at: Mapped[datetime]


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


class SnapshotFile(Table):
    """A file that a snapshot seals."""

    __tablename__ = "snapshot_file"

    tenant_id: Mapped[UUID]
    portfolio_id: Mapped[UUID]
    snapshot_id: Mapped[UUID] = mapped_column(primary_key=True)
    file_id: Mapped[UUID] = mapped_column(primary_key=True)
    sha256: Mapped[str]
