"""What the doctor says of object lock."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from app.cli.checkup import about_locks, store_in_use
from app.kit.settings import Settings
from app.storage.connection import connect
from app.storage.s3 import S3Store


def test_a_store_that_locks_is_told_from_one_that_does_not(
    store: S3Store, settings: Settings
) -> None:
    assert "refuses to remove sealed evidence" in about_locks(store).sentence
    elsewhere = replace(settings, s3_bucket="lockless")
    connect(elsewhere).create_bucket(Bucket="lockless")
    found = about_locks(S3Store.from_settings(elsewhere))
    assert (found.ok, "cannot lock" in found.sentence) == (True, True)


def test_without_a_store_nothing_is_claimed(tmp_path: Path) -> None:
    assert store_in_use(tmp_path / "var", {}) is None
    assert "cannot be asked" in about_locks(None).sentence


def test_a_store_that_is_away_is_found(tmp_path: Path) -> None:
    named = {
        "MENTORCERT_S3_ENDPOINT": "http://127.0.0.1:1",
        "MENTORCERT_S3_ACCESS_KEY": "key",
        "MENTORCERT_S3_SECRET_KEY": "secret",
    }
    found = about_locks(store_in_use(tmp_path / "var", named))
    assert (found.ok, found.sentence) == (False, "The store does not answer.")
