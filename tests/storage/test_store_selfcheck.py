"""A store is taken only if it keeps each promise; one that does not is told which it broke."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest

from app.kit.settings import Settings
from app.storage import StoreUnavailable
from app.storage.connection import connect
from app.storage.s3 import S3Store
from app.storage.selfcheck import PROMISES, Failure, check

Double = Callable[[Callable[[str, str, int], int]], AbstractContextManager[str]]

SERVED = {"upload", "link", "range", "multipart"}
"""Promises to do something; all others are promises to refuse something."""
LACKS = {name: lack for name, lack, _ in PROMISES}
REFUSALS = sorted(LACKS.keys() - SERVED)


def named(path: str, name: str) -> bool:
    return path.partition("?")[0].endswith(f"/{name}")


def test_the_embedded_store_keeps_every_promise(settings: Settings, store: S3Store) -> None:
    assert check(settings) == []


def test_the_check_leaves_nothing_behind(settings: Settings, store: S3Store) -> None:
    check(settings)
    client = connect(settings)
    found = client.list_object_versions(Bucket=settings.s3_bucket, Prefix="selfcheck/")
    assert [*found.get("Versions", []), *found.get("DeleteMarkers", [])] == []
    uploads = client.list_multipart_uploads(Bucket=settings.s3_bucket).get("Uploads", [])
    assert [upload["Key"] for upload in uploads if upload["Key"].startswith("selfcheck/")] == []


@pytest.mark.parametrize("name", REFUSALS)
def test_a_store_that_lets_one_thing_pass_is_told_which(
    settings: Settings, store: S3Store, double: Double, name: str
) -> None:
    def lax(method: str, path: str, status: int) -> int:
        writes_or_strangers = method != "GET" or name == "anonymous"
        forgiven = named(path, name) and writes_or_strangers and 400 <= status < 500
        return 200 if forgiven else status

    with double(lax) as endpoint:
        failures = check(settings.changed(s3_endpoint=endpoint))
    assert failures == [Failure(name, LACKS[name])]


@pytest.mark.parametrize("name", sorted(SERVED))
def test_a_store_that_cannot_do_one_thing_is_told_which(
    settings: Settings, store: S3Store, double: Double, name: str
) -> None:
    def unable(method: str, path: str, status: int) -> int:
        return 403 if named(path, name) and method in {"GET", "POST"} else status

    with double(unable) as endpoint:
        failures = check(settings.changed(s3_endpoint=endpoint))
    assert failures == [Failure(name, LACKS[name])]


def test_a_store_that_refuses_nothing_is_told_all_it_lets_pass(
    settings: Settings, store: S3Store, double: Double
) -> None:
    with double(lambda method, path, status: 200 if 400 <= status < 500 else status) as endpoint:
        failures = check(settings.changed(s3_endpoint=endpoint))
    assert sorted(failure.name for failure in failures) == REFUSALS


def test_each_lack_is_one_sentence() -> None:
    assert all(lack.startswith("The store ") and lack.endswith(".") for lack in LACKS.values())
    assert len(set(LACKS.values())) == len(PROMISES)


def test_a_missing_bucket_is_not_mistaken_for_a_lax_store(settings: Settings) -> None:
    with pytest.raises(StoreUnavailable, match="no-such-bucket"):
        check(settings.changed(s3_bucket="no-such-bucket"))
