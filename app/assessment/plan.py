"""What the interview has to cover, and whether it did (PROCESS, "Interview").

The random indicators are drawn by hashing the snapshot's root, so that anyone can draw them again
and nobody can choose them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from app.assessment.agreement import Settled, Settlement
from app.framework.content.framework import Framework
from app.framework.content.scheme import Interview, RatingScale
from app.kit.errors import Invalid


class InterviewIncomplete(Invalid):
    """The interview covers every planned indicator and competence; `missing` names the rest."""


class RaiseNotAllowed(Invalid):
    """An interview raises a rating by no more than the scheme allows, and stays on the scale."""


@dataclass(frozen=True, slots=True)
class Plan:
    """The indicators to ask about, each for its reason; every competence is to be touched."""

    weak: tuple[str, ...]
    in_doubt: tuple[str, ...]
    drawn: tuple[str, ...]

    @property
    def indicators(self) -> frozenset[str]:
        return frozenset((*self.weak, *self.in_doubt, *self.drawn))


def plan(
    framework: Framework,
    scale: RatingScale,
    rules: Interview,
    results: Mapping[str, Settled],
    seed: str,
) -> Plan:
    """Return what to ask: indicators below competent, those once in doubt, and some at random."""
    codes = list(framework.indicators)
    weak = [code for code in codes if (results[code].rating or 0) < scale.competent_from]
    doubt = [code for code in codes if results[code].how == Settlement.MEDIAN and code not in weak]
    rest = sorted(set(codes) - set(weak) - set(doubt), key=lambda code: _lot(seed, code))
    return Plan(tuple(weak), tuple(doubt), tuple(sorted(rest[: rules.random_indicators])))


def check_covered(plan: Plan, framework: Framework, asked: Collection[str]) -> None:
    """Refuse an interview that leaves out a planned indicator or a whole competence."""
    missing = plan.indicators - set(asked)
    touched = {framework.indicators[code].competence for code in asked}
    untouched = framework.competences.keys() - touched
    if missing or untouched:
        raise InterviewIncomplete(missing=sorted(missing), competences=sorted(untouched))


def check_raise(scale: RatingScale, rules: Interview, code: str, before: int, after: int) -> None:
    """Refuse a raise by more than the scheme's step, or one that is none."""
    if not before < after <= min(before + rules.may_raise_by, max(scale.values)):
        raise RaiseNotAllowed(indicator=code, rating=before, may_raise_by=rules.may_raise_by)


def raised(rules: Interview, rating: int | None, raised_to: int | None) -> int | None:
    """Return what a raise comes to, None if to nothing.

    When referents rate again after the interview, a raise still leads to where it led, but neither
    lowers a rating nor raises it by more than the scheme's step.
    """
    if rating is None or raised_to is None or raised_to <= rating:
        return None
    return min(raised_to, rating + rules.may_raise_by)


def _lot(seed: str, code: str) -> bytes:
    return hashlib.sha256(f"interview/{seed}/{code}".encode()).digest()
