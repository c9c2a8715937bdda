"""Words in several languages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Self

DEFAULT_LANGUAGE = "en"


@dataclass(frozen=True, slots=True)
class Text:
    """One wording in the languages it was written in.

    `source` is the language to fall back to: the document's own. Evidence examples stand in the
    source language only, so falling back is ordinary and is always told to the reader.
    """

    words: Mapping[str, str]
    source: str = DEFAULT_LANGUAGE

    @classmethod
    def parse(cls, words: Mapping[str, str], source: str) -> Self:
        return cls(MappingProxyType(dict(words)), source)

    def in_language(self, language: str) -> tuple[str, str]:
        """Return the words and the language they are in: `language`, or what came nearest."""
        for known in (language, self.source, DEFAULT_LANGUAGE, *self.words):
            if known in self.words:
                return self.words[known], known
        raise ValueError("A text has words in at least one language.")
