"""Tenants, organisations, persons, the roles they hold and the tokens they act with."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ARRAY, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.actor import Role
from app.kit.db import Row, Table, TenantRow


class OrganisationKind(StrEnum):
    TRAINING_BODY = "training_body"
    EMPLOYER = "employer"


class Tenant(Row):
    """A certification body: everything else belongs to exactly one."""

    __tablename__ = "tenant"

    name: Mapped[str]
    created_at: Mapped[datetime]


class Organisation(TenantRow):
    """A training body, or somebody's employer."""

    __tablename__ = "organisation"

    kind: Mapped[OrganisationKind]
    name: Mapped[str]
    created_at: Mapped[datetime]


class Person(TenantRow):
    """Someone known to one certification body."""

    __tablename__ = "person"

    name: Mapped[str]
    email: Mapped[str]
    language: Mapped[str]
    employer_id: Mapped[UUID | None]
    training_body_id: Mapped[UUID | None]
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime]


class RoleHolding(TenantRow):
    """A role that a person holds, or held until `ended_at`."""

    __tablename__ = "role_holding"

    person_id: Mapped[UUID]
    role: Mapped[Role]
    organisation_id: Mapped[UUID | None]
    granted_by: Mapped[UUID | None]
    granted_at: Mapped[datetime]
    ended_at: Mapped[datetime | None] = mapped_column(default=None)


class ApiToken(TenantRow):
    """A key to the API; the key itself is shown once and not kept.

    `issued_by` made it, or the token with which its holder made it. It is nobody for what the
    installation itself made.
    """

    __tablename__ = "api_token"

    person_id: Mapped[UUID]
    issued_by: Mapped[UUID | None]
    name: Mapped[str]
    hash: Mapped[bytes]
    scopes: Mapped[list[str]] = mapped_column(ARRAY(Text))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    last_used_at: Mapped[datetime | None] = mapped_column(default=None)
    revoked_at: Mapped[datetime | None] = mapped_column(default=None)


class IdempotentAnswer(Table):
    """What was answered to a request that carried an Idempotency-Key."""

    __tablename__ = "idempotent_answer"

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    person_id: Mapped[UUID] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    fingerprint: Mapped[bytes]
    status: Mapped[int]
    headers: Mapped[dict[str, str]] = mapped_column(JSONB)
    body: Mapped[bytes]
    answered_at: Mapped[datetime]
