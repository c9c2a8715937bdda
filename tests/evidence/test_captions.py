"""Captions are attached to a recording, read by who reads it, found, and sealed with it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from typing import cast
from uuid import UUID

import pytest
from httpx2 import Response
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from app.evidence.handlers import captions, renditions
from app.evidence.queries import renditions as queries
from app.storage.s3 import S3Store
from tests import make
from tests.evidence.conftest import Shelves, problem, silence
from tests.make import Json, Person

WORDS = """WEBVTT

00:00:00.000 --> 00:00:01.000
<v Amira>What brings you here?</v>

00:00:01.000 --> 00:00:02.000
The summer season &amp; the bank
"""
KEPT = WORDS


@pytest.fixture
def heard(amira: Person, item: UUID, recording: bytes) -> UUID:
    """A recording of two seconds."""
    return make.file(amira, item, recording, media_type="audio/wav", name="meeting.wav")


def attach(
    person: Person, file: UUID, words: str = WORDS, language: str = "en", media: str = "text/vtt"
) -> Response:
    return person.send(
        "PUT",
        f"/files/{file}/captions/{language}",
        content=words.encode(),
        headers={"content_type": media},
    )


def keep(person: Person, file: UUID) -> None:
    """Have the worker do what was queued about captions."""
    with person.tenant.at_work() as work:
        ids = [one.id for one in queries.renditions(work, file) if "captions" in one.kind]
    for id_ in ids:
        captions.keep_captions(make.shift(person.tenant), id_)


def found(person: Person, portfolio: UUID, words: str) -> list[Json]:
    answer = person.send("GET", f"/portfolios/{portfolio}/search?q={words}")
    assert answer.status_code == 200, answer.text
    rows: list[Json] = answer.json()
    return rows


def test_captions_are_attached_and_read_again(
    amira: Person, portfolio: UUID, heard: UUID, shelves: Shelves
) -> None:
    answer = attach(amira, heard)
    assert answer.status_code == 200, answer.text
    digest = hashlib.sha256(KEPT.encode()).hexdigest()
    assert (answer.json()["cues"], answer.json()["sha256"]) == (2, digest)
    read = amira.get(f"/files/{heard}/captions/en")
    assert read.headers["x-content-type-options"] == "nosniff"
    assert (read.headers["content-type"], read.text) == ("text/vtt; charset=utf-8", KEPT)
    assert [one["language"] for one in amira.get(f"/files/{heard}").json()["captions"]] == ["en"]
    keep(amira, heard)
    assert shelves.derived(portfolio, heard) == {"captions-en": KEPT.encode()}
    kinds = {one["kind"]: one for one in amira.get(f"/files/{heard}").json()["renditions"]}
    assert (kinds["captions-en"]["state"], kinds["captions-en"]["sha256"]) == ("made", digest)


def test_a_client_may_send_them_as_json(amira: Person, heard: UUID) -> None:
    answer = attach(amira, heard, json.dumps({"text": WORDS}), media="application/json")
    assert answer.status_code == 200, answer.text
    assert amira.get(f"/files/{heard}/captions/en").text == KEPT
    wrong = attach(amira, heard, json.dumps({"words": WORDS}), media="application/json")
    assert problem(wrong) == (422, "not-web-vtt")


def test_captions_are_replaced_in_the_store_too(
    amira: Person, portfolio: UUID, heard: UUID, shelves: Shelves
) -> None:
    attach(amira, heard)
    keep(amira, heard)
    later = WORDS.replace("bank", "beach")
    assert attach(amira, heard, later).status_code == 200
    assert found(amira, portfolio, "bank") == []
    keep(amira, heard)
    assert shelves.derived(portfolio, heard) == {"captions-en": later.encode()}
    assert amira.delete(f"/files/{heard}/captions/en").status_code == 204
    keep(amira, heard)
    assert shelves.derived(portfolio, heard) == {}
    assert found(amira, portfolio, "beach") == []
    assert problem(amira.get(f"/files/{heard}/captions/en")) == (404, "no-such-captions")
    assert problem(amira.delete(f"/files/{heard}/captions/en")) == (404, "no-such-captions")


class Slow(S3Store):
    """The store to which captions come late: others were attached and kept on the way."""

    meanwhile: Callable[[], None]

    def put(self, key: str, content: bytes, media_type: str) -> None:
        meanwhile, Slow.meanwhile = Slow.meanwhile, lambda: None
        meanwhile()
        super().put(key, content, media_type)


@pytest.mark.parametrize("later", [WORDS.replace("bank", "beach"), None])
def test_captions_that_are_put_late_give_way_to_newer_ones(
    amira: Person, portfolio: UUID, heard: UUID, shelves: Shelves, later: str | None
) -> None:
    attach(amira, heard)
    with amira.tenant.at_work() as work:
        (id_,) = [one.id for one in queries.renditions(work, heard) if "captions" in one.kind]
    shift = make.shift(amira.tenant)

    def others() -> None:
        if later is None:
            assert amira.delete(f"/files/{heard}/captions/en").status_code == 204
        else:
            assert attach(amira, heard, later).status_code == 200
        captions.keep_captions(shift, id_)

    slow = cast(S3Store, object.__new__(Slow))
    slow.__dict__.update(shift.store.__dict__)
    Slow.meanwhile = others
    captions.keep_captions(replace(shift, store=slow), id_)
    expected = {} if later is None else {"captions-en": later.encode()}
    assert shelves.derived(portfolio, heard) == expected


def test_each_language_has_its_own(amira: Person, heard: UUID) -> None:
    attach(amira, heard)
    attach(amira, heard, WORDS.replace("bank", "banque"), "fr")
    assert "banque" in amira.get(f"/files/{heard}/captions/fr").text
    assert "banque" not in amira.get(f"/files/{heard}/captions/en").text
    assert attach(amira, heard, WORDS, "../x").status_code in (404, 422)
    assert attach(amira, heard, WORDS, "english").status_code == 422


@pytest.mark.parametrize(
    ("words", "refusal"),
    [
        ("1\n00:00:00,000 --> 00:00:01,000\nSubRip", "not-web-vtt"),
        (WORDS.replace("What", "<script>What"), "not-web-vtt"),
        (WORDS + "x" * (1 << 20), "captions-too-large"),
        (WORDS + "\n00:09:00.000 --> 00:09:01.000\nlater\n", "captions-beyond-end"),
    ],
)
def test_what_does_not_fit_is_refused(amira: Person, heard: UUID, words: str, refusal: str) -> None:
    assert problem(attach(amira, heard, words)) == (422, refusal)
    assert amira.get(f"/files/{heard}").json()["captions"] == []


def test_only_recordings_have_captions(amira: Person, item: UUID) -> None:
    assert problem(attach(amira, make.file(amira, item))) == (409, "not-a-recording")


def test_only_the_candidate_attaches_them(
    amira: Person, officer: Person, otto: Person, bruno: Person, portfolio: UUID, heard: UUID
) -> None:
    attach(amira, heard)
    make.submitted_as_it_is(portfolio, amira)
    assert problem(attach(officer, heard)) == (403, "not-the-candidate")
    assert officer.get(f"/files/{heard}/captions/en").text == KEPT
    for person in (otto, bruno):
        assert attach(person, heard).status_code == 404
        assert problem(person.get(f"/files/{heard}/captions/en")) == (404, "no-such-file")


def test_what_is_said_is_found_with_its_time(
    amira: Person, officer: Person, portfolio: UUID, heard: UUID, item: UUID
) -> None:
    attach(amira, heard)
    (row,) = found(amira, portfolio, "summer")
    assert row["kind"] == "captions"
    assert (row["file_id"], row["evidence_id"]) == (str(heard), str(item))
    assert (row["from_ms"], row["to_ms"]) == (0, 2_000)
    assert "season & the bank" in str(row["snippet"])
    assert officer.get(f"/portfolios/{portfolio}/search?q=summer").json() == [row]


def test_a_hold_keeps_the_captions_there_are(
    amira: Person, officer: Person, portfolio: UUID, heard: UUID
) -> None:
    assert attach(amira, heard, WORDS).status_code == 200
    hold = {"kind": "legal", "reason": "A court asked for it."}
    assert officer.post(f"/portfolios/{portfolio}/holds", hold).status_code == 201
    assert problem(amira.delete(f"/files/{heard}/captions/en")) == (409, "under-hold")
    later = WORDS.replace("summer", "winter")
    assert problem(attach(amira, heard, later)) == (409, "under-hold")
    assert attach(amira, heard, WORDS).status_code == 200
    assert amira.get(f"/files/{heard}/captions/en").text == KEPT


def test_captions_stay_apart_from_the_other_renditions(amira: Person, heard: UUID) -> None:
    attach(amira, heard)
    renditions.make_renditions(make.shift(amira.tenant), heard)
    kinds = {one["kind"]: one for one in amira.get(f"/files/{heard}").json()["renditions"]}
    assert kinds["captions-en"]["state"] == "waiting"
    with amira.tenant.at_work() as work:
        work.session.execute(text("DELETE FROM procrastinate.procrastinate_jobs"))
    renditions.take_up(make.shift(amira.tenant))
    queued = text(
        "SELECT count(*) FROM procrastinate.procrastinate_jobs"
        " WHERE task_name = 'evidence.keep_captions' AND args->>'tenant_id' = :tenant"
    )
    with amira.tenant.at_work() as work:
        values = {"tenant": str(amira.tenant.id)}
        assert work.session.execute(queued, values).scalar_one() == 1


def test_captions_that_came_with_an_import_are_found_and_kept(
    amira: Person, portfolio: UUID, heard: UUID, shelves: Shelves
) -> None:
    attach(amira, heard)
    with amira.tenant.at_work() as work:  # as an import leaves it: rows of captions, nothing else
        work.session.execute(text("DELETE FROM passage WHERE file_id = :file"), {"file": heard})
        work.session.execute(text("DELETE FROM rendition WHERE file_id = :file"), {"file": heard})
    assert found(amira, portfolio, "summer") == []
    renditions.take_up(make.shift(amira.tenant))
    assert len(found(amira, portfolio, "summer")) == 1
    keep(amira, heard)
    assert shelves.derived(portfolio, heard) == {"captions-en": KEPT.encode()}


def test_submitted_captions_are_sealed(amira: Person, officer: Person) -> None:
    portfolio = make.ready(amira, officer)
    item = make.item(amira, portfolio)
    make.consent(amira, item)
    heard = make.file(amira, item, silence(2), media_type="audio/wav")
    attach(amira, heard)
    answer = amira.post(f"/portfolios/{portfolio}/submission")
    assert answer.status_code == 200, answer.text
    manifest = amira.get(f"/portfolios/{portfolio}/snapshot/manifest").json()
    (entry,) = [one for one in manifest["entries"] if one["kind"] == "captions"]
    assert (entry["file"], entry["language"]) == (str(heard), "en")
    assert entry["sha256"] == hashlib.sha256(KEPT.encode()).hexdigest()

    assert attach(amira, heard).status_code == 200, "the same once more changes nothing"
    other = WORDS.replace("bank", "beach")
    assert problem(attach(amira, heard, other)) == (409, "evidence-sealed")
    assert problem(amira.delete(f"/files/{heard}/captions/en")) == (409, "evidence-sealed")
    assert attach(amira, heard, other, "fr").status_code == 200, "another language is new"
    assert attach(amira, heard, WORDS, "fr").status_code == 200
    with pytest.raises(IntegrityError), amira.tenant.at_work() as work:
        work.session.execute(
            text("UPDATE captions SET words = 'x' WHERE file_id = :file AND language = 'en'"),
            {"file": heard},
        )
