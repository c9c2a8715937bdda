"""A client watches a file while it is checked and its renditions are made."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from threading import Thread
from uuid import UUID

import pytest
from fastapi import FastAPI

from app.evidence.access import NoSuchFile
from app.evidence.api.events import TooManyWatchers, Watchers, watch
from app.evidence.handlers import arrival, renditions
from app.evidence.queries.watching import Standing, standing
from tests import make
from tests.evidence.conftest import problem
from tests.evidence.samples import SAMPLES
from tests.make import Person


def read(stream: str) -> list[tuple[str, dict[str, object]]]:
    """Return the events of a stream with their data."""
    found = []
    for block in stream.split("\n\n"):
        lines = dict(line.split(": ", 1) for line in block.splitlines() if line[0] != ":")
        if lines:
            found.append((lines["event"], json.loads(lines["data"])))
    return found


def test_a_file_that_is_settled_is_shown_once(amira: Person, item: UUID) -> None:
    file = make.file(amira, item)
    renditions.make_renditions(make.shift(amira.tenant), file)
    answer = amira.get(f"/files/{file}/events")
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert answer.headers["cache-control"] == "no-store"
    assert read(answer.text) == [
        (
            "file",
            {
                "id": str(file),
                "state": "available",
                "problem": None,
                "renditions": [{"kind": "text", "state": "made", "progress": 100, "reason": None}],
            },
        ),
        ("settled", {}),
    ]


def test_a_file_is_followed_from_its_arrival_until_all_is_made(amira: Person, item: UUID) -> None:
    file = make.received(amira, item, SAMPLES["audio/mpeg"](), media_type="audio/mpeg")
    shift = make.shift(amira.tenant)

    def work() -> None:
        arrival.check_file(shift, file)
        renditions.make_renditions(shift, file)
        renditions.make_playable(shift, file)

    worker = Thread(target=work)
    worker.start()
    events = read(amira.get(f"/files/{file}/events").text)
    worker.join()
    assert events[0][1]["state"] == "received"
    assert events[-1] == ("settled", {})
    last = events[-2][1]
    assert last["state"] == "available"
    made = last["renditions"]
    assert isinstance(made, list)
    assert {one["kind"]: one["state"] for one in made} == {
        "waveform": "made",
        "playable": "not_needed",
    }


def test_a_rejected_file_is_settled(amira: Person, item: UUID, pdf: bytes) -> None:
    file = make.file(amira, item, pdf, media_type="text/plain")
    events = read(amira.get(f"/files/{file}/events").text)
    assert [name for name, _ in events] == ["file", "settled"]
    assert (events[0][1]["state"], events[0][1]["problem"]) == ("rejected", "wrong-type")


def test_only_who_may_read_a_file_watches_it(
    amira: Person, bruno: Person, otto: Person, vera: Person, portfolio: UUID, item: UUID
) -> None:
    file = make.file(amira, item)
    for person in (bruno, otto, vera):
        assert problem(person.get(f"/files/{file}/events")) == (404, "no-such-file")
    nobody = amira.with_token("mc_nobody")
    assert nobody.get(f"/files/{file}/events").status_code == 401
    make.submitted_as_it_is(portfolio, amira)
    renditions.make_renditions(make.shift(amira.tenant), file)
    assert vera.get(f"/files/{file}/events").status_code == 200


def test_streams_are_counted_and_bounded(service: FastAPI, amira: Person, item: UUID) -> None:
    file = make.file(amira, item)
    renditions.make_renditions(make.shift(amira.tenant), file)
    watchers: Watchers = service.state.watchers
    assert watchers.count == 0
    assert amira.get(f"/files/{file}/events").status_code == 200
    assert watchers.count == 0, "who has left is not counted"
    while True:
        try:
            watchers.enter()
        except TooManyWatchers:
            break
    try:
        answer = amira.get(f"/files/{file}/events")
        assert problem(answer) == (503, "too-many-watchers")
        assert answer.headers["retry-after"] == "5"
    finally:
        while watchers.count:
            watchers.leave()


WAITING = Standing('{"state": "received"}', settled=False)
MAKING = Standing('{"state": "available"}', settled=False)
DONE = Standing('{"state": "available", "made": true}', settled=True)


def stream(found: Iterator[Standing | Exception], **pace: float) -> list[str]:
    async def look() -> Standing:
        one = next(found)
        if isinstance(one, Exception):
            raise one
        return one

    async def all_of(words: AsyncIterator[str]) -> list[str]:
        return [one async for one in words]

    seen: Callable[[], Awaitable[Standing]] = look
    return asyncio.run(all_of(watch(WAITING, seen, **{"every": 0.0, **pace})))


def names(words: list[str]) -> list[str]:
    return [one.partition("\n")[0] for one in words]


def test_only_changes_are_told() -> None:
    told = stream(iter([WAITING, WAITING, MAKING, MAKING, DONE]))
    assert names(told) == ["event: file"] * 3 + ["event: settled"]


def test_a_silent_stream_shows_that_it_lives() -> None:
    told = stream(iter([WAITING, WAITING, DONE]), beat=0.0)
    assert names(told)[1:3] == [": still watching"] * 2


def test_after_some_time_the_client_asks_anew() -> None:
    assert names(stream(iter([]), longest=0.0)) == ["event: file", "event: timeout"]


def test_who_loses_the_right_to_read_is_told_no_more() -> None:
    told = stream(iter([NoSuchFile(), DONE]))
    assert names(told) == ["event: file", "event: refused"]
    assert "no-such-file" in told[-1]


def test_the_right_is_looked_at_each_time(amira: Person, vera: Person, item: UUID) -> None:
    file = make.file(amira, item)
    with amira.at_work() as work:
        assert not standing(work, file).settled
    with pytest.raises(NoSuchFile), vera.at_work() as work:
        standing(work, file)
