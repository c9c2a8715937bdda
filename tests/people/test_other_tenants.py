"""What belongs to another certification body does not exist for this one."""

from __future__ import annotations

from collections.abc import Callable
from uuid import uuid4

import pytest

from tests import make
from tests.make import Person

Ids = Callable[[Person], str]


def person_id(person: Person) -> str:
    return str(person.id)


def token_id(person: Person) -> str:
    found: str = person.get("/tokens").json()[0]["id"]
    return found


def portfolio_id(person: Person) -> str:
    return str(make.portfolio(person))


def tenant_id(person: Person) -> str:
    return str(person.tenant.id)


@pytest.mark.parametrize(
    ("method", "path", "body", "of"),
    [
        ("GET", "/persons/{id}/roles", None, person_id),
        ("POST", "/persons/{id}/roles", {"role": "candidate"}, person_id),
        ("DELETE", "/persons/{id}/roles/candidate", None, person_id),
        ("DELETE", "/tokens/{id}", None, token_id),
        ("GET", "/portfolios/{id}", None, portfolio_id),
        ("GET", "/portfolios/{id}/readiness", None, portfolio_id),
        ("POST", "/portfolios/{id}/withdrawal", {"reason": "none"}, portfolio_id),
        ("GET", "/journal?stream={id}", None, portfolio_id),
        ("GET", "/journal?stream={id}", None, tenant_id),
    ],
)
def test_its_ids_are_answered_like_ids_that_nobody_has(
    administrator: Person, otto: Person, method: str, path: str, body: object, of: Ids
) -> None:
    theirs = administrator.send(method, path.format(id=of(otto)), json=body)
    nobodys = administrator.send(method, path.format(id=uuid4()), json=body)
    assert theirs.status_code == nobodys.status_code == 404
    assert theirs.content == nobodys.content
    assert set(theirs.headers) == set(nobodys.headers)


@pytest.mark.parametrize("member", ["employer_id", "training_body_id"])
def test_its_organisations_are_nobody_s_employer_here(
    administrator: Person, otto: Person, member: str
) -> None:
    theirs = str(make.organisation(otto.tenant).id)
    body = {"name": "Nina", "email": make.email("Nina")}
    answers = [
        administrator.post("/persons", {**body, member: one}) for one in (theirs, str(uuid4()))
    ]
    assert [answer.status_code for answer in answers] == [404, 404]
    assert answers[0].content == answers[1].content


def test_a_token_is_not_made_for_its_people(administrator: Person, otto: Person) -> None:
    wanted = {"name": "t", "scopes": ["people:read"], "expires_at": make.soon()}
    theirs = administrator.post("/tokens", {**wanted, "person_id": str(otto.id)})
    nobodys = administrator.post("/tokens", {**wanted, "person_id": str(uuid4())})
    assert theirs.status_code == nobodys.status_code == 404
    assert theirs.content == nobodys.content


@pytest.mark.parametrize("path", ["/persons", "/organisations", "/portfolios", "/journal"])
def test_its_rows_are_on_no_list(officer: Person, otto: Person, path: str) -> None:
    school, case = make.organisation(otto.tenant), make.portfolio(otto)
    listed = officer.get(f"{path}?limit=200")
    assert listed.status_code == 200
    theirs = {otto.id, otto.tenant.id, otto.tenant.administrator.id, school.id, case}
    assert not [one for one in theirs if str(one) in listed.text]
    assert any(str(one) in otto.get(f"{path}?limit=200").text for one in theirs)


def test_a_cursor_of_another_tenant_opens_nothing(officer: Person, otto: Person) -> None:
    for name in ("A", "B", "C"):
        make.person(otto.tenant, name)
    theirs = otto.get("/persons?limit=1").links["next"]["url"]
    listed = officer.get(theirs)
    assert listed.status_code == 200
    known = {one["id"] for one in officer.get("/persons?limit=200").json()}
    assert {one["id"] for one in listed.json()} <= known
