"""What a level asks of a candidate before admission."""

from __future__ import annotations

import pytest

from app.framework.content.scheme import Prerequisites
from app.portfolio.prerequisites import (
    Check,
    PrerequisitesUnchecked,
    PrerequisitesUndeclared,
    PrerequisitesUnmet,
    check_all_met,
    check_declared,
    declared_enough,
    required,
)

JUNIOR = Prerequisites(
    charter_accepted=True,
    diploma_or_title=True,
    mentoring_hours_min=50,
    mentoring_cases_min=3,
    mentee_evaluations_min=2,
    peer_assessments_min=0,
)


def test_what_has_to_be_given_counts_one_and_figures_count_themselves() -> None:
    assert required(JUNIOR) == {
        "charter_accepted": 1,
        "diploma_or_title": 1,
        "mentoring_hours_min": 50,
        "mentoring_cases_min": 3,
        "mentee_evaluations_min": 2,
        "peer_assessments_min": 0,
    }


def test_a_declaration_names_every_prerequisite_and_no_other() -> None:
    needed = {"hours": 50, "cases": 3}
    check_declared(needed, {"hours": 0, "cases": 0})
    with pytest.raises(PrerequisitesUndeclared) as refusal:
        check_declared(needed, {"hours": 50, "charm": 1})
    assert refusal.value.members == {"missing": ["cases"], "unknown": ["charm"]}


@pytest.mark.parametrize(("declared", "enough"), [(49, False), (50, True), (51, True)])
def test_the_required_figure_itself_is_enough(declared: int, enough: bool) -> None:
    assert declared_enough(Check("hours", 50, declared, None)) is enough


def test_a_candidate_is_admitted_when_everything_was_checked_and_met() -> None:
    check_all_met([Check("hours", 50, 60, True), Check("peers", 0, 0, True)])


def test_nobody_is_admitted_before_everything_was_checked() -> None:
    checks = [Check("hours", 50, 60, None), Check("cases", 3, 3, False), Check("a", 1, 1, None)]
    with pytest.raises(PrerequisitesUnchecked) as refusal:
        check_all_met(checks)
    assert refusal.value.members == {"unchecked": ["a", "hours"]}


def test_nobody_is_admitted_with_a_prerequisite_unmet() -> None:
    with pytest.raises(PrerequisitesUnmet) as refusal:
        check_all_met([Check("hours", 50, 60, True), Check("cases", 3, 3, False)])
    assert refusal.value.members == {"unmet": ["cases"]}


def test_an_officer_cannot_find_met_what_was_declared_too_low() -> None:
    with pytest.raises(PrerequisitesUnmet) as refusal:
        check_all_met([Check("hours", 50, 49, True), Check("cases", 3, 3, True)])
    assert refusal.value.members == {"unmet": ["hours"]}
