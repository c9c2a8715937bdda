"""Recording what an actor did, in the transaction that did it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import text

from app.jobs.queue import defer
from app.journal.models import Head
from app.journal.subscriptions import SUBSCRIPTIONS
from app.kit.canonical import canonical
from app.work import Work

Fact = str | int | bool | None | UUID | list[str] | Mapping[str, str | int | None]

RECORD = text("SELECT record_entry(:stream, :at, :actor, :action, :subject, :body)")


def record(work: Work, stream_id: UUID, action: str, subject_id: UUID, **facts: Fact) -> None:
    """Enter an act in a stream: a portfolio's own, or the tenant's for everything else.

    Facts are ids, states and figures, never personal values: people can be erased, entries cannot.
    Whoever subscribed to the action hears of it after the commit.
    """
    work.session.flush()
    work.session.execute(RECORD, entry(work, stream_id, action, subject_id, **facts))
    for job in SUBSCRIPTIONS.get(action, ()):
        defer(work, job, subject_id=subject_id)


def journal_exists(work: Work, stream_id: UUID) -> bool:
    """Tell whether anything was ever recorded in a stream."""
    return work.session.get(Head, (work.actor.tenant_id, stream_id)) is not None


def entry(
    work: Work, stream_id: UUID, action: str, subject_id: UUID, **facts: Fact
) -> dict[str, object]:
    """Return the arguments of `record_entry`, for a statement that records by itself."""
    return {
        "stream": stream_id,
        "at": work.now,
        "actor": work.actor.person_id,
        "action": action,
        "subject": subject_id,
        "body": body(work.now, work.actor.person_id, action, subject_id, facts),
    }


def body(
    at: datetime, actor_id: UUID, action: str, subject_id: UUID, facts: Mapping[str, Fact]
) -> str:
    """Return an entry's canonical text, which is what the chain hashes."""
    return canonical(
        {
            "at": at.astimezone(UTC).isoformat(),
            "actor": str(actor_id),
            "action": action,
            "subject": str(subject_id),
            "facts": {
                name: str(fact) if isinstance(fact, UUID) else fact for name, fact in facts.items()
            },
        }
    ).decode()
