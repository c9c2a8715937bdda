"""What is said and shown of the consents of recorded persons."""

from __future__ import annotations

from datetime import date
from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints

from app.evidence.models import ConsentForm, ConsentScope
from app.kit.fields import Body, Line, Out

Language = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$")]


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
