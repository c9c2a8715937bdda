"""What candidates say of client cases and pieces of evidence, and what they are told."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from pydantic import Field

from app.evidence.models import CaseSize
from app.kit.fields import Body, Code, Line, Out, Prose


class NewCase(Body):
    """A mentee's file under a pseudonym; do not enter a name here."""

    pseudonym: Line
    sector: Line
    size: CaseSize
    began_on: date
    ended_on: date | None = None


class CaseOut(Out):
    id: UUID
    pseudonym: str
    sector: str
    size: CaseSize
    began_on: date
    ended_on: date | None


class NewItem(Body):
    """A piece of evidence: what it is, and from when; its files follow."""

    kind: Code = Field(examples=["documentation", "recording"])
    title: Line
    description: Prose | None = None
    practised_on: date = Field(description="The day of the practice shown.")
    case_id: UUID | None = None


class ItemOut(Out):
    id: UUID
    portfolio_id: UUID
    case_id: UUID | None
    kind: str
    title: str
    description: str | None
    practised_on: date
    version: int
    created_at: datetime
