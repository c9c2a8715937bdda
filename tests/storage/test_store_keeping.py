"""What the worker does with files: read them back, keep what was checked, and remove for ever."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from app.kit.ids import new_id
from app.kit.settings import Settings
from app.storage import About, KeyTaken, ObjectChanged, ObjectMissing
from app.storage.connection import connect
from app.storage.s3 import S3Store

File = Callable[[bytes], str]
CHECKED = b"The transcript as it was checked"
SWAPPED = b"The transcript after it was read"


def etag_of(store: S3Store, key: str) -> str:
    return store.fingerprint(key).etag


def test_a_file_is_kept_as_it_was_checked(store: S3Store, file: File, key: str) -> None:
    incoming = file(CHECKED)
    kept = store.keep(incoming, key, etag=etag_of(store, incoming))
    assert kept == store.about(incoming)
    assert b"".join(store.read(key)) == CHECKED


def test_keeping_twice_is_keeping_once(
    settings: Settings, store: S3Store, file: File, key: str
) -> None:
    incoming = file(CHECKED)
    etag = etag_of(store, incoming)
    assert store.keep(incoming, key, etag=etag) == store.keep(incoming, key, etag=etag)
    assert len(versions(settings, key)) == 1


def test_two_workers_that_keep_a_file_at_once_both_succeed(
    settings: Settings, store: S3Store, file: File, key: str
) -> None:
    incoming = file(CHECKED)
    etag = etag_of(store, incoming)
    with ThreadPoolExecutor(4) as workers:
        kept = list(workers.map(lambda _: store.keep(incoming, key, etag=etag), range(8)))
    assert kept == [store.about(key)] * 8
    assert len(versions(settings, key)) == 1


def test_a_file_kept_already_stays_kept_when_the_incoming_one_is_gone(
    store: S3Store, file: File, key: str
) -> None:
    incoming = file(CHECKED)
    etag = etag_of(store, incoming)
    kept = store.keep(incoming, key, etag=etag)
    store.delete(incoming)
    assert store.keep(incoming, key, etag=etag) == kept


def test_keeping_never_overwrites_other_content(store: S3Store, file: File) -> None:
    incoming, taken = file(CHECKED), file(SWAPPED)
    with pytest.raises(KeyTaken):
        store.keep(incoming, taken, etag=etag_of(store, incoming))
    assert b"".join(store.read(taken)) == SWAPPED


def test_a_file_that_changed_after_the_check_is_not_kept(
    settings: Settings, store: S3Store, file: File, key: str
) -> None:
    incoming = file(CHECKED)
    etag = etag_of(store, incoming)
    overwrite(settings, incoming, SWAPPED)
    with pytest.raises(ObjectChanged):
        store.keep(incoming, key, etag=etag)
    assert not store.exists(key)


def test_a_file_that_never_came_is_not_kept(store: S3Store, key: str) -> None:
    with pytest.raises(ObjectMissing):
        store.keep(key, key + "-kept", etag="0" * 32)


def test_content_counts_even_where_a_copy_has_another_etag(
    settings: Settings, store: S3Store, file: File, key: str
) -> None:
    # AWS gives the copy of a multipart object another kind of ETag; here the original has it.
    client, kept = connect(settings), file(CHECKED)
    opened = client.create_multipart_upload(Bucket=settings.s3_bucket, Key=key)
    client.upload_part(
        Bucket=settings.s3_bucket,
        Key=key,
        UploadId=opened["UploadId"],
        PartNumber=1,
        Body=CHECKED,
    )
    store.complete_upload(key, opened["UploadId"])
    assert etag_of(store, key) != etag_of(store, kept)
    assert store.keep(key, kept, etag=etag_of(store, key)) == store.about(kept)


def test_a_recording_of_many_chunks_is_kept_in_one_go(
    settings: Settings, store: S3Store, key: str, tmp_path: Path
) -> None:
    recording = tmp_path / "recording"
    with recording.open("wb") as file:
        for number in range(32):
            file.write(hashlib.sha256(bytes([number])).digest() * 32768)
    connect(settings).upload_file(str(recording), settings.s3_bucket, key)
    read = store.fingerprint(key)
    store.keep(key, key + "-kept", etag=read.etag)

    kept = store.download(key + "-kept", tmp_path / "kept")
    assert (kept.sha256, kept.size) == (read.sha256, 32 * 1024 * 1024)
    with (tmp_path / "kept").open("rb") as file:
        assert hashlib.file_digest(file, "sha256").hexdigest() == read.sha256


def test_a_download_is_hashed_and_weighed_on_its_way(
    store: S3Store, file: File, tmp_path: Path
) -> None:
    found = store.download(file(CHECKED), tmp_path / "copy")
    assert (found.sha256, found.size) == (hashlib.sha256(CHECKED).hexdigest(), len(CHECKED))
    assert (tmp_path / "copy").read_bytes() == CHECKED


def test_a_download_of_nothing_leaves_no_file(store: S3Store, key: str, tmp_path: Path) -> None:
    with pytest.raises(ObjectMissing):
        store.download(key, tmp_path / "copy")
    assert not (tmp_path / "copy").exists()


def test_a_download_never_overwrites_a_file(store: S3Store, file: File, tmp_path: Path) -> None:
    (tmp_path / "copy").write_bytes(SWAPPED)
    with pytest.raises(FileExistsError):
        store.download(file(CHECKED), tmp_path / "copy")
    assert (tmp_path / "copy").read_bytes() == SWAPPED


def test_a_large_file_is_read_in_small_chunks(store: S3Store, file: File) -> None:
    large = CHECKED * 100_000
    chunks = list(store.read(file(large)))
    assert b"".join(chunks) == large
    assert max(len(chunk) for chunk in chunks) <= 1024 * 1024


def test_a_file_put_by_a_repeated_job_is_there_once(
    settings: Settings, store: S3Store, key: str
) -> None:
    store.put(key, CHECKED, "text/plain")
    store.put(key, CHECKED, "text/plain")
    assert len(versions(settings, key)) == 1
    assert store.about(key) == About(len(CHECKED), etag_of(store, key), "text/plain")


def test_putting_never_overwrites_other_content(store: S3Store, file: File) -> None:
    taken = file(CHECKED)
    with pytest.raises(KeyTaken):
        store.put(taken, SWAPPED, "text/plain")
    assert b"".join(store.read(taken)) == CHECKED


def test_a_deleted_file_is_gone_in_all_its_versions(
    settings: Settings, store: S3Store, file: File
) -> None:
    private = file(CHECKED)
    overwrite(settings, private, SWAPPED)
    connect(settings).delete_object(Bucket=settings.s3_bucket, Key=private)
    assert len(versions(settings, private)) == 3

    store.delete(private)
    store.delete(private)
    assert versions(settings, private) == []
    assert store.about(private) is None


def test_deleting_a_file_spares_those_whose_key_begins_alike(
    store: S3Store, file: File, key: str
) -> None:
    store.put(key, CHECKED, "text/plain")
    store.put(key + "-2", SWAPPED, "text/plain")
    store.delete(key)
    assert not store.exists(key)
    assert b"".join(store.read(key + "-2")) == SWAPPED


def test_a_bucket_is_made_once_and_made_ready_at_every_start(settings: Settings) -> None:
    own = settings.changed(s3_bucket=f"made-{new_id()}")
    store = S3Store.from_settings(own)
    assert not store.answers()
    store.make_bucket(["http://localhost:1"])
    store.put("survives", CHECKED, "text/plain")
    store.make_bucket(["http://localhost:2"])
    assert store.answers()
    assert b"".join(store.read("survives")) == CHECKED

    client = connect(own)
    assert client.get_bucket_versioning(Bucket=own.s3_bucket)["Status"] == "Enabled"
    [rule] = client.get_bucket_cors(Bucket=own.s3_bucket)["CORSRules"]
    assert rule["AllowedOrigins"] == ["http://localhost:2"]


def overwrite(settings: Settings, key: str, body: bytes) -> None:
    """Replace an object as only the holder of the store's own keys can."""
    connect(settings).put_object(Bucket=settings.s3_bucket, Key=key, Body=body)


def versions(settings: Settings, key: str) -> list[str]:
    found = connect(settings).list_object_versions(Bucket=settings.s3_bucket, Prefix=key)
    return [
        version["VersionId"]
        for version in [*found.get("Versions", []), *found.get("DeleteMarkers", [])]
    ]
