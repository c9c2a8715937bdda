"""What is asked of others by a link, and what they and referents signed."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal, Self
from uuid import UUID

from pydantic import Field

from app.evidence.models import (
    ConsentForm,
    ConsentScope,
    InvitationKind,
    InvitationState,
    Relation,
    Testimony,
    TestimonyForm,
    WithdrawnBy,
)
from app.kit.fields import Body, Code, Email, Line, Out, Prose

PageLanguage = Literal["en", "fr"]


class NewConsentRequest(Body):
    """Ask a person heard or seen in an item's recordings for consent, by a link in a mail."""

    person: Line = Field(description="Who, by role or pseudonym.", examples=["mentee of case A"])
    email: Email = Field(description="Forgotten as soon as there is an answer; never shown again.")
    language: PageLanguage
    scope: ConsentScope = Field(description="The most that is asked; less can be given.")


class NewTestimonyRequest(Body):
    """Ask a mentee or witness to write about an item, by a link in a mail."""

    person: Line = Field(description="Who, by role or pseudonym.", examples=["mentee of case A"])
    relation: Relation
    form: TestimonyForm = TestimonyForm.TESTIMONY
    email: Email = Field(description="Forgotten as soon as there is an answer; never shown again.")
    language: PageLanguage
    indicators: list[Code] = Field(default_factory=list, max_length=20)


class Renewal(Body):
    """Ask once more; the address is needed again where it is no longer kept."""

    email: Email | None = None


class InvitationOut(Out):
    """A request to a person: where it stands, and never the address or the link."""

    id: UUID
    kind: InvitationKind
    evidence_id: UUID
    person: str
    language: str
    state: InvitationState
    scope: ConsentScope | None
    relation: Relation | None
    form: TestimonyForm | None
    indicators: list[str]
    asked_at: datetime
    sent_at: datetime | None
    expires_at: datetime | None
    answered_at: datetime | None
    revoked_at: datetime | None


class Withdrawal(Body):
    """That a person no longer consents; officers say how they heard of it."""

    reason: Prose | None = None


class ConsentStandingOut(Out):
    """A consent, and whether it still stands."""

    id: UUID
    evidence_id: UUID
    person: str
    scope: ConsentScope
    language: str
    given_on: date
    how: ConsentForm
    state: Literal["standing", "withdrawn"]
    signed_name: str | None
    withdrawn_at: datetime | None
    withdrawn_by: WithdrawnBy | None
    withdrawal_reason: str | None


class LostClaimOut(Out):
    claim_id: UUID
    indicator: str
    item_id: UUID = Field(serialization_alias="evidence_id")


class ConsentsOut(Out):
    """The consents of a portfolio, what was asked, and what no longer counts in it."""

    consents: list[ConsentStandingOut]
    requests: list[InvitationOut]
    quarantined_files: list[UUID]
    lost_claims: list[LostClaimOut]
    bare_indicators: list[str] = Field(
        description="Indicators that are claimed, but by no claim that still counts."
    )


class TestimonyOut(Out):
    """What a mentee or witness signed; nobody can change it."""

    id: UUID
    evidence_id: UUID
    person: str
    relation: Relation
    form: TestimonyForm
    language: str
    indicators: list[str]
    text: str
    answers: dict[str, int]
    questions: str | None
    signed_name: str
    signed_at: datetime
    sha256: str

    @classmethod
    def of(cls, row: Testimony) -> Self:
        return cls(
            id=row.id,
            evidence_id=row.item_id,
            person=row.person,
            relation=row.relation,
            form=row.form,
            language=row.language,
            indicators=row.indicators,
            text=row.words,
            answers=row.answers,
            questions=row.questions,
            signed_name=row.signed_name,
            signed_at=row.signed_at,
            sha256=row.sha256,
        )
