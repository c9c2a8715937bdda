"""What mentees and witnesses say of the candidate's practice, signed by them."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import ARRAY, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.evidence.models.invitations import Relation, TestimonyForm
from app.kit.db import TenantRow


class Testimony(TenantRow):
    """A signed statement about an item; `sha256` is of everything it says. Nobody changes it."""

    __tablename__ = "testimony"

    portfolio_id: Mapped[UUID]
    item_id: Mapped[UUID]
    invitation_id: Mapped[UUID]
    person: Mapped[str]
    relation: Mapped[Relation]
    form: Mapped[TestimonyForm]
    language: Mapped[str]
    indicators: Mapped[list[str]] = mapped_column(ARRAY(Text))
    words: Mapped[str]
    answers: Mapped[dict[str, int]] = mapped_column(JSONB)
    questions: Mapped[str | None]
    signed_name: Mapped[str]
    signed_at: Mapped[datetime]
    sha256: Mapped[str]
