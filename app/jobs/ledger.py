"""The queue's bookkeeping in the worker: a job that failed is queued again, or makes way."""

from __future__ import annotations

from datetime import datetime

from procrastinate.exceptions import UniqueViolation
from procrastinate.jobs import Job, Status
from procrastinate.manager import JobManager


class Ledger(JobManager):
    """The queue's own bookkeeping, which lets go of a job that has a successor already.

    The clock may ask for a job once more while it runs. If that run then fails, there cannot be two
    that wait; it would count as running for as long as its worker lives, and keep all others off.
    """

    async def retry_job(
        self,
        job: Job,
        retry_at: datetime | None = None,
        priority: int | None = None,
        queue: str | None = None,
        lock: str | None = None,
    ) -> None:
        try:
            await super().retry_job(job, retry_at, priority, queue, lock)
        except UniqueViolation:
            await self.finish_job(job, Status.FAILED, delete_job=False)
