"""The queue: a job exists only if the transaction that asked for it commits.

A job names its tenant and ids, never personal values: the queue has no row level security.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from sqlalchemy import text

from app.work import Work

# procrastinate's own function for this, called without its Python library: the web process defers
# jobs and never does any, and the library would cost each of them start-up time and memory.
DEFER = text(
    "SELECT procrastinate_defer_jobs_v1(ARRAY[ROW("
    ":queue, :name, 0, NULL, NULL, CAST(:arguments AS jsonb), CAST(:at AS timestamptz)"
    ")::procrastinate_job_to_defer_v1])"
)


STILL_TO_DO = text(
    "SELECT args->>'subject_id' FROM procrastinate_jobs"
    " WHERE task_name = :name AND status IN ('todo', 'doing') AND args->>'tenant_id' = :tenant"
)


QUEUE = "default"
QUICK_WORK = "quick"
"""The queue of what people wait for after a file was accepted: its copy, preview, text, …"""
LONG_WORK = "long"
"""The queue of films, which may take hours, so that they never keep the rest waiting."""
BULK_WORK = "bulk"
"""The queue of what goes through many files, by the clock or for an archive."""


def defer(
    work: Work, name: str, *, at: datetime | None = None, queue: str = QUEUE, **arguments: UUID
) -> None:
    """Queue the job `name` for this tenant, now or `at` a moment."""
    given = {"tenant_id": work.actor.tenant_id, **arguments}
    texts = json.dumps({key: str(value) for key, value in given.items()})
    work.session.execute(DEFER, {"queue": queue, "name": name, "arguments": texts, "at": at})


def defer_missing(work: Work, name: str, subjects: Iterable[UUID], *, queue: str = QUEUE) -> None:
    """Queue the job `name` for those subjects that no such job is about: the last one failed."""
    values = {"name": name, "tenant": str(work.actor.tenant_id)}
    about = set(work.session.scalars(STILL_TO_DO, values))
    for subject_id in subjects:
        if str(subject_id) not in about:
            defer(work, name, queue=queue, subject_id=subject_id)
