"""From plain data to dataclasses, by their annotations; the data has passed its JSON schema."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import MISSING, fields, is_dataclass
from decimal import Decimal
from functools import lru_cache
from types import MappingProxyType, UnionType
from typing import TypeVar, cast, get_args, get_origin, get_type_hints

from app.framework.content.text import Text

T = TypeVar("T")


def structure(kind: type[T], plain: object, source: str) -> T:
    """Build a `kind` from plain data; `source` is the language its texts fall back to."""
    return cast(T, _value(kind, plain, source))


def _value(kind: object, plain: object, source: str) -> object:
    if kind is Text:
        return Text.parse(cast(Mapping[str, str], plain), source)
    if kind is Decimal:
        # By way of its digits: 0.60 is six tenths, which no binary float is.
        return Decimal(str(plain))
    if isinstance(kind, UnionType):
        return None if plain is None else _value(get_args(kind)[0], plain, source)
    if get_origin(kind) is tuple:
        return tuple(
            _value(get_args(kind)[0], one, source) for one in cast(Sequence[object], plain)
        )
    if get_origin(kind) is Mapping:
        items = cast(Mapping[str, object], plain).items()
        return MappingProxyType({key: _value(get_args(kind)[1], one, source) for key, one in items})
    if is_dataclass(kind) and isinstance(kind, type):
        return _record(kind, cast(Mapping[str, object], plain), source)
    return cast(type, kind)(plain)


def _record(kind: type, plain: Mapping[str, object], source: str) -> object:
    """Fill a dataclass; a member that is absent takes the field's default."""
    given = {
        name: _value(hint, plain.get(name), source)
        for name, (hint, optional) in _members(kind).items()
        if name in plain or not optional
    }
    return kind(**given)


@lru_cache(maxsize=128)
def _members(kind: type) -> dict[str, tuple[object, bool]]:
    hints = get_type_hints(kind)
    known = fields(kind)
    return {
        one.name: (hints[one.name], (one.default, one.default_factory) != (MISSING, MISSING))
        for one in known
    }
