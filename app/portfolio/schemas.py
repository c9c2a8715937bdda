"""What candidates and officers say about a portfolio, and what they are told."""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import Field

from app.actor import Role
from app.kit.fields import Body, Code, Count, Out, Prose
from app.portfolio.lifecycle import State, Step


class NewPortfolio(Body):
    """Under which scheme, and for which of its levels."""

    scheme: Code = "MENTORCERT-BM"
    level: Code = Field(examples=["junior"])


class PortfolioOut(Out):
    """A portfolio, without what is in it."""

    id: UUID
    candidate_id: UUID
    training_body_id: UUID | None
    framework_id: UUID
    scheme_id: UUID
    charter_id: UUID
    level: str
    state: State
    open_steps: list[Step]
    version: int
    opened_at: datetime
    state_since: datetime
    submitted_at: datetime | None
    decided_at: datetime | None


class Declaration(Body):
    """What the candidate declares about one prerequisite; 1 for yes where no figure is asked."""

    value: Count
    statement: Prose | None = None


class CharterAcceptance(Body):
    """The candidate's word on the ethics charter, in the language in which it was read."""

    accepted: bool
    language: Literal["en", "fr"]


class NewApplication(Body):
    """An application for admission."""

    prerequisites: dict[Code, Declaration] = Field(max_length=50)
    charter: CharterAcceptance
    special_arrangements: Prose | None = Field(
        default=None, description="Confidential: only the certification officer reads this."
    )


class PrerequisiteOut(Out):
    code: str
    required: int
    declared: int
    statement: str | None
    met: bool | None
    finding: str | None
    checked_at: datetime | None


class ApplicationOut(Out):
    """An application and how each prerequisite stands."""

    applied_at: datetime
    charter_hash: str
    charter_language: str
    charter_accepted_at: datetime
    special_arrangements: str | None
    prerequisites: list[PrerequisiteOut]


class Finding(Body):
    """What the officer found about one prerequisite."""

    met: bool
    finding: Prose | None = None


class Admission(Body):
    """The officer's answer to an application."""

    outcome: Literal["admitted", "needs_info", "not_admitted"]
    findings: dict[Code, Finding] = Field(default_factory=dict, max_length=50)
    reason: Prose | None = Field(default=None, description="Needed unless admitted.")


class TransitionOut(Out):
    """One step of a portfolio's history."""

    at: datetime
    step: Step
    from_state: State
    to_state: State
    role: Role | None
    reason: str | None
