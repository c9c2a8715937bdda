"""Which indicators a piece of evidence could show: advice from the framework, never a rating.

Source: the evidence column of the framework. It names, for many indicators, examples of evidence
and the kinds they are of; a piece of evidence of such a kind may show the indicator.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from app.framework.content.framework import EvidenceExample, Framework
from app.framework.content.scheme import EvidenceRules
from app.framework.content.text import Text


class Need(StrEnum):
    """What an indicator still lacks, most pressing first."""

    EVIDENCE = "evidence"
    CASES = "cases"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Shown:
    """What an indicator has by now: pieces of evidence, and distinct client cases."""

    items: int = 0
    cases: int = 0


@dataclass(frozen=True, slots=True)
class Suggestion:
    """An indicator that a piece of evidence could show, and why it is proposed."""

    indicator: str
    statement: Text
    examples: Sequence[EvidenceExample]
    need: Need
    items: int
    items_needed: int
    cases: int
    cases_needed: int

    @property
    def why(self) -> Mapping[str, str]:
        """Say why in each language of our pages."""
        if self.need == Need.EVIDENCE:
            return {
                "en": f"It has {self.items} of the {self.items_needed} pieces it needs.",
                "fr": f"Preuves réunies : {self.items} sur les {self.items_needed} nécessaires.",
            }
        if self.need == Need.CASES:
            return {
                "en": f"It has {self.cases} of the {self.cases_needed} client cases it needs.",
                "fr": f"Dossiers clients : {self.cases} sur les {self.cases_needed} nécessaires.",
            }
        return {
            "en": "It has enough evidence; the framework names this kind for it.",
            "fr": "Ses preuves suffisent ; le référentiel cite ce type de preuve pour lui.",
        }


def suggestions(
    framework: Framework,
    rules: EvidenceRules,
    *,
    kind: str,
    claimed: frozenset[str],
    shown: Mapping[str, Shown],
) -> list[Suggestion]:
    """Return the indicators whose examples name `kind`, those that lack evidence first.

    Left out are those `claimed` for this piece of evidence already; `shown` says what each has so
    far. Those that lack the same stand in the framework's order.
    """
    found = [
        _suggestion(rules, indicator.code, indicator.statement, named, shown)
        for indicator in framework.indicators.values()
        if indicator.code not in claimed
        and (named := [one for one in indicator.evidence if kind in one.kinds])
    ]
    order = list(Need)
    return sorted(found, key=lambda one: order.index(one.need))


def _suggestion(
    rules: EvidenceRules,
    code: str,
    statement: Text,
    named: Sequence[EvidenceExample],
    shown: Mapping[str, Shown],
) -> Suggestion:
    has = shown.get(code, Shown())
    cases_needed = rules.min_cases_for(code)
    if has.items < rules.min_items_per_indicator:
        need = Need.EVIDENCE
    else:
        need = Need.CASES if has.cases < cases_needed else Need.NOTHING
    return Suggestion(
        indicator=code,
        statement=statement,
        examples=named,
        need=need,
        items=has.items,
        items_needed=rules.min_items_per_indicator,
        cases=has.cases,
        cases_needed=cases_needed,
    )
