"""Who asks: the token of a request names a person, and its scopes limit what may be asked with it.

Whether the person has the right to the act is for the feature's `access` to say.
"""

from __future__ import annotations

from datetime import datetime

from fastapi import Request
from sqlalchemy.orm import Session

from app.actor import Actor, Role
from app.kit.db import Statement
from app.kit.errors import Forbidden, Unauthenticated
from app.people.tokens import is_well_formed, token_hash

READING = frozenset({"GET", "HEAD"})

AUTHENTICATE = Statement(
    "SELECT standing, tenant_id, person_id, scopes, roles, training_bodies, token_id"
    " FROM authenticate(:hash, :now)"
)

_ROLE: dict[str, Role] = {role.value: role for role in Role}


class TokenExpired(Unauthenticated):
    """This token has expired; ask for a new one."""


class TokenRevoked(Unauthenticated):
    """This token was revoked."""


class ScopeMissing(Forbidden):
    """This token was not made for that; `scope` names what it lacks."""


def bearer(request: Request) -> str:
    """Return the token of an Authorization header, or refuse a request without a likely one."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not is_well_formed(token):
        raise Unauthenticated
    return token


def authenticate(session: Session, token: str, now: datetime) -> Actor:
    """Enter the token's tenant in this transaction and return who acts."""
    row = AUTHENTICATE.row(session, {"hash": token_hash(token), "now": now})
    if row is None:
        raise Unauthenticated
    standing, tenant_id, person_id, scopes, roles, bodies, token_id = row
    if standing != "valid":
        raise TokenExpired if standing == "expired" else TokenRevoked
    return Actor(
        tenant_id,
        person_id,
        frozenset(_ROLE[role] for role in roles),
        frozenset(scopes),
        frozenset(bodies),
        token_id,
    )


def check_scope(actor: Actor, feature: str, method: str) -> None:
    """Refuse a token that was not made for reading or writing at this door."""
    scope = f"{feature}:{'read' if method in READING else 'write'}"
    if scope not in actor.scopes:
        raise ScopeMissing(scope=scope)
