"""The list of parts is read as the store writes it, and only that."""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256

import pytest

from app.kit.settings import Settings
from app.storage import HeldPart, Part, StoreUnavailable, UploadGone
from app.storage.listing import LONGEST, parts_of
from app.storage.s3 import S3Store
from app.storage.web import SigningStore
from tests.storage.test_store_multipart import MIB, Send

DIGEST = sha256(b"x").digest()
NAMESPACE = 'xmlns="http://s3.amazonaws.com/doc/2006-03-01/"'


def listed(*parts: str, more: str = "", declared: str = "") -> bytes:
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>{declared}<ListPartsResult {NAMESPACE}>'
        f"<Key>a/PartNumber</Key>{''.join(parts)}{more}<PartNumberMarker>0</PartNumberMarker>"
        "</ListPartsResult>"
    ).encode()


def part(number: int | str, *, more: str = "") -> str:
    return (
        f"<Part><PartNumber>{number}</PartNumber><ETag>&quot;e{number}&quot;</ETag>"
        f"<LastModified>2026-11-21T10:00:00Z</LastModified><Size>7</Size>{more}</Part>"
    )


def test_each_part_is_told_with_its_digest_where_there_is_one() -> None:
    checksum = f"<ChecksumSHA256>{b64encode(DIGEST).decode()}</ChecksumSHA256>"
    page = parts_of(listed(part(1), part(3, more=checksum), part(4, more="<ChecksumSHA256/>")))
    assert page.held == [
        HeldPart(1, 7, "e1", None),
        HeldPart(3, 7, "e3", DIGEST.hex()),
        HeldPart(4, 7, "e4", None),
    ]
    assert page.next is None


def test_a_page_says_where_the_next_begins() -> None:
    marker = "<NextPartNumberMarker>1</NextPartNumberMarker>"
    assert parts_of(listed(part(1), more=f"{marker}<IsTruncated>true</IsTruncated>")).next == 1
    assert parts_of(listed(part(1), more=f"{marker}<IsTruncated>false</IsTruncated>")).next is None


@pytest.mark.parametrize(
    "document",
    [
        b"",
        b"no XML",
        listed(part(1))[:-20],
        listed(part("one")),
        listed("<Part><PartNumber>1</PartNumber></Part>"),
        listed(more="<IsTruncated>true</IsTruncated>"),
        listed(part(1), declared='<!DOCTYPE a [<!ENTITY a "aaaa">]>'),
        listed(part(1), declared='<!DOCTYPE a SYSTEM "http://127.0.0.1:9/a">'),
        listed(more=" " * LONGEST),
    ],
)
def test_what_is_no_list_is_a_store_that_fails(document: bytes) -> None:
    with pytest.raises(StoreUnavailable):
        parts_of(document)


def test_something_else_in_xml_lists_no_parts() -> None:
    assert parts_of(b"<Error><Part><PartNumber>1</PartNumber></Part></Error>").held == []


def test_the_web_process_lists_what_has_arrived(
    settings: Settings, store: S3Store, key: str, send: Send
) -> None:
    web = SigningStore.from_settings(settings)
    upload_id = web.open_upload(key, media_type="a/b")
    assert web.list_parts(key, upload_id) == []
    body = b"\x01" * (5 * MIB)
    wanted = [Part(number, len(body), sha256(body).hexdigest()) for number in (2, 1)]
    for link in web.part_links(key, upload_id, wanted, seconds=60):
        assert send(link, body).status == 200
    held = web.list_parts(key, upload_id)
    assert [(one.number, one.size) for one in held] == [(1, len(body)), (2, len(body))]
    store.complete_upload(key, upload_id)
    with pytest.raises(UploadGone):
        web.list_parts(key, upload_id)


def test_more_parts_than_fit_on_a_page_are_all_listed(
    settings: Settings, store: S3Store, key: str, send: Send, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload_id = store.open_upload(key, media_type="a/b")
    body = b"short"
    wanted = [Part(number, 5, sha256(body).hexdigest()) for number in range(1, 6)]
    for link in store.part_links(key, upload_id, wanted, seconds=60):
        assert send(link, body).status == 200
    web = SigningStore.from_settings(settings)
    monkeypatch.setattr("app.storage.web.PARTS_ON_A_PAGE", 2)
    assert [one.number for one in web.list_parts(key, upload_id)] == [1, 2, 3, 4, 5]


def test_a_store_that_refuses_the_question_is_no_store_without_parts(
    settings: Settings, key: str
) -> None:
    stranger = SigningStore.from_settings(settings.changed(s3_secret_key="wrong"))
    with pytest.raises(StoreUnavailable, match="403"):
        stranger.list_parts(key, "any")
