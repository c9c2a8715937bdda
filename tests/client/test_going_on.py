"""An upload survives what happens on its way, and its program's death."""

from __future__ import annotations

import hashlib
import json
import os
import re
import stat
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest

from app.client import Client, FileChanged, Problem, UploadFailed, UploadUnderWay, upload
from app.client.http import Json
from app.client.notes import notebook
from app.evidence import parts
from tests.client.conftest import PIECE, MakeClient, check
from tests.fault_proxy import Answer, FaultProxy, Lose, Reset, Slow
from tests.make import Person

pytestmark = pytest.mark.usefixtures("small_parts")

PARTS = 5


def hand_in(client: Client, item: str, path: Path, **more: object) -> Json:
    return upload(client, item, path, media_type="audio/wav", wait=0.0, **more)  # type: ignore[arg-type]


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def taken(proxy: FaultProxy) -> Counter[int]:
    """Return how often the store took each part."""
    return Counter(
        int(number[1])
        for one in proxy.seen
        if one.method == "PUT"
        and one.status == 200
        and (number := re.search(r"partNumber=(\d+)", one.path))
    )


class Killed(BaseException):
    """Ends an upload where kill -9 would: nothing is tidied by the code under test."""


def killed_after(count: int) -> object:
    """Return a progress that ends its program once so many bytes are on their way."""
    told = 0

    def progress(sent: int) -> None:
        nonlocal told
        told += sent
        if told >= count:
            raise Killed

    return progress


ONCE = Counter(range(1, PARTS + 1))


class TestOnTheWay:
    @pytest.mark.parametrize(
        "fault",
        [Reset(after=0), Reset(after=3_000_000), Answer(503), Answer(500), Answer(403), Lose()],
        ids=str,
    )
    def test_a_part_that_failed_is_sent_again_unless_the_store_has_it(
        self,
        amira: Person,
        client_of: MakeClient,
        item: str,
        session: Path,
        proxy: FaultProxy,
        fault: Reset | Answer | Lose,
    ) -> None:
        proxy.on("PUT", "partNumber=3&", fault)
        file = hand_in(client_of(amira), item, session)
        assert taken(proxy) == ONCE
        assert file["sha256"] == digest(session)
        assert check(amira, file["id"]) == "available"

    def test_a_part_that_the_store_took_and_lost_is_sent_again(
        self,
        amira: Person,
        client_of: MakeClient,
        item: str,
        session: Path,
        proxy: FaultProxy,
    ) -> None:
        proxy.on("PUT", "partNumber=2", Answer(200))
        told: list[int] = []
        file = hand_in(client_of(amira), item, session, progress=told.append)
        assert check(amira, str(file["id"])) == "available"
        assert sum(told) == session.stat().st_size

    def test_a_grant_that_has_expired_is_renewed(
        self,
        amira: Person,
        client_of: MakeClient,
        item: str,
        session: Path,
        proxy: FaultProxy,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr(parts, "GRANT_LIFE", timedelta(seconds=1))
        proxy.on("PUT", "partNumber=1&", Slow(2_500_000))
        assert hand_in(client_of(amira), item, session)["state"] == "received"
        assert 403 in [one.status for one in proxy.seen]
        assert taken(proxy) == ONCE

    def test_a_store_that_refuses_for_good_is_named(
        self, amira: Person, client_of: MakeClient, item: str, session: Path, proxy: FaultProxy
    ) -> None:
        proxy.on("PUT", "partNumber=2&", *[Answer(403)] * 9)
        with pytest.raises(UploadFailed, match="the store answered 403"):
            hand_in(client_of(amira), item, session)

    def test_a_store_that_stays_away_is_given_up(
        self, amira: Person, client_of: MakeClient, item: str, session: Path, proxy: FaultProxy
    ) -> None:
        proxy.on("PUT", "", *[Reset()] * 99)
        with pytest.raises(UploadFailed, match="the store does not answer"):
            hand_in(client_of(amira, patience=1.0), item, session)

    def test_a_small_file_whose_answer_was_lost_has_arrived(
        self, amira: Person, client_of: MakeClient, item: str, tmp_path: Path, proxy: FaultProxy
    ) -> None:
        path = tmp_path / "journal.md"
        path.write_text("What I did, and what I take from it.\n" * 1000)
        proxy.on("PUT", "", Answer(500), Lose())
        told: list[int] = []
        file = upload(
            client_of(amira), item, path, media_type="text/markdown", wait=0.0, progress=told.append
        )
        assert [one.status for one in proxy.seen if one.method == "PUT"] == [None, 200, 412]
        assert sum(told) == path.stat().st_size
        assert check(amira, file["id"]) == "available"

    def test_a_file_that_changes_while_it_is_sent_is_not_handed_in(
        self, amira: Person, client_of: MakeClient, item: str, session: Path
    ) -> None:
        with pytest.raises(FileChanged):
            hand_in(client_of(amira), item, session, progress=lambda _: os.utime(session))


class TestAfterAKill:
    def test_only_what_is_missing_is_sent(
        self,
        amira: Person,
        client_of: MakeClient,
        item: str,
        session: Path,
        note: Path,
        proxy: FaultProxy,
    ) -> None:
        progress = killed_after(2 * PIECE + 1_000_000)
        with pytest.raises(Killed):
            hand_in(client_of(amira), item, session, note=note, progress=progress)
        before = taken(proxy)
        assert 2 <= len(before) < PARTS
        sent: list[int] = []
        there: list[int] = []
        client = client_of(amira)
        file = hand_in(client, item, session, note=note, progress=sent.append, already=there.append)
        assert taken(proxy) == ONCE
        size = session.stat().st_size
        assert sum(there) == sum(min(PIECE, size - (part - 1) * PIECE) for part in before)
        assert sum(sent) + sum(there) == size
        assert check(amira, file["id"]) == "available"
        assert client.get(f"/files/{file['id']}")["sha256"] == digest(session)

    def test_the_note_holds_nothing_secret_and_only_its_owner_reads_it(
        self, amira: Person, client_of: MakeClient, item: str, session: Path, note: Path
    ) -> None:
        with pytest.raises(Killed):
            hand_in(client_of(amira), item, session, note=note, progress=killed_after(PIECE))
        text = note.read_text()
        assert amira.token not in text
        assert "X-Amz" not in text
        assert stat.S_IMODE(note.stat().st_mode) == 0o600
        assert stat.S_IMODE(note.parent.stat().st_mode) == 0o700
        assert json.loads(text)["source"]["size"] == session.stat().st_size

    def test_the_note_goes_when_the_file_was_checked(
        self, amira: Person, client_of: MakeClient, item: str, session: Path, note: Path
    ) -> None:
        file = hand_in(client_of(amira), item, session, note=note)
        assert file["state"] == "received"
        assert note.exists()
        assert check(amira, file["id"]) == "available"
        again = hand_in(client_of(amira), item, session, note=note)
        assert (again["id"], again["state"]) == (file["id"], "available")
        assert list(note.parent.iterdir()) == []

    def test_a_file_that_changed_on_disk_is_handed_in_anew_and_the_old_one_goes(
        self, amira: Person, client_of: MakeClient, item: str, session: Path, note: Path
    ) -> None:
        with pytest.raises(Killed):
            hand_in(client_of(amira), item, session, note=note, progress=killed_after(PIECE))
        old = json.loads(note.read_text())["file_id"]
        session.write_bytes(session.read_bytes()[::-1])
        file = hand_in(client_of(amira), item, session, note=note)
        assert file["id"] != old
        assert amira.get(f"/files/{old}").json().get("state") in (None, "deleted")
        assert file["sha256"] == digest(session)

    def test_a_file_that_was_accepted_stays_though_it_changed_on_disk(
        self, amira: Person, client_of: MakeClient, item: str, session: Path, note: Path
    ) -> None:
        old = str(hand_in(client_of(amira), item, session, note=note)["id"])
        assert note.exists()  # nobody waited for the check
        assert check(amira, old) == "available"
        session.write_bytes(session.read_bytes()[::-1])
        assert hand_in(client_of(amira), item, session, note=note)["id"] != old
        assert amira.get(f"/files/{old}").json()["state"] == "available"

    def test_a_change_that_only_the_bytes_tell_is_noticed(
        self, amira: Person, client_of: MakeClient, item: str, session: Path, note: Path
    ) -> None:
        progress = killed_after(3 * PIECE)
        with pytest.raises(Killed):
            hand_in(client_of(amira), item, session, note=note, progress=progress)
        old = json.loads(note.read_text())["file_id"]
        before = session.stat()
        with session.open("r+b") as file:
            file.seek(100)
            file.write(b"other")
        os.utime(session, ns=(before.st_atime_ns, before.st_mtime_ns))
        told: list[int] = []
        found = hand_in(client_of(amira), item, session, note=note, progress=told.append)
        assert found["id"] != old
        assert found["sha256"] == digest(session)
        assert sum(told) == session.stat().st_size
        assert check(amira, found["id"]) == "available"

    def test_killed_while_it_was_announced_it_is_announced_once(
        self, amira: Person, client_of: MakeClient, item: str, session: Path, note: Path
    ) -> None:
        with pytest.raises(Killed):
            hand_in(client_of(amira), item, session, note=note, progress=killed_after(1))
        found = json.loads(note.read_text())
        first = found.pop("file_id")
        note.write_text(json.dumps({**found, "file_id": None, "part_size": None}))
        assert hand_in(client_of(amira), item, session, note=note)["id"] == first

    def test_an_upload_that_was_given_up_meanwhile_begins_anew(
        self, amira: Person, client_of: MakeClient, item: str, session: Path, note: Path
    ) -> None:
        with pytest.raises(Killed):
            hand_in(client_of(amira), item, session, note=note, progress=killed_after(PIECE))
        old = json.loads(note.read_text())["file_id"]
        assert amira.delete(f"/files/{old}").status_code == 204
        file = hand_in(client_of(amira), item, session, note=note)
        assert file["id"] != old
        assert check(amira, file["id"]) == "available"

    def test_a_note_that_was_damaged_is_none(
        self, amira: Person, client_of: MakeClient, item: str, session: Path, note: Path
    ) -> None:
        note.parent.mkdir()
        note.write_text('{"source": {"serv')
        assert hand_in(client_of(amira), item, session, note=note)["state"] == "received"

    def test_two_programs_do_not_send_the_same_file_at_once(
        self, amira: Person, client_of: MakeClient, item: str, session: Path, note: Path
    ) -> None:
        with notebook(note), pytest.raises(UploadUnderWay):
            hand_in(client_of(amira), item, session, note=note)
        assert hand_in(client_of(amira), item, session, note=note)["state"] == "received"

    def test_another_persons_note_is_of_no_use(
        self,
        amira: Person,
        otto: Person,
        client_of: MakeClient,
        item: str,
        session: Path,
        note: Path,
    ) -> None:
        with pytest.raises(Killed):
            hand_in(client_of(amira), item, session, note=note, progress=killed_after(PIECE))
        with pytest.raises(Problem) as refused:
            hand_in(client_of(otto), item, session, note=note)
        assert refused.value.status == 404
