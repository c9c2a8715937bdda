"""What the worker does by the clock, for every certification body."""

from __future__ import annotations

import asyncio
from functools import partial
from uuid import UUID

import pytest
from procrastinate.jobs import Job
from sqlalchemy import text

from app.jobs.shift import Shift
from app.kit.db import Sessions
from app.kit.settings import Settings
from app.storage.s3 import S3Store
from app.worker import BULK, OVERALL, PERIODIC, QUEUES, SOON_AGAIN, do_for_all, make_jobs
from tests.make import Letters, Tenant


class Unlucky(Exception):
    """What goes wrong for one tenant."""


@pytest.fixture
def both(tenant: Tenant, other_tenant: Tenant) -> list[UUID]:
    """Two tenants, in the order in which the worker goes through them."""
    return sorted([tenant.id, other_tenant.id])


def test_what_fails_for_one_tenant_is_done_for_those_after_it_and_then_tried_again(
    both: list[UUID], worker_sessions: Sessions, store: S3Store
) -> None:
    done: list[UUID] = []

    def act(shift: Shift) -> None:
        if shift.tenant_id == both[0]:
            raise Unlucky
        done.append(shift.tenant_id)

    def shift(tenant_id: str) -> Shift:
        return Shift(worker_sessions, store, UUID(tenant_id), "http://localhost:8000", Letters())

    with pytest.raises(ExceptionGroup) as raised:
        do_for_all(act, shift, worker_sessions, 0)
    assert both[1] in done
    assert both[0] not in done
    (failure,) = raised.value.exceptions
    assert isinstance(failure, Unlucky)
    assert failure.__notes__ == [f"This was for the tenant {both[0]}."]

    lucky = partial(do_for_all, lambda shift: done.append(shift.tenant_id), shift, worker_sessions)
    done.clear()
    lucky(0)
    assert set(both) <= set(done)


@pytest.mark.parametrize("name", PERIODIC)
def test_what_the_clock_asks_for_is_tried_again_before_it_asks_again(
    settings: Settings, name: str
) -> None:
    task = make_jobs(settings).tasks[name]
    assert task.retry_strategy == SOON_AGAIN
    waits = [SOON_AGAIN.exponential_wait ** (n + 1) for n in range(SOON_AGAIN.max_attempts or 0)]
    assert sum(waits) < 3600


def test_what_goes_through_many_files_never_keeps_checks_waiting(settings: Settings) -> None:
    assert PERIODIC.keys() | OVERALL.keys() >= BULK
    tasks = make_jobs(settings).tasks
    assert {tasks[name].queue for name in BULK} == {"bulk"}
    assert QUEUES["bulk"] == 1


@pytest.mark.parametrize("name", [*PERIODIC, *OVERALL])
def test_what_the_clock_asks_for_never_overlaps_itself(settings: Settings, name: str) -> None:
    assert make_jobs(settings).tasks[name].lock == name


def test_a_run_by_the_clock_that_fails_makes_way_for_the_next(
    settings: Settings, tenant: Tenant
) -> None:
    with tenant.at_work() as work:
        work.session.execute(text("DELETE FROM procrastinate.procrastinate_jobs"))

    async def two_runs() -> list[object]:
        jobs = make_jobs(settings)
        ledger, taken = jobs.job_manager, list[Job | None]()
        async with jobs.open_async():
            worker = await ledger.register_worker()
            await jobs.tasks["evidence.scan_again"].defer_async(timestamp=0)
            first = await ledger.fetch_job(["bulk"], worker)
            assert first is not None
            await jobs.tasks["evidence.scan_again"].defer_async(timestamp=600)
            taken.append(await ledger.fetch_job(["bulk"], worker))
            await ledger.retry_job(first)
            taken.append(await ledger.fetch_job(["bulk"], worker))
            await ledger.unregister_worker(worker)
        return [one and one.task_kwargs["timestamp"] for one in taken]

    assert asyncio.run(two_runs()) == [None, 600]
    with tenant.at_work() as work:
        work.session.execute(text("DELETE FROM procrastinate.procrastinate_jobs"))
