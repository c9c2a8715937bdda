"""What candidates say of client cases and pieces of evidence, and what they are told."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from pydantic import Field, model_validator

from app.evidence.models import Authorship, CaseSize
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


class NewAuthorship(Body):
    """Who made what the evidence shows: you, you with others, or others.

    `contribution` says your part in it, in your words; for what is shared it is needed.
    """

    role: Authorship
    contribution: Prose | None = None

    @model_validator(mode="after")
    def _says_what_part(self) -> NewAuthorship:
        if self.role == Authorship.SHARED and self.contribution is None:
            raise ValueError("what is shared needs your contribution")
        return self


class NewItem(Body):
    """A piece of evidence: what it is, and from when; its files follow.

    `authorship` may be left out: a new one is then undeclared, and a changed one keeps what was
    declared of it. Submission needs it.
    """

    kind: Code = Field(examples=["documentation", "recording"])
    title: Line
    description: Prose | None = None
    practised_on: date = Field(description="The day of the practice shown.")
    case_id: UUID | None = None
    authorship: NewAuthorship | None = None


class AuthorshipOut(Out):
    """What the candidate declared of who made the evidence, and when."""

    role: Authorship
    contribution: str | None
    declared_at: datetime


class ItemOut(Out):
    id: UUID
    portfolio_id: UUID
    case_id: UUID | None
    kind: str
    title: str
    description: str | None
    practised_on: date
    authorship: AuthorshipOut | None = Field(validation_alias="declaration")
    version: int
    created_at: datetime
