"""What the worker itself makes and sends: files of any size, a part of them in memory at a time."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.kit.settings import Settings
from app.storage import KeyTaken, StoreUnavailable, s3
from app.storage.connection import connect
from app.storage.s3 import S3Store, fingerprint_of

PART = 5 * 1024 * 1024
SIZES = [1, PART, PART + 1, 2 * PART, 2 * PART + 7]


@pytest.fixture(autouse=True)
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(s3, "FILE_PART", PART)


@pytest.fixture(params=SIZES)
def path(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    made = tmp_path / "made"
    made.write_bytes(bytes(range(251)) * (request.param // 251) + b"?" * (request.param % 251))
    return made


def open_uploads(settings: Settings, key: str) -> list[object]:
    found = connect(settings).list_multipart_uploads(Bucket=settings.s3_bucket, Prefix=key)
    return [*found.get("Uploads", [])]


def test_a_file_is_sent_as_it_is_and_once(
    settings: Settings, store: S3Store, path: Path, key: str
) -> None:
    for _ in range(2):
        store.put_file(key, path, "application/zip")
    found, sent = store.fingerprint(key), fingerprint_of(path)
    assert (found.sha256, found.size) == (sent.sha256, sent.size)
    about = store.about(key)
    assert about is not None
    assert about.media_type == "application/zip"
    assert open_uploads(settings, key) == []


def test_another_file_does_not_take_its_place(
    settings: Settings, store: S3Store, path: Path, key: str, tmp_path: Path
) -> None:
    store.put(key, b"first", "text/plain")
    with pytest.raises(KeyTaken):
        store.put_file(key, path, "application/zip")
    assert b"".join(store.read(key)) == b"first"
    assert open_uploads(settings, key) == []


def test_a_file_that_cannot_be_sent_leaves_nothing(
    settings: Settings, store: S3Store, key: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The store goes away after the first part."""
    path = tmp_path / "made"
    path.write_bytes(b"?" * (2 * PART))
    send = S3Store._put_part

    def fail(self: S3Store, key: str, upload_id: str, number: int, part: bytes) -> object:
        if number == 2:
            raise StoreUnavailable
        return send(self, key, upload_id, number, part)

    monkeypatch.setattr(S3Store, "_put_part", fail)
    with pytest.raises(StoreUnavailable):
        store.put_file(key, path, "application/zip")
    assert not store.exists(key)
    assert open_uploads(settings, key) == []
