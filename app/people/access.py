"""Who may manage organisations, persons, roles and tokens."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from app.actor import NOBODY, Actor, Rights, Role
from app.kit.errors import Forbidden

RIGHTS: Rights = {
    "organisation.add": frozenset({Role.ADMINISTRATOR, Role.OFFICER}),
    "organisation.list": frozenset({Role.ADMINISTRATOR, Role.OFFICER}),
    "person.add": frozenset({Role.ADMINISTRATOR, Role.OFFICER}),
    "person.change": frozenset({Role.ADMINISTRATOR, Role.OFFICER}),
    "person.list": frozenset({Role.ADMINISTRATOR, Role.OFFICER}),
    "role.grant": frozenset({Role.ADMINISTRATOR, Role.OFFICER, Role.SCHEME_MANAGER}),
    "role.end": frozenset({Role.ADMINISTRATOR, Role.OFFICER, Role.SCHEME_MANAGER}),
    "token.issue_for_others": frozenset({Role.ADMINISTRATOR, Role.OFFICER}),
    "token.revoke_for_others": frozenset({Role.ADMINISTRATOR, Role.OFFICER}),
}

# Who appoints whom: nobody gives a role from which they could give themselves more.
APPOINTS: dict[Role, frozenset[Role]] = {
    Role.ADMINISTRATOR: frozenset(Role),
    Role.OFFICER: frozenset({Role.CANDIDATE, Role.TRAINING_BODY}),
    Role.SCHEME_MANAGER: frozenset({Role.REFERENT}),
}

SCOPES = frozenset(
    f"{feature}:{reach}"
    for feature in ("people", "portfolio", "assessment", "certification", "journal")
    for reach in ("read", "write")
)


class RoleNotYoursToGive(Forbidden):
    """None of your roles appoints to this one."""


class ScopeBeyondYours(Forbidden):
    """A token cannot reach further than the one it is made with."""


class TokenReachesFurther(Forbidden):
    """An officer may not make a token for someone whose roles the officer does not appoint to."""


class PersonNotYours(Forbidden):
    """An officer may not change someone whose roles the officer does not appoint to."""


def appointed_with(roles: Collection[Role]) -> frozenset[Role]:
    """Return the roles that are given by whoever holds `roles`."""
    return frozenset().union(*(APPOINTS.get(held, frozenset()) for held in roles))


def appointed_by(actor: Actor) -> frozenset[Role]:
    """Return the roles that are `actor`'s to give."""
    return appointed_with(actor.roles)


def beyond_reach(actor: Actor, roles: Collection[Role]) -> set[Role]:
    """Return those of somebody's roles that are not `actor`'s to give."""
    return set(roles) - appointed_by(actor)


def check_may_appoint(actor: Actor, role: Role) -> None:
    """Refuse to let `actor` give or end a role that is not theirs to give."""
    if role not in appointed_by(actor):
        raise RoleNotYoursToGive(role=role, roles_you_appoint_to=sorted(appointed_by(actor)))


def check_may_change(actor: Actor, roles: Collection[Role]) -> None:
    """Refuse to let `actor` describe somebody anew who holds roles beyond the actor's reach.

    Whoever changes a person's address could otherwise sign in as that person.
    """
    if beyond := beyond_reach(actor, roles):
        raise PersonNotYours(roles=sorted(beyond))


def check_own_scopes(actor: Actor, scopes: Collection[str]) -> None:
    """Refuse a token that would reach further than the one it is made with."""
    if beyond := set(scopes) - actor.scopes:
        raise ScopeBeyondYours(scopes=sorted(beyond))


def check_reach(actor: Actor, holder_roles: Collection[Role]) -> None:
    """Refuse a token for somebody whose roles are not `actor`'s to give."""
    if beyond := beyond_reach(actor, holder_roles):
        raise TokenReachesFurther(roles=sorted(beyond))


def may_revoke(actor: Actor, holder_id: UUID) -> bool:
    """Tell whether `actor` may revoke somebody's tokens: else they do not exist for them."""
    return actor.person_id in (holder_id, NOBODY) or bool(
        RIGHTS["token.revoke_for_others"] & actor.roles
    )
