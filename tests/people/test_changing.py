"""Describing a person anew."""

from __future__ import annotations

from functools import partial
from uuid import uuid4

import pytest
from httpx2 import Response

from app.actor import Role
from app.people.models import OrganisationKind
from tests import make
from tests.make import Json, Person, Tenant
from tests.racing import at_once


def described(**changes: object) -> Json:
    return {"name": "Nina", "email": make.email("Nina"), "language": "fr", **changes}


def change(actor: Person, of: Person, body: Json, version: int = 1) -> Response:
    return actor.put(f"/persons/{of.id}", body, if_match=f'"{version}"')


def kind(answer: Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["type"].removeprefix("/problems/")


@pytest.fixture
def nina(tenant: Tenant) -> Person:
    return make.person(tenant, "Nian", Role.CANDIDATE)


def test_an_officer_corrects_a_candidate_s_name(officer: Person, nina: Person) -> None:
    before = officer.get(f"/persons/{nina.id}")
    body = described()
    answer = officer.put(f"/persons/{nina.id}", body, if_match=before.headers["etag"])
    assert (answer.status_code, answer.headers["etag"]) == (200, '"2"')
    after = officer.get(f"/persons/{nina.id}")
    assert after.json() == answer.json() == before.json() | body | {"version": 2}
    assert nina.get("/me").json()["name"] == "Nina"


def test_the_journal_says_that_a_person_was_changed_and_not_what(
    administrator: Person, nina: Person
) -> None:
    body = described(name="Nina Unheard-Of")
    assert change(administrator, nina, body).status_code == 200
    listed = administrator.get("/journal?limit=200")
    (entry,) = (one for one in listed.json() if one["action"] == "people.person_changed")
    assert (entry["subject_id"], entry["facts"]) == (str(nina.id), {"version": 2})
    assert "Unheard-Of" not in listed.text


def test_the_journal_says_which_organisations_a_person_left_and_came_to(
    administrator: Person, tenant: Tenant, nina: Person
) -> None:
    school = str(make.organisation(tenant, "The Unheard-Of School").id)
    firm = str(make.organisation(tenant, "Bakery", OrganisationKind.EMPLOYER).id)
    bodies = [
        described(training_body_id=school),
        described(training_body_id=school, employer_id=firm),
        described(employer_id=firm),
    ]
    for version, body in enumerate(bodies, start=1):
        assert change(administrator, nina, body, version).status_code == 200
    listed = administrator.get("/journal?limit=200")
    assert [one["facts"] for one in listed.json() if one["action"] == "people.person_changed"] == [
        {"version": 2, "training_body_before": None, "training_body_after": school},
        {"version": 3, "employer_before": None, "employer_after": firm},
        {"version": 4, "training_body_before": school, "training_body_after": None},
    ]
    assert "Unheard-Of" not in listed.text


def test_what_is_left_out_is_taken_away(officer: Person, tenant: Tenant, nina: Person) -> None:
    school = str(make.organisation(tenant).id)
    body = described(training_body_id=school)
    assert change(officer, nina, body).json()["training_body_id"] == school
    del body["training_body_id"]
    assert change(officer, nina, body, 2).json()["training_body_id"] is None


def test_a_change_names_the_version_it_was_made_on(officer: Person, nina: Person) -> None:
    body = described()
    unnamed = officer.put(f"/persons/{nina.id}", body)
    assert kind(unnamed) == (428, "version-required")
    assert kind(change(officer, nina, body, 2)) == (412, "stale-version")
    assert officer.get(f"/persons/{nina.id}").json()["name"] != "Nina"


def test_of_two_changes_at_once_one_is_made(officer: Person, nina: Person) -> None:
    bodies = [described(name=name) for name in ("Nina", "Nino")]
    answers = at_once([partial(change, officer, nina, body) for body in bodies])
    assert sorted(answer.status_code for answer in answers) == [200, 412]
    (made,) = (answer.json() for answer in answers if answer.status_code == 200)
    assert officer.get(f"/persons/{nina.id}").json() == made


def test_an_address_belongs_to_one_person(officer: Person, tenant: Tenant, nina: Person) -> None:
    other = make.person(tenant, "Omar", Role.CANDIDATE)
    taken = officer.get(f"/persons/{other.id}").json()["email"]
    assert kind(change(officer, nina, described(email=taken))) == (409, "email-taken")
    own = officer.get(f"/persons/{nina.id}").json()["email"]
    assert change(officer, nina, described(email=own)).status_code == 200


def test_an_organisation_must_exist(officer: Person, nina: Person) -> None:
    body = described(employer_id=str(uuid4()))
    assert kind(change(officer, nina, body)) == (404, "no-such-organisation")


@pytest.mark.parametrize("role", [Role.ADMINISTRATOR, Role.OFFICER, Role.VERIFIER])
def test_an_officer_changes_nobody_whose_roles_are_not_the_officer_s_to_give(
    officer: Person, tenant: Tenant, role: Role
) -> None:
    other = make.person(tenant, "Omar", role)
    answer = change(officer, other, described())
    assert kind(answer) == (403, "person-not-yours")
    assert answer.json()["roles"] == [role]
    assert change(tenant.administrator, other, described()).status_code == 200


# The training-body role is held for an organisation; its row is in `test_rights`.
STAFF = {Role.ADMINISTRATOR, Role.OFFICER, Role.TRAINING_BODY}


@pytest.mark.parametrize("role", [one for one in Role if one not in STAFF])
def test_others_neither_see_nor_change_people(tenant: Tenant, nina: Person, role: Role) -> None:
    other = make.person(tenant, "Omar", role)
    assert kind(other.get(f"/persons/{nina.id}")) == (403, "role-required")
    assert kind(change(other, nina, described())) == (403, "role-required")
    assert kind(change(nina, nina, described())) == (403, "role-required")


def test_people_of_another_body_are_not_there(administrator: Person, otto: Person) -> None:
    for answer in (
        administrator.get(f"/persons/{otto.id}"),
        change(administrator, otto, described()),
    ):
        assert kind(answer) == (404, "no-such-person")
