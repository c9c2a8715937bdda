"""What referents, verifiers and officers say about an assessment, and what they are told."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AwareDatetime, Field

from app.assessment.agreement import Settlement
from app.assessment.lifecycle import State, Step
from app.assessment.models import Finding, Verdict
from app.evidence.schemas.portfolio import ContentOut
from app.kit.fields import Body, Code, Out, Prose
from app.portfolio.access import Part

# Strict, so that neither `true` nor "2" becomes a rating.
Value = Annotated[int, Field(strict=True, ge=0, le=100)]
Minute = Annotated[int, Field(ge=0, le=1000)]


class NewAssignment(Body):
    """Whom to ask."""

    referent_id: UUID


class AssessmentOut(Out):
    """One referent's assessment, without its ratings; `open_steps` are for its referent to take."""

    id: UUID
    portfolio_id: UUID
    part: Part
    state: State
    open_steps: list[Step]
    version: int
    rated: int
    to_rate: int
    due_on: date
    assigned_at: datetime
    accepted_at: datetime | None
    finalised_at: datetime | None
    comment: str | None
    reason: str | None


class QueueRowOut(Out):
    """An assessment in its referent's queue."""

    id: UUID
    portfolio_id: UUID
    part: Part
    state: State
    version: int
    rated: int
    to_rate: int
    due_on: date
    assigned_at: datetime
    accepted_at: datetime | None
    finalised_at: datetime | None
    level: str


class DeskRatingOut(Out):
    indicator: str
    rating: int | None
    not_assessable: bool
    comment: str | None
    locked: bool
    version: int
    rated_at: datetime | None


class DeskJudgementOut(Out):
    claim_id: UUID
    verdict: Verdict
    valid: bool
    authentic: bool
    current: bool
    sufficient: bool
    reliable: bool
    reason: str | None
    counts: bool


class DeskSnapshotOut(Out):
    """What was submitted; its content shows once the assessment is accepted."""

    id: UUID
    number: int
    sealed_at: datetime
    root: str
    content: ContentOut | None


class DeskOut(Out):
    """An assessment on its referent's desk, with what was submitted."""

    id: UUID
    portfolio_id: UUID
    part: Part
    state: State
    version: int
    level: str
    rated: int
    to_rate: int
    due_on: date
    assigned_at: datetime
    accepted_at: datetime | None
    finalised_at: datetime | None
    comment: str | None
    ratings: list[DeskRatingOut]
    judgements: list[DeskJudgementOut]
    quarantined_files: list[UUID] = Field(
        description="Submitted, but shut since, as when a consent was withdrawn."
    )
    not_countable: list[UUID] = Field(
        description="The claims that count no more, because what they rest on was shut."
    )
    snapshot: DeskSnapshotOut


class Reason(Body):
    reason: Prose


class JudgementIn(Body):
    """What you think of a claim; a "no" anywhere takes a reason, and the claim does not count."""

    claim_id: UUID
    verdict: Verdict
    valid: bool = True
    authentic: bool = True
    current: bool = True
    sufficient: bool = True
    reliable: bool = True
    reason: Prose | None = None


class RatingIn(Body):
    """Your rating on the scheme's scale; or not assessable, with a comment that says why."""

    rating: Value | None = None
    not_assessable: bool = False
    comment: Prose | None = None
    judgements: list[JudgementIn] = Field(default_factory=list, max_length=200)


class RatingOut(Out):
    indicator: str
    rating: int | None
    not_assessable: bool
    comment: str | None
    version: int
    rated_at: datetime


class RatingsIn(Body):
    """Many ratings at once, by indicator: all are written, or none."""

    ratings: dict[Code, RatingIn] = Field(min_length=1, max_length=500)


class RatingsOut(Out):
    """The versions after writing: the assessment's, and each rating's by indicator."""

    version: int
    rated: int
    versions: dict[str, int]


class Finalisation(Body):
    """An overall comment for the candidate and the decision maker."""

    comment: Prose


class PlanOut(Out):
    """What the interview asks about: weak and doubtful indicators, and some drawn by lot."""

    weak: list[str]
    in_doubt: list[str]
    drawn: list[str]


class AnswerIn(Body):
    """What was said about an indicator, at which minute; a raise takes a note."""

    minute: Minute
    note: Prose | None = None
    raised_to: Value | None = None


class NewInterview(Body):
    """An interview that was held."""

    held_at: AwareDatetime
    minutes: Annotated[int, Field(ge=1, le=1000)]
    summary: Prose
    answers: dict[Code, AnswerIn] = Field(min_length=1, max_length=500)


class InterviewOut(Out):
    """An interview; its version grows when it is entered anew."""

    id: UUID
    portfolio_id: UUID
    held_at: datetime
    minutes: int
    summary: str
    version: int
    recorded_at: datetime
    confirmed_at: datetime | None


class AnswerOut(Out):
    indicator: str
    minute: int
    note: str | None
    raised_to: int | None


class InterviewReadOut(InterviewOut):
    """An interview with all its answers."""

    answers: list[AnswerOut]


class NewVerification(Body):
    """What the verifier found; a return names indicators and says why."""

    outcome: Finding
    indicators: list[Code] = Field(default_factory=list, max_length=500)
    comment: Prose | None = None


class VerificationOut(Out):
    """The draw (rule, share, lot from 0 to 1 and its seed), and what was found.

    It is required if the lot is below the share. The rule is one of the scheme's, or
    `returned_or_referred_back`: what was sent back is always verified again.

    The lot is the first 8 bytes of SHA-256 over `verification/{root of the snapshot}/{seed}`, as a
    share of all that they can be, cut to six decimals.
    """

    id: UUID
    portfolio_id: UUID
    required: bool
    rule: str
    share: float
    lot: float
    seed: str
    outcome: Finding | None
    indicators: list[str] | None
    comment: str | None
    verified_at: datetime | None


class GivenOut(Out):
    """What a referent gave, and the comment; what it counts for depends on the claims too."""

    part: Part
    rating: int | None
    not_assessable: bool
    comment: str | None


class IndicatorResultOut(Out):
    """How an indicator's result came about; staff alone see what each referent gave."""

    indicator: str
    rating: int | None
    how: Settlement
    ratings: list[int] | None
    third: int | None
    raised_to: int | None
    given: list[GivenOut] | None


class RuleResultOut(Out):
    rule: str
    scope: str
    kind: str
    threshold: str
    holds: bool
    failing: list[str]


class CompetenceResultOut(Out):
    number: int
    indicators: int
    competent: int
    won: bool


class LevelResultOut(Out):
    level: str
    passed: bool
    rules: list[RuleResultOut]
    competences: list[CompetenceResultOut]


class ResultOut(Out):
    """What follows from the ratings by the scheme's rules; the decision is made by someone else."""

    outcome: Literal["granted", "granted_lower_level", "partial", "refused"]
    level: str | None
    scheme: str
    applied_for: LevelResultOut
    considered: list[LevelResultOut]
    indicators: list[IndicatorResultOut]
