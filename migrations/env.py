"""Bringing a database to the present schema, as the owner of its tables."""

from __future__ import annotations

from alembic import context
from sqlalchemy import Connection, Engine

from app.kit.db import Table

# The command hands over an engine made from the owner's address; there is no alembic.ini.
engine: Engine = context.config.attributes["engine"]


def run(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=Table.metadata,
        # Else a table stays locked from the first revision that changes it to the end of the last.
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        context.run_migrations()


with engine.connect() as connection:
    run(connection)
