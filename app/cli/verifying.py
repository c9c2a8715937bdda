"""Verifying an installation: the journals with their seals and, if asked, every kept file."""

from __future__ import annotations

from uuid import UUID

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
)

from app.actor import system
from app.audit import service as audit
from app.cli.installation import Installation, worker_sessions
from app.evidence.handlers import integrity
from app.evidence.handlers.integrity import Verified
from app.evidence.queries import keeping
from app.jobs.shift import Shift
from app.kit.db import Sessions
from app.mail.choice import post_of
from app.storage.s3 import S3Store
from app.work import begin
from app.worker import all_tenants


def verify(here: Installation, console: Console, *, files: bool) -> int:
    """Verify each certification body in turn and say how it is; return how much does not hold.

    A damaged file is entered as by night: it is flagged, and opened to nobody.
    """
    sessions, store = worker_sessions(here.settings), S3Store.from_settings(here.settings)
    broken = 0
    for tenant_id in all_tenants(sessions):
        with begin(sessions, system(tenant_id), store) as work:
            report = audit.verify(work)
        print(f"tenant {tenant_id}: {report}")
        broken += len(report.breaks)
        if files:
            broken += len(read_back(here, console, sessions, store, tenant_id).damaged)
    return broken


def read_back(
    here: Installation, console: Console, sessions: Sessions, store: S3Store, tenant_id: UUID
) -> Verified:
    """Read every kept file of a certification body back, and say what is damaged."""
    shift = Shift(sessions, store, tenant_id, here.settings.public_url, post_of(here.settings))
    with shift.work() as work:
        count, size = keeping.amount(work)
    columns = (
        TextColumn("reading files back"),
        BarColumn(),
        DownloadColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("files", total=size)

        def told(done: Verified) -> None:
            progress.update(task, completed=done.bytes)

        done = integrity.verify(shift, told=told)
    if not done.damaged:
        print(f"tenant {tenant_id}: {done.files} of {count} files, {done.bytes} bytes: all whole")
    else:
        print(f"tenant {tenant_id}: {len(done.damaged)} of {done.files} files are damaged")
    for file_id, damage in done.damaged.items():
        print(f"  {file_id}: {damage}")
    return done
