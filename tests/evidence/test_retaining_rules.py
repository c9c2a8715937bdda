"""When a thing may go, as a rule: its class, how its case ended, and what holds it."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime

import pytest
from jsonschema import Draft202012Validator
from ruamel.yaml import YAML

from app.evidence.queries.retention import BUNDLED, bundled_periods
from app.evidence.retaining import (
    LONGEST,
    SHORTEST,
    Case,
    Due,
    Ending,
    KeptAs,
    due,
    kept_as,
    periods_of,
    written,
)
from app.portfolio.lifecycle import UNDECIDED, State

PERIODS = periods_of(
    {
        "recording": {"certified": 12, "not_certified": 9, "given_up": 3},
        "document": {"certified": 6, "not_certified": 6, "given_up": 6},
        "sealed": {"certified": 12, "not_certified": 24, "given_up": None},
    }
)
SINCE, DECIDED = datetime(2026, 8, 31, tzinfo=UTC), datetime(2026, 1, 15, tzinfo=UTC)


def case(state: State = State.DECIDED, until: date | None = None, *, held: bool = False) -> Case:
    decided = DECIDED if state in (State.DECIDED, State.CLOSED) else None
    return Case(state, SINCE, decided, until, held)


@pytest.mark.parametrize("thing", KeptAs)
@pytest.mark.parametrize("state", UNDECIDED)
def test_nothing_goes_while_a_case_is_open(state: State, thing: KeptAs) -> None:
    assert due(case(state), thing, PERIODS) is None


@pytest.mark.parametrize("thing", KeptAs)
@pytest.mark.parametrize("state", sorted(set(State) - set(UNDECIDED)))
def test_nothing_goes_while_it_is_held(state: State, thing: KeptAs) -> None:
    assert due(case(state, held=True), thing, PERIODS) is None


@pytest.mark.parametrize("state", [State.DECIDED, State.CLOSED])
def test_what_was_sealed_outlasts_the_certificate(state: State) -> None:
    found = due(case(state, date(2029, 1, 14)), KeptAs.SEALED, PERIODS)
    assert found == Due(date(2030, 1, 14), Ending.CERTIFIED)


def test_recordings_go_by_the_decision_however_long_the_certificate_runs() -> None:
    found = due(case(until=date(2029, 1, 14)), KeptAs.RECORDING, PERIODS)
    assert found == Due(date(2027, 1, 15), Ending.CERTIFIED)


def test_without_a_certificate_the_decision_counts() -> None:
    assert due(case(), KeptAs.SEALED, PERIODS) == Due(date(2028, 1, 15), Ending.NOT_CERTIFIED)
    assert due(case(), KeptAs.DOCUMENT, PERIODS) == Due(date(2026, 7, 15), Ending.NOT_CERTIFIED)


@pytest.mark.parametrize("state", [State.WITHDRAWN, State.LAPSED, State.NOT_ADMITTED])
def test_what_was_given_up_goes_by_the_day_on_which_it_was(state: State) -> None:
    found = due(case(state), KeptAs.RECORDING, PERIODS)
    assert found == Due(date(2026, 11, 30), Ending.GIVEN_UP)


def test_what_stays_for_good_is_never_due() -> None:
    assert due(case(State.WITHDRAWN), KeptAs.SEALED, PERIODS) is None


@pytest.mark.parametrize(
    ("kind", "sealed", "expected"),
    [
        ("audio", True, KeptAs.RECORDING),
        ("video", False, KeptAs.RECORDING),
        ("document", True, KeptAs.SEALED),
        ("image", False, KeptAs.DOCUMENT),
    ],
)
def test_every_file_has_a_class(kind: str, sealed: bool, expected: KeptAs) -> None:
    assert kept_as(kind, sealed=sealed) is expected


def test_periods_are_read_as_they_are_written() -> None:
    assert periods_of(written(PERIODS)) == PERIODS


def test_the_bundled_periods_follow_their_schema_and_keep_recordings_shortest() -> None:
    document = YAML(typ="safe").load(BUNDLED.read_text("utf-8"))
    schema = json.loads((BUNDLED.parent / "schemas" / "retention.schema.json").read_text())
    assert list(Draft202012Validator(schema).iter_errors(document)) == []
    months = schema["$defs"]["months"]
    assert (months["minimum"], months["maximum"]) == (SHORTEST, LONGEST)
    periods = bundled_periods()
    for ending in Ending:
        recording, sealed = periods[KeptAs.RECORDING][ending], periods[KeptAs.SEALED][ending]
        assert recording is not None
        assert sealed is not None
        assert recording <= sealed
