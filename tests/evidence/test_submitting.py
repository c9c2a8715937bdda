"""Submitting a portfolio: found ready, sealed, and proven from the outside."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import cast
from uuid import UUID

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError
from starlette.testclient import TestClient

from app.actor import Role
from app.evidence.handlers import arrival
from app.kit.db import Sessions
from app.storage.s3 import S3Store
from tests import make
from tests.evidence.conftest import problem, tree
from tests.make import Json, Person
from tests.merkle import tree_hash


def readiness(person: Person, portfolio: UUID) -> list[Json]:
    """Return the lines of the report that stand in the way."""
    report = person.get(f"/portfolios/{portfolio}/readiness").json()
    lines = [line for line in report["unmet"] if not line["advice"]]
    assert report["ready"] is (lines == [])
    return cast(list[Json], lines)


def rules(lines: list[Json]) -> set[object]:
    return {line["rule"] for line in lines}


def manifest(person: Person, portfolio: UUID) -> Json:
    found: Json = person.get(f"/portfolios/{portfolio}/snapshot/manifest").json()
    return found


def plain(value: object) -> bytes:
    """Return canonical JSON, which for texts, whole numbers and null is this."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


@dataclass(frozen=True, slots=True)
class Sealed:
    """A portfolio that was submitted, and what was in it."""

    amira: Person
    id: UUID
    shown: dict[str, list[Json]]


@pytest.fixture(scope="module")
def sealed(worker_sessions: Sessions, store: S3Store, browser: TestClient) -> Sealed:
    tenant = make.tenant(worker_sessions, store, browser)
    amira = make.person(tenant, "Amira", Role.CANDIDATE)
    id_ = make.submitted(amira, make.person(tenant, "Olga", Role.OFFICER))
    return Sealed(amira, id_, tree(amira, id_))


class TestReadiness:
    def test_every_missing_thing_is_named_with_where_to_mend_it(
        self, amira: Person, portfolio: UUID, item: UUID, recording: bytes
    ) -> None:
        lines = readiness(amira, portfolio)
        assert len(lines) == 150
        assert {
            "rule": "self_rating",
            "sentence": "Rate yourself on indicator 7m.",
            "indicator": "7m",
            "evidence_id": None,
            "advice": False,
        } in lines
        make.claim(amira, item, "1a")
        old = make.item(amira, portfolio, practised_on="2001-01-01")
        make.claim(amira, old, "1b")
        make.file(amira, old)
        make.claim(amira, old, "7m")
        sound = make.item(amira, portfolio)
        make.received(amira, sound, recording, media_type="audio/wav")
        make.claim(amira, sound, "1c")
        about = {
            (line["rule"], line["evidence_id"] or line["indicator"])
            for line in readiness(amira, portfolio)
            if line["evidence_id"] or line["indicator"] in ("1a", "7m")
        }
        assert about == {
            ("self_rating", "1a"),
            ("self_rating", "7m"),
            ("min_cases", "1a"),
            ("min_cases", "7m"),
            ("files_available", str(item)),
            ("max_age_months", str(old)),
            ("files_available", str(sound)),
            ("recordings_need_consent", str(sound)),
        }

    def test_a_recording_waits_for_the_consent_of_those_in_it(
        self, amira: Person, officer: Person, recording: bytes
    ) -> None:
        id_ = make.ready(amira, officer)
        item = UUID(str(tree(amira, id_)["evidence"][0]["id"]))
        make.file(amira, item, recording, media_type="audio/wav")
        lines = readiness(amira, id_)
        assert [(line["rule"], line["evidence_id"]) for line in lines] == [
            ("recordings_need_consent", str(item))
        ]
        refused = amira.post(f"/portfolios/{id_}/submission")
        assert problem(refused) == (409, "not-ready")
        assert [line["rule"] for line in refused.json()["unmet"]] == ["recordings_need_consent"]
        assert problem(amira.get(f"/portfolios/{id_}/snapshot")) == (404, "no-snapshot")
        make.consent(amira, item)
        assert readiness(amira, id_) == []

    def test_a_page_that_the_checked_file_does_not_have_stands_in_the_way(
        self, amira: Person, officer: Person, pdf: bytes
    ) -> None:
        id_ = make.ready(amira, officer)
        shown = tree(amira, id_)
        claim = next(one for one in shown["claims"] if one["indicator"] == "7m")
        item = UUID(str(claim["evidence_id"]))
        paper = make.received(amira, item, pdf, media_type="application/pdf")
        place = {"file_id": str(paper), "page": 900}
        path = f"/claims/{claim['id']}"
        assert amira.patch(path, place, if_match='"1"').status_code == 200
        arrival.check_file(make.shift(amira.tenant), paper)
        assert readiness(amira, id_) == [
            {
                "rule": "locator_in_file",
                "sentence": "The claim on indicator 7m points outside its file."
                " The document has 3 pages.",
                "indicator": "7m",
                "evidence_id": str(item),
                "advice": False,
            }
        ]
        refused = amira.post(f"/portfolios/{id_}/submission")
        assert problem(refused) == (409, "not-ready")
        better = amira.patch(path, {"reason": "Better words."}, if_match='"2"')
        assert better.status_code == 200  # what is left as it was does not stand in the way
        assert amira.patch(path, {"page": 3}, if_match='"3"').status_code == 200
        assert readiness(amira, id_) == []

    def test_a_claim_on_a_rejected_file_stands_in_the_way(
        self, amira: Person, portfolio: UUID, item: UUID, recording: bytes
    ) -> None:
        make.file(amira, item)
        damaged = make.file(amira, item, recording, media_type="application/pdf")
        claim = make.claim(amira, item, "1a", file_id=str(damaged), page=1)
        about = [line for line in readiness(amira, portfolio) if line["evidence_id"] == str(item)]
        assert [line["sentence"] for line in about] == [
            "A claim points into a file of this item that was not accepted."
        ]
        elsewhere = {"file_id": None}
        assert amira.patch(f"/claims/{claim['id']}", elsewhere, if_match='"1"').is_success
        assert not any(line["evidence_id"] for line in readiness(amira, portfolio))


class TestSealing:
    def test_a_ready_portfolio_is_submitted_and_sealed(
        self, amira: Person, officer: Person, pdf: bytes
    ) -> None:
        id_ = make.ready(amira, officer)
        first = UUID(str(tree(amira, id_)["evidence"][0]["id"]))
        make.consent(amira, first)
        rest = make.item(amira, id_, title="Not claimed, no file")
        before = tree(amira, id_)
        answer = amira.post(f"/portfolios/{id_}/submission")
        assert answer.status_code == 200, answer.text
        said = answer.json()
        assert said["state"] == "submitted"
        snapshot = amira.get(f"/portfolios/{id_}/snapshot").json()
        assert snapshot == said["snapshot"]
        assert snapshot["number"] == 1

        found = manifest(amira, id_)
        entries = cast(list[Json], found["entries"])
        assert tree_hash([plain(entry) for entry in entries]).hex() == snapshot["root"]
        assert found["root"] == snapshot["root"]
        kinds = [entry["kind"] for entry in entries]
        assert {kind: kinds.count(kind) for kind in kinds} == {
            "snapshot": 1,
            "case": 3,
            "claim": 81,
            "consent": 1,
            "evidence": 4,
            "file": 3,
            "self_rating": 75,
            "validation": 1,
        }
        by_id = {entry["id"]: entry for entry in entries[1:]}
        assert by_id[str(rest)]["kind"] == "evidence"
        for claim in before["claims"]:
            said_of_it = {
                "reason": claim["reason"],
                "file": claim["file_id"],
                "page": claim["page"],
                "from_ms": claim["from_ms"],
                "to_ms": claim["to_ms"],
            }
            sealed = by_id[claim["id"]]
            assert sealed["content_sha256"] == hashlib.sha256(plain(said_of_it)).hexdigest()
            assert sealed["indicator"] == claim["indicator"]
        for file in before["files"]:
            assert by_id[file["id"]]["sha256"] == hashlib.sha256(make.WORDS).hexdigest()

    def test_the_manifest_tells_nobody_s_words(self, sealed: Sealed) -> None:
        amira, id_ = sealed.amira, sealed.id
        found = amira.get(f"/portfolios/{id_}/snapshot/manifest").text
        for words in ("Minutes of the first meeting", "It shows how", "C-01", "minutes.txt"):
            assert words in json.dumps(sealed.shown)
            assert words not in found

    def test_what_was_submitted_stays_while_the_portfolio_goes_on(
        self, amira: Person, officer: Person
    ) -> None:
        id_ = make.submitted(amira, officer)
        before, content = manifest(amira, id_), kept_content(amira, id_)
        shown = tree(amira, id_)
        item, claim = shown["evidence"][0]["id"], shown["claims"][0]["id"]
        body = make.new_item(title="Described anew")
        assert amira.put(f"/evidence/{item}", body, if_match='"1"').status_code == 200
        patch = {"reason": "Said otherwise."}
        assert amira.patch(f"/claims/{claim}", patch, if_match='"1"').status_code == 200
        assert amira.delete(f"/claims/{claim}", if_match='"2"').status_code == 204
        added = make.item(amira, id_, title="Added later")
        make.file(amira, added)
        assert {one["title"] for one in tree(amira, id_)["evidence"]} > {
            "Described anew",
            "Added later",
        }
        assert manifest(amira, id_) == before
        assert kept_content(amira, id_) == content
        assert "Added later" not in content
        assert "Described anew" not in content

    def test_sealed_evidence_is_not_removed(self, sealed: Sealed) -> None:
        amira, id_, shown = sealed.amira, sealed.id, sealed.shown
        item, file = shown["evidence"][0]["id"], shown["files"][0]["id"]
        assert problem(amira.delete(f"/evidence/{item}", if_match='"1"')) == (
            409,
            "evidence-sealed",
        )
        assert problem(amira.delete(f"/files/{file}")) == (409, "evidence-sealed")
        assert tree(amira, id_) == shown

    def test_the_database_keeps_a_sealed_file_as_it_is(self, sealed: Sealed) -> None:
        amira, id_ = sealed.amira, sealed.id
        for change in (
            "state = 'deleted'",
            f"sha256 = '{'0' * 64}'",
            "size = size + 1",
            "media_type = 'text/html'",
        ):
            with (
                pytest.raises(DBAPIError, match="a sealed file stays as it is"),
                amira.tenant.at_work() as work,
            ):
                work.session.execute(text(f"UPDATE evidence_file SET {change}"))  # noqa: S608
        assert {one["state"] for one in tree(amira, id_)["files"]} == {"available"}

    def test_the_database_never_changes_a_snapshot(self, sealed: Sealed) -> None:
        amira, id_ = sealed.amira, sealed.id
        before = manifest(amira, id_)
        for table in ("snapshot", "snapshot_claim", "snapshot_file"):
            for statement in (
                f"DELETE FROM {table}",  # noqa: S608 -- constants
                f"UPDATE {table} SET portfolio_id = portfolio_id",  # noqa: S608
                f"TRUNCATE {table} CASCADE",
            ):
                with (
                    pytest.raises(DBAPIError, match="permission denied"),
                    amira.tenant.at_work() as work,
                ):
                    work.session.execute(text(statement))
        assert manifest(amira, id_) == before

    def test_a_portfolio_is_submitted_once(self, sealed: Sealed) -> None:
        amira, id_ = sealed.amira, sealed.id
        again = amira.post(f"/portfolios/{id_}/submission")
        assert problem(again) == (409, "step-not-open")
        assert manifest(amira, id_)["entries"][0]["number"] == 1  # type: ignore[index]

    def test_the_submission_is_on_record_with_its_root(self, sealed: Sealed) -> None:
        amira, id_ = sealed.amira, sealed.id
        root = amira.get(f"/portfolios/{id_}/snapshot").json()["root"]
        entry = text(
            "SELECT body FROM journal_entry WHERE stream_id = :id AND action = 'portfolio.submit'"
        )
        with amira.tenant.at_work() as work:
            body = json.loads(work.session.execute(entry, {"id": id_}).scalar_one())
        assert body["facts"]["root"] == root
        assert body["actor"] == str(amira.id)


def test_not_even_a_superuser_changes_a_snapshot(sealed: Sealed, superuser_engine: Engine) -> None:
    for table in ("snapshot", "snapshot_claim", "snapshot_file"):
        for statement in (
            f"DELETE FROM {table} WHERE portfolio_id = :id",  # noqa: S608 -- constants
            f"UPDATE {table} SET portfolio_id = :id WHERE portfolio_id = :id",  # noqa: S608
        ):
            with (
                pytest.raises(DBAPIError, match="never changed or removed"),
                superuser_engine.begin() as connection,
            ):
                connection.execute(text(statement), {"id": sealed.id})


def kept_content(person: Person, portfolio: UUID) -> str:
    """Return what referents are given to read."""
    content = text("SELECT content FROM snapshot WHERE portfolio_id = :id")
    with person.tenant.at_work() as work:
        found: str = work.session.execute(content, {"id": portfolio}).scalar_one()
        return found
