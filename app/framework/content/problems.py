"""What is wrong with a document, and where; the loader turns the place into a line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields, is_dataclass

from app.framework.content.document import Document
from app.framework.content.text import Text

Path = tuple[str | int, ...]
"""The way from the top of a document to a value: ("phases", 0, "title")."""


@dataclass(frozen=True, slots=True)
class Problem:
    document: Document
    path: Path
    reason: str


Finding = tuple[Path, str]
"""A place in one document and what is wrong there."""


def repeated(values: Iterable[tuple[Path, object]], what: str) -> Iterator[Finding]:
    """Find values that stand more than once, at every place but the first."""
    seen: set[object] = set()
    for path, value in values:
        if value in seen:
            yield path, f"{what} {value} stands twice"
        seen.add(value)


def not_consecutive(
    values: Iterable[tuple[Path, object]], expected: Sequence[object], what: str
) -> Iterator[Finding]:
    """Find the first value that breaks the expected order."""
    for (path, value), wanted in zip(values, expected, strict=False):
        if value != wanted:
            yield path, f"{what} {value} stands where {wanted} should"
            return


def texts(content: object, path: Path = ()) -> Iterator[tuple[Path, Text]]:
    """Find every text of a typed document, with the path it has there."""
    if isinstance(content, Text):
        yield path, content
    elif isinstance(content, tuple):
        for place, one in enumerate(content):
            yield from texts(one, (*path, place))
    elif is_dataclass(content):
        for field in fields(content):
            yield from texts(getattr(content, field.name), (*path, field.name))


def incomplete(found: Iterable[tuple[Path, Text]], languages: Sequence[str]) -> Iterator[Finding]:
    """Find texts that lack one of the document's languages, or have one it does not name."""
    for path, text in found:
        missing = set(languages) - set(text.words)
        unknown = set(text.words) - set(languages)
        # Examples stand in the source language only, and are shown with a note that says so.
        if "evidence" in path:
            missing &= {text.source}
        yield from ((path, f"the words in {language} are missing") for language in sorted(missing))
        yield from (
            ((*path, language), f"{language} is not one of the document's languages")
            for language in sorted(unknown)
        )
