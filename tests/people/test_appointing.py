"""Who may enter people, appoint them, and act for them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from uuid import uuid4

import pytest
from httpx2 import Response

from app.actor import Role
from app.people.access import APPOINTS, SCOPES
from app.people.models import Organisation, OrganisationKind
from app.people.service import grant_role
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


def test_a_candidate_makes_no_tokens_for_others_and_is_not_told_who_there_is(
    amira: Person, bruno: Person
) -> None:
    wanted = {"name": "t", "scopes": ["people:read"], "expires_at": make.soon()}
    others, nobodys = (
        amira.post("/tokens", {**wanted, "person_id": str(one)}) for one in (bruno.id, uuid4())
    )
    assert others.status_code == nobodys.status_code == 403
    assert others.json()["type"] == "/problems/role-required"
    assert others.content == nobodys.content


def test_a_candidate_revokes_no_tokens_of_others_and_is_not_told_which_there_are(
    amira: Person, bruno: Person
) -> None:
    token_id = bruno.get("/tokens").json()[0]["id"]
    others, nobodys = (amira.delete(f"/tokens/{one}") for one in (token_id, uuid4()))
    assert others.status_code == nobodys.status_code == 404
    assert others.json()["type"] == "/problems/no-such-token"
    assert others.content == nobodys.content
    assert bruno.get("/me").status_code == 200


def tokens_made(*makers: Person, holder: Person) -> list[Person]:
    """Return the holder with the tokens that others, or they themself, make for them."""
    return [holder.with_token(make.token(holder, issued_by=maker)) for maker in makers]


def lets_in(held: list[Person]) -> list[bool]:
    return [one.get("/me").status_code == 200 for one in held]


def test_a_token_does_not_come_to_carry_a_role_that_its_maker_does_not_give(
    administrator: Person, officer: Person, tenant: Tenant
) -> None:
    nina, clerk = make.person(tenant, "Nina"), make.person(tenant, "Cleo", Role.OFFICER)
    held = [nina, *tokens_made(clerk, administrator, officer, nina, holder=nina)]
    path = f"/persons/{nina.id}/roles"
    assert clerk.post(path, {"role": "candidate"}).status_code == 201
    assert lets_in(held) == [True] * 5
    assert officer.post(path, {"role": "referent"}).status_code == 201
    assert lets_in(held) == [True, False, True, True, True]
    answer = held[1].get("/me")
    assert (answer.status_code, answer.json()["type"]) == (401, "/problems/token-revoked")
    assert administrator.post(path, {"role": "verifier"}).status_code == 201
    assert lets_in(held) == [True, False, True, False, True]


def test_a_token_made_with_one_that_somebody_else_made_goes_with_it(
    administrator: Person, tenant: Tenant
) -> None:
    clerk, nina = make.person(tenant, "Cleo", Role.OFFICER), make.person(tenant, "Nina")
    wanted = {"name": "t", "scopes": sorted(SCOPES), "expires_at": make.soon()}
    held = [*tokens_made(administrator, clerk, holder=nina)]
    for _ in range(2):
        made = [one.post("/tokens", wanted).json()["token"] for one in held[-2:]]
        held += [nina.with_token(one) for one in made]
    assert lets_in(held) == [True] * 6
    body = {"role": "referent"}
    assert administrator.post(f"/persons/{nina.id}/roles", body).status_code == 201
    assert lets_in(held) == [True, False] * 3


def test_no_token_is_made_with_one_that_is_being_revoked(
    administrator: Person, tenant: Tenant
) -> None:
    clerk, nina = make.person(tenant, "Cleo", Role.OFFICER), make.person(tenant, "Nina")
    (held,) = tokens_made(clerk, holder=nina)
    wanted = {"name": "t", "scopes": ["people:read"], "expires_at": make.soon()}
    with ThreadPoolExecutor(1) as meanwhile:
        with administrator.at_work() as work:
            grant_role(work, nina.id, Role.REFERENT, None)
            asked = meanwhile.submit(held.post, "/tokens", wanted)
            with pytest.raises(TimeoutError):
                asked.result(timeout=0.5)
        answer = asked.result(timeout=20)
    assert (answer.status_code, answer.json()["type"]) == (401, "/problems/unauthenticated")


def test_what_the_maker_of_a_token_gives_is_asked_when_the_role_is_granted(
    administrator: Person, tenant: Tenant
) -> None:
    second = make.person(tenant, "Bea", Role.ADMINISTRATOR)
    nina = make.person(tenant, "Nina")
    held = tokens_made(second, administrator, holder=nina)
    assert second.delete(f"/persons/{second.id}/roles/administrator").status_code == 204
    body = {"role": "candidate"}
    assert administrator.post(f"/persons/{nina.id}/roles", body).status_code == 201
    assert lets_in(held) == [False, True]


def test_the_journal_says_which_token_an_appointment_revoked(
    administrator: Person, tenant: Tenant
) -> None:
    clerk, nina = make.person(tenant, "Cleo", Role.OFFICER), make.person(tenant, "Nina")
    (held,) = tokens_made(clerk, holder=nina)
    token_id = held.get("/tokens").json()[0]["id"]
    assert administrator.post(f"/persons/{nina.id}/roles", {"role": "referent"}).status_code == 201
    listed = administrator.get("/journal?limit=200").json()
    revoked = [one for one in listed if one["action"] == "people.token_revoked"]
    assert [(one["subject_id"], one["actor_id"]) for one in revoked] == [
        (token_id, str(administrator.id))
    ]


def test_a_token_is_made_before_a_role_is_granted_or_after_but_not_meanwhile(
    administrator: Person, tenant: Tenant
) -> None:
    clerk, nina = make.person(tenant, "Cleo", Role.OFFICER), make.person(tenant, "Nina")
    wanted = {"name": "t", "scopes": ["people:read"], "expires_at": make.soon()}
    with ThreadPoolExecutor(1) as meanwhile:
        with administrator.at_work() as work:
            grant_role(work, nina.id, Role.REFERENT, None)
            asked = meanwhile.submit(clerk.post, "/tokens", {**wanted, "person_id": str(nina.id)})
            with pytest.raises(TimeoutError):
                asked.result(timeout=0.5)
        answer = asked.result(timeout=20)
    assert answer.status_code == 403
    assert answer.json()["type"] == "/problems/token-reaches-further"


@pytest.fixture
def firm(tenant: Tenant) -> Organisation:
    return make.organisation(tenant, "Bakery", OrganisationKind.EMPLOYER)


def refused_for_kind(answer: Response, organisation: Organisation, needed: str) -> bool:
    found = answer.json()
    return (
        (answer.status_code, found["type"]) == (422, "/problems/wrong-kind-of-organisation")
        and found["organisation_id"] == str(organisation.id)
        and found["kind_needed"] == needed
    )


def test_an_employer_is_no_training_body_and_a_training_body_no_employer(
    officer: Person, tenant: Tenant, firm: Organisation
) -> None:
    school = make.organisation(tenant)
    swapped = [("employer_id", school, "employer"), ("training_body_id", firm, "training_body")]
    nina = make.person(tenant, "Nina")
    for member, wrong, needed in swapped:
        body = person_body(**{member: str(wrong.id)})
        assert refused_for_kind(officer.post("/persons", body), wrong, needed)
        changed = officer.put(f"/persons/{nina.id}", body, if_match='"1"')
        assert refused_for_kind(changed, wrong, needed)
    assert officer.get(f"/persons/{nina.id}").json()["version"] == 1
    right = person_body(employer_id=str(firm.id), training_body_id=str(school.id))
    assert officer.post("/persons", right).status_code == 201


def test_the_training_body_role_is_not_held_for_an_employer(
    officer: Person, tenant: Tenant, firm: Organisation
) -> None:
    tara = make.person(tenant, "Tara")
    body = {"role": "training_body", "organisation_id": str(firm.id)}
    answer = officer.post(f"/persons/{tara.id}/roles", body)
    assert refused_for_kind(answer, firm, "training_body")
    assert officer.get(f"/persons/{tara.id}/roles").json() == []


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
