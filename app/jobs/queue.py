"""The queue: a job exists only if the transaction that asked for it commits.

A job names its tenant and ids, never personal values: the queue has no row level security.
"""

from __future__ import annotations

from contextlib import nullcontext, suppress
from datetime import datetime
from uuid import UUID

from procrastinate import App, SyncPsycopgConnector
from procrastinate.exceptions import AlreadyEnqueued

from app.work import Work

# Never opened: it borrows the connection of the work at hand.
_deferrer = App(connector=SyncPsycopgConnector())


def defer(
    work: Work,
    name: str,
    *,
    at: datetime | None = None,
    once: str | None = None,
    **arguments: UUID | str,
) -> None:
    """Queue the job `name` for this tenant, now or `at` a moment.

    With `once`, nothing is queued while a job of that key still waits.
    """
    texts = {key: str(value) for key, value in arguments.items()}
    task = _deferrer.configure_task(
        name,
        allow_unknown=True,
        schedule_at=at,
        queueing_lock=once,
        connection=work.session.connection().connection.driver_connection,
    )
    # PostgreSQL gives up the whole transaction over a job that waits already; a savepoint keeps it.
    with suppress(AlreadyEnqueued), work.session.begin_nested() if once else nullcontext():
        task.defer(tenant_id=str(work.actor.tenant_id), **texts)
