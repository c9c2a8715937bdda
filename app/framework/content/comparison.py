"""What changed between two versions: value by value, and for frameworks by meaning."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeGuard

from app.framework.content.document import Document, Reference
from app.framework.content.framework import Framework, Indicator
from app.framework.content.problems import Path
from app.framework.content.text import Text


@dataclass(frozen=True, slots=True)
class Change:
    """One value that differs; None stands for one that is not there."""

    path: Path
    before: object
    after: object

    def __str__(self) -> str:
        place = ".".join(str(step) for step in self.path)
        if self.before is None:
            return f"{place}: new: {self.after}"
        if self.after is None:
            return f"{place}: removed: {self.before}"
        return f"{place}: {self.before} → {self.after}"


def changes(before: Document, after: Document) -> tuple[Change, ...]:
    """Return every value that differs between two documents of a kind, in their order."""
    return tuple(_changes(before.data, after.data, ()))


def _changes(before: object, after: object, path: Path) -> Iterator[Change]:
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for key in dict.fromkeys([*before, *after]):
            yield from _changes(before.get(key), after.get(key), (*path, key))
    elif _is_list(before) and _is_list(after):
        for place in range(max(len(before), len(after))):
            pair = [one[place] if place < len(one) else None for one in (before, after)]
            yield from _changes(pair[0], pair[1], (*path, place))
    elif before != after:
        yield Change(path, before, after)


class ChangeKind(StrEnum):
    """What became of an indicator; only "same" carries ratings to the newer version."""

    SAME = "same"
    EVIDENCE_CHANGED = "evidence_changed"
    REWORDED = "reworded"
    MOVED = "moved"
    NEW = "new"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True)
class IndicatorChange:
    kind: ChangeKind
    before: Indicator | None
    after: Indicator | None
    evidence_changed: bool

    def __str__(self) -> str:
        codes = dict.fromkeys(one.code for one in (self.before, self.after) if one is not None)
        what = f"{' → '.join(codes)}: {self.kind.replace('_', ' ')}"
        words = [_words(one) for one in (self.before, self.after) if one is not None]
        if self.kind is not ChangeKind.SAME:
            what += f": {' → '.join(dict.fromkeys(words))}"
        if self.evidence_changed and self.kind is not ChangeKind.EVIDENCE_CHANGED:
            what += " (its evidence examples changed too)"
        return what


@dataclass(frozen=True, slots=True)
class TitleChange:
    """A phase ("DO") or a competence ("7") whose title changed, or which came or went."""

    part: str
    code: str
    before: Text | None
    after: Text | None


@dataclass(frozen=True, slots=True)
class Differences:
    """What one version of a framework is to another."""

    before: Reference
    after: Reference
    indicators: tuple[IndicatorChange, ...]
    titles: tuple[TitleChange, ...]

    @property
    def counts(self) -> dict[ChangeKind, int]:
        found = Counter(one.kind for one in self.indicators)
        return {kind: found[kind] for kind in ChangeKind}


def differences(before: Framework, after: Framework) -> Differences:
    """Compare two versions of a framework, indicator by indicator.

    An indicator that keeps its code and words in every language is the same; one whose words stand
    under another code or in another phase has moved; one that keeps its code with other words is
    reworded.
    """
    return Differences(
        before=Reference(before.code, before.version),
        after=Reference(after.code, after.version),
        indicators=tuple(_indicator_changes(before.indicators, after.indicators)),
        titles=tuple(_title_changes(_titles(before), _titles(after))),
    )


def _indicator_changes(
    before: Mapping[str, Indicator], after: Mapping[str, Indicator]
) -> Iterator[IndicatorChange]:
    pairs = _pairs(before, after)
    for new in after.values():
        yield _change(pairs.get(new.code), new)
    kept = {old.code for old in pairs.values()}
    for old in before.values():
        if old.code not in kept:
            yield _change(old, None)


def _pairs(before: Mapping[str, Indicator], after: Mapping[str, Indicator]) -> dict[str, Indicator]:
    """Return the earlier form of each later indicator: by code and words, by words, by code."""
    pairs = {
        code: before[code]
        for code, new in after.items()
        if code in before and before[code].statement == new.statement
    }
    left = {code: old for code, old in before.items() if code not in pairs}
    for code, new in after.items():
        moved = next((old for old in left.values() if old.statement == new.statement), None)
        if code not in pairs and moved is not None:
            pairs[code] = left.pop(moved.code)
    for code in after:
        if code not in pairs and code in left:
            pairs[code] = left.pop(code)
    return pairs


def _change(old: Indicator | None, new: Indicator | None) -> IndicatorChange:
    if old is None or new is None:
        kind = ChangeKind.NEW if old is None else ChangeKind.REMOVED
        return IndicatorChange(kind, old, new, evidence_changed=False)
    evidence_changed = old.evidence != new.evidence
    if old.statement != new.statement:
        kind = ChangeKind.REWORDED
    elif (old.code, old.phase) != (new.code, new.phase):
        kind = ChangeKind.MOVED
    else:
        kind = ChangeKind.EVIDENCE_CHANGED if evidence_changed else ChangeKind.SAME
    return IndicatorChange(kind, old, new, evidence_changed)


def _titles(framework: Framework) -> dict[tuple[str, str], Text]:
    phases = {("phase", one.code): one.title for one in framework.phases}
    competences = {
        ("competence", str(number)): one.title for number, one in framework.competences.items()
    }
    return phases | competences


def _title_changes(
    before: Mapping[tuple[str, str], Text], after: Mapping[tuple[str, str], Text]
) -> Iterator[TitleChange]:
    for part, code in dict.fromkeys([*before, *after]):
        old, new = before.get((part, code)), after.get((part, code))
        if old != new:
            yield TitleChange(part, code, old, new)


def readable(found: Differences) -> str:
    """Write the differences for a person: totals first, then everything that is not the same."""
    counted = ", ".join(
        f"{times} {kind.replace('_', ' ')}" for kind, times in found.counts.items() if times
    )
    lines = [f"{found.before} → {found.after}: {counted}"]
    lines += [f"  {one}" for one in found.indicators if one.kind is not ChangeKind.SAME]
    for title in found.titles:
        words = [one.in_language("en")[0] if one else "—" for one in (title.before, title.after)]
        lines.append(f"  {title.part} {title.code}: {words[0]} → {words[1]}")
    return "\n".join(lines)


def _words(indicator: Indicator) -> str:
    return f"“{indicator.statement.in_language('en')[0]}”"


def _is_list(value: object) -> TypeGuard[Sequence[object]]:
    return isinstance(value, Sequence) and not isinstance(value, str)
