"""What the database refuses in the instant becomes a refusal that a client can act on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from threading import Barrier

import pytest
from fastapi import FastAPI
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError, OperationalError, ProgrammingError, SQLAlchemyError
from sqlalchemy.orm.exc import StaleDataError
from starlette.middleware import Middleware
from starlette.testclient import TestClient

from app.embedded.services import Services
from app.kit.contention import (
    ChangedMeanwhile,
    DatabaseAway,
    DatabaseBusy,
    ValueNotStorable,
    refusal_of,
)
from app.kit.db import make_engine
from app.kit.doors import RequestLog
from app.kit.http import add_problem_handlers
from tests.racing import at_once

SCRATCH = "contention_scratch"


@pytest.fixture
def scratch(superuser_engine: Engine) -> Iterator[Engine]:
    """A database with a table of two rows that nobody else uses."""
    with superuser_engine.begin() as connection:
        connection.execute(text(f"CREATE TABLE {SCRATCH} (n int PRIMARY KEY CHECK (n < 10))"))
        connection.execute(text(f"INSERT INTO {SCRATCH} VALUES (1), (2)"))  # noqa: S608
    yield superuser_engine
    with superuser_engine.begin() as connection:
        connection.execute(text(f"DROP TABLE {SCRATCH}"))


def failing(engine: Engine, *statements: str, **values: object) -> SQLAlchemyError:
    """Run statements of which the last fails, and return how."""
    try:
        with engine.begin() as connection:
            for statement in statements:
                connection.execute(text(statement), values)
    except SQLAlchemyError as problem:
        return problem
    pytest.fail("the database did not refuse it")


@pytest.mark.parametrize(
    ("statement", "state"),
    [
        (f"INSERT INTO {SCRATCH} VALUES (1)", "23505"),  # noqa: S608 -- constants
        (f"INSERT INTO {SCRATCH} VALUES (11)", "23514"),  # noqa: S608
        (f"INSERT INTO {SCRATCH} VALUES (NULL)", "23502"),  # noqa: S608
    ],
)
def test_a_constraint_says_that_something_changed_meanwhile(
    scratch: Engine, statement: str, state: str
) -> None:
    problem = failing(scratch, statement)
    assert isinstance(problem, DBAPIError)
    assert getattr(problem.orig, "sqlstate", None) == state
    assert isinstance(refusal_of(problem), ChangedMeanwhile)
    assert isinstance(refusal_of(StaleDataError("0 rows")), ChangedMeanwhile)


def test_a_lock_that_does_not_come_says_busy(scratch: Engine) -> None:
    lock = f"SELECT * FROM {SCRATCH} WHERE n = 1 FOR UPDATE"  # noqa: S608
    with scratch.begin() as holder:
        holder.execute(text(lock))
        for wait in ("lock_timeout", "statement_timeout"):
            problem = failing(scratch, f"SET LOCAL {wait} = '50ms'", lock)
            assert isinstance(refusal_of(problem), DatabaseBusy)


@pytest.mark.parametrize("slow", ["lock", "SELECT pg_sleep(5)"])
def test_an_engine_with_patience_waits_no_longer(
    scratch: Engine, services: Services, slow: str
) -> None:
    lock = f"SELECT * FROM {SCRATCH} WHERE n = 1 FOR UPDATE"  # noqa: S608
    hurried = make_engine(services.superuser_database_url, patience=timedelta(milliseconds=100))
    with scratch.begin() as holder:
        holder.execute(text(lock))
        problem = failing(hurried, lock if slow == "lock" else slow)
    hurried.dispose()
    assert isinstance(refusal_of(problem), DatabaseBusy)


def test_a_deadlock_says_busy_to_one_and_lets_the_other_go_on(scratch: Engine) -> None:
    both_hold_one = Barrier(2)

    def crossing(first: int, second: int) -> Callable[[], str]:
        def cross() -> str:
            update = text(f"SELECT * FROM {SCRATCH} WHERE n = :n FOR UPDATE")  # noqa: S608
            try:
                with scratch.begin() as connection:
                    connection.execute(text("SET LOCAL deadlock_timeout = '50ms'"))
                    connection.execute(update, {"n": first})
                    both_hold_one.wait(timeout=10)
                    connection.execute(update, {"n": second})
            except DBAPIError as problem:
                return type(refusal_of(problem)).__name__
            return "done"

        return cross

    assert sorted(at_once([crossing(1, 2), crossing(2, 1)])) == ["DatabaseBusy", "done"]


def test_a_full_pool_says_busy(services: Services) -> None:
    engine = make_engine(services.superuser_database_url, pool_size=1)
    engine.pool._timeout = 0.05  # type: ignore[attr-defined]
    with engine.connect(), engine.connect():
        with pytest.raises(SQLAlchemyError) as failure:
            engine.connect()
        assert isinstance(refusal_of(failure.value), DatabaseBusy)
    engine.dispose()


def test_a_lost_connection_says_away(scratch: Engine, services: Services) -> None:
    engine = make_engine(services.superuser_database_url)
    with engine.connect() as connection:
        number = connection.execute(text("SELECT pg_backend_pid()")).scalar_one()
        with scratch.begin() as other:
            other.execute(text("SELECT pg_terminate_backend(:number)"), {"number": number})
        with pytest.raises(OperationalError) as failure:
            connection.execute(text("SELECT 1"))
        connection.invalidate()
    engine.dispose()
    assert isinstance(refusal_of(failure.value), DatabaseAway)


def test_a_database_that_is_not_there_says_away() -> None:
    engine = make_engine("postgresql://nobody@127.0.0.1:9/nothing")
    with pytest.raises(OperationalError) as failure:
        engine.connect()
    assert isinstance(refusal_of(failure.value), DatabaseAway)


def test_a_value_that_cannot_be_kept_is_the_client_s_matter(scratch: Engine) -> None:
    insert = f"INSERT INTO {SCRATCH} VALUES (:n)"  # noqa: S608
    assert isinstance(refusal_of(failing(scratch, insert, n=2**40)), ValueNotStorable)
    assert isinstance(refusal_of(failing(scratch, "SELECT :n", n="\x00")), ValueNotStorable)


def test_a_fault_of_ours_is_no_refusal(scratch: Engine) -> None:
    problem = failing(scratch, "SELECT nonsense")
    assert isinstance(problem, ProgrammingError)
    assert refusal_of(problem) is None
    assert refusal_of(SQLAlchemyError("x")) is None


def test_a_client_is_told_in_a_problem_document(scratch: Engine) -> None:
    service = FastAPI(middleware=[Middleware(RequestLog)])
    add_problem_handlers(service)
    statements = {
        "changed": f"INSERT INTO {SCRATCH} VALUES (1)",  # noqa: S608
        "busy": "SET LOCAL statement_timeout = 50; SELECT pg_sleep(5)",
        "ours": "SELECT nonsense",
    }

    @service.get("/{name}")
    def run(name: str) -> None:
        with scratch.begin() as connection:
            connection.execute(text(statements[name]))

    with TestClient(service) as browser:
        answers = {name: browser.get(f"/{name}") for name in statements}
    assert {name: answer.status_code for name, answer in answers.items()} == {
        "changed": 409,
        "busy": 503,
        "ours": 500,
    }
    for name, kind in (
        ("changed", "changed-meanwhile"),
        ("busy", "database-busy"),
        ("ours", "internal-error"),
    ):
        assert answers[name].headers["content-type"] == "application/problem+json"
        assert answers[name].json()["type"] == f"/problems/{kind}"
        assert "nonsense" not in answers[name].text
        assert SCRATCH not in answers[name].text
    assert answers["busy"].headers["retry-after"] == "5"
