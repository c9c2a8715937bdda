"""Cursors: they lead back to their place, and nothing else is taken for one."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.kit.paging import MalformedCursor, Position, cursor, pack, page, position, unpack

ZONES = st.sampled_from(
    [UTC, timezone(timedelta(hours=5, minutes=30)), timezone(-timedelta(1) / 3)]
)
MOMENTS = st.datetimes(timezones=ZONES)
PLACES = st.builds(Position, MOMENTS, st.uuids())


@given(PLACES)
def test_a_cursor_leads_back_to_its_place(place: Position) -> None:
    assert position(cursor(place)) == place


@given(PLACES)
def test_a_cursor_needs_no_escaping_in_an_address(place: Position) -> None:
    assert set(cursor(place)) <= set(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    )


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=6), max_size=3))
def test_what_is_packed_is_unpacked(words: list[str]) -> None:
    assert unpack(pack(*words), len(words)) == words


def encoded(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


NOON, ID = "2026-03-02T12:00:00+00:00", "01a1fced-4f01-777e-8c27-a5a21ff8c782"


@pytest.mark.parametrize(
    "given_cursor",
    [
        "",
        "=",
        "!",
        "é",
        "a b",
        "AAAA",
        encoded("[]"),
        encoded("{}"),
        encoded("null"),
        encoded("[1, 2]"),
        encoded("[null, null]"),
        encoded("[NaN, NaN]"),
        encoded(f'{{"{NOON}": 1, "{ID}": 2}}'),
        encoded(f'["{NOON}"]'),
        encoded(f'["{NOON}", "{ID}", "{ID}"]'),
        encoded(f'["{NOON}", ["{ID}"]]'),
        encoded(f'["{NOON[:19]}", "{ID}"]'),
        encoded(f'["noon", "{ID}"]'),
        encoded(f'["{NOON}", "me"]'),
        encoded("[" * 100_000),
        encoded('["' + "9" * 5_000 + f'", "{ID}"]'),
        base64.urlsafe_b64encode(b"\xff\xfe").decode(),
    ],
)
def test_what_is_no_cursor_is_refused(given_cursor: str) -> None:
    with pytest.raises(MalformedCursor):
        position(given_cursor)


@given(st.text())
def test_any_words_are_a_place_or_refused(words: str) -> None:
    try:
        found = position(words)
    except MalformedCursor:
        return
    assert found is not None
    assert found.at.tzinfo is not None


@given(PLACES, st.data())
def test_a_tampered_cursor_is_a_place_or_refused(place: Position, data: st.DataObject) -> None:
    whole = cursor(place)
    where = data.draw(st.integers(0, len(whole) - 1))
    put = data.draw(st.characters(codec="ascii"))
    try:
        found = position(whole[:where] + put + whole[where + 1 :])
    except MalformedCursor:
        return
    assert isinstance(found, Position)


def test_no_cursor_means_the_beginning() -> None:
    assert position(None) is None


def rows(count: int) -> list[Position]:
    began = datetime(2026, 3, 2, tzinfo=UTC)
    return [Position(began + timedelta(days=day), UUID(int=day)) for day in range(count)]


@pytest.mark.parametrize("count", [0, 1, 2, 3])
def test_a_page_that_holds_the_end_names_no_next(count: int) -> None:
    made = page(rows(count), 3, lambda row: row)
    assert list(made.rows) == rows(count)
    assert made.next_cursor is None


def test_a_page_that_was_cut_names_its_last_row() -> None:
    made = page(rows(4), 3, lambda row: row)
    assert list(made.rows) == rows(3)
    assert position(made.next_cursor) == rows(3)[-1]
