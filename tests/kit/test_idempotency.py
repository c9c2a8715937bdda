"""Idempotency-Key: a repeated request has one effect and one answer."""

from __future__ import annotations

from functools import partial

import pytest
from httpx2 import Response
from sqlalchemy import text

from app.kit.db import Sessions
from app.people.door import TRY_KEY
from tests import make
from tests.make import Person, Tenant
from tests.racing import at_once

BODY = {"kind": "employer", "name": "Baker & Co"}


def employers(officer: Person) -> list[str]:
    return [one["name"] for one in officer.get("/organisations?limit=200").json()]


def add(officer: Person, key: str, body: object = BODY) -> Response:
    return officer.post("/organisations", body, idempotency_key=key)


def test_a_repeated_request_has_one_effect_and_the_same_answer(officer: Person) -> None:
    first, second = add(officer, "k"), add(officer, "k")
    assert first.status_code == second.status_code == 201
    assert first.content == second.content
    assert first.headers["content-type"] == second.headers["content-type"]
    assert "idempotency-replayed" not in first.headers
    assert second.headers["idempotency-replayed"] == "true"
    assert employers(officer) == ["Baker & Co"]


def test_an_answer_without_a_body_is_repeated_too(administrator: Person, amira: Person) -> None:
    path = f"/persons/{amira.id}/roles/candidate"
    answers = [administrator.delete(path, idempotency_key="k") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [204, 204]
    assert [answer.content for answer in answers] == [b"", b""]
    assert administrator.delete(path).status_code == 404


@pytest.mark.parametrize(
    "other", [{**BODY, "name": "Other"}, {**BODY, "kind": "training_body"}, {}]
)
def test_a_key_is_not_used_for_another_request(officer: Person, other: object) -> None:
    add(officer, "k")
    answer = add(officer, "k", other)
    assert answer.status_code == 422
    assert answer.json()["type"] == "/problems/idempotency-key-reused"
    assert employers(officer) == ["Baker & Co"]


def test_a_key_is_not_used_at_another_address(officer: Person, amira: Person) -> None:
    add(officer, "k")
    answer = officer.post("/persons", {"name": "N", "email": make.email("N")}, idempotency_key="k")
    assert answer.status_code == 422
    assert answer.json()["type"] == "/problems/idempotency-key-reused"


def test_a_key_is_not_used_for_another_query(administrator: Person, tenant: Tenant) -> None:
    schools = [make.organisation(tenant, name) for name in ("A", "B")]
    tara = make.person(tenant, "Tara")
    path = f"/persons/{tara.id}/roles"
    for school in schools:
        body = {"role": "training_body", "organisation_id": str(school.id)}
        assert administrator.post(path, body).status_code == 201
    first, second = (
        administrator.delete(
            f"{path}/training_body?organisation_id={school.id}", idempotency_key="k"
        )
        for school in schools
    )
    assert first.status_code == 204
    assert second.status_code == 422
    assert second.json()["type"] == "/problems/idempotency-key-reused"
    held = [one["organisation_id"] for one in administrator.get(path).json()]
    assert held == [str(schools[1].id)]


def test_a_misshapen_request_with_a_used_key_is_refused_for_its_key(
    administrator: Person, amira: Person
) -> None:
    path = f"/persons/{amira.id}/roles/candidate"
    assert administrator.delete(path, idempotency_key="k").status_code == 204
    answer = administrator.delete(f"{path}?organisation_id=none", idempotency_key="k")
    assert answer.status_code == 422
    assert answer.json()["type"] == "/problems/idempotency-key-reused"


def test_the_same_words_that_are_no_longer_read_as_json_are_refused_for_their_shape(
    officer: Person,
) -> None:
    first = add(officer, "k")
    headers = {"content-type": "text/plain", "idempotency_key": "k"}
    answer = officer.send("POST", "/organisations", content=first.request.content, headers=headers)
    assert answer.status_code == 422
    assert answer.json()["type"] == "/problems/not-as-described"
    assert employers(officer) == ["Baker & Co"]


def test_a_secret_is_not_shown_to_whoever_repeats_the_request(amira: Person) -> None:
    wanted = {"name": "t", "scopes": ["people:read"], "expires_at": make.soon()}
    first, second = (amira.post("/tokens", wanted, idempotency_key="k") for _ in range(2))
    assert first.status_code == 201
    secret = first.json()["token"]
    assert second.status_code == 409
    assert second.headers["idempotency-replayed"] == "true"
    assert second.headers["content-type"] == "application/problem+json"
    assert second.json()["type"] == "/problems/secret-shown-before"
    assert second.json()["made"] == {
        name: value for name, value in first.json().items() if name != "token"
    }
    assert secret not in second.text
    named = [one["id"] for one in amira.get("/tokens").json() if one["name"] == "t"]
    assert named == [second.json()["made"]["id"]]
    assert amira.with_token(secret).get("/me").status_code == 200


def test_the_same_key_of_two_people_is_two_keys(
    officer: Person, administrator: Person, otto: Person
) -> None:
    answers = [
        add(person, "k", {**BODY, "name": person.name})
        for person in (
            officer,
            administrator,
            otto,
        )
    ]
    assert [answer.status_code for answer in answers] == [201] * 3
    assert sorted(employers(officer)) == ["Ada", "Olga"]


def test_a_refused_request_leaves_its_key_free(officer: Person) -> None:
    assert add(officer, "k", {"kind": "employer"}).status_code == 422
    assert add(officer, "j").status_code == 201
    assert add(officer, "k").status_code == 409
    assert add(officer, "k", {**BODY, "name": "Other"}).status_code == 201


def test_of_several_at_once_one_acts_and_the_others_wait_or_repeat(officer: Person) -> None:
    answers = at_once([partial(add, officer, "k")] * 6)
    assert {answer.status_code for answer in answers} <= {201, 409}
    done = [answer for answer in answers if answer.status_code == 201]
    assert len({answer.content for answer in done}) == 1
    for refused in (answer for answer in answers if answer.status_code == 409):
        assert refused.json()["type"] == "/problems/idempotency-key-in-use"
    assert employers(officer) == ["Baker & Co"]
    assert add(officer, "k").content == done[0].content


def test_while_a_request_is_being_answered_its_repetition_is_told_to_wait(
    officer: Person, sessions: Sessions
) -> None:
    lock = f"{officer.tenant.id}/{officer.id}/k"
    with sessions() as first, first.begin():
        assert first.execute(TRY_KEY, {"key": lock}).scalar_one()
        answer = add(officer, "k")
        assert answer.status_code == 409
        assert answer.json()["type"] == "/problems/idempotency-key-in-use"
    assert add(officer, "k").status_code == 201


@pytest.mark.parametrize("key", ["", "x" * 256, "a\tb"])
def test_what_is_no_key_is_refused(officer: Person, key: str) -> None:
    answer = add(officer, key)
    assert answer.status_code == 422
    assert employers(officer) == []


def test_the_longest_key_will_do(officer: Person) -> None:
    assert add(officer, "x" * 255).status_code == 201


def test_an_answer_is_not_repeated_to_a_token_without_the_scope(officer: Person) -> None:
    add(officer, "k")
    reading = officer.with_token(make.token(officer, "people:read"))
    answer = add(reading, "k")
    assert answer.status_code == 403
    assert answer.json()["type"] == "/problems/scope-missing"


def test_keys_do_not_matter_to_reading(officer: Person) -> None:
    before = officer.get("/organisations", idempotency_key="k").json()
    add(officer, "j")
    assert officer.get("/organisations", idempotency_key="k").json() != before


def test_a_kept_answer_belongs_to_its_tenant(officer: Person, sessions: Sessions) -> None:
    add(officer, "k")
    with sessions() as session:
        assert session.execute(text("SELECT count(*) FROM idempotent_answer")).scalar_one() == 0
