"""A store that fails in the middle of everything (FAULTS 20).

Whatever it answers to whichever request, no file counts as evidence whose object is not there; once
the store is well again, what was begun is finished.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from typing import cast
from uuid import UUID

import pytest
from fastapi import FastAPI

from app.evidence import uploads
from app.evidence.handlers import arrival
from app.jobs.shift import Shift
from app.kit.settings import Settings
from app.storage import StoreUnavailable
from app.storage.s3 import S3Store
from app.storage.web import SigningStore
from tests import invariants, make
from tests.evidence.conftest import Shelves, problem, silence
from tests.fault_proxy import Answer, Cut, Fault, FaultProxy, Lose, Reset, Seen
from tests.make import Json, Person

PIECE = 5 * 1024 * 1024
CONTENT = silence(400)
PIECES = [CONTENT[:PIECE], CONTENT[PIECE:]]
FAULTS: list[Fault] = [Answer(503), Lose()]
if os.environ.get("MENTORCERT_LONG_FAULTS") == "1":
    FAULTS += [Answer(500), Reset(), Cut()]
BY_NAME: dict[str, Callable[[Seen], bool]] = {
    "listing the parts": lambda seen: seen.method == "GET" and "uploadId=" in seen.path,
    "making one of them": lambda seen: seen.method == "POST" and "uploadId=" in seen.path,
    "reading back": lambda seen: (
        seen.method == "GET" and "/incoming/" in seen.path and "uploadId=" not in seen.path
    ),
    "copying": lambda seen: seen.method == "PUT" and "/evidence/" in seen.path,
    "looking": lambda seen: seen.method == "HEAD",
    "clearing away": lambda seen: seen.method == "DELETE" or "versions" in seen.path,
}


@pytest.fixture
def proxy(settings: Settings) -> Iterator[FaultProxy]:
    with FaultProxy(settings.s3_endpoint) as proxy:
        yield proxy


@pytest.fixture
def shift(amira: Person, settings: Settings, proxy: FaultProxy) -> Shift:
    """A worker whose store is behind the proxy, and who does not wait long for it."""
    behind = settings.changed(s3_endpoint=proxy.endpoint)
    store = S3Store.from_settings(behind, patience=0.2)
    return replace(make.shift(amira.tenant), store=store)


@pytest.fixture
def behind(service: FastAPI, settings: Settings, proxy: FaultProxy) -> Iterator[None]:
    """Let the web process reach the store through the proxy alone; browsers too."""
    usual = service.state.store
    through = settings.changed(s3_endpoint=proxy.endpoint)
    service.state.store = SigningStore.from_settings(through, patience=0.3)
    yield
    service.state.store = usual


def in_parts(person: Person, item: UUID, monkeypatch: pytest.MonkeyPatch) -> UUID:
    """Send a recording in two parts and say so."""
    monkeypatch.setattr(uploads, "LARGEST_SINGLE", PIECE)
    monkeypatch.setattr(uploads, "PART_SIZE", PIECE)
    body = make.new_file(CONTENT, media_type="audio/wav", name="session.wav")
    file = id_of(make.granted(person, item, body))
    for part in person.post(f"/files/{file}/parts", wanted()).json()["parts"]:
        assert make.send(part["request"], PIECES[part["number"] - 1]) == 200
    assert person.post(f"/files/{file}/completion", {}).status_code == 202
    return file


def wanted() -> Json:
    return {
        "parts": [
            {"number": number, "size": len(piece), "sha256": hashlib.sha256(piece).hexdigest()}
            for number, piece in enumerate(PIECES, 1)
        ]
    }


def id_of(grant: Json) -> UUID:
    return UUID(str(cast(Json, grant["file"])["id"]))


def state(person: Person, file: UUID) -> str:
    told: dict[str, str] = person.get(f"/files/{file}").json()
    return told["state"]


@pytest.mark.parametrize("fault", FAULTS, ids=repr)
@pytest.mark.parametrize("step", BY_NAME)
def test_a_check_that_the_store_fails_is_finished_later(
    amira: Person,
    portfolio: UUID,
    item: UUID,
    proxy: FaultProxy,
    shift: Shift,
    shelves: Shelves,
    monkeypatch: pytest.MonkeyPatch,
    step: str,
    fault: Fault,
) -> None:
    file = in_parts(amira, item, monkeypatch)
    proxy.rule = lambda seen: fault if BY_NAME[step](seen) else None
    with suppress(StoreUnavailable):
        arrival.check_file(shift, file)
    assert any(BY_NAME[step](seen) for seen in proxy.seen)
    assert state(amira, file) in ("received", "available")
    invariants.check(amira.tenant)

    proxy.rule = None
    arrival.check_file(shift, file)
    assert state(amira, file) == "available"
    assert shelves.kept(portfolio) == {str(file): CONTENT}
    assert shelves.incoming(portfolio) == {}
    assert shelves.open_uploads(portfolio) == []
    invariants.check(amira.tenant)


@pytest.mark.usefixtures("behind")
class TestTheWebClient:
    @pytest.mark.parametrize("fault", [Answer(500), Answer(503), Reset(), Lose(), Cut()], ids=repr)
    def test_is_told_to_come_back_when_an_upload_cannot_be_opened(
        self, amira: Person, portfolio: UUID, item: UUID, proxy: FaultProxy, fault: Fault
    ) -> None:
        proxy.rule = lambda seen: fault if "uploads=" in seen.path else None
        body: Json = {**make.new_file(make.WORDS), "size": 70 * 2**20}
        answer = amira.post(f"/evidence/{item}/files", body)
        assert problem(answer) == (503, "store-unavailable")
        assert int(answer.headers["retry-after"]) > 0
        assert amira.get(f"/portfolios/{portfolio}").json()["files"] == []
        invariants.check(amira.tenant)
        proxy.rule = None
        assert amira.post(f"/evidence/{item}/files", body).status_code == 201

    def test_is_told_to_come_back_when_the_store_is_down(
        self, amira: Person, item: UUID, proxy: FaultProxy
    ) -> None:
        body: Json = {**make.new_file(make.WORDS), "size": 70 * 2**20}
        with proxy.down():
            answer = amira.post(f"/evidence/{item}/files", body)
        assert problem(answer) == (503, "store-unavailable")
        assert amira.post(f"/evidence/{item}/files", body).status_code == 201

    @pytest.mark.parametrize("fault", [Answer(500), Answer(503), Reset(), Cut()], ids=repr)
    def test_is_told_to_come_back_when_parts_cannot_be_listed(
        self, amira: Person, item: UUID, proxy: FaultProxy, fault: Fault
    ) -> None:
        body: Json = {**make.new_file(make.WORDS), "size": 70 * 2**20}
        file = id_of(make.granted(amira, item, body))
        proxy.rule = lambda seen: fault if "part-number-marker" in seen.path else None
        answer = amira.get(f"/files/{file}/parts")
        assert problem(answer) == (503, "store-unavailable")
        assert int(answer.headers["retry-after"]) > 0
        proxy.rule = None
        assert amira.get(f"/files/{file}/parts").json()["missing"] == list(range(1, 10))

    @pytest.mark.parametrize("fault", [Answer(500), Answer(503), Reset(10), Lose()], ids=repr)
    def test_a_file_whose_sending_failed_is_sent_again_by_a_new_grant(
        self, amira: Person, portfolio: UUID, item: UUID, proxy: FaultProxy, fault: Fault
    ) -> None:
        grant = make.granted(amira, item, make.new_file(make.WORDS))
        file = id_of(grant)
        proxy.on("PUT", str(file), fault)
        with suppress(Exception):
            assert make.send(grant["request"], make.WORDS) >= 500
        renewed = amira.post(f"/files/{file}/grant").json()
        # What was lost was the answer alone: then the file lies there already.
        assert make.send(renewed["request"], make.WORDS) == (412 if fault == Lose() else 200)
        assert amira.post(f"/files/{file}/completion", {}).status_code == 202
        arrival.check_file(make.shift(amira.tenant), file)
        assert state(amira, file) == "available"
        invariants.check(amira.tenant)

    @pytest.mark.parametrize("fault", [Answer(503), Reset(100_000), Lose()], ids=repr)
    def test_a_part_whose_sending_failed_is_sent_again_only_if_it_is_missing(
        self,
        amira: Person,
        portfolio: UUID,
        item: UUID,
        proxy: FaultProxy,
        shelves: Shelves,
        monkeypatch: pytest.MonkeyPatch,
        fault: Fault,
    ) -> None:
        monkeypatch.setattr(uploads, "LARGEST_SINGLE", PIECE)
        monkeypatch.setattr(uploads, "PART_SIZE", PIECE)
        body = make.new_file(CONTENT, media_type="audio/wav", name="session.wav")
        file = id_of(make.granted(amira, item, body))
        proxy.on("PUT", "partNumber=1", fault)
        for again in (False, True):
            told = amira.post(f"/files/{file}/parts", wanted()).json()
            if again:
                assert told["held"] == ([1, 2] if fault == Lose() else [2])
            for part in told["parts"]:
                with suppress(Exception):
                    make.send(part["request"], PIECES[part["number"] - 1])
        assert amira.get(f"/files/{file}/parts").json()["missing"] == []
        assert amira.post(f"/files/{file}/completion", {}).status_code == 202
        arrival.check_file(make.shift(amira.tenant), file)
        assert shelves.kept(portfolio) == {str(file): CONTENT}
        invariants.check(amira.tenant)
