"""What must hold in a framework beyond its JSON schema."""

from __future__ import annotations

from collections.abc import Iterator
from string import ascii_lowercase

from app.framework.content.framework import Competence, Framework
from app.framework.content.problems import (
    Finding,
    Path,
    incomplete,
    not_consecutive,
    repeated,
    texts,
)


def findings(framework: Framework) -> Iterator[Finding]:
    """Find everything that is wrong in a framework by itself."""
    yield from _languages(framework)
    yield from _phases(framework)
    yield from _competences(framework)
    yield from _kinds(framework)


def placed(framework: Framework) -> Iterator[tuple[Path, Competence]]:
    """Give each competence with its path in the document."""
    for i, phase in enumerate(framework.phases):
        for j, competence in enumerate(phase.competences):
            yield ("phases", i, "competences", j), competence


def _languages(framework: Framework) -> Iterator[Finding]:
    if framework.source_language not in framework.languages:
        reason = f"{framework.source_language} is not one of the document's languages"
        yield ("framework", "source_language"), reason
    found = (
        (("framework", *path) if path == ("title",) else path, text)
        for path, text in texts(framework)
    )
    yield from incomplete(found, framework.languages)


def _phases(framework: Framework) -> Iterator[Finding]:
    numbers = [(("phases", i, "number"), one.number) for i, one in enumerate(framework.phases)]
    yield from not_consecutive(numbers, range(1, len(numbers) + 1), "phase")
    codes = ((("phases", i, "code"), one.code) for i, one in enumerate(framework.phases))
    yield from repeated(codes, "phase")


def _competences(framework: Framework) -> Iterator[Finding]:
    competences = list(placed(framework))
    numbers: list[tuple[Path, object]] = [
        ((*path, "number"), one.number) for path, one in competences
    ]
    yield from not_consecutive(numbers, range(1, len(numbers) + 1), "competence")
    codes: list[tuple[Path, object]] = []
    for path, competence in competences:
        letters: list[tuple[Path, object]] = [
            ((*path, "indicators", k, "letter"), one.letter)
            for k, one in enumerate(competence.indicators)
        ]
        what = f"in competence {competence.number}, letter"
        yield from not_consecutive(letters, ascii_lowercase, what)
        codes += [
            (place, one.code)
            for (place, _), one in zip(letters, competence.indicators, strict=True)
        ]
    yield from repeated(codes, "indicator")


def _kinds(framework: Framework) -> Iterator[Finding]:
    known = {kind.code for kind in framework.evidence_kinds}
    codes = (
        (("evidence_kinds", i, "code"), one.code) for i, one in enumerate(framework.evidence_kinds)
    )
    yield from repeated(codes, "evidence kind")
    for path, competence in placed(framework):
        for k, indicator in enumerate(competence.indicators):
            for n, example in enumerate(indicator.evidence):
                place = (*path, "indicators", k, "evidence", n, "kinds")
                for m, kind in enumerate(example.kinds):
                    if kind not in known:
                        yield (*place, m), f"{kind} is not one of the evidence kinds"
