"""Finding people and what belongs to them."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select

from app.actor import Role
from app.kit.errors import NotFound
from app.kit.paging import Page, Position, beyond, page
from app.people.models import ApiToken, Organisation, Person, RoleHolding
from app.work import Work


class NoSuchOrganisation(NotFound):
    """No organisation with this identifier is visible to you."""


class NoSuchPerson(NotFound):
    """No person with this identifier is visible to you."""


class NoSuchRole(NotFound):
    """This person does not hold that role."""


class NoSuchToken(NotFound):
    """No token with this identifier is visible to you."""


def organisation(work: Work, id: UUID) -> Organisation:
    found = work.session.get(Organisation, id)
    if found is None:
        raise NoSuchOrganisation
    return found


def person(work: Work, id: UUID) -> Person:
    found = work.session.get(Person, id)
    if found is None:
        raise NoSuchPerson
    return found


def person_with_email(work: Work, email: str) -> Person | None:
    return work.session.scalars(select(Person).where(Person.email == email)).one_or_none()


def person_held(work: Work, id: UUID) -> Person:
    """Fetch a person and hold the row, so that one appointment of theirs follows another.

    Other rows may name them meanwhile: two who appoint each other do not wait for each other.
    """
    found = work.session.get(Person, id, with_for_update={"key_share": True})
    if found is None:
        raise NoSuchPerson
    return found


def roles_held(work: Work, person_id: UUID) -> Sequence[RoleHolding]:
    """Return the roles that a person holds now."""
    held = select(RoleHolding).where(
        RoleHolding.person_id == person_id, RoleHolding.ended_at.is_(None)
    )
    return work.session.scalars(held.order_by(RoleHolding.granted_at, RoleHolding.id)).all()


def holding(
    work: Work, person_id: UUID, role: Role, organisation_id: UUID | None
) -> RoleHolding | None:
    """Return the role that a person holds now, if they do."""
    for held in roles_held(work, person_id):
        if held.role == role and held.organisation_id == organisation_id:
            return held
    return None


def administrators(work: Work) -> set[UUID]:
    """Return who administers the tenant, and hold their roles until the transaction ends."""
    held = select(RoleHolding.person_id).where(
        RoleHolding.role == Role.ADMINISTRATOR, RoleHolding.ended_at.is_(None)
    )
    return set(work.session.scalars(held.order_by(RoleHolding.id).with_for_update()))


def token(work: Work, id: UUID) -> ApiToken:
    found = work.session.get(ApiToken, id, with_for_update=True)
    if found is None:
        raise NoSuchToken
    return found


def tokens_of(work: Work, person_id: UUID) -> Sequence[ApiToken]:
    """Return a person's tokens that were not revoked, the newest first."""
    own = select(ApiToken).where(ApiToken.person_id == person_id, ApiToken.revoked_at.is_(None))
    return work.session.scalars(own.order_by(ApiToken.id.desc())).all()


def tokens_made_by_others(work: Work, person_id: UUID) -> Sequence[ApiToken]:
    """Return a person's live tokens that somebody else made, and hold them."""
    made = select(ApiToken).where(
        ApiToken.person_id == person_id,
        ApiToken.issued_by != person_id,
        ApiToken.revoked_at.is_(None),
        ApiToken.expires_at > work.now,
    )
    return work.session.scalars(made.order_by(ApiToken.id).with_for_update()).all()


def persons(work: Work, limit: int, after: Position | None) -> Page[Person]:
    """Return a page of the tenant's people in the order in which they came."""
    rows = (
        select(Person)
        .where(beyond(Person.created_at, Person.id, after))
        .order_by(Person.created_at, Person.id)
        .limit(limit + 1)
    )
    found = work.session.scalars(rows).all()
    return page(found, limit, lambda row: Position(row.created_at, row.id))


def organisations(work: Work, limit: int, after: Position | None) -> Page[Organisation]:
    """Return a page of the tenant's partner organisations in the order in which they came."""
    rows = (
        select(Organisation)
        .where(beyond(Organisation.created_at, Organisation.id, after))
        .order_by(Organisation.created_at, Organisation.id)
        .limit(limit + 1)
    )
    found = work.session.scalars(rows).all()
    return page(found, limit, lambda row: Position(row.created_at, row.id))
