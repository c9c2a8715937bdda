"""One version of a framework, scheme or charter as plain data, with its identity and its hash."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Self, cast
from uuid import UUID, uuid5

from app.kit.canonical import Json, canonical, digest

NAMESPACE = UUID("6d1c2f0e-5b0a-5f43-9a55-0c1f4b6a2e87")
"""Fixed for ever: the same framework has the same identifiers in every installation and export."""

INDICATOR_CODE = re.compile(r"[1-9][0-9]?[a-z]")
"""A competence's number and a letter: "7m"."""

Data = Mapping[str, Json]


class Kind(StrEnum):
    FRAMEWORK = "framework"
    SCHEME = "scheme"
    CHARTER = "charter"


@dataclass(frozen=True, slots=True)
class Reference:
    """A document as others name it."""

    code: str
    version: str

    def __str__(self) -> str:
        return f"{self.code} {self.version}"


def node_id(kind: Kind, code: str, version: str, *path: str) -> UUID:
    """Return the permanent identifier of a document's version, or of a node within it.

    The path is `("indicator", "7m")`, `("competence", "7")` or `("phase", "DO")`.
    """
    return uuid5(NAMESPACE, "/".join((kind.value, code, version, *path)))


def version_id(kind: Kind, code: str, version: str) -> UUID:
    """Return the identifier that other records use for this version."""
    return node_id(kind, code, version)


@dataclass(frozen=True, slots=True)
class Document:
    """A version as it was written, whatever became of it since."""

    kind: Kind
    code: str
    version: str
    data: Data

    @classmethod
    def of(cls, data: Data) -> Self:
        """Name a document by its head; raises ValueError where it has none."""
        for kind in Kind:
            head = data.get(kind.value)
            if isinstance(head, Mapping):
                return cls(kind, str(head.get("code")), str(head.get("version")), data)
        raise ValueError("The document is neither a framework, nor a scheme, nor a charter.")

    @classmethod
    def from_canonical(cls, text: str) -> Self:
        """Read back what `canonical` gave."""
        return cls.of(json.loads(text))

    @property
    def id(self) -> UUID:
        return version_id(self.kind, self.code, self.version)

    @property
    def reference(self) -> Reference:
        return Reference(self.code, self.version)

    @property
    def canonical(self) -> str:
        """The one text of this content (RFC 8785), which is stored and hashed."""
        return canonical(self.data).decode()

    @property
    def content_hash(self) -> str:
        """SHA-256 of the canonical text, in lower-case hexadecimal."""
        return digest(self.data)


def main_language(document: Document) -> str:
    """Return the language that a document's texts fall back to."""
    head = cast(Mapping[str, str | Sequence[str]], document.data[document.kind.value])
    return str(head.get("source_language", head["languages"][0]))
