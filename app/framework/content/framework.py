"""A competence framework: phases, competences, ability indicators, examples of evidence."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count
from types import MappingProxyType
from uuid import UUID

from app.framework.content.document import Document, main_language, node_id
from app.framework.content.structure import structure
from app.framework.content.text import Text
from app.kit.errors import Invalid


@dataclass(frozen=True, slots=True)
class EvidenceKind:
    code: str
    title: Text


@dataclass(frozen=True, slots=True)
class EvidenceExample:
    """What the source suggests as evidence: advice to the candidate, not a rule."""

    text: Text
    kinds: tuple[str, ...]
    placed: str
    """"printed" where the source prints it; "meaning" where it was put by what it says."""
    min_cases: int | None = None
    referent_validation: bool = False


@dataclass(frozen=True, slots=True)
class Indicator:
    """An ability that a referent can rate."""

    id: UUID
    code: str
    """The competence's number and the letter: "7m"."""
    letter: str
    competence: int
    phase: str
    position: int
    """Its place among all indicators of the framework, from 1."""
    statement: Text
    evidence: tuple[EvidenceExample, ...]


@dataclass(frozen=True, slots=True)
class Competence:
    id: UUID
    number: int
    phase: str
    title: Text
    restored: bool
    """True where the source lost the wording and its structure gave it back."""
    indicators: tuple[Indicator, ...]


@dataclass(frozen=True, slots=True)
class Phase:
    id: UUID
    code: str
    number: int
    title: Text
    restored: bool
    competences: tuple[Competence, ...]


@dataclass(frozen=True, slots=True)
class Totals:
    phases: int
    competences: int
    indicators: int
    evidence_examples: int


class UnknownIndicators(Invalid):
    """The framework has no such indicators."""


@dataclass(frozen=True, slots=True)
class Framework:
    """One version of a competence framework."""

    id: UUID
    code: str
    version: str
    source_language: str
    languages: tuple[str, ...]
    title: Text
    issuer: str
    programme: str
    edition: int
    evidence_kinds: tuple[EvidenceKind, ...]
    guidance: tuple[Text, ...]
    phases: tuple[Phase, ...]
    competences: Mapping[int, Competence] = field(repr=False)
    """Every competence by its number, in order."""
    indicators: Mapping[str, Indicator] = field(repr=False)
    """Every indicator by its code, in order."""

    @property
    def totals(self) -> Totals:
        return Totals(
            phases=len(self.phases),
            competences=len(self.competences),
            indicators=len(self.indicators),
            evidence_examples=sum(len(one.evidence) for one in self.indicators.values()),
        )

    def check_known(self, codes: Iterable[str]) -> None:
        """Refuse indicators that the framework does not have."""
        if unknown := set(codes) - self.indicators.keys():
            raise UnknownIndicators(unknown=sorted(unknown))

    @classmethod
    def parse(cls, document: Document) -> Framework:
        """Type a framework that has passed its JSON schema and `rules.problems`."""
        data = document.data
        source = main_language(document)
        head = structure(_Head, data["framework"], source)
        written = structure(_Written, data, source)
        phases = tuple(_phases(document, written.phases))
        competences = [one for phase in phases for one in phase.competences]
        indicators = [each for one in competences for each in one.indicators]
        return cls(
            id=document.id,
            code=head.code,
            version=head.version,
            source_language=source,
            languages=head.languages,
            title=head.title,
            issuer=head.issuer,
            programme=head.programme,
            edition=head.edition,
            evidence_kinds=written.evidence_kinds,
            guidance=written.guidance,
            phases=phases,
            competences=MappingProxyType({one.number: one for one in competences}),
            indicators=MappingProxyType({each.code: each for each in indicators}),
        )


@dataclass(frozen=True, slots=True)
class _Head:
    code: str
    version: str
    source_language: str
    languages: tuple[str, ...]
    title: Text
    issuer: str
    programme: str
    edition: int


@dataclass(frozen=True, slots=True)
class _WrittenIndicator:
    letter: str
    statement: Text
    evidence: tuple[EvidenceExample, ...] = ()


@dataclass(frozen=True, slots=True)
class _WrittenCompetence:
    number: int
    title: Text
    indicators: tuple[_WrittenIndicator, ...]
    restored: bool = False


@dataclass(frozen=True, slots=True)
class _WrittenPhase:
    code: str
    number: int
    title: Text
    competences: tuple[_WrittenCompetence, ...]
    restored: bool = False


@dataclass(frozen=True, slots=True)
class _Written:
    """The document as it is written: codes and positions follow from where a line stands."""

    evidence_kinds: tuple[EvidenceKind, ...]
    phases: tuple[_WrittenPhase, ...]
    guidance: tuple[Text, ...] = ()


def _phases(document: Document, written: tuple[_WrittenPhase, ...]) -> Iterator[Phase]:
    positions = count(1)
    for phase in written:
        yield Phase(
            id=_id(document, "phase", phase.code),
            code=phase.code,
            number=phase.number,
            title=phase.title,
            restored=phase.restored,
            competences=tuple(
                _competence(document, phase.code, one, positions) for one in phase.competences
            ),
        )


def _competence(
    document: Document, phase: str, written: _WrittenCompetence, positions: Iterator[int]
) -> Competence:
    return Competence(
        id=_id(document, "competence", str(written.number)),
        number=written.number,
        phase=phase,
        title=written.title,
        restored=written.restored,
        indicators=tuple(
            Indicator(
                id=_id(document, "indicator", f"{written.number}{one.letter}"),
                code=f"{written.number}{one.letter}",
                letter=one.letter,
                competence=written.number,
                phase=phase,
                position=next(positions),
                statement=one.statement,
                evidence=one.evidence,
            )
            for one in written.indicators
        ),
    )


def _id(document: Document, *path: str) -> UUID:
    return node_id(document.kind, document.code, document.version, *path)
