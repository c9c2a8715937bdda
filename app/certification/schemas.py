"""What decision makers say, and what everybody is told about decisions and certificates."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from pydantic import Field

from app.certification.models import DecisionState
from app.certification.register import Status
from app.framework.content.scheme import Outcome
from app.kit.fields import Body, Code, Out, Prose


class NewDecision(Body):
    """A decision: the computed outcome, or one below it or back to the referents with reasons."""

    outcome: Outcome
    level: Code | None = Field(default=None, description="The lower level that is granted, if so.")
    reasons: Prose | None = None
    indicators: list[Code] = Field(
        default_factory=list, max_length=500, description="To look at again, if referred back."
    )


class DecisionOut(Out):
    id: UUID
    portfolio_id: UUID
    outcome: Outcome
    level: str | None
    state: DecisionState
    reasons: str | None
    indicators: list[str]
    recommended: Outcome
    quorum: int
    signatures: int
    drafted_at: datetime
    signed_at: datetime | None
    certificate_number: str | None


class StatusChangeOut(Out):
    status: Status
    at: datetime


class CompetenceOut(Out):
    number: int
    title: dict[str, str]


class CertificateOut(Out):
    """A certificate as the public register shows it; `valid` is true while it can be relied on."""

    number: str
    status: Status
    valid: bool
    holder_name: str
    level: str
    level_title: dict[str, str]
    scheme_code: str
    scheme_title: dict[str, str]
    scheme_version: str
    framework_title: dict[str, str]
    framework_version: str
    issuer: str
    issued_on: date
    valid_until: date
    competences: list[CompetenceOut]
    evidence_intact: bool = Field(
        description="False while evidence that it rests on does not read back as it was sealed;"
        " that says nothing about the holder."
    )
    history: list[StatusChangeOut]
