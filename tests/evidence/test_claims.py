"""Claims: where in a file the proof stands, what a claim said before, and what could be claimed."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import cast
from uuid import UUID

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from app.kit.canonical import digest
from tests import make, rules
from tests.evidence.conftest import problem, tree
from tests.evidence.samples import picture
from tests.make import Json, Person

BOX = {"x": 0.1, "y": 0.25, "width": 0.5, "height": 0.125}
WHOLE = {"x": 0, "y": 0, "width": 1, "height": 1}


@pytest.fixture
def paper(amira: Person, item: UUID, pdf: bytes) -> str:
    """A document of three pages."""
    return str(make.file(amira, item, pdf, media_type="application/pdf", name="minutes.pdf"))


class TestBoxes:
    def test_a_claim_points_at_a_box_in_a_page(
        self, amira: Person, portfolio: UUID, item: UUID, paper: str
    ) -> None:
        made = make.claim(amira, item, "1a", file_id=paper, page=2, box=BOX)
        assert (made["page"], made["box"]) == (2, BOX)
        assert [one["box"] for one in tree(amira, portfolio)["claims"]] == [BOX]

    def test_its_numbers_are_kept_to_four_decimals(
        self, amira: Person, item: UUID, paper: str
    ) -> None:
        box = {"x": 0.123456, "y": 0, "width": 0.876544, "height": 1}
        made = make.claim(amira, item, "1a", file_id=paper, page=1, box=box)
        assert made["box"] == {"x": 0.1235, "y": 0, "width": 0.8765, "height": 1}

    @pytest.mark.parametrize(
        "box",
        [
            {**BOX, "x": 0.6001},
            {**BOX, "height": 0.7502},
            {**BOX, "width": 0},
            {**BOX, "width": 0.00001},
            {**BOX, "x": -0.1},
            {**BOX, "y": 1.5},
            {**BOX, "depth": 1},
            {"x": 0.1, "y": 0.1},
            [0, 0, 1, 1],
        ],
    )
    def test_a_box_lies_within_its_page(
        self, amira: Person, portfolio: UUID, item: UUID, paper: str, box: object
    ) -> None:
        body = {"indicator": "1a", "reason": "x", "file_id": paper, "page": 1, "box": box}
        assert amira.post(f"/evidence/{item}/claims", body).status_code == 422
        assert tree(amira, portfolio)["claims"] == []

    @pytest.mark.parametrize(
        ("place", "why"),
        [
            ({"box": BOX}, "Say on which page of the document the box is."),
            ({"box": BOX, "from_ms": 0, "to_ms": 5}, "Only a page or a picture has a box."),
        ],
    )
    def test_a_box_is_in_a_page(
        self, amira: Person, item: UUID, paper: str, place: Json, why: str
    ) -> None:
        body = {"indicator": "1a", "reason": "x", "file_id": paper, **place}
        answer = amira.post(f"/evidence/{item}/claims", body)
        assert problem(answer) == (422, "locator-out-of-place")
        assert answer.json()["detail"] == why

    def test_a_box_needs_a_file_and_goes_with_it(
        self, amira: Person, portfolio: UUID, item: UUID, paper: str
    ) -> None:
        body = {"indicator": "1a", "reason": "x", "box": BOX}
        answer = amira.post(f"/evidence/{item}/claims", body)
        assert problem(answer) == (422, "locator-out-of-place")
        made = make.claim(amira, item, "1a", file_id=paper, page=2, box=BOX)
        assert amira.delete(f"/files/{paper}").status_code == 204
        (claim,) = tree(amira, portfolio)["claims"]
        assert (claim["file_id"], claim["page"], claim["box"]) == (None, None, None)
        assert made["version"] == 1
        assert claim["version"] == 2

    def test_a_picture_has_a_box_without_a_page_and_a_recording_none(
        self, amira: Person, item: UUID, recording: bytes
    ) -> None:
        photo = make.file(amira, item, picture("PNG"), media_type="image/png", name="chart.png")
        assert make.claim(amira, item, "1a", file_id=str(photo), box=WHOLE)["box"] == WHOLE
        voice = make.file(amira, item, recording, media_type="audio/wav", name="first.wav")
        body = {"indicator": "1a", "reason": "x", "file_id": str(voice), "box": BOX}
        answer = amira.post(f"/evidence/{item}/claims", body)
        assert problem(answer) == (422, "locator-out-of-place")

    @pytest.mark.parametrize(
        "box",
        [
            "'[]'",
            "'null'",
            """'{"x": 0, "y": 0, "width": 1}'""",
            """'{"x": 0, "y": 0, "width": 1, "height": "1"}'""",
            """'{"x": 0, "y": 0, "width": 1, "height": 1, "z": 1}'""",
            """'{"x": 0.5, "y": 0, "width": 0.6, "height": 1}'""",
            """'{"x": 0, "y": 0, "width": 0, "height": 1}'""",
        ],
    )
    def test_the_database_keeps_no_other_box(
        self, amira: Person, item: UUID, paper: str, superuser_engine: Engine, box: str
    ) -> None:
        claim = make.claim(amira, item, "1a", file_id=paper, page=2, box=BOX)
        change = text(f"UPDATE claim SET box = {box} WHERE id = :id")  # noqa: S608 -- constants
        with (
            superuser_engine.begin() as connection,
            pytest.raises(DBAPIError, match="claim_box_check"),
        ):
            connection.execute(change, {"id": claim["id"]})


def test_one_recording_serves_many_indicators_with_ranges_of_their_own(
    amira: Person, portfolio: UUID, item: UUID, recording: bytes
) -> None:
    file = str(make.file(amira, item, recording, media_type="audio/wav", name="first.wav"))
    ranges = {"1a": (0, 500), "2b": (400, 1500), "7m": (1500, 2000)}
    for code, (begin, end) in ranges.items():
        make.claim(amira, item, code, file_id=file, from_ms=begin, to_ms=end)
    shown = tree(amira, portfolio)["claims"]
    assert {one["indicator"]: (one["from_ms"], one["to_ms"]) for one in shown} == ranges
    assert {one["file_id"] for one in shown} == {file}


class TestVersions:
    def test_each_change_keeps_what_was_said_before(
        self, amira: Person, item: UUID, paper: str
    ) -> None:
        claim = make.claim(amira, item, "1a", reason="First.", file_id=paper, page=1, box=BOX)
        path = f"/claims/{claim['id']}"
        changes: list[Json] = [{"reason": "Second."}, {"page": 3, "box": None}, {"file_id": None}]
        for number, change in enumerate(changes, start=1):
            answer = amira.patch(path, change, if_match=f'"{number}"')
            assert answer.status_code == 200, answer.text
        told = amira.get(f"{path}/versions").json()
        assert [
            (one["version"], one["reason"], one["file_id"], one["page"], one["box"]) for one in told
        ] == [
            (1, "First.", paper, 1, BOX),
            (2, "Second.", paper, 1, BOX),
            (3, "Second.", paper, 3, None),
            (4, "Second.", None, None, None),
        ]
        assert [one["replaced_by"] for one in told] == [str(amira.id)] * 3 + [None]
        assert [one["written_at"] for one in told[1:]] == [one["replaced_at"] for one in told[:-1]]
        assert told[-1]["replaced_at"] is None

    def test_a_refused_change_leaves_no_version(
        self, amira: Person, item: UUID, paper: str
    ) -> None:
        claim = make.claim(amira, item, "1a", file_id=paper, page=1)
        path = f"/claims/{claim['id']}"
        assert amira.patch(path, {"page": 9}, if_match='"1"').status_code == 422
        assert amira.patch(path, {"reason": "x"}, if_match='"7"').status_code == 412
        assert [one["version"] for one in amira.get(f"{path}/versions").json()] == [1]

    def test_a_place_lost_with_its_file_is_a_change_too(
        self, amira: Person, item: UUID, paper: str
    ) -> None:
        claim = make.claim(amira, item, "1a", file_id=paper, page=2)
        assert amira.delete(f"/files/{paper}").status_code == 204
        told = amira.get(f"/claims/{claim['id']}/versions").json()
        assert [(one["version"], one["page"]) for one in told] == [(1, 2), (2, None)]

    def test_who_may_not_read_the_claim_does_not_read_what_it_said(
        self, amira: Person, bruno: Person, otto: Person, officer: Person, item: UUID
    ) -> None:
        claim = make.claim(amira, item, "1a")
        path = f"/claims/{claim['id']}/versions"
        for person in (bruno, otto):
            assert problem(person.get(path)) == (404, "no-such-claim")
        assert len(officer.get(path).json()) == 1
        assert amira.delete(f"/claims/{claim['id']}", if_match='"1"').status_code == 204
        assert problem(amira.get(path)) == (404, "no-such-claim")

    def test_nobody_rewrites_what_was_said(
        self, amira: Person, item: UUID, superuser_engine: Engine
    ) -> None:
        claim = make.claim(amira, item, "1a")
        path = f"/claims/{claim['id']}"
        assert amira.patch(path, {"reason": "Other."}, if_match='"1"').status_code == 200
        with (
            superuser_engine.begin() as connection,
            pytest.raises(DBAPIError, match="never changed"),
        ):
            connection.execute(text("UPDATE claim_version SET reason = 'mine'"))
        assert amira.delete(path, if_match='"2"').status_code == 204
        left = text("SELECT count(*) FROM claim_version WHERE claim_id = :id")
        with superuser_engine.connect() as connection:
            assert connection.execute(left, {"id": claim["id"]}).scalar_one() == 0


class TestSuggestions:
    def test_indicators_whose_examples_name_the_kind_are_proposed(
        self, amira: Person, portfolio: UUID
    ) -> None:
        item = make.item(amira, portfolio, kind="recording")
        found = amira.get(f"/evidence/{item}/suggestions").json()
        assert [one["indicator"] for one in found] == [
            code
            for code, one in rules.framework().indicators.items()
            if any("recording" in example.kinds for example in one.evidence)
        ]
        first = found[0]
        assert first["indicator"] == "2b"
        assert first["need"] == "evidence"
        assert first["why"]["en"] == "It has 0 of the 1 pieces it needs."
        assert first["why"]["fr"] == "Preuves réunies : 0 sur les 1 nécessaires."
        assert first["statement"].keys() == {"en", "fr"}
        assert first["examples"][0]["text"]["en"].startswith("Video or audio (with the client")
        assert "rating" not in json.dumps(found)

    def test_those_that_lack_evidence_come_first_and_claimed_ones_not_at_all(
        self, amira: Person, portfolio: UUID
    ) -> None:
        case = str(make.case(amira, portfolio))
        with_case = make.item(amira, portfolio, kind="recording", case_id=case)
        without = make.item(amira, portfolio, kind="documentation")
        make.claim(amira, with_case, "2b")
        make.claim(amira, without, "2c")
        new = make.item(amira, portfolio, kind="recording")
        found = amira.get(f"/evidence/{new}/suggestions").json()
        needs = {one["indicator"]: (one["need"], one["items"], one["cases"]) for one in found}
        assert needs["2b"] == ("nothing", 1, 1)
        assert needs["2c"] == ("cases", 1, 0)
        assert needs["2d"] == ("evidence", 0, 0)
        assert [one["indicator"] for one in found[-2:]] == ["2c", "2b"]
        beside = amira.get(f"/evidence/{with_case}/suggestions").json()
        assert "2b" not in [one["indicator"] for one in beside]

    def test_they_are_for_those_who_may_read_the_evidence(
        self, bruno: Person, otto: Person, item: UUID
    ) -> None:
        for person in (bruno, otto):
            answer = person.get(f"/evidence/{item}/suggestions")
            assert problem(answer) == (404, "no-such-evidence")


class TestAuthorship:
    def test_who_made_it_is_declared_with_it_and_stays_declared(
        self, amira: Person, portfolio: UUID
    ) -> None:
        shared = {"role": "shared", "contribution": "I asked, the mentee drew."}
        item = make.item(amira, portfolio, authorship=shared)
        shown = amira.get(f"/evidence/{item}").json()["authorship"]
        assert (shown["role"], shown["contribution"]) == ("shared", "I asked, the mentee drew.")
        (in_tree,) = tree(amira, portfolio)["evidence"]
        assert in_tree["authorship"]["role"] == "shared"  # type: ignore[index]
        body = make.new_item(title="Described anew")
        del body["authorship"]
        kept = amira.put(f"/evidence/{item}", body, if_match='"1"').json()
        assert kept["authorship"] == shown
        body["authorship"] = {"role": "by_others"}
        changed = amira.put(f"/evidence/{item}", body, if_match='"2"').json()["authorship"]
        assert (changed["role"], changed["contribution"]) == ("by_others", None)
        assert changed["declared_at"] > shown["declared_at"]

    @pytest.mark.parametrize(
        "authorship",
        [{"role": "shared"}, {"role": "nobody"}, {}, {"role": "shared", "contribution": " "}],
    )
    def test_what_is_shared_says_what_part_is_one_s_own(
        self, amira: Person, portfolio: UUID, authorship: Json
    ) -> None:
        body = make.new_item(authorship=authorship)
        assert amira.post(f"/portfolios/{portfolio}/evidence", body).status_code == 422

    def test_what_is_offered_undeclared_keeps_the_portfolio_back(
        self, amira: Person, portfolio: UUID
    ) -> None:
        item = make.item(amira, portfolio, authorship=None)
        assert amira.get(f"/evidence/{item}").json()["authorship"] is None

        def undeclared() -> list[object]:
            report = amira.get(f"/portfolios/{portfolio}/readiness").json()["unmet"]
            return [one["evidence_id"] for one in report if one["rule"] == "authorship_declared"]

        assert undeclared() == []
        make.claim(amira, item, "1a")
        assert undeclared() == [str(item)]
        assert amira.put(f"/evidence/{item}", make.new_item(), if_match='"1"').status_code == 200
        assert undeclared() == []


def test_boxes_and_declarations_are_sealed(amira: Person, officer: Person, pdf: bytes) -> None:
    id_ = make.ready(amira, officer)
    item = tree(amira, id_)["evidence"][0]
    file = make.file(amira, UUID(str(item["id"])), pdf, media_type="application/pdf")
    claim = make.claim(amira, UUID(str(item["id"])), "1b", file_id=str(file), page=1, box=BOX)
    shown = tree(amira, id_)
    assert amira.post(f"/portfolios/{id_}/submission").status_code == 200
    manifest = amira.get(f"/portfolios/{id_}/snapshot/manifest").json()
    entries = {(one["kind"], one["id"]): one for one in manifest["entries"] if "id" in one}
    of_claim = {
        "reason": claim["reason"],
        "file": str(file),
        "page": 1,
        "box": BOX,
        "from_ms": None,
        "to_ms": None,
    }
    assert entries["claim", claim["id"]]["content_sha256"] == digest(of_claim)
    without = {**of_claim, "box": None}
    assert entries["claim", claim["id"]]["content_sha256"] != digest(without)
    (declared,) = [one for one in shown["evidence"] if one["id"] == item["id"]]
    authorship = cast(Json, declared["authorship"])
    at = datetime.fromisoformat(str(authorship["declared_at"])).astimezone(UTC)
    of_item = {
        **{name: declared[name] for name in ("kind", "title", "description", "practised_on")},
        "case": declared["case_id"],
        "authorship": {**authorship, "declared_at": at.isoformat()},
    }
    assert entries["evidence", item["id"]]["content_sha256"] == digest(of_item)
    content = text("SELECT content FROM snapshot WHERE portfolio_id = :id")
    with amira.tenant.at_work() as work:
        sealed = json.loads(work.session.execute(content, {"id": id_}).scalar_one())
    assert [one["box"] for one in sealed["claims"] if one["id"] == claim["id"]] == [BOX]
    assert {one["authorship"]["role"] for one in sealed["evidence"]} == {"own"}
    assert {tuple(one["cautions"]) for one in sealed["files"]} == {()}


def test_what_has_neither_box_nor_declaration_is_sealed_as_before(
    amira: Person, officer: Person
) -> None:
    """A manifest of before there were boxes is computed again by the rule of today."""
    id_ = make.ready(amira, officer)
    assert amira.post(f"/portfolios/{id_}/submission").status_code == 200
    manifest = amira.get(f"/portfolios/{id_}/snapshot/manifest").json()
    claim = tree(amira, id_)["claims"][0]
    as_before = {
        "reason": claim["reason"],
        "file": claim["file_id"],
        "page": None,
        "from_ms": None,
        "to_ms": None,
    }
    (entry,) = [one for one in manifest["entries"] if one.get("id") == claim["id"]]
    assert entry["content_sha256"] == digest(as_before)
