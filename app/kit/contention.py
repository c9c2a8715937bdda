"""When the database cannot do what was asked: somebody was faster, it is busy, or it is away.

The service checks before it writes, so that most refusals name their rule. What is left over are
requests that met in the same instant; the database's own constraints then decide, and the one that
lost is told so instead of being shown an internal error.
"""

from __future__ import annotations

from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm.exc import StaleDataError

from app.kit.errors import Conflict, Invalid, Refusal, Unavailable
from app.kit.logs import write_line

BUSY = frozenset({"40001", "40P01", "55P03", "57014"})
"""Transactions at odds, a deadlock, a lock or an answer that came too late."""
AWAY = ("08", "53", "57P")
"""A lost connection, no room or connections left, the server shutting down or starting."""


class ChangedMeanwhile(Conflict):
    """Somebody changed the same thing at the same moment; read it again and repeat."""


class ValueNotStorable(Invalid):
    """A value is one that the database cannot keep."""


class DatabaseBusy(Unavailable):
    """Too much was asked of the database at once; nothing was changed, repeat the request."""


class DatabaseAway(Unavailable):
    """The database does not answer just now; nothing was changed, try again shortly."""


def refusal_of(problem: SQLAlchemyError) -> Refusal | None:
    """Return how to refuse a request that the database refused, or None for a fault of ours."""
    if isinstance(problem, PoolTimeout):
        return DatabaseBusy()
    if isinstance(problem, StaleDataError):
        return ChangedMeanwhile()
    if not isinstance(problem, DBAPIError):
        return None
    state: str | None = getattr(problem.orig, "sqlstate", None)
    if state in BUSY:
        return DatabaseBusy()
    if problem.connection_invalidated or (state or "").startswith(AWAY) or _unconnected(problem):
        return DatabaseAway()
    if isinstance(problem, IntegrityError):
        # A constraint that decides often is a check that the service lacks: leave a trace.
        write_line("database.refused", "warning", sqlstate=state, constraint=_constraint(problem))
        return ChangedMeanwhile()
    return ValueNotStorable() if isinstance(problem, DataError) else None


def _unconnected(problem: DBAPIError) -> bool:
    # psycopg gives no state where no server was there to send one.
    kind = type(problem.orig).__name__
    return kind in ("OperationalError", "InterfaceError", "ConnectionTimeout") and not getattr(
        problem.orig, "sqlstate", None
    )


def _constraint(problem: DBAPIError) -> str | None:
    found: str | None = getattr(getattr(problem.orig, "diag", None), "constraint_name", None)
    return found
