"""Verification holds every snapshot against its seal, and against what its submission recorded."""

from __future__ import annotations

import json
from uuid import UUID

import pytest
from sqlalchemy import Connection, Engine, text
from sqlalchemy.orm import Session

from app.actor import system
from app.audit import service
from app.evidence.sealing import seal
from app.journal.chain import Break
from app.kit.clock import utc_now
from app.work import Work
from tests import make
from tests.make import Person, Tenant


@pytest.fixture
def submitted(amira: Person) -> UUID:
    """Amira's portfolio, submitted and so sealed."""
    return make.submitted_portfolio(amira)


def breaks(database: Connection, tenant: Tenant, stream: UUID | None = None) -> list[Break]:
    with Session(database, join_transaction_mode="rollback_only") as session:
        work = Work(session, system(tenant.id), utc_now(), tenant.store)
        return list(service.verify(work, stream).breaks)


def submission(database: Connection, portfolio: UUID) -> tuple[UUID, int]:
    """Return the snapshot's id and the number of the journal's entry about it."""
    found = database.execute(
        text(
            "SELECT s.id, e.seq FROM snapshot s JOIN journal_entry e"
            " ON e.stream_id = s.portfolio_id AND e.action = 'portfolio.submit'"
            " WHERE s.portfolio_id = :id"
        ),
        {"id": portfolio},
    )
    id_, seq = found.one()
    return id_, seq


def test_sealed_snapshots_hold(tenant: Tenant, submitted: UUID) -> None:
    with tenant.at_work() as work:
        report = service.verify(work)
    assert (report.breaks, report.snapshots) == ((), 1)
    assert str(report).endswith(", 1 snapshots: all hold")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (
            'manifest = replace(manifest, \'"kind":"claim"\', \'"kind":"clam"\')',
            "does not have the root that it was sealed with",
        ),
        ("manifest = 'gone'", "does not have the root that it was sealed with"),
        ("root = repeat('0', 64)", "does not have the root that it was sealed with"),
    ],
)
def test_a_changed_snapshot_is_named(
    tenant: Tenant, submitted: UUID, superuser_engine: Engine, change: str, reason: str
) -> None:
    with superuser_engine.connect() as database:
        snapshot, seq = submission(database, submitted)
        database.execute(text("SET LOCAL session_replication_role = replica"))
        update = f"UPDATE snapshot SET {change} WHERE id = :id"  # noqa: S608 - from the list above
        assert database.execute(text(update), {"id": snapshot}).rowcount == 1
        found = [Break(submitted, seq, f"the snapshot {snapshot} {reason}")]
        assert breaks(database, tenant) == found
        assert breaks(database, tenant, submitted) == found
        assert breaks(database, tenant, tenant.id) == []


def test_a_snapshot_sealed_anew_is_found_by_what_its_submission_recorded(
    tenant: Tenant, submitted: UUID, superuser_engine: Engine
) -> None:
    forged = seal(
        portfolio_id=submitted,
        number=1,
        at=utc_now(),
        framework="f" * 64,
        scheme="5" * 64,
        charter="c" * 64,
        entries=[],
    )
    with superuser_engine.connect() as database:
        snapshot, seq = submission(database, submitted)
        database.execute(text("SET LOCAL session_replication_role = replica"))
        database.execute(
            text("UPDATE snapshot SET manifest = :manifest, root = :root WHERE id = :id"),
            {"manifest": forged.manifest, "root": forged.root, "id": snapshot},
        )
        assert breaks(database, tenant) == [
            Break(
                submitted,
                seq,
                f"the snapshot {snapshot} is not the one whose root was recorded at its submission",
            )
        ]


def test_a_snapshot_that_was_removed_is_missed(
    tenant: Tenant, submitted: UUID, superuser_engine: Engine
) -> None:
    with superuser_engine.connect() as database:
        snapshot, seq = submission(database, submitted)
        database.execute(text("SET LOCAL session_replication_role = replica"))
        database.execute(text("DELETE FROM snapshot WHERE id = :id"), {"id": snapshot})
        reason = f"the snapshot {snapshot} is missing"
        assert breaks(database, tenant) == [Break(submitted, seq, reason)]


@pytest.mark.parametrize("body", ["{", "[]", json.dumps({"facts": {"root": "0" * 64}})])
def test_an_entry_that_was_changed_is_told_without_breaking_off(
    tenant: Tenant, submitted: UUID, superuser_engine: Engine, body: str
) -> None:
    with superuser_engine.connect() as database:
        _, seq = submission(database, submitted)
        database.execute(text("SET LOCAL session_replication_role = replica"))
        database.execute(
            text(
                "UPDATE journal_entry SET body = :body"
                " WHERE stream_id = :id AND action = 'portfolio.submit'"
            ),
            {"body": body, "id": submitted},
        )
        reasons = {(one.seq, one.reason) for one in breaks(database, tenant)}
        assert (seq, "the entry was changed, or an entry before it") in reasons
        assert not any("snapshot" in reason for _, reason in reasons)


def test_another_tenant_s_snapshots_are_not_looked_at(
    other_tenant: Tenant, submitted: UUID
) -> None:
    with other_tenant.at_work() as work:
        assert service.verify(work).snapshots == 0


def test_a_sealed_file_is_gone_only_where_its_disposal_is_on_record(
    tenant: Tenant, submitted: UUID, superuser_engine: Engine
) -> None:
    """What retention lets go leaves a record; what somebody takes past the service leaves none."""
    with superuser_engine.connect() as database:
        database.execute(text("SET LOCAL session_replication_role = replica"))
        one, other, _ = database.execute(
            text(
                "UPDATE evidence_file SET state = 'deleted', disposed_at = now()"
                " WHERE portfolio_id = :id RETURNING id"
            ),
            {"id": submitted},
        ).scalars()
        database.execute(
            text(
                "INSERT INTO disposal SELECT gen_random_uuid(), tenant_id, portfolio_id, id,"
                " 'sealed', 'given_up', current_date, 0, true, size, sha256, now()"
                " FROM evidence_file WHERE portfolio_id = :id AND id <> :lost"
            ),
            {"id": submitted, "lost": other},
        )
        found = breaks(database, tenant)
        database.rollback()
    reason = f"the sealed file {other} is gone, and no record says that it was due"
    assert found == [Break(submitted, 0, reason)]
    assert one != other
