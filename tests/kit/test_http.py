"""How the service answers: problem documents, versions, and nothing it was not asked."""

from __future__ import annotations

import json

import pytest
from httpx2 import Response
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient

from app.kit.errors import Conflict, Refusal, StaleVersion, VersionRequired
from app.kit.http import etag, known_version, problem, problem_body, same_version, version_in
from app.kit.settings import Settings
from tests.make import Person


class TooManyCooks(Conflict):
    """The broth
    is spoiled.
    """


def kind(answer: Response) -> str:
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert set(problem) >= {"type", "title", "status", "detail"}
    assert problem["status"] == answer.status_code
    found: str = problem["type"]
    return found


def test_a_refusal_is_named_after_its_class_and_told_by_its_docstring() -> None:
    document = json.loads(problem_body(TooManyCooks(cooks=3)))
    assert document == {
        "type": "/problems/too-many-cooks",
        "title": "The broth is spoiled.",
        "status": 409,
        "detail": "The broth is spoiled.",
        "cooks": 3,
    }


def test_a_refusal_may_say_more_of_the_case_at_hand() -> None:
    document = json.loads(problem_body(TooManyCooks("Three of them.")))
    assert (document["title"], document["detail"]) == ("The broth is spoiled.", "Three of them.")


@given(st.text())
def test_any_word_can_stand_in_a_problem(word: str) -> None:
    document = json.loads(problem_body(TooManyCooks(word=word)))
    assert document["word"] == word.encode("utf-8", "replace").decode()


def test_who_is_not_known_is_told_how_to_say_who_they_are() -> None:
    class Unknown(Refusal):
        """Say who you are."""

        status = 401

    assert problem(Unknown()).headers["www-authenticate"] == 'Bearer realm="mentorcert"'


@pytest.mark.parametrize(
    ("method", "path", "status", "type_"),
    [
        ("GET", "/nothing", 404, "/problems/no-such-address"),
        ("GET", "/", 404, "/problems/no-such-address"),
        ("GET", "/persons/../../etc", 404, "/problems/no-such-address"),
        ("DELETE", "/me", 405, "/problems/no-such-method"),
        ("GET", "/persons/1/roles", 422, "/problems/not-as-described"),
        ("GET", "/persons?limit=1e999", 422, "/problems/not-as-described"),
        ("GET", "/persons?limit=9223372036854775808", 422, "/problems/not-as-described"),
        ("GET", "/persons?cursor=x", 400, "/problems/malformed-cursor"),
    ],
)
def test_what_cannot_be_answered_is_answered_with_a_problem(
    officer: Person, method: str, path: str, status: int, type_: str
) -> None:
    answer = officer.send(method, path)
    assert answer.status_code == status
    assert kind(answer) == type_


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 422),
        (b"{", 400),
        (b"\xff\xfe", 400),
        (b'{"name": "\xff"}', 400),
        (b"[" * 100_000, 400),
        (b'{"kind": "employer", "name": NaN}', 422),
        (b'{"kind": "employer", "name": 1e999}', 422),
        (b'{"kind": "employer", "name": 9223372036854775808}', 422),
        (b'{"kind": "employer", "name": "\\ud800"}', 422),
        (b'{"kind": "employer", "name": "\\u0000"}', 422),
        (b'{"kind": "employer", "name": "a", "\\ud800": 1}', 422),
        (b'{"kind": "employer", "name": "a", "tenant_id": "b"}', 422),
        (b'{"kind": "\\u0000", "name": "a"}', 422),
        (b"null", 422),
        (b'"' + b"x" * 100_000 + b'"', 422),
        (b"1" * 5_000, 400),
    ],
)
def test_no_body_breaks_the_service(officer: Person, body: bytes, status: int) -> None:
    headers = {"content-type": "application/json"}
    answer = officer.send("POST", "/organisations", content=body, headers=headers)
    assert answer.status_code == status
    kind(answer)


def test_a_body_beyond_the_limit_is_refused_before_it_is_read(
    officer: Person, settings: Settings
) -> None:
    body = b" " * (settings.max_body_bytes + 1)
    answer = officer.send("POST", "/organisations", content=body)
    assert answer.status_code == 413
    assert kind(answer) == "/problems/too-large"
    assert answer.json()["max_bytes"] == settings.max_body_bytes


def test_every_answer_can_be_named_in_a_complaint(officer: Person) -> None:
    ids = {officer.get("/me").headers["x-request-id"] for _ in range(3)}
    assert len(ids) == 3


def test_every_problem_explains_itself_at_its_address(browser: TestClient) -> None:
    kinds = browser.get("/problems").json()
    assert len(kinds) > 20
    for one in kinds:
        answer = browser.get(one["type"])
        assert answer.status_code == 200
        assert answer.text == f"{one['status']} {one['title']}\n"
    assert browser.get("/problems/none-such").status_code == 404


@given(st.integers(1, 2**62))
def test_an_etag_names_a_version(version: int) -> None:
    assert version_in(etag(version)) == version
    assert known_version(f"W/{etag(version)}" if version % 2 else etag(version)) in (version, None)


def test_a_change_needs_a_version() -> None:
    with pytest.raises(VersionRequired):
        version_in(None)


@pytest.mark.parametrize("given_tag", ["", "1", '"', '""', '"a"', '"-1"', 'W/"1"', '"1","2"', "*"])
def test_what_is_no_etag_of_ours_is_stale(given_tag: str) -> None:
    with pytest.raises(StaleVersion):
        version_in(given_tag)


def test_a_version_beyond_all_versions_is_no_error() -> None:
    assert version_in('"' + "9" * 4_000 + '"') == 2**62
    assert known_version('"' + "9" * 4_000 + '"') is None


@given(st.text())
def test_any_if_match_is_a_version_or_refused(header: str) -> None:
    try:
        assert 0 <= version_in(header) <= 2**62
    except StaleVersion:
        return


@pytest.mark.parametrize(
    ("header", "same"),
    [
        (None, False),
        ("", False),
        ("*", True),
        ('"a"', True),
        ('W/"a"', True),
        ('"b"', False),
        ('"b", "a"', True),
    ],
)
def test_a_conditional_read_compares_tags(header: str | None, same: bool) -> None:
    assert same_version(header, '"a"') is same
