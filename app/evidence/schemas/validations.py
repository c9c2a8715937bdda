"""What is asked of referents who validate named evidence, what they see, and what they signed."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from pydantic import Field

from app.evidence.lifecycle import State
from app.evidence.models import ValidationState
from app.evidence.schemas.asked import TestimonyOut
from app.evidence.schemas.items import CaseOut
from app.kit.fields import Body, Code, Out, Prose


class NewValidationRequest(Body):
    """Ask the referents to validate an item for some indicators."""

    indicators: list[Code] = Field(min_length=1, max_length=20, examples=[["15a", "15b"]])


class NamedOut(Out):
    id: UUID
    sha256: str


class EvidenceNamedOut(Out):
    """Every file and testimony that an item held when a referent signed."""

    files: list[NamedOut]
    testimonies: list[NamedOut]


class SignedValidationOut(Out):
    """What a referent signed of an item, without assessing the portfolio."""

    id: UUID
    evidence_id: UUID
    indicators: list[str]
    holds: bool
    statement: str
    reason: str | None
    signed_name: str
    signed_at: datetime
    named: EvidenceNamedOut
    sha256: str


class ValidationOut(Out):
    """A validation, from the request to the signature."""

    id: UUID
    portfolio_id: UUID
    item_id: UUID = Field(serialization_alias="evidence_id")
    indicators: list[str]
    state: ValidationState
    asked_at: datetime
    taken_at: datetime | None
    holds: bool | None
    statement: str | None
    reason: str | None
    signed_name: str | None
    signed_at: datetime | None
    evidence: EvidenceNamedOut | None = Field(serialization_alias="named")
    sha256: str | None


class PooledValidationOut(Out):
    """A validation in a referent's list; its evidence shows once it is taken on."""

    id: UUID
    indicators: list[str]
    state: ValidationState
    asked_at: datetime
    taken_at: datetime | None
    signed_at: datetime | None


class ValidatedFileOut(Out):
    id: UUID
    name: str
    media_type: str
    kind: str
    size: int
    sha256: str | None
    state: State


class ValidatedClaimOut(Out):
    id: UUID
    indicator: str
    reason: str
    file_id: UUID | None
    page: int | None
    from_ms: int | None
    to_ms: int | None


class ValidationDeskOut(Out):
    """A validation with the evidence that it is about; files open at `/files/{id}/content`.

    Once it is signed, or too late for that, the evidence is left out.
    """

    validation: ValidationOut
    kind: str | None
    title: str | None
    description: str | None
    practised_on: date | None
    case: CaseOut | None
    files: list[ValidatedFileOut]
    testimonies: list[TestimonyOut]
    claims: list[ValidatedClaimOut]
    named: EvidenceNamedOut | None
    """What a signature would name; send it with the signature as it is."""


class NamedEvidence(Body):
    """A file or testimony that a referent has seen, as it was then."""

    id: UUID
    sha256: str = Field(pattern="^[0-9a-f]{64}$")


class EvidenceNamed(Body):
    """What a referent has seen of an item: `named` of the validation that they were shown."""

    files: list[NamedEvidence] = Field(max_length=1000)
    testimonies: list[NamedEvidence] = Field(max_length=1000)


class Signature(Body):
    """A referent's word: whether the evidence bears the indicators out, and why if it does not."""

    statement: Prose
    holds: bool
    reason: Prose | None = None
    named: EvidenceNamed
