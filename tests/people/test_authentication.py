"""Who gets in: tokens that hold, and those that no longer or never did."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
from httpx2 import Response
from sqlalchemy import text
from starlette.testclient import TestClient

from app.actor import Role
from app.kit.clock import utc_now
from app.people.authentication import authenticate
from app.people.tokens import new_token
from app.work import ENTER_TENANT
from tests import make
from tests.make import Person, Tenant


def slug(answer: Response) -> str:
    """Return the problem's type, having checked that it is a problem document."""
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["status"] == answer.status_code
    assert problem["title"].endswith(".")
    kind: str = problem["type"]
    return kind.removeprefix("/problems/")


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "Bearer",
        "Bearer ",
        "Bearer mc_short",
        "Basic YTpi",
        f"Basic {new_token()}",
        f"Bearer {new_token()}",
        f"Bearer {new_token()}x",
        "Bearer mc_" + "é" * 49,
    ],
)
def test_nobody_enters_without_a_token_that_was_issued(
    browser: TestClient, header: str | None
) -> None:
    headers = [] if header is None else [(b"authorization", header.encode())]
    answer = browser.get("/api/v1/me", headers=headers)
    assert answer.status_code == 401
    assert slug(answer) == "unauthenticated"
    assert answer.headers["www-authenticate"] == 'Bearer realm="mentorcert"'


def test_the_scheme_of_the_header_may_be_written_in_any_case(amira: Person) -> None:
    assert amira.get("/me", authorization=f"bearer {amira.token}").status_code == 200


def test_a_revoked_token_is_refused_from_the_next_request_on(amira: Person) -> None:
    other = make.token(amira, "people:read")
    bearer = amira.with_token(other)
    assert bearer.get("/me").status_code == 200
    token_id = next(t["id"] for t in amira.get("/tokens").json() if t["scopes"] == ["people:read"])
    assert amira.delete(f"/tokens/{token_id}").status_code == 204
    answer = bearer.get("/me")
    assert answer.status_code == 401
    assert slug(answer) == "token-revoked"
    assert amira.delete(f"/tokens/{token_id}").status_code == 204


def test_an_expired_token_is_refused(amira: Person) -> None:
    secret = make.token(amira, "people:read")
    bearer = amira.with_token(secret)
    assert bearer.get("/me").status_code == 200
    expire(amira, "people:read")
    answer = bearer.get("/me")
    assert answer.status_code == 401
    assert slug(answer) == "token-expired"


def expire(person: Person, scope: str) -> None:
    """Turn the clock of one token back, as only a test does."""
    long_ago = utc_now() - timedelta(days=2)
    with person.tenant.sessions() as session, session.begin():
        session.execute(ENTER_TENANT, {"tenant": str(person.tenant.id)})
        changed = session.execute(
            text(
                "UPDATE api_token SET created_at = :before, expires_at = :then"
                " WHERE person_id = :id AND scopes = ARRAY[:scope] RETURNING id"
            ),
            {
                "before": long_ago,
                "then": long_ago + timedelta(days=1),
                "id": person.id,
                "scope": scope,
            },
        )
        assert len(changed.all()) == 1


@pytest.mark.parametrize(
    ("scope", "method", "path", "missing"),
    [
        ("people:write", "GET", "/me", "people:read"),
        ("people:read", "POST", "/organisations", "people:write"),
        ("people:read", "GET", "/portfolios", "portfolio:read"),
        ("portfolio:read", "POST", "/portfolios", "portfolio:write"),
        ("people:read", "GET", "/journal", "journal:read"),
    ],
)
def test_a_token_opens_only_the_doors_it_was_made_for(
    administrator: Person, scope: str, method: str, path: str, missing: str
) -> None:
    body = None if method == "GET" else {"kind": "employer", "name": "Firm", "scheme": "X"}
    if path == "/portfolios" and method == "POST":
        body = {"scheme": make.SCHEME, "level": "junior"}
    elif body is not None:
        body.pop("scheme")
    bearer = administrator.with_token(make.token(administrator, scope))
    answer = bearer.send(method, path, json=body)
    assert answer.status_code == 403
    assert slug(answer) == "scope-missing"
    assert answer.json()["scope"] == missing


def test_a_token_cannot_make_one_that_reaches_further(amira: Person) -> None:
    small = amira.with_token(make.token(amira, "people:read", "people:write"))
    wanted = {"name": "more", "scopes": ["people:read", "portfolio:read"]}
    answer = small.post("/tokens", {**wanted, "expires_at": make.soon()})
    assert answer.status_code == 403
    assert slug(answer) == "scope-beyond-yours"
    assert answer.json()["scopes"] == ["portfolio:read"]


@pytest.mark.parametrize(
    ("expires_at", "kind"),
    [
        (timedelta(0), "token-life-out-of-range"),
        (timedelta(days=-1), "token-life-out-of-range"),
        (timedelta(days=367), "token-life-out-of-range"),
        (timedelta(days=365), None),
    ],
)
def test_a_token_lives_at_most_a_year(
    amira: Person, expires_at: timedelta, kind: str | None
) -> None:
    until = (utc_now() + expires_at).isoformat()
    answer = amira.post("/tokens", {"name": "t", "scopes": ["people:read"], "expires_at": until})
    if kind is None:
        assert answer.status_code == 201
    else:
        assert answer.status_code == 422
        assert slug(answer) == kind


def test_a_token_for_unknown_scopes_is_refused_with_the_known_ones(administrator: Person) -> None:
    holder = make.person(administrator.tenant, "Ola", Role.CANDIDATE)
    wanted = {"person_id": str(holder.id), "name": "t", "scopes": ["people:fly"]}
    answer = administrator.post("/tokens", {**wanted, "expires_at": make.soon()})
    assert answer.status_code == 422
    assert slug(answer) == "unknown-scopes"
    assert answer.json()["unknown"] == ["people:fly"]
    assert "people:read" in answer.json()["known"]


def test_a_role_that_ended_gives_no_right_on_the_next_request(
    administrator: Person, officer: Person
) -> None:
    assert officer.get("/persons").status_code == 200
    ended = administrator.delete(f"/persons/{officer.id}/roles/officer")
    assert ended.status_code == 204
    answer = officer.get("/persons")
    assert answer.status_code == 403
    assert slug(answer) == "role-required"
    assert "officer" not in [held["role"] for held in officer.get("/me").json()["roles"]]


def test_a_role_just_granted_counts_on_the_next_request(
    administrator: Person, amira: Person
) -> None:
    assert amira.get("/persons").status_code == 403
    granted = administrator.post(f"/persons/{amira.id}/roles", {"role": "officer"})
    assert granted.status_code == 201
    assert amira.get("/persons").status_code == 200


def test_the_last_use_of_a_token_can_be_seen(amira: Person) -> None:
    amira.get("/me")
    used = [one["last_used_at"] for one in amira.get("/tokens").json()]
    assert None not in used


def test_requests_with_one_token_do_not_wait_for_one_another(amira: Person) -> None:
    with amira.tenant.at_work() as slow, amira.tenant.at_work() as other:
        other.session.execute(text("SET LOCAL lock_timeout = '100ms'"))
        # Both find that the token's last use is to be noted; the first goes on with its work.
        for work in (slow, other):
            assert authenticate(work.session, amira.token, utc_now()).person_id == amira.id


def test_a_training_body_belongs_to_the_person_who_holds_its_role(tenant: Tenant) -> None:
    school = make.organisation(tenant)
    tara = make.person(tenant, "Tara", staff_of=school)
    held = tara.get("/me").json()["roles"]
    assert [(one["role"], UUID(one["organisation_id"])) for one in held] == [
        ("training_body", school.id)
    ]
