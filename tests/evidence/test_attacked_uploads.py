"""Attacks on an upload by whoever holds its grant (FAULTS 1 to 4, and 18)."""

from __future__ import annotations

import hashlib
import json
import os
import socket
import time
from collections.abc import Mapping
from contextlib import suppress
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import cast
from urllib.parse import urlsplit
from uuid import UUID

import pytest
import urllib3
from sqlalchemy import select

from app.evidence import uploads
from app.evidence.handlers import arrival
from app.evidence.models import File
from app.kit.settings import Settings
from app.people.models import ApiToken
from app.people.service import revoke_token
from app.storage.s3 import S3Store
from tests import invariants, make
from tests.evidence.conftest import Shelves, problem
from tests.make import Json, Person
from tests.racing import at_once

ROUNDS = 200 if os.environ.get("MENTORCERT_LONG_FAULTS") == "1" else 6
OTHER = make.WORDS.swapcase()
MIB = 1024 * 1024


def announced(person: Person, item: UUID) -> tuple[UUID, Json]:
    """Announce a file; return its id and the request that sends it."""
    grant = make.granted(person, item, make.new_file(make.WORDS))
    return UUID(str(cast(Json, grant["file"])["id"])), cast(Json, grant["request"])


def tried(method: str, url: str, headers: object, body: bytes | None = None) -> int:
    """Send a request as an attacker would; return the store's status."""
    sent = cast(Mapping[str, str], headers)
    answer = urllib3.request(method, url, headers=sent, body=body, retries=False, timeout=30)
    return answer.status


def state(person: Person, file: UUID) -> str:
    told: dict[str, str] = person.get(f"/files/{file}").json()
    return told["state"]


class TestOne:
    """FAULTS 1: other bytes sent after the check never take the place of those checked."""

    def test_a_swap_after_the_check_is_refused_and_changes_nothing(
        self, amira: Person, portfolio: UUID, item: UUID, shelves: Shelves
    ) -> None:
        file, request = announced(amira, item)
        assert make.send(request, make.WORDS) == 200
        assert make.send(request, OTHER) in (400, 403, 412)
        assert amira.post(f"/files/{file}/completion", {}).status_code == 202
        assert make.send(request, OTHER) in (400, 403, 412)
        arrival.check_file(make.shift(amira.tenant), file)
        assert make.send(request, OTHER) in (400, 403, 412)
        assert shelves.kept(portfolio) == {str(file): make.WORDS}
        told = amira.get(f"/files/{file}").json()
        assert told["sha256"] == hashlib.sha256(make.WORDS).hexdigest()
        invariants.check(amira.tenant)

    def test_a_swap_that_a_lax_store_would_allow_is_seen(
        self, amira: Person, portfolio: UUID, item: UUID, shelves: Shelves
    ) -> None:
        file, request = announced(amira, item)
        assert make.send(request, make.WORDS) == 200
        assert amira.post(f"/files/{file}/completion", {}).status_code == 202
        shelves.put(f"incoming/{portfolio}/{file}", OTHER)
        arrival.check_file(make.shift(amira.tenant), file)
        assert state(amira, file) == "rejected"
        assert shelves.kept(portfolio) == {}
        invariants.check(amira.tenant)


def test_two_the_accepted_digest_is_always_the_stored_one(
    amira: Person, portfolio: UUID, item: UUID, shelves: Shelves
) -> None:
    """FAULTS 2: sending again while the check runs, by the grant and behind the store's back."""
    shift = make.shift(amira.tenant)
    for round_ in range(ROUNDS):
        file, request = announced(amira, item)
        assert make.send(request, make.WORDS) == 200
        assert amira.post(f"/files/{file}/completion", {}).status_code == 202
        swap = (
            partial(shelves.put, f"incoming/{portfolio}/{file}", OTHER)
            if round_ % 2
            else partial(make.send, request, OTHER)
        )
        at_once(
            [
                partial(arrival.check_file, shift, file),
                partial(make.send, request, make.WORDS),
                swap,
            ]
        )
        kept = shelves.kept(portfolio).get(str(file))
        assert (state(amira, file), kept) in (("available", make.WORDS), ("rejected", None))
    invariants.check(amira.tenant)


class TestThree:
    """FAULTS 3: what does not arrive as announced is no evidence, and leaves nothing behind."""

    @pytest.mark.parametrize("said", [{}, {"sha256": hashlib.sha256(make.WORDS).hexdigest()}])
    def test_a_file_that_was_never_sent(
        self, amira: Person, portfolio: UUID, item: UUID, shelves: Shelves, said: Json
    ) -> None:
        file, _ = announced(amira, item)
        assert amira.post(f"/files/{file}/completion", said).status_code == 202
        arrival.check_file(make.shift(amira.tenant), file)
        told = amira.get(f"/files/{file}").json()
        assert (told["state"], told["problem"]) == ("rejected", "nothing-arrived")
        assert shelves.incoming(portfolio) == shelves.kept(portfolio) == {}
        invariants.check(amira.tenant)

    def test_a_digest_that_is_not_the_announced_one(
        self, amira: Person, portfolio: UUID, item: UUID, shelves: Shelves
    ) -> None:
        file, request = announced(amira, item)
        assert make.send(request, make.WORDS) == 200
        wrong = {"sha256": hashlib.sha256(OTHER).hexdigest()}
        answer = amira.post(f"/files/{file}/completion", wrong)
        assert problem(answer) == (409, "digest-differs")
        assert (state(amira, file), shelves.kept(portfolio)) == ("announced", {})

    def test_a_size_that_is_not_the_announced_one(
        self, amira: Person, portfolio: UUID, item: UUID, shelves: Shelves
    ) -> None:
        file, _ = announced(amira, item)
        shelves.put(f"incoming/{portfolio}/{file}", make.WORDS[:-1])
        assert amira.post(f"/files/{file}/completion", {}).status_code == 202
        arrival.check_file(make.shift(amira.tenant), file)
        told = amira.get(f"/files/{file}").json()
        assert (told["state"], told["problem"]) == ("rejected", "digest-not-as-announced")
        assert shelves.incoming(portfolio) == shelves.kept(portfolio) == {}
        invariants.check(amira.tenant)


class TestFour:
    """FAULTS 4: a megabyte announced and a gigabyte sent.

    SeaweedFS reads what it has refused to its end, at the speed of the network, and drops it.
    """

    @pytest.mark.parametrize("way", ["said", "hidden", "chunked"])
    def test_it_is_refused_in_little_memory_and_not_kept(
        self,
        amira: Person,
        portfolio: UUID,
        item: UUID,
        shelves: Shelves,
        store_record: Path,
        way: str,
    ) -> None:
        body = {**make.new_file(make.WORDS), "size": MIB, "sha256": "ab" * 32}
        grant = make.granted(amira, item, body)
        request = cast(Json, grant["request"])
        memory, disk = taken_by(store_record)
        status = flood(request, way)
        assert status is None or 400 <= status < 500
        memory_now, disk_now = taken_by(store_record)
        assert memory_now - memory < 50 * MIB
        assert disk_now - disk < 50 * MIB
        assert shelves.incoming(portfolio) == {}
        invariants.check(amira.tenant)

    def test_so_is_a_part(
        self, amira: Person, item: UUID, store_record: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(uploads, "LARGEST_SINGLE", 5 * MIB)
        monkeypatch.setattr(uploads, "PART_SIZE", 5 * MIB)
        grant = make.granted(amira, item, {**make.new_file(make.WORDS), "size": 9 * MIB})
        path = f"/files/{cast(Json, grant['file'])['id']}/parts"
        wanted = {"parts": [{"number": 1, "size": 5 * MIB, "sha256": "ab" * 32}]}
        [part] = amira.post(path, wanted).json()["parts"]
        memory, disk = taken_by(store_record)
        status = flood(part["request"], "said")
        assert status is None or 400 <= status < 500
        memory_now, disk_now = taken_by(store_record)
        assert memory_now - memory < 50 * MIB
        assert disk_now - disk < 50 * MIB
        assert amira.get(path).json()["held"] == []


@pytest.fixture
def store_record(services: object, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file in the store's folder that tells its process."""
    records = tmp_path_factory.getbasetemp().glob("shared*/var/store/process.json")
    [record] = {record.resolve() for record in records}
    return record


def taken_by(store_record: Path) -> tuple[int, int]:
    """Return how many bytes the store takes up in memory and on the disk."""
    status = Path(f"/proc/{json.loads(store_record.read_text())['pid']}/status")
    if not status.exists():
        pytest.skip("memory is read where Linux tells it")
    [line] = [line for line in status.read_text().splitlines() if line.startswith("VmRSS")]
    blocks = 0
    for path in store_record.parent.rglob("*"):
        with suppress(FileNotFoundError):
            blocks += path.stat().st_blocks
    return int(line.split()[1]) * 1024, blocks * 512


def flood(request: Mapping[str, object], way: str) -> int | None:
    """Send a gigabyte by a request for less; return the status, if one came."""
    headers = dict(cast(Mapping[str, str], request["headers"]))
    if way == "said":
        headers["content-length"] = str(1024 * MIB)
    if way == "chunked":
        del headers["content-length"]
        headers["transfer-encoding"] = "chunked"
    address = urlsplit(str(request["url"]))
    lines = [f"PUT {address.path}?{address.query} HTTP/1.1", f"host: {address.netloc}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    piece = bytes(MIB)
    framed = b"%x\r\n%s\r\n" % (len(piece), piece) if way == "chunked" else piece
    sent = 0
    with socket.create_connection((address.hostname, address.port), 30) as connection:
        connection.sendall("\r\n".join([*lines, "", ""]).encode())
        with suppress(OSError):
            while sent < 1024 * MIB and not answered(connection):
                connection.sendall(framed)
                sent += len(piece)
            connection.sendall(b"0\r\n\r\n" if way == "chunked" else b"")
        try:
            words = connection.recv(64).split()
        except OSError:
            words = []
    return int(words[1]) if len(words) > 1 else None


def answered(connection: socket.socket) -> bool:
    """Tell whether an answer, or the end, is there to be read."""
    connection.setblocking(False)
    try:
        connection.recv(1, socket.MSG_PEEK)
    except BlockingIOError:
        return False
    finally:
        connection.settimeout(30)
    return True


class TestEighteen:
    """FAULTS 18: a signed request is good for what it says, and for nothing else."""

    def test_for_no_other_key(
        self, amira: Person, portfolio: UUID, item: UUID, shelves: Shelves
    ) -> None:
        file, request = announced(amira, item)
        url = str(request["url"])
        for other in (f"evidence/{portfolio}/{file}", f"incoming/{portfolio}/{item}", "x"):
            changed = url.replace(f"incoming/{portfolio}/{file}", other)
            assert tried("PUT", changed, request["headers"], make.WORDS) == 403
        assert shelves.incoming(portfolio) == shelves.kept(portfolio) == {}

    @pytest.mark.parametrize("method", ["GET", "HEAD", "DELETE", "POST"])
    def test_for_no_other_method(self, amira: Person, item: UUID, method: str) -> None:
        _, request = announced(amira, item)
        assert make.send(request, make.WORDS) == 200
        status = tried(method, str(request["url"]), request["headers"], make.WORDS)
        assert status in (403, 405)

    @pytest.mark.parametrize(
        "more",
        [
            *("acl", "tagging", "uploads", "versionId=null", "retention", "legal-hold"),
            *(
                "partNumber=1&uploadId=x",
                "response-content-type=text%2Fhtml",
                "X-Amz-Expires=604800",
            ),
        ],
    )
    def test_for_nothing_added_to_its_address(
        self, amira: Person, portfolio: UUID, item: UUID, shelves: Shelves, more: str
    ) -> None:
        _, request = announced(amira, item)
        url = f"{request['url']}&{more}"
        assert 400 <= tried("PUT", url, request["headers"], make.WORDS) < 500
        assert shelves.incoming(portfolio) == {}

    @pytest.mark.parametrize(
        "more",
        [
            {"x-amz-acl": "public-read"},
            {"x-amz-tagging": "a=b"},
            {"x-amz-meta-a": "b"},
            {"x-amz-website-redirect-location": "https://example.org"},
            {"x-amz-storage-class": "GLACIER"},
        ],
        ids=lambda more: next(iter(more)),
    )
    def test_headers_that_were_not_signed_give_it_no_other_effect(
        self, amira: Person, portfolio: UUID, item: UUID, shelves: Shelves, more: Mapping[str, str]
    ) -> None:
        file, request = announced(amira, item)
        headers = {**cast(Mapping[str, str], request["headers"]), **more}
        status = tried("PUT", str(request["url"]), headers, make.WORDS)
        assert status in (200, 400, 403)
        address = str(request["url"]).partition("?")[0]
        assert tried("GET", address, {}) == 403
        assert amira.post(f"/files/{file}/completion", {}).status_code == 202
        arrival.check_file(make.shift(amira.tenant), file)
        assert tried("GET", address.replace("/incoming/", "/evidence/"), {}) == 403
        assert shelves.kept(portfolio) in ({}, {str(file): make.WORDS})
        invariants.check(amira.tenant)

    def test_no_other_object_can_be_copied_into_its_place(
        self, amira: Person, otto: Person, item: UUID, settings: Settings
    ) -> None:
        theirs = make.portfolio(otto)
        secret = make.file(otto, make.item(otto, theirs), b"What nobody else may read.\n")
        file, request = announced(amira, item)
        source = f"/{settings.s3_bucket}/evidence/{theirs}/{secret}"
        headers = {**cast(Mapping[str, str], request["headers"]), "x-amz-copy-source": source}
        tried("PUT", str(request["url"]), headers, make.WORDS)
        assert amira.post(f"/files/{file}/completion", {}).status_code == 202
        arrival.check_file(make.shift(amira.tenant), file)
        assert cast(S3Store, amira.tenant.store).exists(f"evidence/{theirs}/{secret}")
        invariants.check(amira.tenant)
        invariants.check(otto.tenant)

    def test_not_after_its_time(
        self, amira: Person, portfolio: UUID, item: UUID, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(uploads, "GRANT_LIFE", timedelta(seconds=1))
        _, request = announced(amira, item)
        time.sleep(2.1)  # the store's clock is its own
        assert make.send(request, make.WORDS) == 403

    def test_what_is_sent_after_a_person_lost_their_rights_never_becomes_evidence(
        self, amira: Person, portfolio: UUID, item: UUID, shelves: Shelves
    ) -> None:
        """The store knows no persons: for at most an hour it takes what was granted before.

        But nobody can say for that person any more that everything was sent.
        """
        file, request = announced(amira, item)
        revoke_all(amira)
        assert make.send(request, make.WORDS) in (200, 403)
        answer = amira.post(f"/files/{file}/completion", {})
        assert answer.status_code == 401
        assert amira.post(f"/files/{file}/grant").status_code == 401
        arrival.check_file(make.shift(amira.tenant), file)
        with amira.tenant.at_work() as work:
            found = work.session.get_one(File, file)
            assert found.state == "announced"
        assert shelves.kept(portfolio) == {}
        invariants.check(amira.tenant)


def revoke_all(person: Person) -> None:
    """Make all that a person could show of themselves useless, as the administrator does."""
    with person.tenant.administrator.at_work() as work:
        for id in work.session.scalars(select(ApiToken.id).where(ApiToken.person_id == person.id)):
            revoke_token(work, id)
