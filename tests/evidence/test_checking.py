"""The check of a file can be cut off anywhere and repeated: nothing is lost, nothing left over."""

from __future__ import annotations

import errno
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import text

from app import worker
from app.evidence.access import NoSuchFile
from app.evidence.handlers import arrival
from app.jobs.shift import Shift
from app.kit.settings import Settings
from app.storage import About, Fingerprint, StoreUnavailable
from app.storage.s3 import S3Store
from tests import make
from tests.evidence.conftest import Shelves
from tests.make import Person
from tests.racing import at_once


class Killed(BaseException):
    """The worker was killed here."""


class DeadlyStore(S3Store):
    """The real store, in a worker that dies at a certain point."""

    dies_at = ""

    def keep(self, from_key: str, to_key: str, *, etag: str) -> About:
        kept = super().keep(from_key, to_key, etag=etag)
        if self.dies_at == "after the copy":
            raise Killed
        return kept

    def complete_upload(self, key: str, upload_id: str) -> About:
        completed = super().complete_upload(key, upload_id)
        if self.dies_at == "after the assembly":
            raise Killed
        return completed

    def delete(self, key: str, *, despite_lock: bool = False) -> None:
        if self.dies_at == "before the clearing":
            raise Killed
        super().delete(key, despite_lock=despite_lock)


def deadly(settings: Settings, person: Person, dies_at: str) -> Shift:
    store = DeadlyStore.from_settings(settings)
    store.dies_at = dies_at
    return replace(make.shift(person.tenant), store=store)


def journalled(person: Person, file: UUID) -> list[str]:
    actions = text("SELECT action FROM journal_entry WHERE subject_id = :id ORDER BY seq")
    with person.tenant.at_work() as work:
        return list(work.session.scalars(actions, {"id": file}))


HANDED_IN = ["evidence.file_announced", "evidence.file_received"]


@pytest.mark.parametrize("dies_at", ["after the copy", "before the clearing"])
def test_a_check_that_was_killed_is_done_by_the_next_worker(
    amira: Person,
    portfolio: UUID,
    item: UUID,
    settings: Settings,
    shelves: Shelves,
    dies_at: str,
) -> None:
    file = make.received(amira, item)
    for _ in range(2):
        with pytest.raises(Killed):
            arrival.check_file(deadly(settings, amira, dies_at), file)
    arrival.check_file(make.shift(amira.tenant), file)
    assert amira.get(f"/files/{file}").json()["state"] == "available"
    assert shelves.kept(portfolio) == {str(file): make.WORDS}
    assert shelves.incoming(portfolio) == {}
    assert journalled(amira, file) == [*HANDED_IN, "evidence.file_kept"]


def test_a_rejection_that_was_killed_before_its_clearing_leaves_nothing_either(
    amira: Person, portfolio: UUID, item: UUID, settings: Settings, pdf: bytes, shelves: Shelves
) -> None:
    file = make.received(amira, item, pdf, media_type="text/plain")
    with pytest.raises(Killed):
        arrival.check_file(deadly(settings, amira, "before the clearing"), file)
    assert amira.get(f"/files/{file}").json()["state"] == "rejected"
    assert shelves.incoming(portfolio) == {str(file): pdf}
    arrival.check_file(make.shift(amira.tenant), file)
    assert shelves.incoming(portfolio) == shelves.kept(portfolio) == {}
    assert journalled(amira, file) == [*HANDED_IN, "evidence.file_rejected"]


def test_a_repeated_check_changes_nothing(
    amira: Person, portfolio: UUID, item: UUID, shelves: Shelves
) -> None:
    file = make.file(amira, item)
    before = amira.get(f"/portfolios/{portfolio}").content
    arrival.check_file(make.shift(amira.tenant), file)
    assert amira.get(f"/portfolios/{portfolio}").content == before
    assert shelves.kept(portfolio) == {str(file): make.WORDS}
    assert journalled(amira, file) == [*HANDED_IN, "evidence.file_kept"]


def test_two_workers_at_one_file_keep_it_once(
    amira: Person, portfolio: UUID, item: UUID, shelves: Shelves
) -> None:
    file = make.received(amira, item)
    shift = make.shift(amira.tenant)

    def check() -> str:
        # One may find the bytes gone that the other has just cleared away; its job comes back.
        try:
            arrival.check_file(shift, file)
        except StoreUnavailable:
            arrival.check_file(shift, file)
        return "done"

    acts: list[Callable[[], str]] = [check, check, check]
    assert at_once(acts) == ["done"] * 3
    assert amira.get(f"/files/{file}").json()["state"] == "available"
    assert shelves.kept(portfolio) == {str(file): make.WORDS}
    assert shelves.incoming(portfolio) == {}
    assert journalled(amira, file) == [*HANDED_IN, "evidence.file_kept"]


def test_while_the_store_is_away_a_file_waits(
    amira: Person, item: UUID, settings: Settings
) -> None:
    file = make.received(amira, item)
    nowhere = S3Store.from_settings(
        settings.changed(s3_endpoint="http://127.0.0.1:9"), patience=0.1
    )
    with pytest.raises(StoreUnavailable):
        arrival.check_file(replace(make.shift(amira.tenant), store=nowhere), file)
    assert amira.get(f"/files/{file}").json()["state"] == "received"
    assert journalled(amira, file) == HANDED_IN
    arrival.check_file(make.shift(amira.tenant), file)
    assert amira.get(f"/files/{file}").json()["state"] == "available"


class FailingStore(S3Store):
    """A store that has lost part of what it took."""

    def keep(self, from_key: str, to_key: str, *, etag: str) -> About:
        raise StoreUnavailable


def test_a_file_that_the_store_cannot_give_back_is_given_up_after_an_hour(
    amira: Person, portfolio: UUID, item: UUID, settings: Settings, shelves: Shelves
) -> None:
    file = make.received(amira, item)
    shift = replace(make.shift(amira.tenant), store=FailingStore.from_settings(settings))
    with pytest.raises(StoreUnavailable):
        arrival.check_file(shift, file)
    make.failing_for(amira, file, timedelta(minutes=61))
    arrival.check_file(shift, file)
    found = amira.get(f"/files/{file}").json()
    assert (found["state"], found["problem"]) == ("rejected", "lost-in-store")
    assert shelves.incoming(portfolio) == shelves.kept(portfolio) == {}
    assert amira.delete(f"/files/{file}").status_code == 204


class FullDisk(S3Store):
    """The store as a worker sees it whose disk is full."""

    def download(self, key: str, path: Path) -> Fingerprint:
        raise OSError(errno.ENOSPC, "No space left on device")


def received_long_ago(person: Person, file: UUID) -> None:
    a_month_ago = "UPDATE evidence_file SET received_at = received_at - interval '30 days'"
    with person.tenant.at_work() as work:
        work.session.execute(text(f"{a_month_ago} WHERE id = :id"), {"id": file})


FAULTS: list[tuple[type[S3Store], type[Exception]]] = [
    (FailingStore, StoreUnavailable),
    (FullDisk, OSError),
]


@pytest.mark.parametrize(("kind", "fault"), FAULTS)
def test_a_file_that_has_waited_for_long_is_not_given_up_at_the_first_fault_of_ours(
    amira: Person,
    portfolio: UUID,
    item: UUID,
    settings: Settings,
    shelves: Shelves,
    kind: type[S3Store],
    fault: type[Exception],
) -> None:
    file = make.received(amira, item)
    received_long_ago(amira, file)
    with pytest.raises(fault):
        arrival.check_file(
            replace(make.shift(amira.tenant), store=kind.from_settings(settings)), file
        )
    assert shelves.incoming(portfolio) == {str(file): make.WORDS}
    arrival.check_file(make.shift(amira.tenant), file)
    assert amira.get(f"/files/{file}").json()["state"] == "available"
    assert failing(amira, file) == (None, None, None)


@pytest.mark.parametrize(("kind", "fault"), FAULTS)
def test_a_fault_long_after_the_last_one_is_a_first_one_again(
    amira: Person, item: UUID, settings: Settings, kind: type[S3Store], fault: type[Exception]
) -> None:
    file = make.received(amira, item)
    shift = replace(make.shift(amira.tenant), store=kind.from_settings(settings))
    for _ in range(3):
        with pytest.raises(fault):
            arrival.check_file(shift, file)
        # The worker is stopped over a weekend.
        make.failing_for(amira, file, timedelta(days=3), without_a_try=timedelta(days=3))
    assert amira.get(f"/files/{file}").json()["state"] == "received"


def test_the_store_s_hour_begins_when_the_store_fails(
    amira: Person, item: UUID, settings: Settings
) -> None:
    file = make.received(amira, item)
    full = replace(make.shift(amira.tenant), store=FullDisk.from_settings(settings))
    away = replace(make.shift(amira.tenant), store=FailingStore.from_settings(settings))
    with pytest.raises(StoreUnavailable):
        arrival.check_file(away, file)
    make.failing_for(amira, file, timedelta(minutes=59))
    for _ in range(2):
        with pytest.raises(OSError, match="No space"):
            arrival.check_file(full, file)
        make.failing_for(amira, file, timedelta(hours=2))
        with pytest.raises(StoreUnavailable):
            arrival.check_file(away, file)
    make.failing_for(amira, file, timedelta(hours=21))
    arrival.check_file(away, file)
    assert amira.get(f"/files/{file}").json()["problem"] == "lost-in-store"


def failing(person: Person, file: UUID) -> tuple[object, ...]:
    noted = text("SELECT failing, failing_since, failed_at FROM evidence_file WHERE id = :id")
    with person.tenant.at_work() as work:
        return tuple(work.session.execute(noted, {"id": file}).one())


def test_another_tenant_s_worker_does_not_find_the_file(
    amira: Person, otto: Person, item: UUID
) -> None:
    file = make.received(amira, item)
    for job in (arrival.check_file, arrival.discard_upload, arrival.clear_incoming):
        with pytest.raises(NoSuchFile):
            job(make.shift(otto.tenant), file)
    assert amira.get(f"/files/{file}").json()["state"] == "received"


def fail_for_good(person: Person, file: UUID) -> None:
    """Let every job about a file be one that ran out of tries, an hour ago."""
    failed = text("UPDATE procrastinate_jobs SET status = 'failed' WHERE args->>'subject_id' = :id")
    an_hour_ago = text(
        "UPDATE evidence_file SET received_at = received_at - interval '61 minutes',"
        " settled_at = settled_at - interval '61 minutes' WHERE id = CAST(:id AS uuid)"
    )
    with person.tenant.at_work() as work:
        for statement in (failed, an_hour_ago):
            work.session.execute(statement, {"id": str(file)})


def waiting_jobs(person: Person, file: UUID) -> list[str]:
    jobs = text(
        "SELECT task_name FROM procrastinate_jobs"
        " WHERE status = 'todo' AND args->>'subject_id' = :id AND scheduled_at IS NULL"
    )
    with person.tenant.at_work() as work:
        return list(work.session.scalars(jobs, {"id": str(file)}))


def by_the_clock(person: Person) -> None:
    worker.PERIODIC["evidence.take_up"][1](make.shift(person.tenant))


@pytest.mark.parametrize("state", ["received", "checked"])
def test_a_check_that_ran_out_of_tries_is_taken_up_again_once(
    amira: Person, item: UUID, state: str
) -> None:
    file = make.received(amira, item)
    by_the_clock(amira)
    assert waiting_jobs(amira, file) == ["evidence.check_file"]  # the first one
    fail_for_good(amira, file)
    with amira.tenant.at_work() as work:
        work.session.execute(
            text("UPDATE evidence_file SET state = :state WHERE id = :id"),
            {"state": state, "id": file},
        )
    for _ in range(2):
        by_the_clock(amira)
        assert waiting_jobs(amira, file) == ["evidence.check_file"]
    arrival.check_file(make.shift(amira.tenant), file)
    assert amira.get(f"/files/{file}").json()["state"] == "available"
    fail_for_good(amira, file)
    by_the_clock(amira)
    assert waiting_jobs(amira, file) == []


def test_a_removal_that_ran_out_of_tries_is_taken_up_until_the_bytes_are_gone(
    amira: Person, portfolio: UUID, item: UUID, shelves: Shelves
) -> None:
    file = make.file(amira, item)
    assert amira.delete(f"/files/{file}").status_code == 204
    assert journalled(amira, file)[-1] == "evidence.file_removed"
    fail_for_good(amira, file)
    assert shelves.kept(portfolio) == {str(file): make.WORDS}
    for _ in range(2):
        by_the_clock(amira)
        assert waiting_jobs(amira, file) == ["evidence.discard_upload"]
    arrival.discard_upload(make.shift(amira.tenant), file)
    assert shelves.kept(portfolio) == {}
    fail_for_good(amira, file)
    by_the_clock(amira)
    assert waiting_jobs(amira, file) == []


def test_another_tenant_s_clock_takes_up_nothing_here(
    amira: Person, otto: Person, item: UUID
) -> None:
    file = make.received(amira, item)
    fail_for_good(amira, file)
    by_the_clock(otto)
    assert waiting_jobs(amira, file) == []


class BrokenStore(S3Store):
    """A store that makes the check fail in a way nobody thought of."""

    def keep(self, from_key: str, to_key: str, *, etag: str) -> About:
        raise ZeroDivisionError


def test_a_check_that_always_breaks_off_is_given_up_after_a_day(
    amira: Person, item: UUID, settings: Settings
) -> None:
    file = make.received(amira, item)
    shift = replace(make.shift(amira.tenant), store=BrokenStore.from_settings(settings))
    fail_for_good(amira, file)
    with pytest.raises(ZeroDivisionError):
        arrival.check_file(shift, file)
    make.failing_for(amira, file, timedelta(hours=25))
    arrival.check_file(shift, file)
    found = amira.get(f"/files/{file}").json()
    assert (found["state"], found["problem"]) == ("rejected", "could-not-check")
    assert found["problem_detail"].endswith("Reason: the check broke off: ZeroDivisionError.")
    assert amira.delete(f"/files/{file}").status_code == 204
