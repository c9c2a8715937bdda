"""Appointing people: tenants, organisations, persons, their roles and tokens."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.exc import IntegrityError

from app.actor import Role, check_right
from app.journal.service import Fact, record
from app.kit.errors import Conflict, Invalid, StaleVersion, Unauthenticated
from app.kit.ids import new_id
from app.people import access, queries
from app.people.access import RIGHTS
from app.people.models import (
    ApiToken,
    Organisation,
    OrganisationKind,
    Person,
    RoleHolding,
    Tenant,
)
from app.people.tokens import new_token, token_hash
from app.work import Work

LONGEST_TOKEN_LIFE = timedelta(days=366)


class EmailTaken(Conflict):
    """Someone with this e-mail address is already known here."""


class OrganisationKnown(Conflict):
    """An organisation of this kind and name is already known here."""


class RoleNeedsOrganisation(Invalid):
    """The training-body role is held for one training body; name it, and only there."""


class WrongKindOfOrganisation(Invalid):
    """An employer is no training body, nor the other way round; `kind_needed` says which it is."""


class TokenLifeOutOfRange(Invalid):
    """A token expires in the future and within 366 days."""


class UnknownScopes(Invalid):
    """A token was asked for with scopes that do not exist."""


class LastAdministrator(Conflict):
    """A tenant keeps at least one administrator; appoint another first."""


def found_tenant(
    work: Work, *, name: str, administrator: str, email: str, life: timedelta
) -> tuple[Tenant, str]:
    """Set up a certification body with its first administrator, whose token is returned once."""
    tenant = Tenant(id=work.actor.tenant_id, name=name, created_at=work.now)
    work.session.add(tenant)
    work.session.flush()
    person = Person(
        id=new_id(),
        tenant_id=tenant.id,
        name=administrator,
        email=email.lower(),
        language="en",
        created_at=work.now,
    )
    work.session.add(person)
    record(work, tenant.id, "people.tenant_founded", tenant.id, administrator=person.id)
    _hold(work, person.id, Role.ADMINISTRATOR, None)
    _, token = _issue(work, person.id, "first administrator", access.SCOPES, work.now + life, None)
    return tenant, token


def add_organisation(work: Work, *, kind: OrganisationKind, name: str) -> Organisation:
    """Enter a training body or an employer."""
    check_right(work.actor, RIGHTS, "organisation.add")
    organisation = Organisation(
        id=new_id(), tenant_id=work.actor.tenant_id, kind=kind, name=name, created_at=work.now
    )
    work.session.add(organisation)
    _enter(work, OrganisationKnown)
    record(work, work.actor.tenant_id, "people.organisation_added", organisation.id, kind=kind)
    return organisation


def add_person(
    work: Work,
    *,
    name: str,
    email: str,
    language: str,
    employer_id: UUID | None,
    training_body_id: UUID | None,
) -> Person:
    """Enter a person; what they may do is granted role by role."""
    check_right(work.actor, RIGHTS, "person.add")
    if queries.person_with_email(work, email):
        raise EmailTaken
    _check_organisations(work, employer_id, training_body_id)
    person = Person(
        id=new_id(),
        tenant_id=work.actor.tenant_id,
        name=name,
        email=email,
        language=language,
        employer_id=employer_id,
        training_body_id=training_body_id,
        created_at=work.now,
    )
    work.session.add(person)
    _enter(work, EmailTaken)  # two requests at once both found the address free
    record(work, work.actor.tenant_id, "people.person_added", person.id)
    return person


def change_person(
    work: Work,
    id: UUID,
    version: int,
    *,
    name: str,
    email: str,
    language: str,
    employer_id: UUID | None,
    training_body_id: UUID | None,
) -> Person:
    """Describe a person anew; certificates that were issued keep the name they carry.

    The journal keeps which organisations they left and came to: a conflict of interest turns on it.
    """
    check_right(work.actor, RIGHTS, "person.change")
    person = queries.person_held(work, id)
    access.check_may_change(work.actor, _roles(work, id))
    if version != person.version:
        raise StaleVersion
    if email != person.email and queries.person_with_email(work, email):
        raise EmailTaken
    _check_organisations(work, employer_id, training_body_id)
    moved = {
        **_moved("employer", person.employer_id, employer_id),
        **_moved("training_body", person.training_body_id, training_body_id),
    }
    person.name, person.email, person.language = name, email, language
    person.employer_id, person.training_body_id = employer_id, training_body_id
    person.version += 1
    _enter(work, EmailTaken)
    record(work, work.actor.tenant_id, "people.person_changed", id, version=person.version, **moved)
    return person


def grant_role(
    work: Work, person_id: UUID, role: Role, organisation_id: UUID | None
) -> RoleHolding:
    """Appoint a person to a role; granting what is already held changes nothing.

    Their tokens carry the role from now on, but for those whose maker does not appoint to it: these
    are revoked, or whoever made them could come to act in a role that is not theirs to give.
    """
    check_right(work.actor, RIGHTS, "role.grant")
    access.check_may_appoint(work.actor, role)
    if (role == Role.TRAINING_BODY) != (organisation_id is not None):
        raise RoleNeedsOrganisation
    queries.person_held(work, person_id)
    _check_kind(work, organisation_id, OrganisationKind.TRAINING_BODY)
    if held := queries.holding(work, person_id, role, organisation_id):
        return held
    granted = _hold(work, person_id, role, organisation_id)
    for token in queries.tokens_made_by_others(work, person_id):
        if token.issued_by and role not in access.appointed_with(_roles(work, token.issued_by)):
            _revoke(work, token)
    return granted


def end_role(work: Work, person_id: UUID, role: Role, organisation_id: UUID | None) -> None:
    """End a role; the person loses its rights with the next request."""
    check_right(work.actor, RIGHTS, "role.end")
    access.check_may_appoint(work.actor, role)
    queries.person_held(work, person_id)
    # Held before it is looked at: two administrators may each be ending the other's role.
    if role == Role.ADMINISTRATOR and queries.administrators(work) == {person_id}:
        raise LastAdministrator
    held = queries.holding(work, person_id, role, organisation_id)
    if held is None:
        raise queries.NoSuchRole
    held.ended_at = work.now
    record(work, work.actor.tenant_id, "people.role_ended", person_id, role=role)


def issue_token(
    work: Work, person_id: UUID, *, name: str, scopes: Collection[str], expires_at: datetime
) -> tuple[ApiToken, str]:
    """Make a token for oneself, or for someone one appoints; the token itself is returned once."""
    for_oneself = person_id == work.actor.person_id
    if not for_oneself:
        check_right(work.actor, RIGHTS, "token.issue_for_others")
    # Held, or a role that is just being granted would know nothing of the token, nor this of it.
    queries.person_held(work, person_id)
    if for_oneself:
        access.check_own_scopes(work.actor, scopes)
    else:
        access.check_reach(work.actor, _roles(work, person_id))
    if unknown := set(scopes) - access.SCOPES:
        raise UnknownScopes(unknown=sorted(unknown), known=sorted(access.SCOPES))
    if not work.now < expires_at <= work.now + LONGEST_TOKEN_LIFE:
        raise TokenLifeOutOfRange
    maker_id = _maker_of_own(work) if for_oneself else work.actor.person_id
    return _issue(work, person_id, name, scopes, expires_at, maker_id)


def revoke_token(work: Work, id: UUID) -> None:
    """Make a token useless at once; revoking twice changes nothing."""
    token = queries.token(work, id)
    if not access.may_revoke(work.actor, token.person_id):
        raise queries.NoSuchToken
    if token.revoked_at is None:
        _revoke(work, token)


def _moved(what: str, before: UUID | None, after: UUID | None) -> dict[str, Fact]:
    return {} if before == after else {f"{what}_before": before, f"{what}_after": after}


def _roles(work: Work, person_id: UUID) -> set[Role]:
    return {holding.role for holding in queries.roles_held(work, person_id)}


def _check_organisations(
    work: Work, employer_id: UUID | None, training_body_id: UUID | None
) -> None:
    _check_kind(work, employer_id, OrganisationKind.EMPLOYER)
    _check_kind(work, training_body_id, OrganisationKind.TRAINING_BODY)


def _check_kind(work: Work, organisation_id: UUID | None, kind: OrganisationKind) -> None:
    if organisation_id and queries.organisation(work, organisation_id).kind != kind:
        raise WrongKindOfOrganisation(organisation_id=organisation_id, kind_needed=kind)


def _enter(work: Work, taken: type[Conflict]) -> None:
    """Send what was added to the database, whose unique keys have the last word."""
    try:
        work.session.flush()
    except IntegrityError:
        raise taken from None


def _hold(work: Work, person_id: UUID, role: Role, organisation_id: UUID | None) -> RoleHolding:
    holding = RoleHolding(
        id=new_id(),
        tenant_id=work.actor.tenant_id,
        person_id=person_id,
        role=role,
        organisation_id=organisation_id,
        granted_by=work.actor.person_id if work.actor.roles else None,
        granted_at=work.now,
    )
    work.session.add(holding)
    record(work, work.actor.tenant_id, "people.role_granted", person_id, role=role)
    return holding


def _maker_of_own(work: Work) -> UUID:
    """Return who made the token in hand: whoever made it may have kept it, and act with it now."""
    if work.actor.token_id is None:
        return work.actor.person_id
    shown = queries.token(work, work.actor.token_id)
    if shown.revoked_at:
        raise Unauthenticated
    return shown.issued_by or work.actor.person_id


def _issue(
    work: Work,
    person_id: UUID,
    name: str,
    scopes: Collection[str],
    expires_at: datetime,
    maker_id: UUID | None,
) -> tuple[ApiToken, str]:
    secret = new_token()
    token = ApiToken(
        id=new_id(),
        tenant_id=work.actor.tenant_id,
        person_id=person_id,
        issued_by=maker_id,
        name=name,
        hash=token_hash(secret),
        scopes=sorted(scopes),
        created_at=work.now,
        expires_at=expires_at,
    )
    work.session.add(token)
    record(work, work.actor.tenant_id, "people.token_issued", token.id, holder=person_id)
    return token, secret


def _revoke(work: Work, token: ApiToken) -> None:
    token.revoked_at = work.now
    record(work, work.actor.tenant_id, "people.token_revoked", token.id)
