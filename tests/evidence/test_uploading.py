"""Handing in a file: announced to the service, sent to the store, checked by the worker."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import cast
from uuid import UUID

import pytest
from sqlalchemy import Engine, text

from app import worker
from app.evidence import uploads
from app.evidence.handlers import arrival
from app.kit.db import make_engine
from app.kit.settings import Settings
from app.storage import StoreUnavailable
from app.storage.s3 import S3Store
from tests import make
from tests.evidence.conftest import Shelves, problem, silence
from tests.make import Json, Person

PIECE = 5 * 1024 * 1024
"""Bytes: S3 takes no smaller part but the last."""


def file_of(grant: Json) -> UUID:
    return UUID(str(cast(Json, grant["file"])["id"]))


def check(person: Person, file_id: UUID) -> Json:
    """Have the worker check a file and return what became of it."""
    arrival.check_file(make.shift(person.tenant), file_id)
    found: Json = person.get(f"/files/{file_id}").json()
    return found


def complete(person: Person, file_id: UUID, **body: str) -> int:
    return person.post(f"/files/{file_id}/completion", body).status_code


def pieces(content: bytes, size: int = PIECE) -> list[bytes]:
    return [content[place : place + size] for place in range(0, len(content), size)]


def wanted(parts: Sequence[bytes], first: int = 1) -> Json:
    return {
        "parts": [
            {
                "number": number,
                "size": len(part),
                "sha256": hashlib.sha256(part).hexdigest(),
            }
            for number, part in enumerate(parts, first)
        ]
    }


def send_parts(person: Person, file_id: UUID, parts: Sequence[bytes]) -> None:
    answer = person.post(f"/files/{file_id}/parts", wanted(parts))
    assert answer.status_code == 200, answer.text
    for part, granted in zip(parts, answer.json()["parts"], strict=True):
        assert make.send(granted["request"], part) == 200


@pytest.fixture
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every file beyond 5 MiB go in parts of 5 MiB."""
    monkeypatch.setattr(uploads, "LARGEST_SINGLE", PIECE)
    monkeypatch.setattr(uploads, "PART_SIZE", PIECE)


@pytest.fixture
def long_recording() -> bytes:
    """A recording of two parts and a bit."""
    return silence(700)


class TestInOneRequest:
    def test_a_file_is_announced_sent_checked_and_kept(
        self, amira: Person, portfolio: UUID, item: UUID, pdf: bytes, shelves: Shelves
    ) -> None:
        body = make.new_file(pdf, media_type="application/pdf", name="minutes.pdf")
        answer = amira.post(f"/evidence/{item}/files", body)
        grant = answer.json()
        file = file_of(grant)
        assert answer.headers["location"] == f"/api/v1/files/{file}"
        assert (grant["file"]["state"], grant["parts"]) == ("announced", None)
        assert make.send(grant["request"], pdf) == 200
        said = amira.post(f"/files/{file}/completion", {})
        assert (said.status_code, said.json()["state"]) == (202, "received")
        found = check(amira, file)
        assert (found["state"], found["kind"], found["pages"]) == ("available", "document", 3)
        assert (found["problem"], found["size"]) == (None, len(pdf))
        assert shelves.kept(portfolio) == {str(file): pdf}
        assert shelves.incoming(portfolio) == {}

    def test_the_real_queue_takes_the_file_to_the_worker(
        self,
        amira: Person,
        item: UUID,
        recording: bytes,
        settings: Settings,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        engines: list[Engine] = []

        def watched(url: str, *, pool_size: int) -> Engine:
            engines.append(make_engine(url, pool_size=pool_size))
            return engines[-1]

        monkeypatch.setattr(worker, "make_engine", watched)
        # What other tests left in the queue would keep the worker busy for minutes.
        others = text(
            "UPDATE procrastinate.procrastinate_jobs SET status = 'cancelled'"
            " WHERE status = 'todo' AND args->>'tenant_id' <> :tenant"
        )
        with amira.tenant.at_work() as work:
            work.session.execute(others, {"tenant": str(amira.tenant.id)})
        file = make.received(
            amira, item, recording, media_type="audio/wav", name="first-meeting.wav"
        )
        worker.make_jobs(settings).run_worker(wait=False, concurrency=2, delete_jobs="successful")
        for engine in engines:
            engine.dispose()
        found = amira.get(f"/files/{file}").json()
        assert (found["state"], found["kind"], found["duration_ms"]) == ("available", "audio", 2000)

    def test_other_bytes_than_announced_are_refused_by_the_store(
        self, amira: Person, portfolio: UUID, item: UUID, shelves: Shelves
    ) -> None:
        grant = make.granted(amira, item, make.new_file(make.WORDS))
        other = make.WORDS.swapcase()
        assert len(other) == len(make.WORDS)
        assert 400 <= make.send(grant["request"], other) < 500
        assert 400 <= make.send(grant["request"], make.WORDS + b"more") < 500
        assert shelves.incoming(portfolio) == {}
        assert make.send(grant["request"], make.WORDS) == 200

    def test_what_lies_there_is_not_overwritten_before_the_check(
        self, amira: Person, portfolio: UUID, item: UUID, shelves: Shelves
    ) -> None:
        grant = make.granted(amira, item, make.new_file(make.WORDS))
        assert make.send(grant["request"], make.WORDS) == 200
        assert make.send(grant["request"], make.WORDS) == 412
        assert make.send(grant["request"], make.WORDS.swapcase()) in (400, 412)
        assert list(shelves.incoming(portfolio).values()) == [make.WORDS]

    def test_what_was_checked_is_not_exchanged_afterwards(
        self, amira: Person, portfolio: UUID, item: UUID, shelves: Shelves
    ) -> None:
        grant = make.granted(amira, item, make.new_file(make.WORDS))
        file = file_of(grant)
        assert make.send(grant["request"], make.WORDS) == 200
        assert complete(amira, file) == 202
        assert check(amira, file)["state"] == "available"
        assert 400 <= make.send(grant["request"], make.WORDS.swapcase()) < 500
        assert shelves.kept(portfolio) == {str(file): make.WORDS}

    def test_what_is_sent_again_after_the_check_is_cleared_away(
        self, amira: Person, portfolio: UUID, item: UUID, shelves: Shelves
    ) -> None:
        grant = make.granted(amira, item, make.new_file(make.WORDS))
        file = file_of(grant)
        shift = make.shift(amira.tenant)
        assert make.send(grant["request"], make.WORDS) == 200
        arrival.clear_incoming(shift, file)
        assert shelves.incoming(portfolio) == {str(file): make.WORDS}  # it may still be needed
        assert complete(amira, file) == 202
        assert check(amira, file)["state"] == "available"
        make.send(grant["request"], make.WORDS)
        arrival.clear_incoming(shift, file)
        assert shelves.incoming(portfolio) == {}
        assert shelves.kept(portfolio) == {str(file): make.WORDS}

    def test_the_clearing_away_is_queued_with_every_grant_for_when_it_has_expired(
        self, amira: Person, item: UUID
    ) -> None:
        file = file_of(make.granted(amira, item, make.new_file(make.WORDS)))
        assert amira.post(f"/files/{file}/grant").status_code == 200
        assert jobs(amira, file, "evidence.clear_incoming") == 2

    def test_a_file_that_is_not_the_announced_one_is_rejected_and_removed(
        self, amira: Person, portfolio: UUID, item: UUID, shelves: Shelves
    ) -> None:
        other = make.WORDS.swapcase()
        digests = [hashlib.sha256(content).hexdigest() for content in (make.WORDS, other)]
        size = len(make.WORDS)
        for content, difference in (
            (make.WORDS + b"more", f"Announced: {size} bytes; arrived: {size + 4} bytes."),
            (other, f"Announced: SHA-256 {digests[0]}; arrived: SHA-256 {digests[1]}."),
        ):
            file = file_of(make.granted(amira, item, make.new_file(make.WORDS)))
            shelves.put(f"incoming/{portfolio}/{file}", content)
            assert complete(amira, file) == 202
            found = check(amira, file)
            assert (found["state"], found["problem"]) == ("rejected", "digest-not-as-announced")
            assert str(found["problem_detail"]).endswith(difference)
            assert shelves.incoming(portfolio) == shelves.kept(portfolio) == {}

    def test_a_file_that_was_never_sent_is_rejected(
        self, amira: Person, portfolio: UUID, item: UUID, shelves: Shelves
    ) -> None:
        file = file_of(make.granted(amira, item, make.new_file(make.WORDS)))
        assert complete(amira, file) == 202
        found = check(amira, file)
        assert (found["state"], found["problem"]) == ("rejected", "nothing-arrived")
        assert found["problem_detail"] == arrival.NothingArrived.title()
        assert shelves.incoming(portfolio) == shelves.kept(portfolio) == {}

    def test_a_file_that_lies_about_its_type_is_rejected_with_the_problem(
        self, amira: Person, portfolio: UUID, item: UUID, recording: bytes, shelves: Shelves
    ) -> None:
        file = make.received(
            amira, item, recording, media_type="application/pdf", name="minutes.pdf"
        )
        found = check(amira, file)
        assert (found["state"], found["problem"]) == ("rejected", "wrong-type")
        assert found["problem_detail"] == (
            "The file is not of the type that it was announced as."
            " Announced: application/pdf; found: audio/wav."
        )
        assert shelves.incoming(portfolio) == shelves.kept(portfolio) == {}
        shown = amira.get(f"/portfolios/{portfolio}").json()["files"][0]
        assert (shown["state"], shown["problem"]) == ("rejected", "wrong-type")

    def test_saying_it_twice_that_everything_was_sent_changes_nothing(
        self, amira: Person, portfolio: UUID, item: UUID
    ) -> None:
        file = make.received(amira, item)
        version = amira.get(f"/portfolios/{portfolio}").json()["version"]
        assert complete(amira, file) == 202
        assert complete(amira, file, sha256=hashlib.sha256(make.WORDS).hexdigest()) == 202
        assert jobs(amira, file) == 1
        assert amira.get(f"/portfolios/{portfolio}").json()["version"] == version
        assert check(amira, file)["state"] == "available"
        assert complete(amira, file) == 202
        assert jobs(amira, file) == 1

    def test_another_digest_than_announced_is_never_taken(self, amira: Person, item: UUID) -> None:
        file = file_of(make.granted(amira, item, make.new_file(make.WORDS)))
        other = {"sha256": "0" * 64}
        answer = amira.post(f"/files/{file}/completion", other)
        assert problem(answer) == (409, "digest-differs")
        assert amira.get(f"/files/{file}").json()["state"] == "announced"
        assert complete(amira, file) == 202
        assert problem(amira.post(f"/files/{file}/completion", other)) == (409, "digest-differs")

    def test_an_expired_grant_is_renewed(
        self, amira: Person, item: UUID, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with monkeypatch.context() as shortly:
            shortly.setattr(uploads, "GRANT_LIFE", timedelta(seconds=1))
            grant = make.granted(amira, item, make.new_file(make.WORDS))
        file = file_of(grant)
        time.sleep(2.1)  # the store's clock is its own
        assert make.send(grant["request"], make.WORDS) == 403
        renewed = amira.post(f"/files/{file}/grant").json()
        assert make.send(renewed["request"], make.WORDS) == 200
        assert complete(amira, file) == 202
        assert check(amira, file)["state"] == "available"
        assert problem(amira.post(f"/files/{file}/grant")) == (409, "file-step-not-open")


class TestAnnouncing:
    def test_a_type_that_the_scheme_does_not_accept_is_refused_with_those_it_does(
        self, amira: Person, portfolio: UUID, item: UUID
    ) -> None:
        for media_type in ("image/svg+xml", "text/html", "application/zip"):
            body = make.new_file(make.WORDS, media_type=media_type)
            answer = amira.post(f"/evidence/{item}/files", body)
            assert problem(answer) == (422, "media-type-not-accepted")
            assert "application/pdf" in answer.json()["accepted"]["document"]
        assert amira.get(f"/portfolios/{portfolio}").json()["files"] == []

    def test_the_type_is_read_in_capitals_too(self, amira: Person, item: UUID) -> None:
        body = make.new_file(make.WORDS, media_type="Text/PLAIN")
        assert cast(Json, make.granted(amira, item, body)["file"])["media_type"] == "text/plain"

    def test_a_file_beyond_the_scheme_s_limit_is_refused(self, amira: Person, item: UUID) -> None:
        body = {**make.new_file(make.WORDS), "size": 5 * 2**30 + 1}
        answer = amira.post(f"/evidence/{item}/files", body)
        assert problem(answer) == (422, "file-too-large")
        assert answer.json()["max_bytes"] == 5 * 2**30
        for size in (0, -1, 2**53 + 1, 2**63, 10**30):
            answer = amira.post(f"/evidence/{item}/files", {**body, "size": size})
            assert problem(answer) == (422, "not-as-described")

    def test_a_file_sent_in_one_request_is_announced_with_its_digest(
        self, amira: Person, item: UUID
    ) -> None:
        body = make.new_file(make.WORDS)
        del body["sha256"]
        answer = amira.post(f"/evidence/{item}/files", body)
        assert problem(answer) == (422, "digest-needed")

    def test_a_file_is_sent_in_one_request_up_to_64_mib(self, amira: Person, item: UUID) -> None:
        body = make.new_file(make.WORDS)
        whole = make.granted(amira, item, {**body, "size": 64 * 2**20})
        assert (whole["parts"], whole["request"] is None) == (None, False)
        parted = make.granted(amira, item, {**body, "size": 64 * 2**20 + 1})
        assert parted["request"] is None
        assert parted["parts"] == {"count": 9, "size": 8 * 2**20}

    @pytest.mark.parametrize(
        "name", ["a\r\nb.txt", "a\x00b.txt", "\ud800.txt", "", "x" * 201, "a\x7fb"]
    )
    def test_a_name_is_one_line_of_complete_characters(
        self, amira: Person, item: UUID, name: str
    ) -> None:
        escaped = "".join(f"\\u{ord(letter):04x}" for letter in name)
        body = (
            f'{{"name": "{escaped}", "media_type": "text/plain", "size": 1,'
            f' "sha256": "{"0" * 64}"}}'
        )
        answer = amira.send(
            "POST",
            f"/evidence/{item}/files",
            content=body.encode(),
            headers={"content-type": "application/json"},
        )
        assert problem(answer) == (422, "not-as-described")


@pytest.mark.usefixtures("small_parts")
class TestInParts:
    def test_a_large_file_goes_in_parts(
        self,
        amira: Person,
        portfolio: UUID,
        item: UUID,
        long_recording: bytes,
        shelves: Shelves,
    ) -> None:
        body = make.new_file(long_recording, media_type="audio/wav", name="session.wav")
        grant = make.granted(amira, item, body)
        file = file_of(grant)
        assert grant["parts"] == {"count": 3, "size": PIECE}
        parts = pieces(long_recording)
        send_parts(amira, file, parts[:1])
        assert amira.get(f"/files/{file}").json()["state"] == "uploading"
        answer = amira.post(f"/files/{file}/parts", wanted(parts[1:], first=2))
        for part, granted in zip(parts[1:], answer.json()["parts"], strict=True):
            assert make.send(granted["request"], part) == 200
        assert complete(amira, file) == 202
        found = check(amira, file)
        assert (found["state"], found["duration_ms"]) == ("available", 700_000)
        assert shelves.kept(portfolio) == {str(file): long_recording}
        assert shelves.incoming(portfolio) == {}
        assert shelves.open_uploads(portfolio) == []

    def test_a_part_may_be_granted_again(
        self, amira: Person, item: UUID, long_recording: bytes
    ) -> None:
        body = make.new_file(long_recording, media_type="audio/wav")
        file = file_of(make.granted(amira, item, body))
        parts = pieces(long_recording)
        assert amira.post(f"/files/{file}/parts", wanted(parts[:1])).status_code == 200
        assert amira.post(f"/files/{file}/grant").json()["parts"] == {"count": 3, "size": PIECE}
        send_parts(amira, file, parts)
        assert complete(amira, file) == 202
        assert check(amira, file)["state"] == "available"

    def test_a_part_sent_again_never_leads_to_other_bytes(
        self,
        amira: Person,
        portfolio: UUID,
        item: UUID,
        long_recording: bytes,
        settings: Settings,
        shelves: Shelves,
    ) -> None:
        body = make.new_file(long_recording, media_type="audio/wav")
        file = file_of(make.granted(amira, item, body))
        parts = pieces(long_recording)
        granted = amira.post(f"/files/{file}/parts", wanted(parts)).json()["parts"]
        for number in (0, 0, 1, 2):  # the first by the same request twice
            assert make.send(granted[number]["request"], parts[number]) == 200
        assert complete(amira, file) == 202
        # SeaweedFS 4.48 may lose a part that was sent twice; it is then missed before it counts.
        hasty = replace(
            make.shift(amira.tenant), store=S3Store.from_settings(settings, patience=0.5)
        )
        with suppress(StoreUnavailable):
            arrival.check_file(hasty, file)
        state = amira.get(f"/files/{file}").json()["state"]
        kept = {str(file): long_recording} if state == "available" else {}
        assert (state, shelves.kept(portfolio)) in (("available", kept), ("received", {}))

    def test_the_digest_of_a_live_recording_is_given_at_its_end(
        self, amira: Person, item: UUID, long_recording: bytes
    ) -> None:
        body = make.new_file(long_recording, media_type="audio/wav")
        digest = str(body.pop("sha256"))
        file = file_of(make.granted(amira, item, body))
        send_parts(amira, file, pieces(long_recording))
        answer = amira.post(f"/files/{file}/completion", {})
        assert problem(answer) == (422, "digest-needed")
        assert amira.get(f"/files/{file}").json()["state"] == "uploading"
        assert complete(amira, file, sha256=digest) == 202
        assert check(amira, file)["state"] == "available"

    def test_parts_that_do_not_make_up_the_file_are_rejected_and_removed(
        self,
        amira: Person,
        portfolio: UUID,
        item: UUID,
        long_recording: bytes,
        shelves: Shelves,
    ) -> None:
        body = make.new_file(long_recording, media_type="audio/wav")
        file = file_of(make.granted(amira, item, {**body, "sha256": "0" * 64}))
        send_parts(amira, file, pieces(long_recording))
        assert complete(amira, file) == 202
        found = check(amira, file)
        assert (found["state"], found["problem"]) == ("rejected", "digest-not-as-announced")
        assert shelves.incoming(portfolio) == shelves.kept(portfolio) == {}
        assert shelves.open_uploads(portfolio) == []

    def test_a_part_has_its_number_and_its_length(
        self, amira: Person, item: UUID, long_recording: bytes
    ) -> None:
        body = make.new_file(long_recording, media_type="audio/wav")
        file = file_of(make.granted(amira, item, body))
        parts = pieces(long_recording)
        for asked in (wanted(parts[:1], first=4), wanted(parts[2:]), wanted(parts[:1], first=3)):
            answer = amira.post(f"/files/{file}/parts", asked)
            assert problem(answer) == (422, "parts-out-of-range")
            assert (answer.json()["parts"], answer.json()["part_size"]) == (3, PIECE)
        assert amira.get(f"/files/{file}").json()["state"] == "announced"
        assert amira.post(f"/files/{file}/parts", {"parts": []}).status_code == 422
        assert amira.post(f"/files/{file}/parts", wanted(parts[:1], first=0)).status_code == 422

    def test_a_part_of_other_bytes_is_refused_by_the_store(
        self, amira: Person, item: UUID, long_recording: bytes
    ) -> None:
        body = make.new_file(long_recording, media_type="audio/wav")
        file = file_of(make.granted(amira, item, body))
        first = pieces(long_recording)[0]
        granted = amira.post(f"/files/{file}/parts", wanted([first])).json()["parts"][0]
        assert 400 <= make.send(granted["request"], first.swapcase()[::-1]) < 500
        assert 400 <= make.send(granted["request"], first[:-1]) < 500

    def test_a_small_file_has_no_parts(self, amira: Person, item: UUID) -> None:
        file = file_of(make.granted(amira, item, make.new_file(make.WORDS)))
        answer = amira.post(f"/files/{file}/parts", wanted([make.WORDS]))
        assert problem(answer) == (409, "not-in-parts")

    def test_after_completion_no_part_is_granted_and_none_arrives(
        self, amira: Person, item: UUID, long_recording: bytes
    ) -> None:
        body = make.new_file(long_recording, media_type="audio/wav")
        file = file_of(make.granted(amira, item, body))
        parts = pieces(long_recording)
        granted = amira.post(f"/files/{file}/parts", wanted(parts)).json()["parts"]
        for part, grant in zip(parts, granted, strict=True):
            assert make.send(grant["request"], part) == 200
        assert complete(amira, file) == 202
        answer = amira.post(f"/files/{file}/parts", wanted(parts[:1]))
        assert problem(answer) == (409, "file-step-not-open")
        assert check(amira, file)["state"] == "available"
        assert make.send(granted[0]["request"], parts[0]) == 404

    def test_an_upload_given_up_leaves_nothing_in_the_store(
        self,
        amira: Person,
        portfolio: UUID,
        item: UUID,
        long_recording: bytes,
        shelves: Shelves,
    ) -> None:
        body = make.new_file(long_recording, media_type="audio/wav")
        file = file_of(make.granted(amira, item, body))
        send_parts(amira, file, pieces(long_recording)[:1])
        assert shelves.open_uploads(portfolio) == [f"incoming/{portfolio}/{file}"]
        assert amira.delete(f"/files/{file}").status_code == 204
        arrival.discard_upload(make.shift(amira.tenant), file)
        assert shelves.open_uploads(portfolio) == []
        assert amira.get(f"/files/{file}").json()["state"] == "deleted"


def test_a_recording_beyond_64_mib_arrives_whole(
    amira: Person, portfolio: UUID, item: UUID, shelves: Shelves
) -> None:
    content = silence(360, rate=96_000)
    assert len(content) > 64 * 2**20
    body = make.new_file(content, media_type="audio/wav", name="whole-session.wav")
    grant = make.granted(amira, item, body)
    file = file_of(grant)
    send_parts(amira, file, pieces(content, 8 * 2**20))
    assert complete(amira, file) == 202
    found = check(amira, file)
    assert (found["state"], found["size"]) == ("available", len(content))
    assert hashlib.sha256(shelves.kept(portfolio)[str(file)]).hexdigest() == body["sha256"]


class TestRemoving:
    def test_a_removed_file_leaves_the_portfolio_and_the_store(
        self, amira: Person, portfolio: UUID, item: UUID, shelves: Shelves
    ) -> None:
        file = make.file(amira, item)
        assert list(shelves.kept(portfolio)) == [str(file)]
        claim = make.claim(amira, item, "1a", file_id=str(file), page=1)
        assert amira.delete(f"/files/{file}").status_code == 204
        arrival.discard_upload(make.shift(amira.tenant), file)
        assert shelves.kept(portfolio) == {}
        shown = amira.get(f"/portfolios/{portfolio}").json()
        assert shown["files"] == []
        assert [(one["id"], one["file_id"], one["page"]) for one in shown["claims"]] == [
            (claim["id"], None, None)
        ]
        assert problem(amira.delete(f"/files/{file}")) == (409, "file-step-not-open")

    def test_a_file_is_not_removed_while_it_is_being_checked(
        self, amira: Person, item: UUID
    ) -> None:
        file = make.received(amira, item)
        assert problem(amira.delete(f"/files/{file}")) == (409, "file-step-not-open")
        assert problem(amira.delete(f"/evidence/{item}", if_match='"1"')) == (
            409,
            "file-step-not-open",
        )
        assert check(amira, file)["state"] == "available"
        assert amira.delete(f"/files/{file}").status_code == 204

    def test_the_bytes_of_a_file_in_use_are_never_discarded(
        self, amira: Person, portfolio: UUID, item: UUID, shelves: Shelves
    ) -> None:
        file = make.file(amira, item)
        arrival.discard_upload(make.shift(amira.tenant), file)
        arrival.clear_incoming(make.shift(amira.tenant), file)
        assert shelves.kept(portfolio) == {str(file): make.WORDS}


def jobs(person: Person, file_id: UUID, name: str = "evidence.check_file") -> int:
    """Return how many jobs of that name are queued for a file."""
    count = text(
        "SELECT count(*) FROM procrastinate.procrastinate_jobs"
        " WHERE task_name = :name AND args->>'subject_id' = :id"
    )
    with person.tenant.at_work() as work:
        found: int = work.session.execute(count, {"name": name, "id": str(file_id)}).scalar_one()
        return found
