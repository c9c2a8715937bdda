"""An upload in parts that was cut off goes on where it stopped."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import partial
from uuid import UUID

import pytest
from fastapi import FastAPI
from httpx2 import Response
from urllib3.exceptions import HTTPError

from app.evidence import uploads
from app.evidence.handlers import arrival
from app.storage.web import SigningStore
from tests import make
from tests.evidence.conftest import Shelves, problem, silence
from tests.make import Json, Person
from tests.racing import at_once

PIECE = 5 * 1024 * 1024
"""Bytes: S3 takes no smaller part but the last."""
CONTENT = silence(700)
PIECES = [CONTENT[place : place + PIECE] for place in range(0, len(CONTENT), PIECE)]


def wanted(*numbers: int) -> Json:
    return {
        "parts": [
            {
                "number": number,
                "size": len(PIECES[number - 1]),
                "sha256": hashlib.sha256(PIECES[number - 1]).hexdigest(),
            }
            for number in numbers
        ]
    }


def grant(person: Person, file: UUID, *numbers: int) -> Response:
    answer = person.post(f"/files/{file}/parts", wanted(*numbers))
    assert answer.status_code == 200, answer.text
    return answer


def send(answer: Response) -> None:
    """Send every part that there is a request for."""
    for part in answer.json()["parts"]:
        assert make.send(part["request"], PIECES[part["number"] - 1]) == 200


def numbers(answer: Response) -> tuple[list[int], list[int]]:
    """Return the parts that were granted, and those that are held."""
    told = answer.json()
    return [part["number"] for part in told["parts"]], told["held"]


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the web process has asked the store to list."""
    keys: list[str] = []
    ask = SigningStore.list_parts

    def watched(store: SigningStore, key: str, upload_id: str) -> Sequence[object]:
        keys.append(key)
        return ask(store, key, upload_id)

    monkeypatch.setattr(SigningStore, "list_parts", watched)
    return keys


@pytest.fixture
def file(amira: Person, item: UUID, monkeypatch: pytest.MonkeyPatch) -> UUID:
    """A recording that goes in three parts, announced."""
    monkeypatch.setattr(uploads, "LARGEST_SINGLE", PIECE)
    monkeypatch.setattr(uploads, "PART_SIZE", PIECE)
    body = make.new_file(CONTENT, media_type="audio/wav", name="session.wav")
    told = make.granted(amira, item, body)["file"]
    assert isinstance(told, dict)
    return UUID(told["id"])


class TestWhatHasArrived:
    def test_it_is_listed_beside_what_is_missing(self, amira: Person, file: UUID) -> None:
        nothing = amira.get(f"/files/{file}/parts").json()
        assert (nothing["count"], nothing["size"]) == (3, PIECE)
        assert (nothing["held"], nothing["missing"]) == ([], [1, 2, 3])

        send(grant(amira, file, 3, 1))
        told = amira.get(f"/files/{file}/parts").json()
        assert [(part["number"], part["size"]) for part in told["held"]] == [
            (1, PIECE),
            (3, len(PIECES[2])),
        ]
        for part in told["held"]:
            digest = hashlib.sha256(PIECES[part["number"] - 1]).hexdigest()
            assert part["sha256"] in (None, digest)
        assert told["missing"] == [2]
        assert told["expires_at"] > nothing["expires_at"]

    def test_a_small_file_has_no_parts(self, amira: Person, item: UUID) -> None:
        told = make.granted(amira, item, make.new_file(make.WORDS))["file"]
        assert isinstance(told, dict)
        answer = amira.get(f"/files/{told['id']}/parts")
        assert problem(answer) == (409, "not-in-parts")

    def test_nothing_is_listed_once_everything_was_sent(self, amira: Person, file: UUID) -> None:
        send(grant(amira, file, 1, 2, 3))
        assert amira.post(f"/files/{file}/completion", {}).status_code == 202
        assert problem(amira.get(f"/files/{file}/parts")) == (409, "file-step-not-open")
        arrival.check_file(make.shift(amira.tenant), file)
        assert amira.get(f"/files/{file}").json()["state"] == "available"
        assert problem(amira.get(f"/files/{file}/parts")) == (409, "file-step-not-open")

    def test_only_the_candidate_is_told(
        self, amira: Person, bruno: Person, officer: Person, otto: Person, file: UUID
    ) -> None:
        path = f"/files/{file}/parts"
        assert problem(otto.get(path)) == problem(bruno.get(path)) == (404, "no-such-file")
        assert officer.get(path).status_code in (403, 404)
        assert amira.get(path).status_code == 200


class TestGoingOn:
    def test_what_has_arrived_is_not_granted_again(
        self, amira: Person, portfolio: UUID, file: UUID, shelves: Shelves
    ) -> None:
        send(grant(amira, file, 1))
        again = grant(amira, file, 1, 2, 3)
        assert numbers(again) == ([2, 3], [1])
        send(again)
        assert numbers(grant(amira, file, 1, 2, 3)) == ([], [1, 2, 3])
        assert amira.post(f"/files/{file}/completion", {}).status_code == 202
        arrival.check_file(make.shift(amira.tenant), file)
        assert shelves.kept(portfolio) == {str(file): CONTENT}

    def test_a_file_of_which_parts_are_missing_is_not_complete_and_goes_on(
        self, amira: Person, portfolio: UUID, file: UUID, shelves: Shelves
    ) -> None:
        for arrived, missing in (([], [1, 2, 3]), ([3], [1, 2])):
            if arrived:
                send(grant(amira, file, *arrived))
            answer = amira.post(f"/files/{file}/completion", {})
            assert problem(answer) == (409, "parts-missing")
            assert (answer.json()["missing"], answer.json()["parts_missing"]) == (
                missing,
                len(missing),
            )
        assert amira.get(f"/files/{file}").json()["state"] == "uploading"
        send(grant(amira, file, 1, 2))
        assert amira.post(f"/files/{file}/completion", {}).status_code == 202
        arrival.check_file(make.shift(amira.tenant), file)
        assert shelves.kept(portfolio) == {str(file): CONTENT}

    def test_what_was_granted_and_never_sent_is_granted_again(
        self, amira: Person, file: UUID
    ) -> None:
        grant(amira, file, 1, 2)
        assert numbers(grant(amira, file, 1, 2)) == ([1, 2], [])

    def test_the_store_is_asked_only_about_parts_granted_before(
        self, amira: Person, file: UUID, asked: list[str]
    ) -> None:
        send(grant(amira, file, 1))
        grant(amira, file, 3)
        assert asked == []
        assert numbers(grant(amira, file, 1, 2)) == ([2], [1])
        assert len(asked) == 1
        grant(amira, file, 2)
        assert len(asked) == 2

    def test_a_refused_request_for_parts_leaves_no_trace(
        self, amira: Person, file: UUID, asked: list[str]
    ) -> None:
        grant(amira, file, 1)
        wrong = wanted(2, 3)
        wrong["parts"][0]["size"] = 7  # type: ignore[index]
        assert amira.post(f"/files/{file}/parts", wrong).status_code == 422
        grant(amira, file, 2, 3)
        assert asked == []

    def test_a_part_is_named_once_in_a_request(self, amira: Person, file: UUID) -> None:
        answer = amira.post(f"/files/{file}/parts", wanted(1, 1))
        assert problem(answer) == (422, "not-as-described")

    def test_of_two_who_ask_at_once_for_parts_one_has_the_store_asked(
        self, amira: Person, file: UUID, asked: list[str]
    ) -> None:
        grant(amira, file, 3)
        at_once([partial(grant, amira, file, 1, 2)] * 4)
        assert len(asked) == 3

    def test_a_store_that_is_away_is_said_to_be(
        self, amira: Person, file: UUID, service: FastAPI, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        grant(amira, file, 1)
        with monkeypatch.context() as away:
            away.setattr(SigningStore, "_send", _no_answer)
            away.setattr(service.state.store, "_patience", 0.2)
            for answer in (
                amira.get(f"/files/{file}/parts"),
                amira.post(f"/files/{file}/parts", wanted(1)),
            ):
                assert problem(answer) == (503, "store-unavailable")
                assert int(answer.headers["retry-after"]) > 0
        assert numbers(grant(amira, file, 1)) == ([1], [])


def _no_answer(*_: object, **__: object) -> None:
    raise HTTPError
