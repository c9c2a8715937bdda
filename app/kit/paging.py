"""Keyset paging: a cursor says after which row the next page begins; none is skipped or doubled."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Generic, TypeVar
from uuid import UUID

from pydantic import Field
from sqlalchemy import ColumnElement, true, tuple_
from sqlalchemy.orm import InstrumentedAttribute

from app.kit.errors import Malformed

T = TypeVar("T")

LONGEST_CURSOR = 400

Limit = Annotated[int, Field(ge=1, le=200, description="How many rows a page holds at most.")]


class MalformedCursor(Malformed):
    """The cursor is not one that this service gave out; begin again without it."""


@dataclass(frozen=True, slots=True)
class Position:
    """The place of a row in a list ordered by time and then by id."""

    at: datetime
    id: UUID


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    rows: Sequence[T]
    next_cursor: str | None


def page(rows: Sequence[T], limit: int, place: Callable[[T], Position]) -> Page[T]:
    """Cut `rows` (asked for with one more than `limit`) to a page and say where the next begins."""
    if len(rows) <= limit:
        return Page(rows, None)
    return Page(rows[:limit], cursor(place(rows[limit - 1])))


def beyond(
    at: InstrumentedAttribute[datetime], id: InstrumentedAttribute[UUID], after: Position | None
) -> ColumnElement[bool]:
    """Return the condition that keeps the rows after a place in a list ordered by `at, id`."""
    return true() if after is None else tuple_(at, id) > tuple_(after.at, after.id)


def cursor(position: Position) -> str:
    return pack(position.at.isoformat(), str(position.id))


def position(cursor: str | None) -> Position | None:
    """Return the place that `cursor` names, or refuse it."""
    if cursor is None:
        return None
    at, id_ = unpack(cursor, 2)
    try:
        found = Position(datetime.fromisoformat(at), UUID(id_))
    except ValueError:
        raise MalformedCursor from None
    if found.at.tzinfo is None:
        raise MalformedCursor
    return found


def pack(*parts: str) -> str:
    """Return a cursor that holds these words, for a list with an order of its own."""
    return base64.urlsafe_b64encode(json.dumps(parts).encode()).decode().rstrip("=")


def unpack(cursor: str, count: int) -> list[str]:
    """Return the words that a cursor holds, or refuse it."""
    # Deeply nested JSON would exhaust the parser's stack before it is found to be no cursor.
    if len(cursor) > LONGEST_CURSOR:
        raise MalformedCursor
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        found = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except ValueError:  # of base64, UTF-8 or JSON
        raise MalformedCursor from None
    if not isinstance(found, list) or [type(part) for part in found] != [str] * count:
        raise MalformedCursor
    return found
