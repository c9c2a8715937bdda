"""Identities, moments, drawings, transactions."""

from __future__ import annotations

import contextlib
from datetime import UTC
from enum import StrEnum

import pytest
from sqlalchemy import text

from app.kit.clock import utc_now
from app.kit.db import Sessions, sqlalchemy_url, transaction
from app.kit.errors import Conflict, Refusal
from app.kit.ids import new_id
from app.kit.mermaid import state_diagram


class Light(StrEnum):
    RED = "red"
    GREEN = "green"


class Turn(StrEnum):
    GO = "go"
    STOP = "stop"


class LightIsRed(Conflict):
    """Wait."""


def test_ids_are_version_7_and_in_the_order_of_time() -> None:
    ids = [new_id() for _ in range(1000)]
    assert {id.version for id in ids} == {7}
    assert len(set(ids)) == 1000
    milliseconds = [id.int >> 80 for id in ids]
    assert milliseconds == sorted(milliseconds)


def test_the_present_moment_is_aware() -> None:
    assert utc_now().tzinfo is UTC


def test_a_lifecycle_is_drawn_from_its_table() -> None:
    paths = {(Light.RED, Turn.GO): Light.GREEN, (Light.GREEN, Turn.STOP): Light.RED}
    assert state_diagram(paths).splitlines() == [
        "stateDiagram-v2",
        "    red --> green: go",
        "    green --> red: stop",
    ]


def test_a_refusal_says_its_title_unless_it_has_more_to_say() -> None:
    assert str(LightIsRed()) == "Wait."
    assert str(LightIsRed("Wait a minute.")) == "Wait a minute."
    assert LightIsRed.slug() == "light-is-red"
    assert issubclass(LightIsRed, Refusal)


@pytest.mark.parametrize(
    "url", ["postgresql://a@b/c", "postgres://a@b/c", "postgresql+psycopg://a@b/c"]
)
def test_any_way_of_writing_the_address_of_postgresql_will_do(url: str) -> None:
    assert sqlalchemy_url(url) == "postgresql+psycopg://a@b/c"


def test_a_transaction_that_is_refused_leaves_nothing(worker_sessions: Sessions) -> None:
    def setting() -> str | None:
        with transaction(worker_sessions) as session:
            found = session.execute(text("SELECT current_setting('app.tenant', true)"))
            return str(found.scalar_one() or "") or None

    with contextlib.suppress(LightIsRed), transaction(worker_sessions) as session:
        session.execute(text("SELECT set_config('app.tenant', 'x', true)"))
        raise LightIsRed
    assert setting() is None
