"""How often the requests that everybody sends ask the database: each question is a round trip."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final
from uuid import UUID

import psycopg
import pytest
from fastapi import FastAPI
from httpx2 import Response
from psycopg.rows import TupleRow
from sqlalchemy import event
from starlette.testclient import TestClient

from app.evidence.uploads import PART_SIZE
from tests import assess, make
from tests.make import Person, Tenant

Counted = Callable[[Response], int]
LARGE: Final = 9 * PART_SIZE
DIGEST: Final = "ab" * 32


class CountingCursor(psycopg.Cursor[TupleRow]):
    """Counts below SQLAlchemy: some statements go to the driver straight."""

    asked = 0

    def execute(self, *arguments: object, **options: object) -> CountingCursor:
        CountingCursor.asked += 1
        super().execute(*arguments, **options)  # type: ignore[call-overload]
        return self


def count_on(connection: psycopg.Connection[TupleRow], _: object) -> None:
    connection.cursor_factory = CountingCursor


@pytest.fixture
def counting(service: FastAPI) -> Iterator[None]:
    """Have all statements of the web process counted, on connections made for it."""
    engine = service.state.engine
    engines = (engine, service.state.sessions.reader)
    # Disposing of the engine parts with the reader's connections too.
    engine.dispose()
    for one in engines:
        event.listen(one, "connect", count_on)
    yield
    for one in engines:
        event.remove(one, "connect", count_on)
    engine.dispose()


def statements(ask: Callable[[], Response]) -> int:
    """Return how many statements a request takes, once whatever is read only once was read."""
    ask()
    before = CountingCursor.asked
    assert ask().status_code < 400
    return CountingCursor.asked - before


@pytest.fixture
def portfolio_path(amira: Person, officer: Person) -> str:
    return f"/portfolios/{make.ready(amira, officer)}"


@pytest.mark.usefixtures("counting")
def test_a_portfolio_takes_two_statements_one_of_them_for_the_token(
    amira: Person, portfolio_path: str
) -> None:
    assert statements(lambda: amira.get(portfolio_path)) == 2


@pytest.mark.usefixtures("counting")
def test_a_portfolio_that_has_not_changed_takes_two_as_well(
    amira: Person, portfolio_path: str
) -> None:
    known = amira.get(portfolio_path).headers["etag"]
    assert amira.get(portfolio_path, if_none_match=known).status_code == 304
    assert statements(lambda: amira.get(portfolio_path, if_none_match=known)) == 2


@pytest.mark.usefixtures("counting")
def test_ratings_take_two_statements_one_or_all_of_them(tenant: Tenant) -> None:
    panel = assess.panel(tenant)
    portfolio_id = make.submitted_portfolio(panel.candidate())
    id_ = assess.taken_on(panel.officer, portfolio_id, panel.bruno)

    def rate_one() -> Response:
        version = assess.ratings(assess.desk(panel.bruno, id_))["1a"]["version"]
        return panel.bruno.put(
            f"/assessments/{id_}/ratings/1a", assess.given(2), if_match=f'"{version}"'
        )

    def rate_all() -> Response:
        tag = assess.tag(assess.desk(panel.bruno, id_))
        everything = {code: assess.given(2) for code in assess.CODES}
        return panel.bruno.put(f"/assessments/{id_}/ratings", {"ratings": everything}, if_match=tag)

    reading_first = statements(lambda: panel.bruno.get(f"/assessments/{id_}"))
    assert reading_first == 2
    assert statements(rate_one) - reading_first == 2
    assert statements(rate_all) - reading_first == 2


@pytest.mark.usefixtures("counting")
def test_a_page_of_the_queue_takes_two_statements(tenant: Tenant) -> None:
    panel = assess.panel(tenant)
    for name in ("Amira", "Basma"):
        portfolio_id = make.submitted_portfolio(panel.candidate(name))
        assess.assign(panel.officer, portfolio_id, panel.bruno)
    assert len(assess.done(panel.bruno.get("/assessments"))) == 2
    assert statements(lambda: panel.bruno.get("/assessments?limit=1")) == 2


@pytest.mark.usefixtures("counting")
def test_signing_parts_takes_two_statements_however_many_parts(
    amira: Person, portfolio_path: str
) -> None:
    item_id = make.item(amira, UUID(portfolio_path.rpartition("/")[2]), kind="recording")
    body = {"name": "talk.mp4", "media_type": "video/mp4", "size": LARGE, "sha256": DIGEST}
    file = make.granted(amira, item_id, body)["file"]
    assert isinstance(file, dict)

    def ask(count: int) -> int:
        parts = [
            {"number": number, "size": PART_SIZE, "sha256": DIGEST}
            for number in range(1, count + 1)
        ]
        return statements(lambda: amira.post(f"/files/{file['id']}/parts", {"parts": parts}))

    assert (ask(1), ask(9)) == (2, 2)


@pytest.mark.usefixtures("counting")
def test_checking_a_certificate_takes_one_statement(tenant: Tenant, browser: TestClient) -> None:
    _, number = assess.certified(assess.panel(tenant))
    assert statements(lambda: browser.get(f"/api/v1/certificates/{number}")) == 1


@pytest.mark.usefixtures("counting")
def test_a_published_framework_takes_none(browser: TestClient) -> None:
    assert statements(lambda: browser.get("/api/v1/frameworks/MENTORCERT/versions/2020.1")) == 0
