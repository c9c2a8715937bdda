"""Persons who were asked for something by a one-time link."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ARRAY, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.evidence.models.consents import ConsentScope
from app.kit.db import TenantRow


class InvitationKind(StrEnum):
    CONSENT = "consent"
    TESTIMONY = "testimony"
    WITHDRAWAL = "withdrawal"


class Relation(StrEnum):
    """What the person who gives testimony is to the candidate."""

    MENTEE = "mentee"
    WITNESS = "witness"


class TestimonyForm(StrEnum):
    """A testimony is free words; an evaluation answers some questions beside them."""

    TESTIMONY = "testimony"
    EVALUATION = "evaluation"


class Answer(StrEnum):
    GIVEN = "given"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"


class InvitationState(StrEnum):
    """Where an invitation stands; "expired" follows from the time and is not stored."""

    ASKED = "asked"
    SENT = "sent"
    UNDELIVERABLE = "undeliverable"
    GIVEN = "given"
    DECLINED = "declined"
    EXPIRED = "expired"
    REVOKED = "revoked"


class Invitation(TenantRow):
    """What somebody without an account was asked by a link that is good for one answer.

    Of the link only a hash is kept. The address goes when there is an answer, or none any more.
    """

    __tablename__ = "invitation"

    portfolio_id: Mapped[UUID]
    item_id: Mapped[UUID]
    kind: Mapped[InvitationKind]
    person: Mapped[str]
    language: Mapped[str]
    email: Mapped[str | None]
    hash: Mapped[bytes | None] = mapped_column(default=None)
    scope: Mapped[ConsentScope | None] = mapped_column(default=None)
    relation: Mapped[Relation | None] = mapped_column(default=None)
    form: Mapped[TestimonyForm | None] = mapped_column(default=None)
    indicators: Mapped[list[str]] = mapped_column(ARRAY(Text), default=list)
    consent_id: Mapped[UUID | None] = mapped_column(default=None)
    asked_at: Mapped[datetime]
    sent_at: Mapped[datetime | None] = mapped_column(default=None)
    # When the mail server said that nobody can be reached at the address.
    refused_at: Mapped[datetime | None] = mapped_column(default=None)
    expires_at: Mapped[datetime | None]
    answer: Mapped[Answer | None] = mapped_column(default=None)
    answered_at: Mapped[datetime | None] = mapped_column(default=None)
    revoked_at: Mapped[datetime | None] = mapped_column(default=None)

    def is_open(self, now: datetime) -> bool:
        """Tell whether an answer is still awaited."""
        if self.answered_at is not None or self.revoked_at is not None:
            return False
        return self.expires_at is None or now < self.expires_at

    def state_at(self, now: datetime) -> InvitationState:
        if self.answer is not None:
            return InvitationState.DECLINED if self.answer == Answer.DECLINED else _GIVEN
        if self.revoked_at is not None:
            return InvitationState.REVOKED
        if not self.is_open(now):
            return InvitationState.EXPIRED
        if self.refused_at is not None:
            return InvitationState.UNDELIVERABLE
        return InvitationState.ASKED if self.sent_at is None else InvitationState.SENT


_GIVEN = InvitationState.GIVEN
