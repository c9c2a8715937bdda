"""A portfolio goes to another installation and back out of it, and nothing is lost on the way."""

from __future__ import annotations

from typing import cast
from uuid import UUID

import pytest

from app.evidence.handlers import arrival
from app.privacy.packing import WORKING
from tests import assess, make
from tests.assess import Panel
from tests.evidence.conftest import silence
from tests.make import Json, Person
from tests.privacy.conftest import brought_in, taken_along

BEGINS_ANEW = {
    "evidence_file": {"state", "received_at", "settled_at", "quarantined_at"},
}
"""What of a row is told by where it is: a file is received and checked once more."""


@pytest.fixture
def whole(amira: Person, officer: Person) -> UUID:
    """A portfolio with something of everything."""
    id = make.submitted(amira, officer)
    item = make.item(amira, id, kind="recording", title="A session")
    file = make.file(amira, item, silence(3), media_type="audio/wav", name="session.wav")
    make.consent(amira, item)
    claim = make.claim(amira, item, "2a", file_id=str(file), from_ms=500, to_ms=1500)
    changed = amira.patch(
        f"/claims/{claim['id']}", {"reason": "Said better."}, if_match=f'"{claim["version"]}"'
    )
    assert changed.status_code == 200, changed.text
    captions = {"text": "WEBVTT\n\n00:00.500 --> 00:01.500\nWhat brings you here?\n"}
    assert amira.put(f"/files/{file}/captions/en", captions).status_code < 300
    first = make.file(amira, item, b"A first version.\n", name="notes.txt")
    replace(amira, item, first, b"A second version.\n")
    removed = make.item(amira, id, title="A mistake")
    make.file(amira, removed)
    assert amira.delete(f"/evidence/{removed}", if_match='"1"').status_code == 204
    make.granted(amira, item, make.new_file(b"still to come", name="later.txt"))
    make.file(amira, item, b"%PDF-1.7 no more", media_type="application/pdf", name="broken.pdf")
    return id


@pytest.fixture
def small(amira: Person) -> UUID:
    """A portfolio with one file."""
    id = make.portfolio(amira)
    make.file(amira, make.item(amira, id))
    return id


def replace(candidate: Person, item: UUID, old: UUID, content: bytes) -> None:
    """Hand in a new version of a file."""
    body = {**make.new_file(content, name="notes.txt"), "replaces": str(old)}
    granted = make.granted(candidate, item, body)
    assert make.send(granted["request"], content) == 200
    id = cast(Json, granted["file"])["id"]
    assert candidate.post(f"/files/{id}/completion", {}).status_code == 202
    arrival.check_file(make.shift(candidate.tenant), UUID(str(id)))


def without(rows: list[Json], left: set[str]) -> list[Json]:
    return [{name: value for name, value in one.items() if name not in left} for one in rows]


def test_a_portfolio_comes_out_of_another_installation_as_it_went_in(
    amira: Person, aicha: Person, whole: UUID
) -> None:
    first = taken_along(amira, whole)
    ended = brought_in(aicha, first.content)
    assert ended["state"] == "imported", ended
    assert ended["portfolio_id"] == str(whole)
    second = taken_along(aicha, whole)

    for table in WORKING:
        left = BEGINS_ANEW.get(table, set())
        assert without(second.rows(table), left) == without(first.rows(table), left), table
    assert {table for table in WORKING if first.rows(table)} == set(WORKING)
    files = {name for name in first.members if name.startswith("files/")}
    assert len(files) == 6
    for name in files:
        assert second.members[name] == first.members[name]

    record = cast(Json, cast(Json, second.json("portfolio.json")["imported"])["record"])
    former = first.json("portfolio.json")
    tables = cast(dict[str, list[Json]], record.pop("tables"))
    assert record.pop("results") is None
    assert record == {name: value for name, value in former.items() if name != "tables"}
    for table in cast(Json, former["tables"]).keys() - set(WORKING):
        assert tables[table] == first.rows(table), table
    assert tables["evidence_file"] == first.rows("evidence_file")
    manifest = cast(Json, second.json("portfolio.json")["imported"])["manifest"]
    assert manifest == first.json("manifest.json")
    is_a_draft_whose_files_were_checked(aicha, whole)
    can_go_on(aicha, whole)


def is_a_draft_whose_files_were_checked(aicha: Person, portfolio_id: UUID) -> None:
    found = aicha.get(f"/portfolios/{portfolio_id}").json()
    assert (found["state"], found["candidate_id"]) == ("draft", str(aicha.id))
    states = {one["name"]: one["state"] for one in found["files"] if one["name"] != "notes.txt"}
    assert states == {
        "minutes.txt": "available",
        "session.wav": "available",
        "later.txt": "announced",
        "broken.pdf": "rejected",
    }
    versions = [one["state"] for one in found["files"] if one["name"] == "notes.txt"]
    assert versions == ["superseded", "available"]
    (session,) = (one for one in found["files"] if one["name"] == "session.wav")
    assert session["duration_ms"] == 3000
    said = aicha.get(f"/portfolios/{portfolio_id}/search?q=brings").json()
    assert [one["file_id"] for one in said] == [session["id"]]


def test_what_was_decided_elsewhere_comes_along_as_a_record_that_counts_for_nothing(
    panel: Panel, aicha: Person
) -> None:
    case, number = assess.certified(panel)
    first = taken_along(case.amira, case.portfolio_id)
    ended = brought_in(aicha, first.content)
    assert ended["state"] == "imported", ended
    record = aicha.get(f"/portfolios/{case.portfolio_id}/imported-record").json()["record"]
    assert record["results"] == first.json("results.json")
    assert record["results"]["certificate"]["number"] == number
    assert record["tables"]["snapshot"] == first.rows("snapshot")
    assert aicha.get(f"/portfolios/{case.portfolio_id}/result").status_code == 409
    assert aicha.get(f"/portfolios/{case.portfolio_id}/decision").status_code == 404
    assert aicha.tenant.browser.get(f"/api/v1/certificates/{number}").status_code == 404


def can_go_on(aicha: Person, portfolio_id: UUID) -> None:
    """The portfolio that came in can be changed, as any draft; what was still to come may come."""
    before = aicha.get(f"/portfolios/{portfolio_id}").json()
    (later,) = (one for one in before["files"] if one["name"] == "later.txt")
    granted = aicha.post(f"/files/{later['id']}/grant").json()
    assert make.send(granted["request"], b"still to come") == 200
    make.claim(aicha, make.item(aicha, portfolio_id), "2b")
    answer = aicha.post(f"/portfolios/{portfolio_id}/application", make.application())
    assert answer.status_code == 200, answer.text


def test_a_portfolio_is_not_taken_in_where_it_is_already(
    amira: Person, aicha: Person, otto: Person, small: UUID
) -> None:
    archive = taken_along(amira, small)
    for someone in (amira, otto):
        before = taken_along(amira, small).members["portfolio.json"]
        ended = brought_in(someone, archive.content)
        assert (ended["state"], ended["problem"]) == ("refused", "already-here")
        assert len(before) < len(taken_along(amira, small).members["portfolio.json"])
    assert brought_in(aicha, archive.content)["state"] == "imported"
    assert brought_in(aicha, archive.content)["problem"] == "already-here"


def test_an_unfinished_portfolio_of_the_same_kind_stands_in_the_way(
    amira: Person, aicha: Person, small: UUID
) -> None:
    mine = make.portfolio(aicha)
    ended = brought_in(aicha, taken_along(amira, small).content)
    assert ended["problem"] == "portfolio-open"
    assert aicha.post(f"/portfolios/{mine}/withdrawal").status_code == 200
    assert brought_in(aicha, taken_along(amira, small).content)["state"] == "imported"
