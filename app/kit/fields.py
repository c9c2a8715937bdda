"""The kinds of value that request bodies are made of, each limited at the door.

PostgreSQL keeps neither NUL nor lone surrogates in text, and no integer beyond its column; a value
that gets past these is one that it can keep.
"""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints


class Body(BaseModel):
    """A request body: unknown members are refused rather than ignored."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class Out(BaseModel):
    """An answer, read from an ORM row or a dataclass."""

    model_config = ConfigDict(from_attributes=True)


SHOWN_ONCE: Final = "shown once"
Secret = Annotated[str, SHOWN_ONCE]
"""A member of an answer that is never kept, not even for a request that is repeated."""


def _writable(words: str) -> str:
    if "\x00" in words:
        raise ValueError("must not contain the character NUL")
    try:
        words.encode()
    except UnicodeEncodeError:
        raise ValueError("must be complete Unicode characters") from None
    return words


def _one_line(words: str) -> str:
    if any(ord(character) < 32 or ord(character) == 127 for character in words):
        raise ValueError("must be one line without control characters")
    return words


Line = Annotated[
    str,
    StringConstraints(min_length=1, max_length=200),
    AfterValidator(_writable),
    AfterValidator(_one_line),
]
"""A name or title: one line of 1 to 200 characters."""

Code = Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z][0-9A-Za-z._:-]{0,63}$")]
"""A code or version from the reference data."""

Prose = Annotated[
    str, StringConstraints(min_length=1, max_length=10_000), AfterValidator(_writable)
]
"""Something a person wrote: up to 10,000 characters."""

Email = Annotated[
    str,
    StringConstraints(max_length=254, to_lower=True, pattern=r"^[^@\s]+@[^@\s]+$"),
    AfterValidator(_writable),
    AfterValidator(_one_line),
]

Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
"""A SHA-256 in lower-case hexadecimal."""

Count = Annotated[int, Field(ge=0, le=2**31 - 1)]
Size = Annotated[int, Field(ge=1, le=2**53)]
"""A number of bytes."""
