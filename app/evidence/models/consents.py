"""Consents of the persons heard or seen in recordings."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy.orm import Mapped

from app.kit.db import TenantRow


class ConsentScope(StrEnum):
    ASSESSMENT = "assessment"
    ASSESSMENT_AND_TRAINING = "assessment_and_training"


class ConsentForm(StrEnum):
    WRITTEN = "written"
    RECORDED = "recorded"
    LINK = "link"


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
