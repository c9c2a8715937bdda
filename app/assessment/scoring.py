"""The result of a portfolio by the scheme's pass rules, with its explanation.

No rule compensates for another. The same ratings under the same scheme always give the same
result, and every line says which rule, which inputs and which outcome. Source: the scheme's
`levels[].pass_rules`; a competence is won when the rules of scopes critical_indicator, indicator
and competence hold within it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app.framework.content.framework import Framework
from app.framework.content.scheme import Level, Outcome, PassRule, RuleKind, Scheme, Scope


@dataclass(frozen=True, slots=True)
class RuleResult:
    """How one pass rule came out; `failing` are the indicators or competences it fails on."""

    rule: str
    scope: Scope
    kind: RuleKind
    threshold: str
    holds: bool
    failing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CompetenceResult:
    number: int
    indicators: int
    competent: int
    won: bool


@dataclass(frozen=True, slots=True)
class LevelResult:
    """Whether the ratings meet one level, rule by rule and competence by competence."""

    level: str
    passed: bool
    rules: tuple[RuleResult, ...]
    competences: tuple[CompetenceResult, ...]

    @property
    def won(self) -> tuple[int, ...]:
        return tuple(one.number for one in self.competences if one.won)


@dataclass(frozen=True, slots=True)
class Recommendation:
    """What follows from the ratings: the outcome, the level it is for, and why."""

    outcome: Outcome
    level: str | None
    scheme: str
    applied_for: LevelResult
    considered: tuple[LevelResult, ...]
    """The levels below, as far as they were looked at."""


def recommend(
    scheme: Scheme, framework: Framework, level: str, ratings: Mapping[str, int]
) -> Recommendation:
    """Return the outcome for a level: granted, at a lower level, in part, or refused."""
    version = f"{scheme.code} {scheme.version}"
    wanted = level_result(scheme, framework, scheme.level(level), ratings)
    if wanted.passed:
        return Recommendation(Outcome.GRANTED, level, version, wanted, ())
    below: list[LevelResult] = []
    for lower in scheme.below(level):
        below.append(level_result(scheme, framework, lower, ratings))
        if below[-1].passed:
            outcome = Outcome.GRANTED_LOWER_LEVEL
            return Recommendation(outcome, lower.code, version, wanted, tuple(below))
    enough = len(wanted.won) >= scheme.partial_award.min_competences
    outcome = Outcome.PARTIAL if enough else Outcome.REFUSED
    return Recommendation(outcome, level if enough else None, version, wanted, tuple(below))


def level_result(
    scheme: Scheme, framework: Framework, level: Level, ratings: Mapping[str, int]
) -> LevelResult:
    """Return how the ratings (by indicator code) stand against one level."""
    rules = tuple(_rule(scheme, framework, rule, ratings) for rule in level.pass_rules)
    competences = tuple(
        _competence(scheme, level, number, _codes(framework, number), ratings)
        for number in framework.competences
    )
    return LevelResult(level.code, all(rule.holds for rule in rules), rules, competences)


def _rule(
    scheme: Scheme, framework: Framework, rule: PassRule, ratings: Mapping[str, int]
) -> RuleResult:
    codes = list(framework.indicators)
    if rule.scope == Scope.COMPETENCE:
        failing = [
            str(number)
            for number in framework.competences
            if not _holds(scheme, rule, _codes(framework, number), ratings)
        ]
    elif rule.rule == RuleKind.MIN_RATING:
        failing = _below(rule, _in_scope(scheme, rule, codes), ratings)
    else:
        failing = [] if _holds(scheme, rule, codes, ratings) else ["portfolio"]
    return RuleResult(rule.id, rule.scope, rule.rule, str(rule.value), not failing, tuple(failing))


def _competence(
    scheme: Scheme, level: Level, number: int, codes: Sequence[str], ratings: Mapping[str, int]
) -> CompetenceResult:
    within = [rule for rule in level.pass_rules if rule.scope != Scope.PORTFOLIO]
    return CompetenceResult(
        number=number,
        indicators=len(codes),
        competent=sum(scheme.rating_scale.is_competent(ratings[code]) for code in codes),
        won=all(_holds(scheme, rule, codes, ratings) for rule in within),
    )


def _holds(
    scheme: Scheme, rule: PassRule, codes: Sequence[str], ratings: Mapping[str, int]
) -> bool:
    scale = scheme.rating_scale
    if rule.rule == RuleKind.MIN_RATING:
        return not _below(rule, _in_scope(scheme, rule, codes), ratings)
    reached = scale.is_competent if rule.rule == RuleKind.SHARE_COMPETENT else scale.is_exemplary
    return sum(reached(ratings[code]) for code in codes) >= rule.value * len(codes)


def _in_scope(scheme: Scheme, rule: PassRule, codes: Sequence[str]) -> list[str]:
    if rule.scope != Scope.CRITICAL_INDICATOR:
        return list(codes)
    return [code for code in codes if code in scheme.rating_scale.critical_indicators]


def _below(rule: PassRule, codes: Sequence[str], ratings: Mapping[str, int]) -> list[str]:
    return [code for code in codes if ratings[code] < rule.value]


def _codes(framework: Framework, number: int) -> list[str]:
    return [indicator.code for indicator in framework.competences[number].indicators]
