"""A portfolio with all that is in it, whether it is ready, and what was sealed of it."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal
from uuid import UUID

from pydantic import Field

from app.evidence.lifecycle import State
from app.evidence.media.facts import Caution
from app.evidence.models import ConsentForm, ConsentScope
from app.evidence.schemas.asked import TestimonyOut
from app.evidence.schemas.claims import BoxOut
from app.evidence.schemas.items import AuthorshipOut, CaseOut
from app.evidence.schemas.validations import SignedValidationOut
from app.kit.fields import Out
from app.portfolio.lifecycle import State as PortfolioState
from app.portfolio.lifecycle import Step


class UnmetOut(Out):
    """A rule that does not hold, and where to mend it."""

    rule: str
    sentence: str
    indicator: str | None
    evidence_id: UUID | None
    advice: bool


class ReadinessOut(Out):
    """Whether the portfolio can be submitted; advice does not stand in the way."""

    ready: bool
    unmet: list[UnmetOut]


class SnapshotOut(Out):
    """A sealed snapshot: the root is the Merkle tree hash (RFC 9162) over the manifest."""

    id: UUID
    portfolio_id: UUID
    number: int
    sealed_at: datetime
    root: str


class SubmissionOut(Out):
    state: Literal["submitted"]
    version: int
    snapshot: SnapshotOut


class IndicatorCoverageOut(Out):
    """An indicator of the portfolio's framework, with the candidate's own rating and claims."""

    code: str
    competence: int
    self_rating: int | None
    self_comment: str | None
    claims: int


class TreeItemOut(Out):
    """A piece of evidence; without `authorship` in what was sealed before it was asked for."""

    id: UUID
    case_id: UUID | None
    kind: str
    title: str
    description: str | None
    practised_on: date
    authorship: AuthorshipOut | None = None
    version: int


class TreeFileOut(Out):
    """A file; without `cautions` in what was sealed before they were shown here."""

    id: UUID
    evidence_id: UUID
    name: str
    media_type: str
    kind: str
    size: int
    sha256: str | None
    state: State
    pages: int | None
    duration_ms: int | None
    cautions: list[Caution] = Field(default_factory=list)
    problem: str | None
    problem_detail: str | None


class TreeConsentOut(Out):
    id: UUID
    evidence_id: UUID
    person: str
    scope: ConsentScope
    language: str
    given_on: date
    how: ConsentForm
    withdrawn_at: datetime | None = None


class TreeClaimOut(Out):
    """A claim; without `box` in what was sealed before there were boxes."""

    id: UUID
    indicator: str
    evidence_id: UUID
    reason: str
    file_id: UUID | None
    page: int | None
    box: BoxOut | None = None
    from_ms: int | None
    to_ms: int | None
    version: int


class ContentOut(Out):
    """What a portfolio holds: as it is now, or as it was sealed."""

    indicators: list[IndicatorCoverageOut]
    cases: list[CaseOut]
    evidence: list[TreeItemOut]
    files: list[TreeFileOut]
    consents: list[TreeConsentOut]
    testimonies: list[TestimonyOut] = Field(default_factory=list)
    validations: list[SignedValidationOut] = Field(default_factory=list)
    claims: list[TreeClaimOut]


class PortfolioTreeOut(ContentOut):
    """A portfolio with everything in it; lists refer to one another by id."""

    open_steps: list[Step]
    id: UUID
    candidate_id: UUID
    training_body_id: UUID | None
    framework_id: UUID
    scheme_id: UUID
    charter_id: UUID
    level: str
    state: PortfolioState
    version: int
    opened_at: datetime
    state_since: datetime
    submitted_at: datetime | None
    decided_at: datetime | None
