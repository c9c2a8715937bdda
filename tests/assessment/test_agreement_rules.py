"""When two referents agree, and what counts when they do not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.assessment.agreement import Settled, Settlement, counting_rating, settle
from app.framework.content.scheme import AgreedWhen, Agreement
from tests import rules

AGREEMENT = rules.scheme().assessment.agreement
SCALE = rules.scheme().rating_scale
on_scale = st.sampled_from(SCALE.values)


@pytest.mark.parametrize("rating", [0, 1, 2, 3])
def test_equal_ratings_agree(rating: int) -> None:
    assert settle(AGREEMENT, [rating, rating], None) == Settled(rating, Settlement.EQUAL)


def test_two_competent_ratings_agree_and_the_lower_counts() -> None:
    assert settle(AGREEMENT, [3, 2], None) == Settled(2, Settlement.BOTH_COMPETENT)


@pytest.mark.parametrize("pair", [(0, 1), (0, 2), (0, 3), (1, 2), (1, 3)])
def test_ratings_across_the_pass_mark_or_both_below_it_disagree(pair: tuple[int, int]) -> None:
    assert settle(AGREEMENT, pair, None) == Settled(None, Settlement.DISAGREEMENT)


@pytest.mark.parametrize(
    ("pair", "third", "median"),
    [
        ((0, 1), 0, 0),
        ((0, 1), 3, 1),
        ((1, 2), 2, 2),
        ((1, 3), 2, 2),
        ((0, 3), 1, 1),
        ((0, 3), 3, 3),
    ],
)
def test_of_a_disagreement_and_a_blind_third_rating_the_median_counts(
    pair: tuple[int, int], third: int, median: int
) -> None:
    assert settle(AGREEMENT, pair, third) == Settled(median, Settlement.MEDIAN)


def test_a_third_rating_changes_nothing_where_two_agree() -> None:
    assert settle(AGREEMENT, [2, 3], 0) == Settled(2, Settlement.BOTH_COMPETENT)
    assert settle(AGREEMENT, [1, 1], 3) == Settled(1, Settlement.EQUAL)


@given(on_scale, on_scale, st.none() | on_scale)
def test_it_does_not_matter_which_referent_was_asked_first(
    one: int, other: int, third: int | None
) -> None:
    assert settle(AGREEMENT, [one, other], third) == settle(AGREEMENT, [other, one], third)


@given(on_scale, on_scale, st.none() | on_scale)
def test_the_result_lies_between_the_lowest_and_the_highest_rating_given(
    one: int, other: int, third: int | None
) -> None:
    given_ratings = [one, other, *([] if third is None else [third])]
    found = settle(AGREEMENT, [one, other], third).rating
    assert found is None or min(given_ratings) <= found <= max(given_ratings)


@given(on_scale, on_scale, on_scale)
def test_a_third_rating_settles_every_disagreement(one: int, other: int, third: int) -> None:
    assert settle(AGREEMENT, [one, other], third).rating is not None


def test_a_scheme_may_ask_for_more_before_ratings_agree() -> None:
    neither = Agreement(AgreedWhen(equal=False), "lower")
    assert settle(neither, [3, 3], None).how == Settlement.DISAGREEMENT
    only_competent = Agreement(AgreedWhen(equal=False, both_at_least=2), "lower")
    assert settle(only_competent, [1, 1], None).how == Settlement.DISAGREEMENT
    assert settle(only_competent, [2, 2], None) == Settled(2, Settlement.BOTH_COMPETENT)


def test_not_assessable_counts_as_the_lowest_rating() -> None:
    assert counting_rating(SCALE, None, 0) == 0
    assert counting_rating(SCALE, None, 3) == 0


@pytest.mark.parametrize(("rating", "counted"), [(0, 0), (1, 1), (2, 1), (3, 1)])
def test_without_a_claim_that_counts_a_rating_stays_below_competent(
    rating: int, counted: int
) -> None:
    assert counting_rating(SCALE, rating, 0) == counted


@pytest.mark.parametrize("rating", [0, 1, 2, 3])
def test_one_claim_that_counts_is_enough_for_any_rating(rating: int) -> None:
    assert counting_rating(SCALE, rating, 1) == rating
