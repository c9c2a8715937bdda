"""Decisions with their signatures, and certificates with their status history."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ARRAY, Sequence, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.certification.register import Status
from app.framework.content.scheme import Outcome
from app.kit.db import Table, TenantRow
from app.portfolio.access import Part

certificate_serial = Sequence("certificate_serial", metadata=Table.metadata)


class DecisionState(StrEnum):
    DRAFTED = "drafted"
    SIGNED = "signed"
    DISCARDED = "discarded"


class Decision(TenantRow):
    """What was decided about a portfolio, beside what the rules computed and why."""

    __tablename__ = "decision"

    portfolio_id: Mapped[UUID]
    outcome: Mapped[Outcome]
    level: Mapped[str | None]
    state: Mapped[DecisionState] = mapped_column(default=DecisionState.DRAFTED)
    reasons: Mapped[str | None]
    indicators: Mapped[list[str]] = mapped_column(ARRAY(Text))
    recommended: Mapped[Outcome]
    explanation: Mapped[str] = mapped_column(deferred=True)
    quorum: Mapped[int]
    drafted_by: Mapped[UUID]
    drafted_as: Mapped[Part]
    drafted_at: Mapped[datetime]
    signed_at: Mapped[datetime | None] = mapped_column(default=None)


class Signature(Table):
    """A decision maker's signature under a decision."""

    __tablename__ = "decision_signature"

    tenant_id: Mapped[UUID]
    portfolio_id: Mapped[UUID]
    decision_id: Mapped[UUID] = mapped_column(primary_key=True)
    person_id: Mapped[UUID] = mapped_column(primary_key=True)
    signed_as: Mapped[Part]
    signed_at: Mapped[datetime]


class Certificate(TenantRow):
    """A certificate; `facts` is the JSON of what it says, frozen when it was issued."""

    __tablename__ = "certificate"

    portfolio_id: Mapped[UUID]
    decision_id: Mapped[UUID]
    holder_id: Mapped[UUID]
    number: Mapped[str]
    serial: Mapped[int]
    level: Mapped[str]
    facts: Mapped[str]
    status: Mapped[Status]
    version: Mapped[int] = mapped_column(default=1)
    issued_at: Mapped[datetime]
    issued_on: Mapped[date]
    valid_until: Mapped[date]
    pdf_key: Mapped[str | None] = mapped_column(default=None)
    pdf_sha256: Mapped[str | None] = mapped_column(default=None)
    # Since when a file that it rests on is known to be damaged in the store.
    evidence_damaged_at: Mapped[datetime | None] = mapped_column(default=None)


class StatusChange(TenantRow):
    """A status that a certificate was given; the reason is not public."""

    __tablename__ = "certificate_status_change"

    certificate_id: Mapped[UUID]
    status: Mapped[Status]
    at: Mapped[datetime]
    actor_id: Mapped[UUID]
    reason: Mapped[str | None]
