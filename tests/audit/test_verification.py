"""Verification finds whatever somebody with every right changed, and nothing else."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

import pytest
from sqlalchemy import Connection, Engine, text
from sqlalchemy.orm import Session

from app.actor import RoleRequired, system
from app.audit import service
from app.audit.chain import anchor_root
from app.audit.queries import AT_ONCE
from app.audit.service import Report
from app.journal.chain import Break, beginning, following
from app.journal.service import RECORD, entry, record
from app.kit.clock import utc_now
from app.kit.ids import new_id
from app.work import Work
from tests.make import Person, Tenant
from tests.racing import at_once

STREAMS, ENTRIES, ANCHORS = 4, 5, 3


@pytest.fixture
def streams(tenant: Tenant) -> list[UUID]:
    """Streams of a tenant that were recorded in and anchored several times."""
    ids = [new_id() for _ in range(STREAMS)]
    for round_ in range(ANCHORS):
        with tenant.administrator.at_work() as work:
            for number, stream_id in enumerate(ids):
                for _ in range(ENTRIES if number == round_ else 1):
                    record(work, stream_id, "test.done", new_id(), round=round_)
        with tenant.at_work() as work:
            service.anchor(work)
    return ids


def verified(tenant: Tenant) -> Report:
    with tenant.at_work() as work:
        return service.verify(work)


def test_an_intact_journal_raises_no_alarm(tenant: Tenant, streams: list[UUID]) -> None:
    report = verified(tenant)
    assert report.breaks == ()
    assert report.streams == STREAMS + 1  # and the tenant's own
    assert report.entries == 3 + sum(ENTRIES + 2 if n < ANCHORS else 3 for n in range(STREAMS))
    assert report.anchors == ANCHORS
    assert str(report).endswith("all hold")


def test_a_new_tenant_s_journal_holds(tenant: Tenant) -> None:
    report = verified(tenant)
    assert (report.breaks, report.anchors, report.last_root) == ((), 0, None)
    assert report.entries == 3


OTHER = "gen_random_uuid()"
BITS = "set_byte({0}, 5, (get_byte({0}, 5) + 1) % 256)"
ENTRY = {
    "tenant_id": OTHER,
    "stream_id": OTHER,
    "seq": "seq + 100",
    "at": "at + interval '1 microsecond'",
    "actor_id": OTHER,
    "action": "action || '.'",
    "subject_id": OTHER,
    "body": "body || ' '",
    "hash": BITS.format("hash"),
}
HEAD = {"tenant_id": OTHER, "stream_id": OTHER, "seq": "seq + 1", "hash": BITS.format("hash")}
ANCHOR = {
    "tenant_id": OTHER,
    "number": "number + 100",
    "at": "at + interval '1 microsecond'",
    "previous": BITS.format("previous"),
    "root": BITS.format("root"),
}
ANCHORED = {**HEAD, "number": "number + 100"}
CHANGES = [
    (table, column, to)
    for table, columns in {
        "journal_entry": ENTRY,
        "journal_head": HEAD,
        "journal_anchor": ANCHOR,
        "journal_anchored_head": ANCHORED,
    }.items()
    for column, to in columns.items()
]


def test_every_column_of_the_journal_is_altered_here(owner_engine: Engine) -> None:
    with owner_engine.connect() as connection:
        rows = connection.execute(
            text(
                "SELECT table_name, column_name FROM information_schema.columns"
                " WHERE table_schema = 'public' AND table_name LIKE 'journal%'"
            )
        ).all()
    assert {tuple(row) for row in rows} == {(table, column) for table, column, _ in CHANGES}


@pytest.mark.parametrize(("table", "column", "to"), CHANGES)
def test_any_column_of_any_row_that_was_changed_is_found(
    tenant: Tenant,
    streams: list[UUID],
    superuser_engine: Engine,
    table: str,
    column: str,
    to: str,
) -> None:
    alteration = f"UPDATE {table} SET {column} = {to}"  # noqa: S608 - names from the table above
    assert missed(superuser_engine, tenant, table, alteration) == []


@pytest.mark.parametrize("table", ["journal_entry", "journal_head", "journal_anchored_head"])
def test_any_row_that_was_removed_is_found(
    tenant: Tenant, streams: list[UUID], superuser_engine: Engine, table: str
) -> None:
    removal = f"DELETE FROM {table}"  # noqa: S608 - as above
    assert missed(superuser_engine, tenant, table, removal) == []


def missed(engine: Engine, tenant: Tenant, table: str, alteration: str) -> list[str]:
    """Alter each row of a tenant as the only wrong one; return those that nobody noticed."""
    unnoticed = []
    with engine.connect() as connection:
        mine = f"SELECT ctid::text FROM {table} WHERE tenant_id = :t"  # noqa: S608 - as above
        places = list(connection.execute(text(mine), {"t": tenant.id}).scalars())
        assert len(places) >= ANCHORS
        for place in places:
            with unstoppable(connection), connection.begin_nested() as altered:
                done = connection.execute(
                    text(f"{alteration} WHERE ctid = CAST(:row AS tid)"), {"row": place}
                )
                assert done.rowcount == 1
                if verified_by(connection, tenant).breaks == ():
                    unnoticed.append(place)
                altered.rollback()
        assert verified_by(connection, tenant).breaks == ()
    return unnoticed


@contextmanager
def unstoppable(connection: Connection) -> Iterator[None]:
    """Let neither triggers nor keys stop this transaction."""
    connection.execute(text("SET LOCAL session_replication_role = replica"))
    yield


def verified_by(connection: Connection, tenant: Tenant) -> Report:
    with Session(connection, join_transaction_mode="rollback_only") as session:
        return service.verify(Work(session, system(tenant.id), utc_now(), tenant.store))


def test_a_removed_anchor_is_found_by_its_heads(
    tenant: Tenant, streams: list[UUID], superuser_engine: Engine
) -> None:
    alteration = "DELETE FROM journal_anchor"
    assert missed(superuser_engine, tenant, "journal_anchor", alteration) == []


def test_a_stream_rewritten_whole_with_its_head_is_found_by_the_anchors(
    tenant: Tenant, streams: list[UUID], superuser_engine: Engine
) -> None:
    rewritten = streams[0]
    with superuser_engine.connect() as connection, unstoppable(connection):
        hash_ = beginning(rewritten)
        entries = connection.execute(
            text("SELECT seq, body FROM journal_entry WHERE stream_id = :s ORDER BY seq"),
            {"s": rewritten},
        ).all()
        for seq, body in entries:
            false = body.replace('"round":0', '"round":7')
            hash_ = following(hash_, false)
            connection.execute(
                text(
                    "UPDATE journal_entry SET body = :body, hash = :hash"
                    " WHERE stream_id = :s AND seq = :seq"
                ),
                {"body": false, "hash": hash_, "s": rewritten, "seq": seq},
            )
        connection.execute(
            text("UPDATE journal_head SET hash = :hash WHERE stream_id = :s"),
            {"hash": hash_, "s": rewritten},
        )
        found = verified_by(connection, tenant).breaks
        connection.rollback()
    assert [(one.stream_id, one.reason) for one in found] == [
        (rewritten, f"the entry is not the one that anchor {number} holds")
        for number in range(1, ANCHORS + 1)
    ]


def test_an_anchor_rewritten_with_its_heads_is_found_by_the_next_one(
    tenant: Tenant, streams: list[UUID], superuser_engine: Engine
) -> None:
    with superuser_engine.connect() as connection, unstoppable(connection):
        at, previous = connection.execute(
            text("SELECT at, previous FROM journal_anchor WHERE tenant_id = :t AND number = 1"),
            {"t": tenant.id},
        ).one()
        root = anchor_root(tenant.id, 1, at, previous, [])
        for statement in (
            "DELETE FROM journal_anchored_head WHERE tenant_id = :t AND number = 1",
            "UPDATE journal_anchor SET root = :root WHERE tenant_id = :t AND number = 1",
        ):
            values = {"t": tenant.id, "root": root} if ":root" in statement else {"t": tenant.id}
            connection.execute(text(statement), values)
        found = verified_by(connection, tenant).breaks
        connection.rollback()
    assert [one.reason for one in found] == ["anchor 2 does not follow the one before it"]


def test_one_stream_can_be_verified_by_itself(
    tenant: Tenant, streams: list[UUID], superuser_engine: Engine
) -> None:
    with superuser_engine.connect() as connection, unstoppable(connection):
        connection.execute(
            text("UPDATE journal_entry SET action = 'x' WHERE stream_id = :s AND seq = 2"),
            {"s": streams[1]},
        )
        reports = []
        for stream_id in streams[:2]:
            with Session(connection, join_transaction_mode="rollback_only") as session:
                work = Work(session, system(tenant.id), utc_now(), tenant.store)
                reports.append(service.verify(work, stream_id))
        connection.rollback()
    assert [report.breaks for report in reports] == [
        (),
        (Break(streams[1], 2, "the entry's action is not what its text says"),),
    ]
    assert [report.streams for report in reports] == [1, 1]


def test_what_is_recorded_while_verification_runs_raises_no_alarm(tenant: Tenant) -> None:
    stream_id = new_id()
    reports: list[Report] = []

    def write() -> None:
        for number in range(60):
            with tenant.administrator.at_work() as work:
                record(work, stream_id, "test.done", new_id(), number=number)
            if number % 10 == 0:
                with tenant.at_work() as work:
                    service.anchor(work)

    def check() -> None:
        for _ in range(40):
            reports.append(verified(tenant))

    at_once([write, check, check])

    assert [one for report in reports for one in report.breaks] == []
    assert verified(tenant).entries == 60 + 3


def test_verification_is_for_those_who_check_the_service(
    tenant: Tenant, vera: Person, amira: Person
) -> None:
    with vera.at_work() as work:
        assert service.verify(work).breaks == ()
    with amira.at_work() as work, pytest.raises(RoleRequired):
        service.verify(work)


def test_a_report_says_what_does_not_hold_and_where() -> None:
    place = UUID(int=5)
    report = Report(1, 2, 3, "ab", (Break(place, 4, "the entry was changed"),))
    assert str(report) == (
        "2 entries in 1 streams, 3 anchors (the last one ab), 0 snapshots: 1 do not hold\n"
        f"  {place} 4: the entry was changed"
    )


def test_memory_does_not_grow_with_the_journal(tenant: Tenant) -> None:
    def peak() -> int:
        verified(tenant)  # what is loaded once is loaded
        tracemalloc.start()
        try:
            verified(tenant)
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    fill(tenant, AT_ONCE)
    small = peak()
    fill(tenant, 8 * AT_ONCE)
    assert peak() < 2 * small


def fill(tenant: Tenant, count: int) -> None:
    """Record many entries in one stream of the tenant."""
    with tenant.administrator.at_work() as work:
        one = entry(work, tenant.id, "test.done", tenant.id)
        work.session.execute(RECORD, [one] * count)
