"""What is proposed to a candidate: indicators that a piece of evidence could show."""

from __future__ import annotations

from app.evidence.suggestions import Need
from app.kit.fields import Out


class ExampleOut(Out):
    """An example of evidence, in the languages in which the framework has it."""

    text: dict[str, str]
    kinds: list[str]


class SuggestionOut(Out):
    """An indicator whose examples name this kind of evidence: advice, not a rating.

    `need` is what the indicator still lacks; `why` says it in English and French.
    """

    indicator: str
    statement: dict[str, str]
    examples: list[ExampleOut]
    need: Need
    why: dict[str, str]
    items: int
    items_needed: int
    cases: int
    cases_needed: int
