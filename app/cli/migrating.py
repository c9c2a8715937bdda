"""Bringing the database to a revision of the schema, one start at a time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, create_engine, text
from sqlalchemy.pool import NullPool

from app.kit.db import sqlalchemy_url

REVISIONS = Path(__file__).resolve().parents[2] / "migrations"

# Any number will do, as long as nothing else in this database takes the same one.
LOCK = text("SELECT pg_advisory_lock(4772830519)")
UNLOCK = text("SELECT pg_advisory_unlock(4772830519)")


def migrate(owner_url: str, revision: str = "head") -> list[str]:
    """Apply what is missing up to `revision`, as the owner of the tables; return what was applied.

    Of two starts at once, one applies and the other waits and finds nothing left to do. Each
    revision is applied whole or not at all. Raises alembic's CommandError for an unknown revision,
    SQLAlchemy's errors for a database that cannot be reached or a table that stays locked.
    """
    # Without a pool every connection is a new one: the settings that a revision makes for the
    # database then hold for what follows.
    engine = create_engine(sqlalchemy_url(owner_url), poolclass=NullPool)
    config = Config()
    config.set_main_option("script_location", str(REVISIONS).replace("%", "%%"))
    config.attributes["engine"] = engine
    with _alone(engine) as connection:
        before = _revisions(connection, config)
        command.upgrade(config, revision)
        return [one for one in _revisions(connection, config) if one not in before]


@contextmanager
def _alone(engine: Engine) -> Iterator[Connection]:
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(LOCK)
        try:
            yield connection
        finally:
            connection.execute(UNLOCK)


def _revisions(connection: Connection, config: Config) -> list[str]:
    """Return every revision that the database has, the oldest first."""
    heads = MigrationContext.configure(connection).get_current_heads()
    applied = ScriptDirectory.from_config(config).iterate_revisions(heads, "base")
    return [one.revision for one in applied][::-1]
