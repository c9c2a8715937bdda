"""Organisations, persons, roles and tokens over HTTP."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request, Response

from app.actor import Role, check_right
from app.kit.errors import StaleVersion, VersionRequired
from app.kit.http import IfMatch, declared, link_next, version_in, with_etag
from app.kit.paging import Limit, MalformedCursor, position
from app.people import queries, service
from app.people.access import (
    RIGHTS,
    PersonNotYours,
    RoleNotYoursToGive,
    ScopeBeyondYours,
    TokenReachesFurther,
)
from app.people.door import SecretShownBefore, door, feature_router
from app.people.models import ApiToken, Organisation, Person, RoleHolding
from app.people.schemas import (
    IssuedTokenOut,
    MeOut,
    NewOrganisation,
    NewPerson,
    NewRole,
    NewToken,
    OrganisationOut,
    PersonOut,
    RoleOut,
    TokenOut,
)
from app.work import Work

CurrentWork = Annotated[Work, Depends(door("people"), scope="function")]

me = feature_router("/me", "People")
organisations = feature_router("/organisations", "People")
persons = feature_router("/persons", "People")
tokens = feature_router("/tokens", "People")
routers = (me, organisations, persons, tokens)


@me.get("", operation_id="getMe")
def who_am_i(work: CurrentWork) -> MeOut:
    """Say who the service takes you for, and what you may ask of it."""
    person = queries.person(work, work.actor.person_id)
    return MeOut(
        id=person.id,
        tenant_id=person.tenant_id,
        name=person.name,
        email=person.email,
        language=person.language,
        roles=[RoleOut.model_validate(held) for held in queries.roles_held(work, person.id)],
        scopes=sorted(work.actor.scopes),
    )


@organisations.post(
    "",
    status_code=201,
    operation_id="addOrganisation",
    response_model=OrganisationOut,
    responses=declared(service.OrganisationKnown),
)
def add_organisation(body: NewOrganisation, work: CurrentWork) -> Organisation:
    """Enter a training body or an employer."""
    return service.add_organisation(work, kind=body.kind, name=body.name)


@organisations.get(
    "",
    operation_id="listOrganisations",
    response_model=list[OrganisationOut],
    responses=declared(MalformedCursor),
)
def list_organisations(
    request: Request,
    response: Response,
    work: CurrentWork,
    limit: Limit = 50,
    cursor: str | None = None,
) -> Sequence[Organisation]:
    """List the partner organisations, the oldest first."""
    check_right(work.actor, RIGHTS, "organisation.list")
    page = queries.organisations(work, limit, position(cursor))
    link_next(request, response, page.next_cursor)
    return page.rows


@persons.post(
    "",
    status_code=201,
    operation_id="addPerson",
    response_model=PersonOut,
    responses=declared(service.EmailTaken, service.WrongKindOfOrganisation),
)
def add_person(body: NewPerson, work: CurrentWork) -> Person:
    """Enter a person."""
    return service.add_person(work, **body.model_dump())


@persons.get(
    "",
    operation_id="listPersons",
    response_model=list[PersonOut],
    responses=declared(MalformedCursor),
)
def list_persons(
    request: Request,
    response: Response,
    work: CurrentWork,
    limit: Limit = 50,
    cursor: str | None = None,
) -> Sequence[Person]:
    """List the people known here, the oldest first."""
    check_right(work.actor, RIGHTS, "person.list")
    page = queries.persons(work, limit, position(cursor))
    link_next(request, response, page.next_cursor)
    return page.rows


@persons.get("/{id}", operation_id="getPerson", response_model=PersonOut)
def get_person(id: UUID, response: Response, work: CurrentWork) -> Person:
    """Show a person; the ETag is needed to change them."""
    check_right(work.actor, RIGHTS, "person.list")
    person = queries.person(work, id)
    with_etag(response, person.version)
    return person


@persons.put(
    "/{id}",
    operation_id="changePerson",
    response_model=PersonOut,
    responses=declared(
        PersonNotYours,
        service.EmailTaken,
        service.WrongKindOfOrganisation,
        StaleVersion,
        VersionRequired,
    ),
)
def change_person(
    id: UUID, body: NewPerson, response: Response, work: CurrentWork, if_match: IfMatch = None
) -> Person:
    """Describe a person anew: a name that was misspelt, another address or employer."""
    person = service.change_person(work, id, version_in(if_match), **body.model_dump())
    with_etag(response, person.version)
    return person


@persons.get("/{id}/roles", operation_id="listRoles", response_model=list[RoleOut])
def list_roles(id: UUID, work: CurrentWork) -> Sequence[RoleHolding]:
    """List the roles that a person holds now."""
    check_right(work.actor, RIGHTS, "person.list")
    return queries.roles_held(work, queries.person(work, id).id)


@persons.post(
    "/{id}/roles",
    status_code=201,
    operation_id="grantRole",
    response_model=RoleOut,
    responses=declared(
        RoleNotYoursToGive, service.RoleNeedsOrganisation, service.WrongKindOfOrganisation
    ),
)
def grant_role(id: UUID, body: NewRole, work: CurrentWork) -> RoleHolding:
    """Appoint a person to a role."""
    return service.grant_role(work, id, body.role, body.organisation_id)


@persons.delete(
    "/{id}/roles/{role}",
    status_code=204,
    operation_id="endRole",
    responses=declared(RoleNotYoursToGive, service.LastAdministrator),
)
def end_role(id: UUID, role: Role, work: CurrentWork, organisation_id: UUID | None = None) -> None:
    """End a role."""
    service.end_role(work, id, role, organisation_id)


@tokens.post(
    "",
    status_code=201,
    operation_id="issueToken",
    responses=declared(
        ScopeBeyondYours,
        TokenReachesFurther,
        SecretShownBefore,
        service.TokenLifeOutOfRange,
        service.UnknownScopes,
    ),
)
def issue_token(body: NewToken, work: CurrentWork) -> IssuedTokenOut:
    """Make an API token; it is shown once."""
    token, secret = service.issue_token(
        work,
        body.person_id or work.actor.person_id,
        name=body.name,
        scopes=body.scopes,
        expires_at=body.expires_at,
    )
    shown = TokenOut.model_validate(token)
    return IssuedTokenOut(**shown.model_dump(), token=secret)


@tokens.get("", operation_id="listTokens", response_model=list[TokenOut])
def list_tokens(work: CurrentWork) -> Sequence[ApiToken]:
    """List your own tokens that were not revoked."""
    return queries.tokens_of(work, work.actor.person_id)


@tokens.delete("/{id}", status_code=204, operation_id="revokeToken")
def revoke_token(id: UUID, work: CurrentWork) -> None:
    """Make a token useless at once."""
    service.revoke_token(work, id)
