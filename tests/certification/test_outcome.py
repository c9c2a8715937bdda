"""Which decisions are open on a computed result."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from app.assessment.scoring import LevelResult, Recommendation, level_result, recommend
from app.certification.outcome import (
    IndicatorsNeeded,
    LevelNotAsked,
    LevelNotReached,
    PartNotReached,
    ReasonsRequired,
    ReferredBackBefore,
    ResultNotRaised,
    check,
    granted_level,
)
from app.framework.content.scheme import Outcome
from tests import rules

SCHEME, FRAMEWORK = rules.scheme(), rules.framework()
WHY = "The recordings show less than the ratings say."
SOUND = rules.ratings(2)
FOR_JUNIOR = rules.ratings(2, _1a=1, _1b=1)
"""Enough for junior, not for senior."""
IN_PART = rules.ratings(2, _2d=1)
NOTHING = rules.ratings(0)
DOWNWARD = [Outcome.GRANTED, Outcome.GRANTED_LOWER_LEVEL, Outcome.PARTIAL, Outcome.REFUSED]
RATINGS = dict(zip(DOWNWARD, [SOUND, FOR_JUNIOR, IN_PART, NOTHING], strict=True))


def computed(ratings: dict[str, int], level: str = "senior") -> Recommendation:
    return recommend(SCHEME, FRAMEWORK, level, ratings)


def decide(
    recommended: Recommendation,
    chosen: Outcome,
    *,
    reasons: str | None = WHY,
    indicators: Sequence[str] = (),
    referred_back: int = 0,
) -> None:
    check(
        SCHEME.decision,
        SCHEME.partial_award,
        recommended,
        chosen,
        reasons=reasons,
        indicators=indicators,
        referred_back=referred_back,
    )


def below(ratings: dict[str, int], level: str = "senior") -> list[LevelResult]:
    return [level_result(SCHEME, FRAMEWORK, one, ratings) for one in SCHEME.below(level)]


@pytest.mark.parametrize("outcome", DOWNWARD)
def test_the_ratings_of_this_test_lead_to_each_outcome(outcome: Outcome) -> None:
    assert computed(RATINGS[outcome]).outcome == outcome


@pytest.mark.parametrize("outcome", DOWNWARD)
def test_the_computed_outcome_can_be_confirmed(outcome: Outcome) -> None:
    decide(computed(RATINGS[outcome]), outcome)


@pytest.mark.parametrize("chosen", DOWNWARD)
@pytest.mark.parametrize("outcome", DOWNWARD)
def test_a_decision_departs_downward_only(outcome: Outcome, chosen: Outcome) -> None:
    recommended = computed(RATINGS[outcome])
    if DOWNWARD.index(chosen) >= DOWNWARD.index(outcome):
        decide(recommended, chosen)
        return
    with pytest.raises(ResultNotRaised) as refused:
        decide(recommended, chosen)
    assert refused.value.members == {"computed": outcome, "chosen": chosen}


def test_only_a_grant_of_what_was_applied_for_goes_without_reasons() -> None:
    decide(computed(SOUND), Outcome.GRANTED, reasons=None)
    for chosen in DOWNWARD[1:]:
        with pytest.raises(ReasonsRequired):
            decide(computed(SOUND), chosen, reasons=None)
    with pytest.raises(ReasonsRequired):
        decide(computed(SOUND), Outcome.REFERRED_BACK, reasons="", indicators=["1a"])


def test_a_portfolio_is_referred_back_once_with_named_indicators_whatever_was_computed() -> None:
    for outcome in DOWNWARD:
        decide(computed(RATINGS[outcome]), Outcome.REFERRED_BACK, indicators=["1a"])
    with pytest.raises(IndicatorsNeeded):
        decide(computed(SOUND), Outcome.REFERRED_BACK)
    with pytest.raises(ReferredBackBefore) as refused:
        decide(computed(SOUND), Outcome.REFERRED_BACK, indicators=["1a"], referred_back=1)
    assert refused.value.members == {"max": 1}


def test_a_part_is_awarded_only_where_enough_competences_are_won() -> None:
    # Applied for master: granted senior by the rules, but won by master's own rules are only seven.
    weaker = {rules.codes_of(number)[0]: 1 for number in (1, 3, 4, 7, 10, 11, 12, 14)}
    recommended = computed(rules.ratings(2) | weaker, "master")
    assert recommended.outcome == Outcome.GRANTED_LOWER_LEVEL
    assert len(recommended.applied_for.won) == 7
    with pytest.raises(PartNotReached) as refused:
        decide(recommended, Outcome.PARTIAL)
    assert refused.value.members == {"won": [2, 5, 6, 8, 9, 13, 15], "min": 8}


def test_a_grant_is_for_the_level_applied_for() -> None:
    assert granted_level("senior", Outcome.GRANTED, None, below(SOUND)) == "senior"
    assert granted_level("senior", Outcome.GRANTED, "senior", below(SOUND)) == "senior"


@pytest.mark.parametrize("chosen", [Outcome.PARTIAL, Outcome.REFUSED, Outcome.REFERRED_BACK])
def test_any_other_outcome_grants_no_level(chosen: Outcome) -> None:
    assert granted_level("senior", chosen, None, below(SOUND)) is None


@pytest.mark.parametrize("chosen", [Outcome.GRANTED, Outcome.PARTIAL, Outcome.REFUSED])
def test_a_level_named_beside_another_decision_is_refused_rather_than_ignored(
    chosen: Outcome,
) -> None:
    with pytest.raises(LevelNotAsked):
        granted_level("senior", chosen, "junior", below(SOUND))


def test_a_lower_level_is_granted_where_its_own_rules_are_met() -> None:
    lower = Outcome.GRANTED_LOWER_LEVEL
    assert granted_level("master", lower, "junior", below(FOR_JUNIOR, "master")) == "junior"
    assert granted_level("master", lower, "junior", below(SOUND, "master")) == "junior"
    for level in ("senior", "master", "unheard-of", None):
        with pytest.raises(LevelNotReached) as refused:
            granted_level("master", lower, level, below(FOR_JUNIOR, "master"))
        assert refused.value.members == {"levels": ["junior"]}
