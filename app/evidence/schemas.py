"""What candidates say about their evidence, and what they are told."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import ConfigDict, Field, StringConstraints, model_validator

from app.evidence.lifecycle import State
from app.evidence.media.facts import Caution
from app.evidence.models import CaseSize, ConsentForm, ConsentScope
from app.kit.fields import Body, Code, Line, Out, Prose, Sha256, Size
from app.portfolio.lifecycle import State as PortfolioState
from app.portfolio.lifecycle import Step

Language = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$")]
MediaType = Annotated[
    str,
    StringConstraints(
        # The pattern is matched before the capitals are made small.
        to_lower=True,
        max_length=127,
        pattern=r"^[A-Za-z0-9][A-Za-z0-9.+-]*/[A-Za-z0-9][A-Za-z0-9.+-]*$",
    ),
]
Page = Annotated[int, Field(ge=1, le=100_000)]
Milliseconds = Annotated[int, Field(ge=0, le=2**40)]


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


class NewFile(Body):
    """A file about to be sent: its size in bytes, and its SHA-256 (needed up to 64 MiB)."""

    name: Line
    media_type: MediaType
    size: Size
    sha256: Sha256 | None = None


class FileOut(Out):
    """A file and where it stands; `problem` says why one was rejected.

    `cautions` name what an accepted file could do, or tell, once it is opened.
    """

    id: UUID
    item_id: UUID = Field(serialization_alias="evidence_id")
    portfolio_id: UUID
    name: str
    media_type: str
    kind: str
    size: int
    sha256: str | None
    state: State
    pages: int | None
    duration_ms: int | None
    width: int | None
    height: int | None
    cautions: list[Caution]
    problem: str | None
    problem_detail: str | None
    announced_at: datetime
    received_at: datetime | None
    settled_at: datetime | None


class RequestOut(Out):
    """Send exactly this, with these headers and the bytes as its body."""

    method: str
    url: str
    headers: dict[str, str]


class PartsOut(Out):
    """The file goes in parts: ask for each with `POST /files/{id}/parts`."""

    count: int
    size: int


class GrantOut(Out):
    """Leave to send a file: one request, or parts."""

    file: FileOut
    request: RequestOut | None
    parts: PartsOut | None
    expires_at: datetime


class PartIn(Body):
    number: Annotated[int, Field(ge=1, le=10_000)]
    size: Size
    sha256: Sha256


class PartsWanted(Body):
    """Parts about to be sent, each with its SHA-256; all but the last have the granted size."""

    parts: list[PartIn] = Field(min_length=1, max_length=100)


class GrantedPartOut(Out):
    number: int
    request: RequestOut


class GrantedPartsOut(Out):
    parts: list[GrantedPartOut]
    expires_at: datetime


class Completion(Body):
    """Everything was sent; the SHA-256 of the whole file, if it was not announced."""

    sha256: Sha256 | None = None


class NewConsent(Body):
    """The consent of a person heard or seen in the recordings of an item."""

    person: Line = Field(description="Who, by role or pseudonym.", examples=["mentee of case A"])
    scope: ConsentScope
    language: Language
    given_on: date
    how: ConsentForm


class ConsentOut(Out):
    id: UUID
    item_id: UUID = Field(serialization_alias="evidence_id")
    person: str
    scope: ConsentScope
    language: str
    given_on: date
    how: ConsentForm


class Place(Body):
    """Why the item shows the indicator, and where: a page, or a time range in milliseconds."""

    reason: Prose
    file_id: UUID | None = None
    page: Page | None = None
    from_ms: Milliseconds | None = None
    to_ms: Milliseconds | None = None


class ClaimChange(Body):
    """What is to change of a claim: members left out stay; `file_id` null takes the place away."""

    model_config = ConfigDict(json_schema_extra={"minProperties": 1})

    # Not None: a claim always has a reason, so it can be left out, but not be null.
    reason: Prose = Field(default_factory=str)
    file_id: UUID | None = None
    page: Page | None = None
    from_ms: Milliseconds | None = None
    to_ms: Milliseconds | None = None

    @model_validator(mode="after")
    def _names_a_change(self) -> ClaimChange:
        if not self.model_fields_set:
            raise ValueError("must name at least one member to change")
        return self


class NewClaim(Place):
    indicator: Code = Field(examples=["7m"])


class ClaimOut(Out):
    id: UUID
    portfolio_id: UUID
    item_id: UUID = Field(serialization_alias="evidence_id")
    indicator: str
    reason: str
    file_id: UUID | None
    page: int | None
    from_ms: int | None
    to_ms: int | None
    version: int


class OwnRating(Body):
    """How you rate yourself on one indicator, on the scheme's scale."""

    rating: Annotated[int, Field(ge=0, le=100)]
    comment: Prose | None = None


class OwnRatings(Body):
    """Your own ratings by indicator; indicators left out keep what they had."""

    ratings: dict[Code, OwnRating] = Field(min_length=1, max_length=500)


class SelfRatingOut(Out):
    indicator: str
    rating: int
    comment: str | None


class SelfAssessmentOut(Out):
    version: int
    ratings: list[SelfRatingOut]


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
    id: UUID
    case_id: UUID | None
    kind: str
    title: str
    description: str | None
    practised_on: date
    version: int


class TreeFileOut(Out):
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


class TreeClaimOut(Out):
    id: UUID
    indicator: str
    evidence_id: UUID
    reason: str
    file_id: UUID | None
    page: int | None
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
