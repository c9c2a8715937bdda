"""What a job works with: only the worker loads this, for it brings the whole object store."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from app.actor import system
from app.kit.db import Sessions
from app.mail import Post
from app.storage.s3 import S3Store
from app.work import Work, begin


@dataclass(frozen=True, slots=True)
class Shift:
    """One job's run for one tenant.

    A job that reads or moves files opens one transaction to see what is to be done and another to
    enter what came of it; none stays open while bytes travel.
    """

    sessions: Sessions
    store: S3Store
    tenant_id: UUID
    public_url: str
    """The service's address as the world sees it."""
    post: Post
    clamd_address: str | None = None
    """Where a malware scanner listens, if the installation has one beside the built-in rules."""
    verified_files: int = 5_000
    verified_bytes: int = 50 * 1024**3
    """How much is read back in a night for each certification body."""
    upload_life: timedelta = timedelta(days=7)
    """How long an upload may rest before it is given up."""
    person_bytes: int = 0
    tenant_bytes: int = 0
    """The installation's room for a person's files, and for a certification body's; 0: any."""

    def work(self) -> AbstractContextManager[Work]:
        """Open a transaction in which the service itself acts for this tenant."""
        return begin(self.sessions, system(self.tenant_id), self.store)


Handler = Callable[[Shift, UUID], None]
"""A job: it is given its shift and the id of what it is about."""
