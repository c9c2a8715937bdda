"""From ratings to a recommendation: hand-worked examples for each pass rule, and what always holds.

The bundled framework has 75 indicators in 15 competences, of 3 (competence 6), 4, 5, 8 and 13.
"""

from __future__ import annotations

import random
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.assessment.scoring import LevelResult, Recommendation, RuleResult, level_result, recommend
from app.framework.content.scheme import Outcome
from tests import rules

FRAMEWORK, SCHEME = rules.framework(), rules.scheme()
CRITICAL = SCHEME.rating_scale.critical_indicators
WORST_FIRST = (Outcome.REFUSED, Outcome.PARTIAL, Outcome.GRANTED_LOWER_LEVEL, Outcome.GRANTED)

levels = st.sampled_from([level.code for level in SCHEME.levels])
codes = st.sampled_from(list(FRAMEWORK.indicators))
all_ratings = st.lists(
    st.sampled_from([2, 3, 1, 0]), min_size=len(FRAMEWORK.indicators), max_size=75
).map(lambda given: dict(zip(FRAMEWORK.indicators, given, strict=True)))
good_ratings = st.dictionaries(codes, st.sampled_from([0, 1, 3]), max_size=30).map(
    lambda given: rules.ratings(2) | given
)


def recommended(level: str, ratings: dict[str, int]) -> Recommendation:
    return recommend(SCHEME, FRAMEWORK, level, ratings)


def at_level(level: str, ratings: dict[str, int]) -> LevelResult:
    return level_result(SCHEME, FRAMEWORK, SCHEME.level(level), ratings)


def rule(found: LevelResult, id: str) -> RuleResult:
    return next(one for one in found.rules if one.rule == id)


def competent_in(competence: int, count: int) -> dict[str, int]:
    """Return ratings of 2 but for one competence, in which `count` are competent, the rest at 1.

    Those of its indicators that are critical come first among the competent.
    """
    inside = sorted(rules.codes_of(competence), key=lambda code: code not in CRITICAL)
    return rules.ratings(2) | dict.fromkeys(inside[count:], 1)


@pytest.mark.parametrize("level", ["junior", "senior"])
def test_competent_everywhere_is_granted_at_junior_and_senior(level: str) -> None:
    found = recommended(level, rules.ratings(2))
    assert (found.outcome, found.level) == (Outcome.GRANTED, level)
    assert found.considered == ()
    assert found.applied_for.won == tuple(range(1, 16))


@pytest.mark.parametrize(
    ("level", "competence", "indicators", "enough"),
    [
        # 0.60 × 5 = 3 exactly, × 3 = 1.8, × 4 = 2.4, × 8 = 4.8, × 13 = 7.8
        ("junior", 1, 5, 3),
        ("junior", 6, 3, 2),
        ("junior", 4, 4, 3),
        ("junior", 8, 8, 5),
        ("junior", 7, 13, 8),
        # 0.75 × 4 = 3 and × 8 = 6 exactly, × 5 = 3.75, × 3 = 2.25, × 13 = 9.75
        ("senior", 4, 4, 3),
        ("senior", 8, 8, 6),
        ("senior", 1, 5, 4),
        ("senior", 6, 3, 3),
        ("senior", 7, 13, 10),
    ],
)
def test_a_competence_is_won_from_its_share_of_competent_indicators_inclusive(
    level: str, competence: int, indicators: int, enough: int
) -> None:
    assert len(rules.codes_of(competence)) == indicators
    reached = at_level(level, competent_in(competence, enough))
    assert reached.passed
    assert competence in reached.won

    missed = at_level(level, competent_in(competence, enough - 1))
    assert not missed.passed
    assert rule(missed, "competence").failing == (str(competence),)
    assert competence not in missed.won
    assert missed.competences[competence - 1].competent == enough - 1


@pytest.mark.parametrize("level", ["junior", "senior"])
@pytest.mark.parametrize("critical", CRITICAL)
def test_a_critical_indicator_below_competent_fails_the_level_and_its_competence(
    level: str, critical: str
) -> None:
    found = at_level(level, rules.ratings(3) | {critical: 1})
    assert not found.passed
    assert rule(found, "critical").failing == (critical,)
    assert rule(found, "competence").holds
    assert set(range(1, 16)) - set(found.won) == {FRAMEWORK.indicators[critical].competence}


@pytest.mark.parametrize("level", ["junior", "senior"])
def test_no_indicator_may_be_at_zero_however_good_the_rest(level: str) -> None:
    found = at_level(level, rules.ratings(3, _7a=0))
    assert not found.passed
    assert rule(found, "none-zero").failing == ("7a",)
    assert [one.holds for one in found.rules] == [True, False, True]
    assert 7 not in found.won


def test_an_indicator_at_one_is_allowed_at_junior_but_not_at_master() -> None:
    ratings = rules.ratings(3, _7a=1)
    assert at_level("junior", ratings).passed
    assert rule(at_level("master", ratings), "all-competent").failing == ("7a",)


@pytest.mark.parametrize(("exemplary", "granted"), [(24, False), (25, True)])
def test_master_takes_a_third_of_all_indicators_exemplary(exemplary: int, granted: bool) -> None:
    # 0.33 × 75 = 24.75
    best = dict.fromkeys(list(FRAMEWORK.indicators)[:exemplary], 3)
    found = at_level("master", rules.ratings(2) | best)
    assert found.passed is granted
    assert rule(found, "exemplary").failing == (() if granted else ("portfolio",))
    assert found.won == tuple(range(1, 16)), "the portfolio's share takes no competence away"


def test_no_rule_compensates_for_another() -> None:
    found = at_level("master", rules.ratings(3, _1a=1))
    assert rule(found, "exemplary").holds
    assert not found.passed
    below = at_level("junior", rules.ratings(3, _2d=1))
    assert [one.rule for one in below.rules if not one.holds] == ["critical"]


def test_who_misses_the_level_applied_for_is_granted_the_highest_level_below_that_they_meet() -> (
    None
):
    missed_master = recommended("master", rules.ratings(2))
    assert (missed_master.outcome, missed_master.level) == (Outcome.GRANTED_LOWER_LEVEL, "senior")
    assert [one.level for one in missed_master.considered] == ["senior"]

    junior = recommended("master", competent_in(1, 3))
    assert (junior.outcome, junior.level) == (Outcome.GRANTED_LOWER_LEVEL, "junior")
    assert [(one.level, one.passed) for one in junior.considered] == [
        ("senior", False),
        ("junior", True),
    ]
    assert recommended("senior", competent_in(1, 3)).level == "junior"


def test_there_is_no_level_below_junior() -> None:
    found = recommended("junior", competent_in(1, 2))
    assert (found.outcome, found.considered) == (Outcome.PARTIAL, ())


@pytest.mark.parametrize(
    ("won", "outcome", "level"),
    [(8, Outcome.PARTIAL, "senior"), (7, Outcome.REFUSED, None)],
)
def test_eight_competences_won_are_a_partial_award_and_seven_are_none(
    won: int, outcome: Outcome, level: str | None
) -> None:
    lost = rules.codes_of(*range(won + 1, 16))
    found = recommended("senior", rules.ratings(2) | dict.fromkeys(lost, 0))
    assert found.applied_for.won == tuple(range(1, won + 1))
    assert (found.outcome, found.level) == (outcome, level)
    assert [one.level for one in found.considered] == ["junior"]


def test_a_partial_award_counts_competences_by_the_rules_of_the_level_applied_for() -> None:
    # One indicator of each is at 1: enough for senior, nothing for master; 2d fails both.
    one_each = {rules.codes_of(number)[0]: 1 for number in range(1, 16) if number != 6}
    ratings = rules.ratings(2) | one_each | {"2a": 2, "2d": 1}
    assert recommended("senior", ratings).outcome == Outcome.PARTIAL
    assert recommended("master", ratings).outcome == Outcome.REFUSED
    assert recommended("master", ratings).applied_for.won == (6,)


def test_nothing_shown_is_refused() -> None:
    found = recommended("junior", rules.ratings(0))
    assert (found.outcome, found.level, found.applied_for.won) == (Outcome.REFUSED, None, ())


def test_a_result_names_scheme_version_rules_thresholds_and_what_they_fail_on() -> None:
    found = recommended("junior", rules.ratings(2, _2d=1, _1a=0))
    assert found.scheme == f"{SCHEME.code} {SCHEME.version}"
    assert [(one.rule, one.scope, one.kind, one.threshold) for one in found.applied_for.rules] == [
        ("critical", "critical_indicator", "min_rating", "2"),
        ("none-zero", "indicator", "min_rating", "1"),
        ("competence", "competence", "share_competent", "0.6"),
    ]
    assert [one.failing for one in found.applied_for.rules] == [("2d",), ("1a",), ()]
    assert [one.number for one in found.applied_for.competences] == list(range(1, 16))
    assert sum(one.indicators for one in found.applied_for.competences) == 75


@given(all_ratings | good_ratings, levels, codes)
def test_raising_a_rating_never_worsens_the_outcome(
    ratings: dict[str, int], level: str, code: str
) -> None:
    raised = ratings | {code: min(3, ratings[code] + 1)}
    before, after = recommended(level, ratings), recommended(level, raised)
    assert WORST_FIRST.index(after.outcome) >= WORST_FIRST.index(before.outcome)
    assert set(after.applied_for.won) >= set(before.applied_for.won)


@given(all_ratings | good_ratings, levels, st.randoms(use_true_random=False))
def test_the_same_ratings_give_the_same_result_in_whatever_order_they_come(
    ratings: dict[str, int], level: str, shuffle: random.Random
) -> None:
    mixed = list(ratings.items())
    shuffle.shuffle(mixed)
    assert recommended(level, dict(mixed)) == recommended(level, ratings)


@given(all_ratings | good_ratings, levels)
def test_a_level_is_passed_exactly_if_all_its_rules_hold_and_a_rule_holds_if_it_fails_on_nothing(
    ratings: dict[str, int], level: str
) -> None:
    found = at_level(level, ratings)
    assert found.passed == all(one.holds for one in found.rules)
    assert all(one.holds == (not one.failing) for one in found.rules)
    assert (recommended(level, ratings).outcome == Outcome.GRANTED) == found.passed


@given(all_ratings | good_ratings, levels)
def test_shares_are_counted_in_whole_hundredths_never_rounded(
    ratings: dict[str, int], level: str
) -> None:
    found = at_level(level, ratings)
    for rule_ in SCHEME.level(level).pass_rules:
        if rule_.scope == "competence":
            percent = int(rule_.value * 100)
            assert Decimal(percent) == rule_.value * 100
            failing = {
                str(one.number)
                for one in found.competences
                if one.competent * 100 < percent * one.indicators
            }
            assert set(rule(found, rule_.id).failing) == failing


@given(all_ratings | good_ratings)
def test_who_meets_a_level_meets_every_level_below_it(ratings: dict[str, int]) -> None:
    passed = [at_level(level.code, ratings).passed for level in SCHEME.levels]
    assert passed == sorted(passed, reverse=True)
