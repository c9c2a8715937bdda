"""Object lock: the store keeps what was sealed, even from the service's own key."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from botocore.exceptions import ClientError
from sqlalchemy import Engine, text

from app.evidence.handlers import arrival, locking
from app.evidence.queries import keeping
from app.kit.clock import utc_now
from app.kit.settings import Settings
from app.storage import ObjectLocked
from app.storage.connection import connect
from app.storage.s3 import S3Store
from tests import make
from tests.evidence.conftest import Shelves
from tests.make import Person


@pytest.fixture
def submitted(amira: Person, officer: Person) -> UUID:
    return make.submitted(amira, officer)


@pytest.fixture
def locked(amira: Person, submitted: UUID) -> UUID:
    """A submitted portfolio whose files the store keeps."""
    locking.lock_snapshot(make.shift(amira.tenant), snapshot_id(amira, submitted))
    return submitted


def snapshot_id(person: Person, portfolio: UUID) -> UUID:
    return UUID(person.get(f"/portfolios/{portfolio}/snapshot").json()["id"])


def file_in(person: Person, portfolio: UUID) -> UUID:
    return UUID(person.get(f"/portfolios/{portfolio}").json()["files"][0]["id"])


def locked_until(person: Person, file: UUID) -> datetime | None:
    found = person.get(f"/files/{file}").json()["locked_until"]
    return None if found is None else datetime.fromisoformat(found)


def version_of(shelves: Shelves, key: str) -> str:
    found = shelves.client.list_object_versions(Bucket=shelves.bucket, Prefix=key)
    return str(found["Versions"][0]["VersionId"])


def test_a_new_bucket_can_lock_objects(store: S3Store) -> None:
    assert store.locks_objects()


def test_a_sealed_file_is_not_removed_before_its_time_not_even_with_the_services_own_key(
    amira: Person, locked: UUID, store: S3Store, shelves: Shelves
) -> None:
    file = file_in(amira, locked)
    key = f"evidence/{locked}/{file}"
    until = locked_until(amira, file)
    assert until is not None
    assert until > utc_now() + timedelta(days=360)

    with pytest.raises(ObjectLocked):
        store.delete(key)
    with pytest.raises(ClientError, match="AccessDenied"):
        shelves.client.delete_object(
            Bucket=shelves.bucket, Key=key, VersionId=version_of(shelves, key)
        )
    assert shelves.kept(locked)[str(file)] == make.WORDS


def test_a_lock_is_never_shortened(locked: UUID, amira: Person, shelves: Shelves) -> None:
    key = f"evidence/{locked}/{file_in(amira, locked)}"
    with pytest.raises(ClientError, match="AccessDenied"):
        shelves.client.put_object_retention(
            Bucket=shelves.bucket,
            Key=key,
            VersionId=version_of(shelves, key),
            Retention={"Mode": "GOVERNANCE", "RetainUntilDate": utc_now() + timedelta(days=1)},
        )


def test_what_was_not_submitted_can_be_removed_as_before(
    amira: Person, locked: UUID, shelves: Shelves
) -> None:
    later = make.file(amira, make.item(amira, locked))
    assert amira.delete(f"/files/{later}").status_code == 204
    arrival.discard_upload(make.shift(amira.tenant), later)
    assert str(later) not in shelves.kept(locked)
    assert len(shelves.kept(locked)) == 3


def test_locking_twice_changes_nothing(amira: Person, locked: UUID) -> None:
    first = locked_until(amira, file_in(amira, locked))
    locking.renew_locks(make.shift(amira.tenant))
    assert locked_until(amira, file_in(amira, locked)) == first


def test_locks_that_end_soon_are_renewed_and_missing_ones_made_up_for(
    amira: Person, submitted: UUID, superuser_engine: Engine
) -> None:
    soon = utc_now() + timedelta(days=5)
    with superuser_engine.begin() as connection:
        connection.execute(
            text(
                "UPDATE evidence_file SET locked_until = CASE WHEN id = :one THEN"
                " CAST(:soon AS timestamptz) END WHERE portfolio_id = :portfolio"
            ),
            {"one": file_in(amira, submitted), "soon": soon, "portfolio": submitted},
        )
    locking.renew_locks(make.shift(amira.tenant))
    files = amira.get(f"/portfolios/{submitted}").json()["files"]
    until = [locked_until(amira, UUID(one["id"])) for one in files]
    assert len(until) == 3
    assert all(one is not None and one > soon for one in until)


def test_locks_are_renewed_to_the_last_those_first_that_end_first(
    amira: Person, submitted: UUID, store: S3Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One whose object is lost keeps none of the others waiting."""
    monkeypatch.setattr(locking, "AT_ONCE", 1)
    monkeypatch.setattr(locking, "MOST", 3)
    files = [UUID(one["id"]) for one in amira.get(f"/portfolios/{submitted}").json()["files"]]
    lost = min(files)
    store.delete(f"evidence/{submitted}/{lost}")
    locking.renew_locks(make.shift(amira.tenant))
    assert {one for one in files if locked_until(amira, one) is None} == {lost}
    with amira.tenant.at_work() as work:
        keeping.note_locked(work, [max(files)], utc_now() + timedelta(days=5))
        soon = utc_now() + timedelta(days=400)
        found = [one.id for one in keeping.to_lock(work, soon, 2, 0)]
    assert found == [lost, max(files)]


def test_under_a_legal_hold_nothing_goes_at_all_until_it_is_released(
    amira: Person, officer: Person, locked: UUID, store: S3Store
) -> None:
    key = f"evidence/{locked}/{file_in(amira, locked)}"
    shift = make.shift(amira.tenant)
    body = {"kind": "legal", "reason": "A court asked for it."}
    hold = officer.post(f"/portfolios/{locked}/holds", body).json()["id"]
    locking.apply_holds(shift, locked)
    with pytest.raises(ObjectLocked):
        store.delete(key, despite_lock=True)

    assert officer.post(f"/holds/{hold}/release").status_code == 200
    locking.apply_holds(shift, locked)
    with pytest.raises(ObjectLocked):
        store.delete(key)
    store.delete(key, despite_lock=True)
    assert not store.exists(key)


def holds_to_tell(person: Person) -> list[UUID]:
    with person.tenant.at_work() as work:
        return list(keeping.untold(work, 10))


def queued(person: Person, portfolio: UUID) -> int:
    jobs = text(
        "SELECT count(*) FROM procrastinate.procrastinate_jobs"
        " WHERE task_name = 'evidence.apply_holds' AND args->>'subject_id' = :id"
    )
    with person.tenant.at_work() as work:
        return int(work.session.execute(jobs, {"id": str(portfolio)}).scalar_one())


def test_a_store_that_was_away_when_a_hold_was_released_is_told_later(
    amira: Person, officer: Person, locked: UUID, store: S3Store, superuser_engine: Engine
) -> None:
    """Also of a file that went meanwhile, and whose bytes the hold kept in the store."""
    file = file_in(amira, locked)
    shift = make.shift(amira.tenant)
    body = {"kind": "legal", "reason": "A court asked for it."}
    hold = officer.post(f"/portfolios/{locked}/holds", body).json()["id"]
    assert holds_to_tell(amira) == [locked]
    locking.apply_holds(shift, locked)
    assert holds_to_tell(amira) == []
    officer.post(f"/holds/{hold}/release")
    with superuser_engine.begin() as connection:
        connection.execute(
            text("DELETE FROM procrastinate.procrastinate_jobs WHERE args->>'subject_id' = :id"),
            {"id": str(locked)},
        )
        connection.execute(
            text(
                "UPDATE evidence_file SET state = 'deleted', settled_at = now(),"
                " disposed_at = now() WHERE id = :id"
            ),
            {"id": file},
        )
    with pytest.raises(ObjectLocked):
        arrival.discard_upload(shift, file)

    locking.take_up(shift)
    assert queued(amira, locked) == 1
    locking.apply_holds(shift, locked)

    assert holds_to_tell(amira) == []
    arrival.discard_upload(shift, file)
    assert not store.exists(f"evidence/{locked}/{file}")


def test_what_is_sealed_while_a_hold_is_on_comes_under_it(
    amira: Person, officer: Person, submitted: UUID, store: S3Store
) -> None:
    body = {"kind": "appeal", "reason": "An appeal was lodged."}
    assert officer.post(f"/portfolios/{submitted}/holds", body).status_code == 201
    locking.lock_snapshot(make.shift(amira.tenant), snapshot_id(amira, submitted))
    with pytest.raises(ObjectLocked):
        store.delete(f"evidence/{submitted}/{file_in(amira, submitted)}", despite_lock=True)


@pytest.fixture
def plain(settings: Settings) -> S3Store:
    """A store with a bucket that was made without object lock."""
    elsewhere = replace(settings, s3_bucket="plain")
    client = connect(elsewhere)
    if "plain" not in [bucket["Name"] for bucket in client.list_buckets()["Buckets"]]:
        client.create_bucket(Bucket="plain")
    return S3Store.from_settings(elsewhere)


def test_a_bucket_that_cannot_lock_is_found_out_and_gone_on_without(
    amira: Person, submitted: UUID, plain: S3Store
) -> None:
    plain.make_bucket(["http://localhost"])
    assert not plain.locks_objects()
    shift = replace(make.shift(amira.tenant), store=plain)
    locking.lock_snapshot(shift, snapshot_id(amira, submitted))
    locking.renew_locks(shift)
    assert locked_until(amira, file_in(amira, submitted)) is None


def test_where_nothing_is_locked_no_lock_is_to_be_passed_over(
    plain: S3Store, store: S3Store
) -> None:
    """Some stores refuse to remove anything from such a bucket when they are told to."""
    said: list[bool] = []

    def note(params: dict[str, object], **_: object) -> None:
        said.append("BypassGovernanceRetention" in params)

    for one in (plain, store):
        one.put("gone/for-good", b"x", "text/plain")
        one._client.meta.events.register("before-parameter-build.s3.DeleteObject", note)
        one.delete("gone/for-good", despite_lock=True)
        one._client.meta.events.unregister("before-parameter-build.s3.DeleteObject", note)
        assert not one.exists("gone/for-good")
    assert said == [False, True]


def test_a_bucket_of_our_own_learns_to_lock(settings: Settings) -> None:
    elsewhere = replace(settings, s3_bucket="older")
    connect(elsewhere).create_bucket(Bucket="older")
    store = S3Store.from_settings(elsewhere)
    store.make_bucket(["http://localhost"], lock=True)
    assert store.locks_objects()


def test_a_folder_is_removed_whole_and_nothing_beside_it(store: S3Store) -> None:
    for key in ("folder/a/1", "folder/a/2", "folder/ab"):
        store.put(key, b"x", "text/plain")
    store.delete_below("folder/a/")
    assert [store.exists(key) for key in ("folder/a/1", "folder/a/2", "folder/ab")] == [
        False,
        False,
        True,
    ]
    with pytest.raises(ValueError, match="no folder"):
        store.delete_below("folder/a")
