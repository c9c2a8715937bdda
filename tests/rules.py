"""The bundled framework and scheme, for tests of the rules alone: no database is needed."""

from __future__ import annotations

from functools import lru_cache

from app.framework import loader
from app.framework.content import Framework, Kind, Scheme, parse


@lru_cache(maxsize=1)
def framework() -> Framework:
    return next(found for found in _bundled() if isinstance(found, Framework))


@lru_cache(maxsize=1)
def scheme() -> Scheme:
    return next(found for found in _bundled() if isinstance(found, Scheme))


def ratings(usual: int, **others: int) -> dict[str, int]:
    """Return a rating for every indicator; `others` by code with a leading underscore: _2d=1."""
    rated = dict.fromkeys(framework().indicators, usual)
    return rated | {code.removeprefix("_"): rating for code, rating in others.items()}


def codes_of(*competences: int) -> list[str]:
    """Return the codes of the indicators of these competences."""
    return [
        one.code for number in competences for one in framework().competences[number].indicators
    ]


def _bundled() -> list[object]:
    documents = loader.read(loader.BUNDLED)
    return [parse(one) for one in documents if one.kind in (Kind.FRAMEWORK, Kind.SCHEME)]
