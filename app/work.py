"""One unit of work: the transaction it runs in, who asked for it, when, and the files.

Every use case takes a `Work` first. A request builds one, a job builds one, a test builds one;
nothing below the edge looks up the session, the user or the clock.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.actor import Actor
from app.kit.clock import utc_now
from app.kit.db import Sessions, transaction
from app.storage import ObjectStore


@dataclass(frozen=True, slots=True)
class Work:
    session: Session
    actor: Actor
    now: datetime
    store: ObjectStore


ENTER_TENANT = text("SELECT set_config('app.tenant', :tenant, true)")


@contextmanager
def begin(sessions: Sessions, actor: Actor, store: ObjectStore) -> Iterator[Work]:
    """Open a transaction for an actor who is already known: a job, a command, a test."""
    with transaction(sessions) as session:
        session.execute(ENTER_TENANT, {"tenant": str(actor.tenant_id)})
        yield Work(session, actor, utc_now(), store)
