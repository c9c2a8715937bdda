"""The ethics charter that mentor and mentee sign."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast
from uuid import UUID

from app.framework.content.document import Document, main_language
from app.framework.content.structure import structure
from app.framework.content.text import Text


@dataclass(frozen=True, slots=True)
class Value:
    code: str
    sources: tuple[str, ...]
    """The numbers of the documents the clause is drawn from."""
    title: Text


@dataclass(frozen=True, slots=True)
class Limit:
    max: int
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Span:
    min: int
    max: int
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Clause:
    sources: tuple[str, ...]
    text: Text


@dataclass(frozen=True, slots=True)
class Conduct:
    """How the relationship is run; a practice log is checked against these figures."""

    meeting_every_days: Limit
    meeting_minutes: Span
    first_meeting: Text
    different_organisations: Text
    community_meeting_every_months: Limit
    satisfaction_survey: Clause


@dataclass(frozen=True, slots=True)
class Commitment:
    code: str
    title: Text


@dataclass(frozen=True, slots=True)
class Commitments:
    mentor: tuple[Commitment, ...]
    mentee: tuple[Commitment, ...]


@dataclass(frozen=True, slots=True)
class Sanction:
    code: str
    sources: tuple[str, ...]
    text: Text


@dataclass(frozen=True, slots=True)
class Charter:
    """One version of the charter; a party accepts one whole version."""

    id: UUID
    code: str
    version: str
    languages: tuple[str, ...]
    title: Text
    values: tuple[Value, ...]
    conduct: Conduct
    commitments: Commitments
    sanctions: tuple[Sanction, ...]

    @classmethod
    def parse(cls, document: Document) -> Charter:
        """Type a charter that has passed its JSON schema and `rules.problems`."""
        head = cast(dict[str, object], document.data["charter"])
        plain = {"id": document.id.hex, **document.data, **head}
        return structure(cls, plain, main_language(document))
