"""Whoever asks for work to be done, and the roles a person can hold (PROCESS, "Roles")."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from app.kit.errors import Forbidden


class Role(StrEnum):
    CANDIDATE = "candidate"
    REFERENT = "referent"
    VERIFIER = "verifier"
    OFFICER = "officer"
    DECISION_MAKER = "decision_maker"
    APPEAL_HANDLER = "appeal_handler"
    SCHEME_MANAGER = "scheme_manager"
    ADMINISTRATOR = "administrator"
    TRAINING_BODY = "training_body"


class RoleRequired(Forbidden):
    """None of your roles allows this."""


@dataclass(frozen=True, slots=True)
class Actor:
    """A person, or an API client acting for one, with the roles held right now."""

    tenant_id: UUID
    person_id: UUID
    roles: frozenset[Role] = frozenset()
    scopes: frozenset[str] = frozenset()
    training_bodies: frozenset[UUID] = frozenset()
    token_id: UUID | None = None

    def has(self, role: Role) -> bool:
        return role in self.roles


Rights = Mapping[str, frozenset[Role]]
"""Which roles may do an act: one table per feature, in its `access` module."""

NOBODY = UUID(int=0)


def system(tenant_id: UUID) -> Actor:
    """Return the service itself, at work for one tenant on nobody's behalf."""
    return Actor(tenant_id, NOBODY)


def check_right(actor: Actor, rights: Rights, act: str) -> None:
    """Refuse an act that none of the actor's roles allows; the service itself may do all."""
    if actor.person_id == NOBODY or rights[act] & actor.roles:
        return
    raise RoleRequired(act=act, roles_allowed=sorted(rights[act]))
