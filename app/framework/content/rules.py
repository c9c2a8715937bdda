"""The rules between and within documents: everything that JSON Schema cannot say."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from uuid import UUID

from app.framework.content import charter_rules, framework_rules, scheme_rules
from app.framework.content.charter import Charter
from app.framework.content.document import Document, Kind, version_id
from app.framework.content.framework import Framework
from app.framework.content.problems import Finding, Problem
from app.framework.content.scheme import Scheme

Content = Framework | Scheme | Charter


@dataclass(frozen=True, slots=True)
class Edition:
    """What one edition must add up to, written apart from the document it checks."""

    kind: Kind
    code: str
    version: str
    totals: Mapping[str, int]
    indicators_per_phase: Mapping[str, int] = field(default_factory=dict)
    indicators_per_competence: Mapping[str, int] = field(default_factory=dict)

    @property
    def id(self) -> UUID:
        return version_id(self.kind, self.code, self.version)


def parse(document: Document) -> Content:
    """Type a document that has passed its JSON schema."""
    kinds: dict[Kind, type[Framework] | type[Scheme] | type[Charter]] = {
        Kind.FRAMEWORK: Framework,
        Kind.SCHEME: Scheme,
        Kind.CHARTER: Charter,
    }
    return kinds[document.kind].parse(document)


def problems(
    documents: Sequence[Document],
    *,
    known: Iterable[Document] = (),
    editions: Iterable[Edition] = (),
    unreadable: AbstractSet[UUID] = frozenset(),
) -> Iterator[Problem]:
    """Find everything that is wrong in documents that have passed their JSON schemas.

    `known` are versions the service holds already; `unreadable` ones were named but failed before
    this, so that a scheme on a broken framework is not blamed as well.
    """
    contents = {one.id: parse(one) for one in (*known, *documents)}
    expected = {one.id: one for one in editions}
    seen: set[UUID] = set()
    for document in documents:
        if document.id in seen:
            reason = f"{document.kind} {document.reference} is given twice"
            yield Problem(document, (document.kind.value, "version"), reason)
            continue
        seen.add(document.id)
        content = parse(document)
        found = [*_within(content, contents), *_named(content, {*contents, *unreadable})]
        if edition := expected.get(document.id):
            found += _totals(content, edition)
        yield from (Problem(document, path, reason) for path, reason in found)


def _within(content: Content, contents: Mapping[UUID, Content]) -> Iterator[Finding]:
    if isinstance(content, Framework):
        return framework_rules.findings(content)
    if isinstance(content, Charter):
        return charter_rules.findings(content)
    framework = contents.get(content.framework_id)
    return scheme_rules.findings(content, framework if isinstance(framework, Framework) else None)


def _named(content: Content, known: AbstractSet[UUID]) -> Iterator[Finding]:
    if isinstance(content, Scheme):
        if content.framework_id not in known:
            yield ("scheme", "framework"), f"there is no framework {content.framework}"
        if content.charter_id not in known:
            yield ("scheme", "charter"), f"there is no charter {content.charter}"


def _totals(content: Content, edition: Edition) -> Iterator[Finding]:
    counted = totals(content)
    for what, wanted in edition.totals.items():
        if counted.get(what) != wanted:
            words = what.replace("_", " ")
            reason = f"this edition has {wanted} {words}, the document {counted.get(what, 0)}"
            yield (edition.kind.value,), reason
    if isinstance(content, Framework):
        yield from _per_part(content, edition)


def _per_part(framework: Framework, edition: Edition) -> Iterator[Finding]:
    for i, phase in enumerate(framework.phases):
        found = sum(len(one.indicators) for one in phase.competences)
        wanted = edition.indicators_per_phase.get(phase.code, found)
        if found != wanted:
            reason = f"this edition has {wanted} indicators in phase {phase.code}, not {found}"
            yield ("phases", i), reason
    for path, one in framework_rules.placed(framework):
        found = len(one.indicators)
        wanted = edition.indicators_per_competence.get(str(one.number), found)
        if found != wanted:
            reason = f"this edition has {wanted} indicators in competence {one.number}, not {found}"
            yield path, reason


def totals(content: Content) -> dict[str, int]:
    """Count what a document holds, as a person would check it."""
    if isinstance(content, Framework):
        sums = content.totals
        return {name: getattr(sums, name) for name in sums.__slots__}
    if isinstance(content, Scheme):
        return {"levels": len(content.levels), "ratings": len(content.rating_scale.ratings)}
    return {
        "values": len(content.values),
        "mentor_commitments": len(content.commitments.mentor),
        "mentee_commitments": len(content.commitments.mentee),
        "sanctions": len(content.sanctions),
    }
