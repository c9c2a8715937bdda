"""The questions of an evaluation: data that comes with the service, `evaluation.json`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from app.kit.errors import Invalid

SOURCE = Path(__file__).with_name("evaluation.json")


class AnswersMissing(Invalid):
    """An evaluation answers every question, each with a value of the scale."""


@dataclass(frozen=True, slots=True)
class Question:
    code: str
    words: Mapping[str, str]
    """The question in each language."""


@dataclass(frozen=True, slots=True)
class Step:
    """One value of the scale, and what it is called in each language."""

    value: int
    words: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Questions:
    """One version of the questions and the scale to answer them on."""

    version: str
    scale: tuple[Step, ...]
    questions: tuple[Question, ...]

    def check(self, answers: Mapping[str, int]) -> None:
        """Refuse answers that leave a question out, or are none to these questions."""
        values = {step.value for step in self.scale}
        codes = {one.code for one in self.questions}
        if answers.keys() != codes or not set(answers.values()) <= values:
            raise AnswersMissing(questions=sorted(codes), scale=sorted(values))


@cache
def questions() -> Questions:
    """Return the questions that evaluations ask today."""
    found = json.loads(SOURCE.read_text("utf-8"))
    return Questions(
        found["version"],
        tuple(Step(one["value"], _words(one)) for one in found["scale"]),
        tuple(Question(one["code"], _words(one)) for one in found["questions"]),
    )


def _words(one: Mapping[str, str]) -> Mapping[str, str]:
    return {language: one[language] for language in ("en", "fr")}
