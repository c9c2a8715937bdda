"""A store that is away, failing or breaking off: wait a little, then say so plainly."""

from __future__ import annotations

import hashlib
import socket
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
import urllib3

from app.kit.settings import Settings
from app.storage import About, Part, StoreUnavailable
from app.storage.s3 import S3Store
from app.storage.web import SigningStore, announces_checksums

Double = Callable[[Callable[[str, str, int], int]], AbstractContextManager[str]]
BODY = b"A recording that is cut off half-way"


@pytest.fixture
def nowhere(settings: Settings) -> Settings:
    """Settings whose store does not run."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    return settings.changed(s3_endpoint=f"http://127.0.0.1:{port}")


def test_a_store_that_is_just_starting_is_waited_for(
    settings: Settings, store: S3Store, double: Double, key: str
) -> None:
    failures = iter([500, 503, 0])

    def starting(method: str, path: str, status: int) -> int:
        return next(failures, status)

    with double(starting) as endpoint:
        upload_id = SigningStore.from_settings(settings.changed(s3_endpoint=endpoint)).open_upload(
            key, media_type="video/mp4"
        )
    assert next(failures, None) is None
    assert store.list_parts(key, upload_id) == []


def test_patience_ends_when_the_store_stays_away(nowhere: Settings, key: str) -> None:
    with pytest.raises(StoreUnavailable) as refused:
        SigningStore.from_settings(nowhere, patience=0.3).open_upload(key, media_type="a/b")
    assert refused.value.status == 503


def test_patience_ends_when_the_store_keeps_failing(
    settings: Settings, double: Double, key: str
) -> None:
    with double(lambda method, path, status: 503) as endpoint:
        store = SigningStore.from_settings(settings.changed(s3_endpoint=endpoint), patience=0.3)
        with pytest.raises(StoreUnavailable):
            store.open_upload(key, media_type="a/b")


def test_a_refused_upload_is_not_asked_for_again(
    settings: Settings, double: Double, key: str
) -> None:
    asked: list[str] = []

    def refusing(method: str, path: str, status: int) -> int:
        asked.append(path)
        return 403

    with double(refusing) as endpoint:
        store = SigningStore.from_settings(settings.changed(s3_endpoint=endpoint))
        with pytest.raises(StoreUnavailable, match="403"):
            store.open_upload(key, media_type="a/b")
    assert len(asked) == 1


def test_readiness_tells_whether_the_store_answers(
    settings: Settings, nowhere: Settings, store: S3Store
) -> None:
    assert SigningStore.from_settings(settings).answers()
    assert not SigningStore.from_settings(nowhere).answers()
    assert not SigningStore.from_settings(settings.changed(s3_secret_key="wrong")).answers()


def test_the_worker_hears_when_the_store_is_away(nowhere: Settings, key: str) -> None:
    with pytest.raises(StoreUnavailable):
        S3Store.from_settings(nowhere, patience=0.3).about(key)


def test_the_worker_hears_when_the_store_keeps_failing(
    settings: Settings, double: Double, key: str
) -> None:
    with double(lambda method, path, status: 503) as endpoint:
        store = S3Store.from_settings(settings.changed(s3_endpoint=endpoint), patience=0.3)
        with pytest.raises(StoreUnavailable):
            store.put(key, BODY, "video/mp4")


def test_an_upload_that_another_worker_completes_meanwhile_is_completed(
    settings: Settings, store: S3Store, double: Double, key: str
) -> None:
    upload_id = store.open_upload(key, media_type="video/mp4")
    part = Part(1, len(BODY), hashlib.sha256(BODY).hexdigest())
    [link] = store.part_links(key, upload_id, [part], seconds=60)
    urllib3.request(link.method, link.url, headers=link.headers, body=BODY)
    first: list[About] = []

    def overtaking(method: str, path: str, status: int) -> int:
        if method == "GET" and not first:  # our worker has just read the list of parts
            first.append(store.complete_upload(key, upload_id))
        return status

    with double(overtaking) as endpoint:
        slower = S3Store.from_settings(settings.changed(s3_endpoint=endpoint))
        assert [slower.complete_upload(key, upload_id)] == first


def test_half_a_file_is_never_taken_for_the_whole(
    settings: Settings, store: S3Store, double: Double, key: str, tmp_path: Path
) -> None:
    store.put(key, BODY, "video/mp4")

    def cut(method: str, path: str, status: int) -> int:
        return 0 if method == "GET" else status

    with double(cut) as endpoint:
        cut_off = S3Store.from_settings(settings.changed(s3_endpoint=endpoint))
        with pytest.raises(StoreUnavailable):
            cut_off.download(key, tmp_path / "copy")
        with pytest.raises(StoreUnavailable):
            list(cut_off.read(key))
    assert not (tmp_path / "copy").exists()


def test_browsers_get_the_public_address_and_the_service_uses_its_own(
    settings: Settings, store: S3Store, key: str
) -> None:
    public = settings.changed(s3_public_endpoint="https://files.example.org")
    signing = SigningStore.from_settings(public)
    upload_id = signing.open_upload(key, media_type="a/b")
    assert store.list_parts(key, upload_id) == []
    link = signing.get_link(key, media_type="a/b", disposition="inline", seconds=60)
    assert link.startswith(f"https://files.example.org/{settings.s3_bucket}/{key}?")


@pytest.mark.parametrize(
    ("endpoint", "announces"),
    [
        ("https://s3.eu-west-3.amazonaws.com", True),
        ("https://s3.cn-north-1.amazonaws.com.cn", True),
        ("http://127.0.0.1:8333", False),
        ("https://amazonaws.com.example.org", False),
    ],
)
def test_only_aws_is_told_beforehand_that_parts_carry_digests(
    endpoint: str, announces: bool
) -> None:
    assert announces_checksums(endpoint) is announces
