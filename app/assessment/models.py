"""Assessments with their ratings and judgements; interviews and verifications."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ARRAY, Computed, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.assessment.lifecycle import State, Step, steps_from
from app.kit.db import Table, TenantRow
from app.portfolio.access import Part

COUNTS = "verdict <> 'not_accepted' AND valid AND authentic AND current AND sufficient AND reliable"


class Verdict(StrEnum):
    ACCEPTED = "accepted"
    ACCEPTED_PARTLY = "accepted_partly"
    NOT_ACCEPTED = "not_accepted"


class Finding(StrEnum):
    """What a verifier found."""

    CONFIRMED = "confirmed"
    RETURNED = "returned"


class Assessment(TenantRow):
    """One referent's work on one snapshot."""

    __tablename__ = "assessment"

    portfolio_id: Mapped[UUID]
    snapshot_id: Mapped[UUID]
    framework_id: Mapped[UUID]
    referent_id: Mapped[UUID]
    part: Mapped[Part]
    state: Mapped[State] = mapped_column(default=State.ASSIGNED)
    version: Mapped[int] = mapped_column(default=1)
    rated: Mapped[int] = mapped_column(default=0)
    to_rate: Mapped[int]
    due_on: Mapped[date]
    assigned_at: Mapped[datetime]
    accepted_at: Mapped[datetime | None] = mapped_column(default=None)
    finalised_at: Mapped[datetime | None] = mapped_column(default=None)
    comment: Mapped[str | None] = mapped_column(default=None)
    reason: Mapped[str | None] = mapped_column(default=None)

    @property
    def open_steps(self) -> list[Step]:
        return steps_from(self.state)


class Rating(Table):
    """What a referent gives one indicator; `first_rating` is from before any discussion."""

    __tablename__ = "rating"

    tenant_id: Mapped[UUID]
    assessment_id: Mapped[UUID] = mapped_column(primary_key=True)
    snapshot_id: Mapped[UUID]
    framework_id: Mapped[UUID]
    indicator: Mapped[str] = mapped_column(primary_key=True)
    rating: Mapped[int | None]
    first_rating: Mapped[int | None]
    not_assessable: Mapped[bool]
    comment: Mapped[str | None]
    locked: Mapped[bool]
    version: Mapped[int]
    rated_at: Mapped[datetime | None]


class Judgement(Table):
    """What a referent thinks of one claim; it counts if accepted and all five judgements hold."""

    __tablename__ = "judgement"

    tenant_id: Mapped[UUID]
    assessment_id: Mapped[UUID] = mapped_column(primary_key=True)
    snapshot_id: Mapped[UUID]
    claim_id: Mapped[UUID] = mapped_column(primary_key=True)
    verdict: Mapped[Verdict]
    valid: Mapped[bool]
    authentic: Mapped[bool]
    current: Mapped[bool]
    sufficient: Mapped[bool]
    reliable: Mapped[bool]
    reason: Mapped[str | None]
    judged_at: Mapped[datetime]
    counts: Mapped[bool] = mapped_column(Computed(COUNTS, persisted=True))


class DeclaredConflict(TenantRow):
    """A referent's word that they are not impartial towards a candidate."""

    __tablename__ = "declared_conflict"

    person_id: Mapped[UUID]
    candidate_id: Mapped[UUID]
    reason: Mapped[str]
    declared_at: Mapped[datetime]


class Interview(TenantRow):
    """The interview on one snapshot: held by one referent, confirmed by the other.

    `version` grows when it is entered anew, not when it is confirmed: it names what was read.
    """

    __tablename__ = "interview"

    portfolio_id: Mapped[UUID]
    snapshot_id: Mapped[UUID]
    framework_id: Mapped[UUID]
    held_at: Mapped[datetime]
    minutes: Mapped[int]
    summary: Mapped[str]
    version: Mapped[int] = mapped_column(default=1)
    conducted_by: Mapped[UUID]
    conducted_as: Mapped[Part]
    recorded_at: Mapped[datetime]
    confirmed_by: Mapped[UUID | None] = mapped_column(default=None)
    confirmed_as: Mapped[Part | None] = mapped_column(default=None)
    confirmed_at: Mapped[datetime | None] = mapped_column(default=None)


class InterviewAnswer(Table):
    """What the interview said about one indicator, at which minute, and whether it raises it."""

    __tablename__ = "interview_answer"

    tenant_id: Mapped[UUID]
    interview_id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    framework_id: Mapped[UUID]
    indicator: Mapped[str] = mapped_column(primary_key=True)
    minute: Mapped[int]
    note: Mapped[str | None]
    raised_to: Mapped[int | None]


class Verification(TenantRow):
    """The draw for internal verification, and what the verifier found if there was one."""

    __tablename__ = "verification"

    portfolio_id: Mapped[UUID]
    snapshot_id: Mapped[UUID]
    required: Mapped[bool]
    rule: Mapped[str]
    share: Mapped[Decimal]
    lot: Mapped[Decimal]
    seed: Mapped[str]
    drawn_at: Mapped[datetime]
    verifier_id: Mapped[UUID | None] = mapped_column(default=None)
    verified_as: Mapped[Part | None] = mapped_column(default=None)
    outcome: Mapped[Finding | None] = mapped_column(default=None)
    indicators: Mapped[list[str] | None] = mapped_column(ARRAY(Text), default=None)
    comment: Mapped[str | None] = mapped_column(default=None)
    verified_at: Mapped[datetime | None] = mapped_column(default=None)
