"""Who may enter people, appoint them, and act for them."""

from __future__ import annotations

from functools import partial

import pytest

from app.actor import Role
from app.people.access import APPOINTS
from tests import make
from tests.make import Person, Tenant
from tests.racing import at_once

STAFF = (Role.ADMINISTRATOR, Role.OFFICER, Role.SCHEME_MANAGER)
OTHERS = [role for role in Role if role != Role.TRAINING_BODY]


def person_body(name: str = "Nina", **other: object) -> dict[str, object]:
    return {"name": name, "email": make.email(name), **other}


@pytest.mark.parametrize("given", OTHERS)
@pytest.mark.parametrize("giver", OTHERS)
def test_everybody_appoints_to_the_roles_that_are_theirs_to_give(
    tenant: Tenant, giver: Role, given: Role
) -> None:
    appointing = make.person(tenant, "Gil", giver)
    newcomer = make.person(tenant, "Nina")
    answer = appointing.post(f"/persons/{newcomer.id}/roles", {"role": given})
    if given in APPOINTS.get(giver, frozenset()):
        assert answer.status_code == 201
        assert answer.json()["role"] == given
    else:
        assert answer.status_code == 403
        expected = "role-not-yours-to-give" if giver in STAFF else "role-required"
        assert answer.json()["type"] == f"/problems/{expected}"
        assert newcomer.get("/me").json()["roles"] == []


@pytest.mark.parametrize("giver", [Role.OFFICER, Role.SCHEME_MANAGER])
def test_nobody_takes_a_role_away_that_is_not_theirs_to_give(
    tenant: Tenant, giver: Role, administrator: Person
) -> None:
    taking = make.person(tenant, "Gil", giver)
    answer = taking.delete(f"/persons/{administrator.id}/roles/administrator")
    assert answer.status_code == 403
    assert answer.json()["type"] == "/problems/role-not-yours-to-give"
    assert administrator.get("/persons").status_code == 200


def test_only_the_administrator_can_give_what_reaches_further_than_itself() -> None:
    for giver, given in APPOINTS.items():
        if giver is not Role.ADMINISTRATOR:
            assert given.isdisjoint(APPOINTS), f"{giver} could appoint itself upwards"


def test_an_administrator_cannot_leave_the_tenant_without_one(administrator: Person) -> None:
    answer = administrator.delete(f"/persons/{administrator.id}/roles/administrator")
    assert answer.status_code == 409
    assert answer.json()["type"] == "/problems/last-administrator"


def test_one_of_two_administrators_may_go(administrator: Person) -> None:
    second = make.person(administrator.tenant, "Bea", Role.ADMINISTRATOR)
    assert second.delete(f"/persons/{second.id}/roles/administrator").status_code == 204
    assert administrator.get("/persons").status_code == 200


def test_two_administrators_who_end_each_other_at_once_leave_one(administrator: Person) -> None:
    second = make.person(administrator.tenant, "Bea", Role.ADMINISTRATOR)
    pairs = [(administrator, second), (second, administrator)]
    answers = at_once(
        [partial(one.delete, f"/persons/{other.id}/roles/administrator") for one, other in pairs]
    )
    assert sorted(answer.status_code for answer in answers) in ([204, 403], [204, 409])
    assert [one.get("/persons").status_code for one in (administrator, second)].count(200) == 1


def test_of_two_who_enter_the_same_address_at_once_one_is_told(officer: Person) -> None:
    for _ in range(5):
        body = person_body()
        answers = at_once([partial(officer.post, "/persons", body)] * 3)
        assert sorted(answer.status_code for answer in answers) == [201, 409, 409]


def test_of_several_who_grant_the_same_role_at_once_all_succeed_and_one_role_is_held(
    administrator: Person, bruno: Person
) -> None:
    path = f"/persons/{bruno.id}/roles"
    answers = at_once([partial(administrator.post, path, {"role": "verifier"})] * 4)
    assert [answer.status_code for answer in answers] == [201] * 4
    held = [one["role"] for one in administrator.get(path).json()]
    assert held == ["referent", "verifier"]


def test_an_organisation_is_entered_once_per_kind_and_name(officer: Person) -> None:
    body = {"kind": "employer", "name": "Baker & Co"}
    assert officer.post("/organisations", body).status_code == 201
    answer = officer.post("/organisations", body)
    assert answer.status_code == 409
    assert answer.json()["type"] == "/problems/organisation-known"
    assert officer.post("/organisations", {**body, "kind": "training_body"}).status_code == 201


def test_appointing_twice_changes_nothing(administrator: Person, amira: Person) -> None:
    first = amira.get("/me").json()["roles"]
    again = administrator.post(f"/persons/{amira.id}/roles", {"role": "candidate"})
    assert again.status_code == 201
    assert amira.get("/me").json()["roles"] == first


def test_ending_a_role_that_is_not_held_is_refused(administrator: Person, amira: Person) -> None:
    answer = administrator.delete(f"/persons/{amira.id}/roles/verifier")
    assert answer.status_code == 404
    assert answer.json()["type"] == "/problems/no-such-role"


def test_a_role_can_be_taken_up_again(administrator: Person, amira: Person) -> None:
    path = f"/persons/{amira.id}/roles"
    assert administrator.delete(f"{path}/candidate").status_code == 204
    assert administrator.post(path, {"role": "candidate"}).status_code == 201
    assert [held["role"] for held in administrator.get(path).json()] == ["candidate"]


@pytest.mark.parametrize(
    "body",
    [{"role": "training_body"}, {"role": "candidate", "organisation_id": "of the tenant"}],
)
def test_only_the_training_body_role_is_held_for_an_organisation(
    administrator: Person, amira: Person, body: dict[str, str]
) -> None:
    if "organisation_id" in body:
        body = {**body, "organisation_id": str(make.organisation(amira.tenant).id)}
    answer = administrator.post(f"/persons/{amira.id}/roles", body)
    assert answer.status_code == 422
    assert answer.json()["type"] == "/problems/role-needs-organisation"


def test_an_officer_makes_tokens_for_candidates_but_not_for_decision_makers(
    officer: Person, amira: Person, diana: Person
) -> None:
    wanted = {"name": "t", "scopes": ["people:read"], "expires_at": make.soon()}
    made = officer.post("/tokens", {**wanted, "person_id": str(amira.id)})
    assert made.status_code == 201
    assert amira.with_token(made.json()["token"]).get("/me").json()["id"] == str(amira.id)
    refused = officer.post("/tokens", {**wanted, "person_id": str(diana.id)})
    assert refused.status_code == 403
    assert refused.json()["type"] == "/problems/token-reaches-further"
    assert refused.json()["roles"] == ["decision_maker"]


def test_a_candidate_makes_no_tokens_for_others(amira: Person, bruno: Person) -> None:
    wanted = {"name": "t", "scopes": ["people:read"], "expires_at": make.soon()}
    answer = amira.post("/tokens", {**wanted, "person_id": str(bruno.id)})
    assert answer.status_code == 403
    assert answer.json()["type"] == "/problems/role-required"


def test_a_candidate_revokes_no_tokens_of_others(amira: Person, bruno: Person) -> None:
    token_id = bruno.get("/tokens").json()[0]["id"]
    assert amira.delete(f"/tokens/{token_id}").status_code == 403
    assert bruno.get("/me").status_code == 200


def test_a_person_is_entered_once_per_address_whatever_its_case(officer: Person) -> None:
    body = person_body()
    assert officer.post("/persons", body).status_code == 201
    answer = officer.post("/persons", {**body, "email": str(body["email"]).upper()})
    assert answer.status_code == 409
    assert answer.json()["type"] == "/problems/email-taken"


def test_two_certification_bodies_may_know_the_same_address(officer: Person, otto: Person) -> None:
    body = person_body()
    assert officer.post("/persons", body).status_code == 201
    assert otto.post("/persons", body).status_code == 201


def test_people_and_organisations_are_listed_page_by_page(officer: Person) -> None:
    entered = [officer.post("/persons", person_body(f"P{n}")).json()["id"] for n in range(5)]
    seen: list[str] = []
    path: str | None = "/persons?limit=2"
    while path:
        answer = officer.get(path)
        assert len(answer.json()) <= 2
        seen += [one["id"] for one in answer.json()]
        path = answer.links.get("next", {}).get("url")
    assert len(seen) == len(set(seen))
    assert [one for one in seen if one in entered] == entered


@pytest.mark.parametrize(
    "body",
    [
        {"name": "A", "email": "no address"},
        {"name": "", "email": "a@example.org"},
        {"name": "A\u0000", "email": "a@example.org"},
        {"name": "A\nB", "email": "a@example.org"},
        {"name": "x" * 201, "email": "a@example.org"},
        {"name": "A", "email": "a@example.org", "language": "tlh"},
        {"name": "A", "email": "a@example.org", "tenant_id": "0" * 32},
        {"name": "A", "email": "a@example.org", "id": "0" * 32},
        {"name": "A"},
        [],
        None,
    ],
)
def test_a_person_of_another_shape_is_refused(officer: Person, body: object) -> None:
    answer = officer.post("/persons", body)
    assert answer.status_code == 422
    assert answer.json()["type"] == "/problems/not-as-described"
    assert answer.json()["errors"]
