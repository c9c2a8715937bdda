"""A document as the API gives it: plain JSON in one language, with every fallback told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from decimal import Decimal
from uuid import UUID

from app.framework.content import Content, Differences, Framework, Indicator, Text
from app.framework.content import totals as count
from app.kit.canonical import Json

INDEXES = {"competences", "indicators"}
"""Members of a framework that only point into its phases."""


def document(content: Content, content_hash: str, language: str) -> dict[str, Json]:
    """Return a whole framework, scheme or charter in a language."""
    skipped = INDEXES if isinstance(content, Framework) else set()
    plain = {
        one.name: render(getattr(content, one.name), language)
        for one in fields(content)
        if one.name not in skipped
    }
    return {**plain, "content_hash": content_hash, "totals": count(content)}


def comparison(found: Differences, language: str) -> dict[str, Json]:
    """Return the differences between two versions of a framework in a language."""
    return {
        "code": found.after.code,
        "before": found.before.version,
        "after": found.after.version,
        "counts": {str(kind): times for kind, times in found.counts.items()},
        "indicators": [
            {
                "change": str(one.kind),
                "before": _side(one.before, language),
                "after": _side(one.after, language),
                "evidence_changed": one.evidence_changed,
            }
            for one in found.indicators
        ],
        "titles": [render(one, language) for one in found.titles],
    }


def _side(indicator: Indicator | None, language: str) -> Json:
    if indicator is None:
        return None
    return {
        "code": indicator.code,
        "phase": indicator.phase,
        "statement": render(indicator.statement, language),
    }


def render(value: object, language: str) -> Json:
    """Return any part of a document as JSON: dataclasses by their members, texts in a language."""
    if isinstance(value, Text):
        return _text(value, language)
    if isinstance(value, str | UUID):
        return str(value)
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, Decimal):
        # A share's few digits come out as they went in: floats print the shortest that is theirs.
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, tuple):
        return [render(one, language) for one in value]
    if isinstance(value, Mapping):
        return {key: render(one, language) for key, one in value.items()}
    if is_dataclass(value):
        return {one.name: render(getattr(value, one.name), language) for one in fields(value)}
    raise TypeError(f"A document holds no {type(value).__name__}.")


def _text(text: Text, language: str) -> Json:
    words, found = text.in_language(language)
    told: dict[str, Json] = {} if found == language else {"fallback": True}
    return {"text": words, "lang": found, **told}
