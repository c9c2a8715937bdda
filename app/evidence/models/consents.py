"""Consents of the persons heard or seen in recordings."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy.orm import Mapped, mapped_column

from app.kit.db import TenantRow


class ConsentScope(StrEnum):
    ASSESSMENT = "assessment"
    ASSESSMENT_AND_TRAINING = "assessment_and_training"


class ConsentForm(StrEnum):
    WRITTEN = "written"
    RECORDED = "recorded"
    LINK = "link"


class WithdrawnBy(StrEnum):
    """Who entered that a consent was withdrawn; always at the wish of the person."""

    PERSON = "person"
    OFFICER = "officer"
    CANDIDATE = "candidate"


class Consent(TenantRow):
    """That a person heard or seen in a recording agreed to its use, and whether they still do.

    One given by a link names the invitation and carries the name that the person typed.
    """

    __tablename__ = "consent"

    portfolio_id: Mapped[UUID]
    item_id: Mapped[UUID]
    person: Mapped[str]
    scope: Mapped[ConsentScope]
    language: Mapped[str]
    given_on: Mapped[date]
    how: Mapped[ConsentForm]
    entered_at: Mapped[datetime]
    invitation_id: Mapped[UUID | None] = mapped_column(default=None)
    signed_name: Mapped[str | None] = mapped_column(default=None)
    withdrawn_at: Mapped[datetime | None] = mapped_column(default=None)
    withdrawn_by: Mapped[WithdrawnBy | None] = mapped_column(default=None)
    withdrawal_reason: Mapped[str | None] = mapped_column(default=None)
