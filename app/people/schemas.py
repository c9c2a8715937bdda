"""What people say about people, and what they are told."""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import AwareDatetime, Field

from app.actor import Role
from app.kit.fields import Body, Code, Email, Line, Out, Secret
from app.people.models import OrganisationKind


class NewOrganisation(Body):
    """A training body or an employer."""

    kind: OrganisationKind
    name: Line


class OrganisationOut(Out):
    id: UUID
    kind: OrganisationKind
    name: str
    created_at: datetime


class NewPerson(Body):
    """A person, and the organisations that count for conflicts of interest."""

    name: Line
    email: Email
    language: Literal["en", "fr"] = "en"
    employer_id: UUID | None = None
    training_body_id: UUID | None = None


class PersonOut(Out):
    id: UUID
    name: str
    email: str
    language: str
    employer_id: UUID | None
    training_body_id: UUID | None
    version: int
    created_at: datetime


class NewRole(Body):
    """A role; the training-body role is held for one organisation."""

    role: Role
    organisation_id: UUID | None = None


class RoleOut(Out):
    role: Role
    organisation_id: UUID | None
    granted_at: datetime


class NewToken(Body):
    """A token for oneself, or for a person whom one appoints."""

    person_id: UUID | None = Field(default=None, description="Whose token; your own if left out.")
    name: Line
    scopes: list[Code] = Field(min_length=1, max_length=20)
    expires_at: AwareDatetime


class TokenOut(Out):
    id: UUID
    person_id: UUID
    name: str
    scopes: list[str]
    created_at: datetime
    expires_at: datetime
    last_used_at: datetime | None


class IssuedTokenOut(TokenOut):
    """A new token. `token` is shown this once and not kept."""

    token: Secret


class MeOut(Out):
    """Who you are to the service."""

    id: UUID
    tenant_id: UUID
    name: str
    email: str
    language: str
    roles: list[RoleOut]
    scopes: list[str]
