"""Recording an act: in the transaction that does it, in order, and never again changed."""

from __future__ import annotations

import contextlib
import json
from functools import partial
from uuid import UUID

import pytest
from sqlalchemy import Engine, select, text
from sqlalchemy.exc import DBAPIError

from app.journal.chain import Link, breaks
from app.journal.models import Entry, Head
from app.journal.service import record
from app.journal.subscriptions import SUBSCRIPTIONS
from app.kit.db import Sessions
from app.kit.ids import new_id
from app.work import ENTER_TENANT, Work
from tests.make import Tenant
from tests.racing import at_once


def stream(work: Work, stream_id: UUID) -> list[Entry]:
    rows = select(Entry).where(Entry.stream_id == stream_id).order_by(Entry.seq)
    return list(work.session.scalars(rows))


def recorded(tenant: Tenant, stream_id: UUID, *actions: str) -> None:
    with tenant.administrator.at_work() as work:
        for action in actions:
            record(work, stream_id, action, stream_id, note=action)


def test_an_entry_says_who_did_what_to_what_and_when(tenant: Tenant) -> None:
    stream_id, subject = new_id(), new_id()
    with tenant.administrator.at_work() as work:
        record(work, stream_id, "test.done", subject, other=stream_id, count=3)
        entry = stream(work, stream_id)[0]
    assert (entry.seq, entry.at, entry.action) == (1, work.now, "test.done")
    assert (entry.actor_id, entry.subject_id) == (tenant.administrator.id, subject)
    assert json.loads(entry.body) == {
        "at": work.now.isoformat(),
        "actor": str(tenant.administrator.id),
        "action": "test.done",
        "subject": str(subject),
        "facts": {"other": str(stream_id), "count": 3},
    }


def test_the_database_hashes_as_the_verifier_does(tenant: Tenant) -> None:
    stream_id = new_id()
    recorded(tenant, stream_id, "a.b", "c.d", "é.ü")
    with tenant.at_work() as work:
        links = [Link(one.seq, one.body, one.hash) for one in stream(work, stream_id)]
        head = work.session.get_one(Head, (tenant.id, stream_id))
        assert len(links) == 3
        assert list(breaks(stream_id, links, Link(head.seq, "", head.hash))) == []


def test_what_is_rolled_back_was_never_recorded(tenant: Tenant) -> None:
    stream_id = new_id()
    recorded(tenant, stream_id, "a.b")
    with contextlib.suppress(LookupError), tenant.at_work() as work:
        record(work, stream_id, "c.d", stream_id)
        raise LookupError
    recorded(tenant, stream_id, "e.f")
    with tenant.at_work() as work:
        assert [(one.seq, one.action) for one in stream(work, stream_id)] == [
            (1, "a.b"),
            (2, "e.f"),
        ]


def test_entries_of_one_stream_follow_each_other_whoever_records_at_once(tenant: Tenant) -> None:
    stream_id, writers, each = new_id(), 4, 15

    def write(name: str) -> None:
        for number in range(each):
            recorded(tenant, stream_id, f"{name}.{number}")

    at_once([partial(write, f"w{number}") for number in range(writers)])

    with tenant.at_work() as work:
        entries = stream(work, stream_id)
        head = work.session.get_one(Head, (tenant.id, stream_id))
    assert [one.seq for one in entries] == list(range(1, writers * each + 1))
    for name in range(writers):
        own = [one.action for one in entries if one.action.startswith(f"w{name}.")]
        assert own == [f"w{name}.{number}" for number in range(each)]
    links = [Link(one.seq, one.body, one.hash) for one in entries]
    assert list(breaks(stream_id, links, Link(head.seq, "", head.hash))) == []


TABLES = ("journal_entry", "journal_anchor", "journal_anchored_head")


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("act", ["UPDATE {} SET tenant_id = tenant_id", "DELETE FROM {}"])
def test_not_even_a_superuser_changes_the_journal_by_mistake(
    superuser_engine: Engine, tenant: Tenant, table: str, act: str
) -> None:
    with superuser_engine.connect() as connection, pytest.raises(DBAPIError) as refused:
        connection.execute(text(act.format(table)))
    assert "never changed or removed" in str(refused.value)


@pytest.mark.parametrize("table", TABLES)
def test_the_journal_is_not_emptied(superuser_engine: Engine, tenant: Tenant, table: str) -> None:
    with superuser_engine.connect() as connection, pytest.raises(DBAPIError) as refused:
        connection.execute(text(f"TRUNCATE {table} CASCADE"))
    assert "never changed or removed" in str(refused.value)


FORGED = (
    "INSERT INTO journal_entry VALUES (:t, :t, 99, now(), :t, 'a', :t, '{}', '\\x00')",
    "INSERT INTO journal_head VALUES (:t, gen_random_uuid(), 99, '\\x00')",
    "UPDATE journal_head SET seq = 99",
    "DELETE FROM journal_head",
    "UPDATE journal_entry SET action = 'b'",
    "DELETE FROM journal_entry",
)


@pytest.mark.parametrize("statement", FORGED)
def test_the_service_itself_cannot_forge_an_entry(
    sessions: Sessions, worker_sessions: Sessions, tenant: Tenant, statement: str
) -> None:
    for role in (sessions, worker_sessions):
        assert "permission denied" in refusal(role, tenant, statement)


def test_the_web_process_writes_no_anchors(sessions: Sessions, tenant: Tenant) -> None:
    statement = "INSERT INTO journal_anchor VALUES (:t, 1, now(), '\\x00', '\\x00')"
    assert "permission denied" in refusal(sessions, tenant, statement)


def refusal(sessions: Sessions, tenant: Tenant, statement: str) -> str:
    """Return what the database says to a statement that it must not carry out."""
    with sessions() as session:
        session.execute(ENTER_TENANT, {"tenant": str(tenant.id)})
        with pytest.raises(DBAPIError) as refused:
            session.execute(text(statement), {"t": tenant.id} if ":t" in statement else {})
    return str(refused.value)


def test_nothing_is_recorded_outside_a_tenant(sessions: Sessions) -> None:
    arguments = {"s": new_id()}
    with sessions() as session, pytest.raises(DBAPIError):
        session.execute(text("SELECT record_entry(:s, now(), :s, 'a', :s, '{}')"), arguments)


def test_the_same_stream_identifier_is_another_stream_for_another_tenant(
    tenant: Tenant, other_tenant: Tenant
) -> None:
    stream_id = new_id()
    recorded(tenant, stream_id, "a.b", "c.d")
    recorded(other_tenant, stream_id, "e.f")
    with other_tenant.at_work() as work:
        assert [(one.seq, one.action) for one in stream(work, stream_id)] == [(1, "e.f")]


@pytest.mark.parametrize("action", SUBSCRIPTIONS)
def test_whoever_subscribed_hears_of_an_act_that_was_committed(
    tenant: Tenant, superuser_engine: Engine, action: str
) -> None:
    done, undone = new_id(), new_id()
    with tenant.at_work() as work:
        record(work, tenant.id, action, done)
    with contextlib.suppress(LookupError), tenant.at_work() as work:
        record(work, tenant.id, action, undone)
        raise LookupError
    with superuser_engine.begin() as connection:
        jobs = connection.execute(
            text(
                "DELETE FROM procrastinate.procrastinate_jobs"
                " WHERE args->>'subject_id' = ANY(:ids) RETURNING task_name, args"
            ),
            {"ids": [str(done), str(undone)]},
        ).all()
    expected = {"tenant_id": str(tenant.id), "subject_id": str(done)}
    assert [(name, args) for name, args in jobs] == [
        (name, expected) for name in SUBSCRIPTIONS[action]
    ]
