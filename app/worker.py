"""The worker process: does what was deferred, and what the clock asks for.

Jobs are procrastinate's, kept in the same PostgreSQL. A job whose worker was killed is taken up
again by the next one; each can be repeated without harm.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import threading
from collections.abc import Callable, Mapping
from functools import partial
from uuid import UUID

from procrastinate import App, PsycopgConnector, RetryStrategy
from sqlalchemy import text

from app.audit import handlers as audit
from app.certification import handlers as certification
from app.evidence.handlers import arrival
from app.jobs.shift import Handler, Shift
from app.journal.subscriptions import SUBSCRIPTIONS
from app.kit.db import Sessions, make_engine, make_sessions, transaction
from app.kit.logs import configure_logs, write_line
from app.kit.settings import Settings
from app.people import handlers as people
from app.storage.s3 import S3Store

HANDLERS: Mapping[str, Handler] = {
    "evidence.check_file": arrival.check_file,
    "evidence.discard_upload": arrival.discard_upload,
    "evidence.clear_incoming": arrival.clear_incoming,
    "certification.draw_certificate": certification.draw_certificate,
}

PERIODIC: Mapping[str, tuple[str, Callable[[Shift], object]]] = {
    "audit.anchor_heads": ("0 * * * *", audit.anchor_heads),
    "evidence.take_up": ("10,40 * * * *", arrival.take_up),
    "certification.take_up": ("5,20,35,50 * * * *", certification.take_up),
    "people.forget_answers": ("30 3 * * *", people.forget_answers),
}
"""What each tenant needs by the clock: the cron time (UTC) and the job."""

STALLED_AFTER = 30
"""Seconds without a sign of life after which a worker is taken for dead."""
RETRIES = RetryStrategy(max_attempts=12, exponential_wait=2)
SOON_AGAIN = RetryStrategy(max_attempts=8, exponential_wait=2)
"""For what the clock asks for: some minutes, which is before it asks again."""
CONCURRENCY = 2


def make_jobs(settings: Settings) -> App:
    """Return the procrastinate app with every job that the service knows."""
    sessions = make_sessions(make_engine(settings.worker_database_url, pool_size=CONCURRENCY + 2))
    store = S3Store.from_settings(settings)
    jobs = App(
        connector=PsycopgConnector(
            conninfo=settings.worker_database_url,
            kwargs={"options": "-c search_path=procrastinate"},
            min_size=1,
            max_size=4,
        )
    )

    def shift(tenant_id: str) -> Shift:
        return Shift(sessions, store, UUID(tenant_id), settings.public_url)

    told = {name for names in SUBSCRIPTIONS.values() for name in names}
    if unknown := told - HANDLERS.keys():
        raise LookupError(f"Nobody does the jobs {sorted(unknown)}, which recorded acts ask for.")
    for name, handler in HANDLERS.items():
        jobs.task(name=name, retry=RETRIES)(partial(_do, handler, shift))
    for name, (cron, act) in PERIODIC.items():
        every = partial(do_for_all, act, shift, sessions)
        task = jobs.task(name=name, queueing_lock=name, retry=SOON_AGAIN)
        jobs.periodic(cron=cron)(task(every))

    @jobs.periodic(cron="* * * * * */10")
    @jobs.task(name="jobs.retry_stalled", queueing_lock="jobs.retry_stalled", pass_context=False)
    async def retry_stalled(timestamp: int) -> None:
        """Take up again what a killed worker left."""
        for job in await jobs.job_manager.get_stalled_jobs(seconds_since_heartbeat=STALLED_AFTER):
            await jobs.job_manager.retry_job(job)

    return jobs


def _do(handler: Handler, shift: Callable[[str], Shift], tenant_id: str, subject_id: str) -> None:
    handler(shift(tenant_id), UUID(subject_id))


def do_for_all(
    act: Callable[[Shift], object],
    shift: Callable[[str], Shift],
    sessions: Sessions,
    timestamp: int,
) -> None:
    """Do for every tenant what the clock asks for, also after it has failed for some.

    Raises an ExceptionGroup of what went wrong, each with a note for whom, so that all is repeated.
    """
    failures: list[Exception] = []
    for tenant_id in all_tenants(sessions):
        try:
            act(shift(str(tenant_id)))
        except Exception as failure:
            failure.add_note(f"This was for the tenant {tenant_id}.")
            failures.append(failure)
    if failures:
        raise ExceptionGroup("This could not be done for every tenant.", failures)


def all_tenants(sessions: Sessions) -> list[UUID]:
    """Return every tenant of the installation, for what the clock asks for each."""
    with transaction(sessions) as session:
        return list(session.scalars(text("SELECT all_tenants()")))


async def work(settings: Settings, stop: asyncio.Event) -> None:
    """Do jobs until told to stop; what is under way is finished first."""
    jobs = make_jobs(settings)
    async with jobs.open_async():
        running = asyncio.create_task(
            jobs.run_worker_async(
                concurrency=CONCURRENCY,
                install_signal_handlers=False,
                shutdown_graceful_timeout=20,
                delete_jobs="successful",
                fetch_job_polling_interval=2.0,
            )
        )
        stopping = asyncio.create_task(stop.wait())
        await asyncio.wait({running, stopping}, return_when=asyncio.FIRST_COMPLETED)
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running


def main() -> None:
    configure_logs()
    settings = Settings.read()

    async def run() -> None:
        stop = asyncio.Event()
        for request in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(request, stop.set)
        write_line("worker.started", threads=threading.active_count())
        await work(settings, stop)

    asyncio.run(run())
