"""The worker process: does what was deferred, and what the clock asks for.

Jobs are procrastinate's, kept in the same PostgreSQL. A job whose worker was killed is taken up
again by the next one; each can be repeated without harm.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from functools import partial
from uuid import UUID

from procrastinate import App, PsycopgConnector, RetryStrategy
from sqlalchemy import text

from app.audit import handlers as audit
from app.certification import handlers as certification
from app.evidence.handlers import (
    arrival,
    captions,
    integrity,
    invitations,
    locking,
    receipts,
    reconciling,
    renditions,
    resting,
    scanning,
)
from app.evidence.media.making import workshop
from app.jobs.ledger import Ledger
from app.jobs.queue import BULK_WORK, LONG_WORK, QUEUE, QUICK_WORK
from app.jobs.shift import Handler, Shift
from app.journal.subscriptions import SUBSCRIPTIONS
from app.kit.db import Sessions, make_engine, make_sessions, transaction
from app.kit.logs import configure_logs, write_line
from app.kit.settings import Settings
from app.mail.choice import post_of
from app.people import handlers as people
from app.privacy import handlers as privacy
from app.storage.s3 import S3Store

HANDLERS: Mapping[str, Handler] = {
    "evidence.check_file": arrival.check_file,
    "evidence.discard_upload": arrival.discard_upload,
    "evidence.clear_incoming": arrival.clear_incoming,
    "evidence.make_renditions": renditions.make_renditions,
    "evidence.make_playable": renditions.make_playable,
    "evidence.keep_captions": captions.keep_captions,
    "evidence.draw_receipt": receipts.draw_receipt,
    "evidence.lock_snapshot": locking.lock_snapshot,
    "evidence.apply_holds": locking.apply_holds,
    "evidence.send_invitation": invitations.send_invitation,
    "certification.draw_certificate": certification.draw_certificate,
    "certification.note_damage": certification.note_damage,
    "privacy.make_export": privacy.make_export,
    "privacy.withdraw_exports": privacy.withdraw_exports,
    "privacy.take_in": privacy.take_in,
    "privacy.clear_import": privacy.clear_import,
}

PERIODIC: Mapping[str, tuple[str, Callable[[Shift], object]]] = {
    "audit.anchor_heads": ("0 * * * *", audit.anchor_heads),
    "evidence.give_up": ("25 * * * *", resting.give_up),
    "evidence.take_up": ("10,40 * * * *", arrival.take_up),
    "evidence.take_up_renditions": ("12,42 * * * *", renditions.take_up),
    "evidence.ask_scanner_again": ("* * * * *", scanning.ask_again),
    "evidence.scan_again": ("*/10 * * * *", scanning.rescan),
    "evidence.take_up_receipts": ("15,45 * * * *", receipts.take_up),
    "evidence.verify_some": ("10 1 * * *", integrity.verify_some),
    "evidence.take_up_holds": ("35 * * * *", locking.take_up),
    "evidence.renew_locks": ("40 2 * * *", locking.renew_locks),
    "evidence.take_up_invitations": ("20,50 * * * *", invitations.take_up),
    "certification.carry_out_retention": ("20 2 * * *", certification.carry_out_retention),
    "certification.take_up": ("5,20,35,50 * * * *", certification.take_up),
    "people.forget_answers": ("30 3 * * *", people.forget_answers),
    "privacy.clear_away": ("25 * * * *", privacy.clear_away),
}
"""What each tenant needs by the clock: the cron time (UTC) and the job."""

OVERALL: Mapping[str, tuple[str, Callable[[Sequence[Shift]], object]]] = {
    "evidence.reconcile": ("50 1 * * *", reconciling.reconcile),
}
"""What all tenants need together, done once for all of them."""

BULK = frozenset(
    {
        "evidence.scan_again",
        "evidence.verify_some",
        "evidence.renew_locks",
        "evidence.reconcile",
        "certification.carry_out_retention",
    }
)
"""What of it goes through many files, and must not keep the checks of new ones waiting."""

STALLED_AFTER = 30
"""Seconds without a sign of life after which a worker is taken for dead."""
RETRIES = RetryStrategy(max_attempts=12, exponential_wait=2)
SOON_AGAIN = RetryStrategy(max_attempts=8, exponential_wait=2)
"""For what the clock asks for: some minutes, which is before it asks again."""
CONCURRENCY = 2
QUEUES = {QUEUE: CONCURRENCY, QUICK_WORK: 1, LONG_WORK: 1, BULK_WORK: 1}
"""How much is done at once: encoding a film takes both cores, and must not keep checks waiting."""


def make_jobs(settings: Settings) -> App:
    """Return the procrastinate app with every job that the service knows."""
    sessions = make_sessions(
        make_engine(settings.worker_database_url, pool_size=sum(QUEUES.values()) + 2)
    )
    store, post = S3Store.from_settings(settings), post_of(settings)
    jobs = App(
        connector=PsycopgConnector(
            conninfo=settings.worker_database_url,
            kwargs={"options": "-c search_path=procrastinate"},
            min_size=1,
            max_size=6,
        )
    )

    def shift(tenant_id: str) -> Shift:
        url, clamd = settings.public_url, settings.clamd_address
        return Shift(
            sessions,
            store,
            UUID(tenant_id),
            url,
            post,
            clamd,
            settings.verified_files_per_night,
            settings.verified_bytes_per_night,
            timedelta(days=settings.upload_life_days),
            settings.person_storage_bytes,
            settings.tenant_storage_bytes,
        )

    jobs.job_manager = Ledger(jobs.connector)
    told = {name for names in SUBSCRIPTIONS.values() for name in names}
    if unknown := told - HANDLERS.keys():
        raise LookupError(f"Nobody does the jobs {sorted(unknown)}, which recorded acts ask for.")
    for name, handler in HANDLERS.items():
        jobs.task(name=name, retry=RETRIES)(partial(_do, handler, shift))
    for name, (cron, act) in PERIODIC.items():
        by_the_clock(jobs, name, cron, partial(do_for_all, act, shift, sessions))
    for name, (cron, whole) in OVERALL.items():
        by_the_clock(jobs, name, cron, partial(do_for_all_at_once, whole, shift, sessions))

    @jobs.periodic(cron="* * * * * */10")
    @jobs.task(name="jobs.retry_stalled", queueing_lock="jobs.retry_stalled", pass_context=False)
    async def retry_stalled(timestamp: int) -> None:
        """Take up again what a killed worker left."""
        for job in await jobs.job_manager.get_stalled_jobs(seconds_since_heartbeat=STALLED_AFTER):
            await jobs.job_manager.retry_job(job)

    return jobs


def by_the_clock(jobs: App, name: str, cron: str, act: Callable[[int], None]) -> None:
    """Have something done by the clock that neither waits twice nor overlaps itself."""
    queue = BULK_WORK if name in BULK else QUEUE
    task = jobs.task(name=name, queue=queue, lock=name, queueing_lock=name, retry=SOON_AGAIN)
    jobs.periodic(cron=cron)(task(act))


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


def do_for_all_at_once(
    act: Callable[[Sequence[Shift]], object],
    shift: Callable[[str], Shift],
    sessions: Sessions,
    timestamp: int,
) -> None:
    """Do for all tenants together what the clock asks for."""
    act([shift(str(tenant_id)) for tenant_id in all_tenants(sessions)])


def all_tenants(sessions: Sessions) -> list[UUID]:
    """Return every tenant of the installation, for what the clock asks for each."""
    with transaction(sessions) as session:
        return list(session.scalars(text("SELECT all_tenants()")))


async def work(settings: Settings, stop: asyncio.Event) -> None:
    """Do jobs until told to stop; what is under way is finished first."""
    jobs = make_jobs(settings)
    async with jobs.open_async():
        running = [
            asyncio.create_task(
                jobs.run_worker_async(
                    queues=[queue],
                    concurrency=concurrency,
                    install_signal_handlers=False,
                    shutdown_graceful_timeout=20,
                    delete_jobs="successful",
                    fetch_job_polling_interval=2.0,
                )
            )
            for queue, concurrency in QUEUES.items()
        ]
        stopping = asyncio.create_task(stop.wait())
        await asyncio.wait({*running, stopping}, return_when=asyncio.FIRST_COMPLETED)
        workshop.STOPPING.set()
        for one in running:
            one.cancel()
        try:
            for one in running:
                with contextlib.suppress(asyncio.CancelledError):
                    await one
        finally:
            workshop.STOPPING.clear()


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
