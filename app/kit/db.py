"""The declarative base, the engine, and the one place that opens and commits transactions."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from enum import StrEnum
from functools import partial
from typing import cast
from uuid import UUID

import psycopg
from psycopg.rows import TupleRow
from sqlalchemy import (
    BigInteger,
    Connection,
    DateTime,
    Engine,
    Enum,
    MetaData,
    create_engine,
    event,
)
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, sessionmaker

from app.kit.ids import new_id

NAMES = {
    "pk": "%(table_name)s_pkey",
    "fk": "%(table_name)s_%(column_0_N_name)s_fkey",
    "uq": "%(table_name)s_%(column_0_N_name)s_key",
    "ix": "%(table_name)s_%(column_0_N_name)s_idx",
    "ck": "%(table_name)s_%(constraint_name)s_check",
}


class Table(DeclarativeBase):
    """A database table."""

    metadata = MetaData(naming_convention=NAMES)
    type_annotation_map = {
        datetime: DateTime(timezone=True),
        int: BigInteger,
        # Store the words people read ("needs_info"), not the Python names.
        StrEnum: Enum(
            StrEnum,
            native_enum=False,
            create_constraint=False,
            length=40,
            values_callable=lambda kind: [member.value for member in kind],
        ),
    }


class Row(Table):
    """A table row with a public identity."""

    __abstract__ = True

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)


class TenantRow(Row):
    """A row that belongs to one certification body; row level security hides it from the others."""

    __abstract__ = True

    tenant_id: Mapped[UUID]


CONNECT = {"connect_timeout": 10, "application_name": "mentorcert"}
POOL_SIZE = 6
"""Connections that a process keeps; under load it opens as many again."""


def make_engine(
    url: str, *, pool_size: int = POOL_SIZE, patience: timedelta | None = None
) -> Engine:
    """Return an engine for `url` (any `postgresql://` form) with a small pool of its own.

    With `patience`, a statement that takes longer is given up, and one that waits half as long for
    what another transaction holds: `contention` then refuses the request.
    """
    engine = create_engine(
        sqlalchemy_url(url),
        pool_size=pool_size,
        max_overflow=pool_size,
        pool_timeout=10,
        # What people wrote stays out of error messages, and so out of the logs.
        hide_parameters=True,
        connect_args=CONNECT,
    )
    if patience is not None:
        event.listen(engine, "connect", partial(_limit, patience))
    return engine


def _limit(patience: timedelta, connection: DBAPIConnection, _: object) -> None:
    whole = round(patience.total_seconds() * 1000)
    cursor = connection.cursor()
    cursor.execute(f"SET statement_timeout = {whole}; SET lock_timeout = {whole // 2}")
    cursor.close()
    connection.commit()


def sqlalchemy_url(url: str) -> str:
    """Name psycopg as the driver in a plain libpq address."""
    for prefix in ("postgresql://", "postgres://"):
        if url.startswith(prefix):
            return "postgresql+psycopg://" + url.removeprefix(prefix)
    return url


def make_reader(engine: Engine) -> Engine:
    """Return an engine for single reads; its connections need no tidying up between them."""
    reader = create_engine(
        engine.url,
        pool_size=POOL_SIZE,
        pool_timeout=10,
        pool_reset_on_return=None,
        isolation_level="AUTOCOMMIT",
        hide_parameters=True,
        connect_args=CONNECT,
    )
    event.listen(engine, "engine_disposed", lambda _: reader.dispose())
    return reader


class Sessions(sessionmaker[Session]):
    """Makes the sessions of one engine."""

    def __init__(self, engine: Engine) -> None:
        super().__init__(engine, expire_on_commit=False, autoflush=False)
        self.engine = engine
        self.reader = make_reader(engine)
        """A pool of its own, without a transaction around each statement."""


def make_sessions(engine: Engine) -> Sessions:
    return Sessions(engine)


@contextmanager
def transaction(sessions: Sessions) -> Iterator[Session]:
    """Commit if the block returns, roll back if it raises. Nobody else commits."""
    # The session joins a transaction that is begun here: one that is never asked for an object
    # then costs next to nothing.
    with sessions.engine.begin() as connection, sessions(bind=connection) as session:
        yield session
        if session.in_transaction():
            session.commit()


@contextmanager
def reading(sessions: Sessions) -> Iterator[Connection]:
    """Lend a connection for single reads that need no tenant: each statement stands alone.

    Without a transaction around it a read takes one round trip to the database instead of three.
    """
    with sessions.reader.connect() as connection:
        yield connection


class Statement:
    """A statement that goes to the driver as it is: for the few that are asked all the time.

    SQLAlchemy's layers would cost as much again as the statement itself. It runs in the session's
    transaction, and does not see what the session has not flushed. Values are named `:so`.
    """

    def __init__(self, words: str) -> None:
        named = re.sub(r"(?<!:):(\w+)", r"%(\1)s", words.replace("%", "%%"))
        self._words = named.encode()

    def row(self, session: Session, values: Mapping[str, object]) -> TupleRow | None:
        """Return the first row, None if there is none."""
        bind = session.bind
        return self.row_of(bind if isinstance(bind, Connection) else session.connection(), values)

    def row_of(self, connection: Connection, values: Mapping[str, object]) -> TupleRow | None:
        """Return the first row, for who has no session; None if there is none."""
        try:
            cursor = _cursor(connection)
            cursor.execute(self._words, values)
            return cursor.fetchone()
        except psycopg.Error as problem:
            raise _as_sqlalchemy(connection, problem) from problem


def _cursor(connection: Connection) -> psycopg.Cursor[TupleRow]:
    """Return the one cursor that is kept with the driver's connection: making one is not free."""
    pooled = connection.connection
    found: psycopg.Cursor[TupleRow] | None = pooled.info.get(Statement)
    if found is None:
        found = pooled.info[Statement] = cast(
            psycopg.Connection[TupleRow], pooled.driver_connection
        ).cursor()
    return found


def _as_sqlalchemy(connection: Connection, problem: psycopg.Error) -> BaseException:
    """Return the error that SQLAlchemy would have raised; part with a connection that is lost."""
    dialect = connection.dialect
    driver = connection.connection.driver_connection
    lost = dialect.is_disconnect(problem, driver, None)  # type: ignore[arg-type]
    if lost:
        connection.invalidate(problem)
        # Where one connection is lost the others are: the pool begins anew.
        connection.engine.dispose()
    return DBAPIError.instance(
        None,
        None,
        problem,
        psycopg.Error,
        hide_parameters=True,
        connection_invalidated=lost,
        dialect=dialect,
    )
