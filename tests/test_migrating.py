"""Bringing a database to the present schema: revision by revision, and on from where it ended."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import ProgrammingError

from app.cli.migrating import migrate
from app.embedded.services import Services
from app.kit.ids import new_id
from tests.conftest import engine_of

PARTIAL = {
    "evidence_file_unchecked_idx": (
        "SELECT id FROM evidence_file WHERE state IN ('received', 'checked')"
        " AND received_at < now() AND tenant_id = '{tenant}'"
    ),
    "evidence_file_uncleared_idx": (
        "SELECT id FROM evidence_file WHERE state = 'deleted' AND cleared_at IS NULL"
        " AND settled_at < now() AND tenant_id = '{tenant}'"
    ),
    "evidence_file_readable_idx": (
        "SELECT id FROM evidence_file WHERE state IN ('available', 'superseded')"
        " AND disposed_at IS NULL AND tenant_id = '{tenant}' ORDER BY id LIMIT 500"
    ),
    "rendition_not_available_idx": (
        "SELECT id FROM rendition WHERE state = 'not_available' AND reason = 'x'"
        " AND tenant_id = '{tenant}'"
    ),
    "retention_hold_untold_idx": (
        "SELECT DISTINCT portfolio_id FROM retention_hold WHERE (in_store IS NULL"
        " OR in_store = 'placed' AND released_at IS NOT NULL) AND tenant_id = '{tenant}'"
        " ORDER BY portfolio_id"
    ),
}


@pytest.fixture
def owner_url(services: Services, superuser_engine: Engine) -> Iterator[str]:
    """The owner's address of an empty database."""
    name = f"migrated_{new_id().hex}"
    with superuser_engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text(f"CREATE DATABASE {name} OWNER mentorcert_owner"))
        yield services.owner_database_url.rpartition("/")[0] + f"/{name}"
        connection.execute(text(f"DROP DATABASE {name}"))


def test_what_was_applied_stays_when_a_later_revision_fails(owner_url: str) -> None:
    """So no table stays locked from one revision to the next."""
    migrate(owner_url, "amendments")
    with engine_of(owner_url) as engine:
        with engine.begin() as connection:
            connection.execute(text("CREATE TABLE receipt (in_the_way int)"))
        with pytest.raises(ProgrammingError, match="already exists"):
            migrate(owner_url)
        with engine.begin() as connection:
            at = connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one()
            assert at == "consents"
            connection.execute(text("DROP TABLE receipt"))
    assert migrate(owner_url)[0] == "keeping"
    assert migrate(owner_url) == []


@pytest.mark.parametrize("index", PARTIAL)
def test_what_the_clock_asks_for_is_found_by_an_index(superuser_engine: Engine, index: str) -> None:
    with superuser_engine.connect() as connection:
        connection.execute(text("SET LOCAL enable_seqscan = off"))
        query = PARTIAL[index].format(tenant=new_id())
        plan = connection.execute(text(f"EXPLAIN {query}")).scalars().all()
    assert index in "\n".join(plan)
