"""What an interview has to ask about, and how far it may raise a rating."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.assessment.agreement import Settled, Settlement
from app.assessment.plan import (
    InterviewIncomplete,
    Plan,
    RaiseNotAllowed,
    check_covered,
    check_raise,
    plan,
    raised,
)
from tests import rules

FRAMEWORK, SCALE = rules.framework(), rules.scheme().rating_scale
INTERVIEW = rules.scheme().assessment.interview
CODES = list(FRAMEWORK.indicators)


def settled(usual: int = 2, **others: Settled) -> dict[str, Settled]:
    found = {code: Settled(usual, Settlement.EQUAL) for code in CODES}
    return found | {code.removeprefix("_"): one for code, one in others.items()}


def planned(results: Mapping[str, Settled], seed: str = "0" * 64) -> Plan:
    return plan(FRAMEWORK, SCALE, INTERVIEW, results, seed)


def test_indicators_below_competent_are_asked_about() -> None:
    found = planned(settled(_1a=Settled(1, Settlement.EQUAL), _9c=Settled(0, Settlement.EQUAL)))
    assert found.weak == ("1a", "9c")
    assert found.in_doubt == ()


def test_indicators_that_a_third_referent_settled_are_in_doubt_unless_they_are_weak() -> None:
    found = planned(settled(_1a=Settled(1, Settlement.MEDIAN), _2b=Settled(2, Settlement.MEDIAN)))
    assert (found.weak, found.in_doubt) == (("1a",), ("2b",))


def test_an_indicator_still_in_disagreement_counts_as_weak() -> None:
    assert planned(settled(_4a=Settled(None, Settlement.DISAGREEMENT))).weak == ("4a",)


def test_three_more_indicators_are_drawn_by_lot_among_the_others() -> None:
    found = planned(settled(_1a=Settled(1, Settlement.EQUAL), _2b=Settled(2, Settlement.MEDIAN)))
    assert len(found.drawn) == 3
    assert not {"1a", "2b"} & set(found.drawn)
    assert found.indicators == {*found.weak, *found.in_doubt, *found.drawn}


def test_the_lot_follows_from_the_snapshot_alone() -> None:
    assert planned(settled(), "a" * 64) == planned(settled(), "a" * 64)
    draws = {planned(settled(), f"{seed:064x}").drawn for seed in range(20)}
    assert len(draws) > 15


def test_every_indicator_can_be_drawn() -> None:
    drawn = {code for seed in range(400) for code in planned(settled(), f"{seed:064x}").drawn}
    assert drawn == set(CODES)


def test_fewer_are_drawn_where_fewer_are_left() -> None:
    weak = dict.fromkeys(CODES[2:], Settled(1, Settlement.EQUAL))
    assert planned(settled() | weak).drawn == tuple(CODES[:2])


def test_an_interview_on_every_indicator_is_complete() -> None:
    check_covered(planned(settled()), FRAMEWORK, CODES)


def test_an_interview_that_leaves_out_a_planned_indicator_or_a_competence_is_incomplete() -> None:
    found = Plan(("1a",), ("2b",), ("3a",))
    one_each = {rules.codes_of(number)[0] for number in range(1, 16)}
    check_covered(found, FRAMEWORK, one_each | {"2b"})
    with pytest.raises(InterviewIncomplete) as refused:
        check_covered(found, FRAMEWORK, one_each - {"15a", "1a"})
    assert refused.value.members == {"missing": ["1a", "2b"], "competences": [1, 15]}


@pytest.mark.parametrize(("before", "after"), [(0, 1), (1, 2), (2, 3)])
def test_an_interview_may_raise_by_one_step(before: int, after: int) -> None:
    check_raise(SCALE, INTERVIEW, "1a", before, after)


@pytest.mark.parametrize(("before", "after"), [(0, 2), (1, 3), (0, 3), (3, 4), (2, 2), (2, 1)])
def test_an_interview_never_raises_further_nor_off_the_scale_nor_lowers(
    before: int, after: int
) -> None:
    with pytest.raises(RaiseNotAllowed) as refused:
        check_raise(SCALE, INTERVIEW, "1a", before, after)
    assert refused.value.members == {"indicator": "1a", "rating": before, "may_raise_by": 1}


@pytest.mark.parametrize(
    ("rating", "raised_to", "counts"),
    [(1, 2, 2), (1, None, None), (None, 2, None), (2, 2, None), (3, 2, None), (0, 2, 1)],
)
def test_after_new_ratings_a_raise_neither_lowers_nor_leads_further_than_a_step(
    rating: int | None, raised_to: int | None, counts: int | None
) -> None:
    assert raised(INTERVIEW, rating, raised_to) == counts


@given(st.integers(0, 3), st.integers(0, 3))
def test_a_raise_that_was_allowed_counts_in_full_while_the_rating_stands(
    before: int, after: int
) -> None:
    try:
        check_raise(SCALE, INTERVIEW, "1a", before, after)
    except RaiseNotAllowed:
        assert raised(INTERVIEW, before, after) in (None, before + 1)
    else:
        assert raised(INTERVIEW, before, after) == after
