"""The declarative base, the engine, and the one place that opens and commits transactions."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import BigInteger, DateTime, Engine, Enum, MetaData, create_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, sessionmaker

from app.kit.ids import new_id

NAMES = {
    "pk": "%(table_name)s_pkey",
    "fk": "%(table_name)s_%(column_0_N_name)s_fkey",
    "uq": "%(table_name)s_%(column_0_N_name)s_key",
    "ix": "%(table_name)s_%(column_0_N_name)s_idx",
    "ck": "%(table_name)s_%(constraint_name)s_check",
}

Sessions = sessionmaker[Session]


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


def make_engine(url: str, *, pool_size: int = 6) -> Engine:
    """Return an engine for `url` (any `postgresql://` form) with a small pool of its own."""
    return create_engine(
        sqlalchemy_url(url),
        pool_size=pool_size,
        max_overflow=pool_size,
        pool_timeout=10,
        # What people wrote stays out of error messages, and so out of the logs.
        hide_parameters=True,
        connect_args={"connect_timeout": 10, "application_name": "mentorcert"},
    )


def sqlalchemy_url(url: str) -> str:
    """Name psycopg as the driver in a plain libpq address."""
    for prefix in ("postgresql://", "postgres://"):
        if url.startswith(prefix):
            return "postgresql+psycopg://" + url.removeprefix(prefix)
    return url


def make_sessions(engine: Engine) -> Sessions:
    return sessionmaker(engine, expire_on_commit=False, autoflush=False)


@contextmanager
def transaction(sessions: Sessions) -> Iterator[Session]:
    """Commit if the block returns, roll back if it raises. Nobody else commits."""
    with sessions() as session, session.begin():
        yield session
