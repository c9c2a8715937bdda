"""Large files travel in parts: each is checked by the store, and the whole is made once."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest
import urllib3

from app.storage import KeyTaken, Part, PartsIncomplete, SignedRequest, UploadGone
from app.storage.s3 import S3Store

Send = Callable[..., urllib3.BaseHTTPResponse]

MIB = 1024 * 1024
PIECES = [b"\x01" * (5 * MIB), b"\x02" * (5 * MIB), b"the end of the session"]
WHOLE = b"".join(PIECES)
PARTS = [
    Part(number, len(piece), hashlib.sha256(piece).hexdigest())
    for number, piece in enumerate(PIECES, 1)
]


@pytest.fixture
def upload_id(store: S3Store, key: str) -> str:
    return store.open_upload(key, media_type="video/mp4")


@pytest.fixture
def links(store: S3Store, key: str, upload_id: str) -> list[SignedRequest]:
    return store.part_links(key, upload_id, PARTS, seconds=60)


def send_all(send: Send, links: Sequence[SignedRequest]) -> list[int]:
    return [send(link, piece).status for link, piece in zip(links, PIECES, strict=True)]


def test_a_wrong_part_is_refused_and_can_be_sent_again(
    store: S3Store, key: str, upload_id: str, links: list[SignedRequest], send: Send
) -> None:
    send(links[0], PIECES[0])
    assert send(links[1], PIECES[0]).status == 400
    send(links[2], PIECES[2])
    assert [part.number for part in store.list_parts(key, upload_id)] == [1, 3]

    assert send(links[1], PIECES[1]).status == 200
    held = store.list_parts(key, upload_id)
    assert [(part.number, part.size) for part in held] == [(p.number, p.size) for p in PARTS]
    about = store.complete_upload(key, upload_id)
    assert (about.size, about.media_type) == (len(WHOLE), "video/mp4")
    assert store.fingerprint(key).sha256 == hashlib.sha256(WHOLE).hexdigest()


def test_a_part_of_another_length_is_refused(
    store: S3Store, key: str, upload_id: str, links: list[SignedRequest], send: Send
) -> None:
    assert send(links[2], b"short", content_length="5").status == 403
    assert store.list_parts(key, upload_id) == []


def test_completing_twice_changes_nothing(
    store: S3Store, key: str, upload_id: str, links: list[SignedRequest], send: Send
) -> None:
    send_all(send, links)
    first = store.complete_upload(key, upload_id)
    assert store.complete_upload(key, upload_id) == first
    assert b"".join(store.read(key)) == WHOLE


def test_two_workers_that_complete_an_upload_at_once_both_succeed(
    store: S3Store, key: str, upload_id: str, links: list[SignedRequest], send: Send
) -> None:
    send_all(send, links)
    with ThreadPoolExecutor(4) as workers:
        done = list(workers.map(lambda _: store.complete_upload(key, upload_id), range(4)))
    assert done == [store.about(key)] * 4
    assert b"".join(store.read(key)) == WHOLE


def test_parts_that_come_after_completion_are_refused(
    store: S3Store, key: str, upload_id: str, links: list[SignedRequest], send: Send
) -> None:
    send_all(send, links)
    store.complete_upload(key, upload_id)
    assert send(links[0], PIECES[0]).status == 404
    assert b"".join(store.read(key)) == WHOLE


def test_an_upload_never_replaces_another_file(
    store: S3Store, key: str, upload_id: str, links: list[SignedRequest], send: Send
) -> None:
    send_all(send, links)
    store.put(key, b"was here first", "text/plain")
    with pytest.raises(KeyTaken):
        store.complete_upload(key, upload_id)
    assert b"".join(store.read(key)) == b"was here first"


def test_an_upload_without_parts_makes_no_file(store: S3Store, key: str, upload_id: str) -> None:
    with pytest.raises(PartsIncomplete):
        store.complete_upload(key, upload_id)
    assert not store.exists(key)


def test_a_small_part_may_only_come_last(
    store: S3Store, key: str, upload_id: str, send: Send
) -> None:
    tail = PARTS[2]
    twice = [Part(1, tail.size, tail.sha256), Part(2, tail.size, tail.sha256)]
    for link in store.part_links(key, upload_id, twice, seconds=60):
        send(link, PIECES[2])
    with pytest.raises(PartsIncomplete):
        store.complete_upload(key, upload_id)
    assert not store.exists(key)


def test_an_upload_given_up_takes_no_parts_and_makes_no_file(
    store: S3Store, key: str, upload_id: str, links: list[SignedRequest], send: Send
) -> None:
    send(links[0], PIECES[0])
    store.abort_upload(key, upload_id)
    store.abort_upload(key, upload_id)
    assert send(links[1], PIECES[1]).status == 404
    with pytest.raises(UploadGone):
        store.complete_upload(key, upload_id)
    assert not store.exists(key)


def test_an_upload_that_was_never_opened_has_no_parts(store: S3Store, key: str) -> None:
    with pytest.raises(UploadGone):
        store.list_parts(key, "never-opened")
