"""Which finished assessments a verifier looks at."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.assessment.sampling import Drawn, draw, lot_from
from app.framework.content.scheme import SamplingRule
from tests import rules

SAMPLING = rules.scheme().assessment.verification_sampling
ROOT = "ab" * 32
seeds = st.text("0123456789abcdef", min_size=64, max_size=64)


def drawn(
    finished: int, *, sent_back: bool = False, at_risk: bool = False, seed: str = "cd" * 32
) -> Drawn:
    return draw(
        SAMPLING,
        sent_back=sent_back,
        at_risk=at_risk,
        referent_assessments=finished,
        root=ROOT,
        seed=seed,
    )


@given(seeds, st.integers(0, 1000))
def test_a_refusal_or_a_third_referent_is_always_verified(seed: str, finished: int) -> None:
    found = drawn(finished, at_risk=True, seed=seed)
    assert found.required
    assert (found.rule, found.share) == ("refused_or_third_referent_or_appeal", Decimal("1.0"))


@given(seeds, st.integers(0, 1000), st.booleans())
def test_what_was_sent_back_is_verified_again_whoever_the_referents_are(
    seed: str, finished: int, at_risk: bool
) -> None:
    found = drawn(finished, sent_back=True, at_risk=at_risk, seed=seed)
    assert found == Drawn(True, "returned_or_referred_back", Decimal(1), lot_from(ROOT, seed))
    assert found.lot < found.share, "the share and the lot still tell what is required"


@pytest.mark.parametrize(
    ("finished", "share"),
    [(1, "1.0"), (5, "1.0"), (6, "0.50"), (15, "0.50"), (16, "0.15"), (500, "0.15")],
)
def test_the_more_a_referent_has_assessed_the_fewer_are_verified(finished: int, share: str) -> None:
    assert drawn(finished).share == Decimal(share)


def test_the_first_rule_that_matches_counts() -> None:
    assert drawn(3).rule == "referent_assessments_up_to"
    assert drawn(3, at_risk=True).rule == "refused_or_third_referent_or_appeal"
    assert drawn(99).rule == "otherwise"


def test_a_rule_up_to_no_number_matches_nobody_who_has_assessed() -> None:
    bare = [
        SamplingRule("referent_assessments_up_to", Decimal(1)),
        SamplingRule("otherwise", Decimal(0)),
    ]
    found = draw(bare, sent_back=False, at_risk=False, referent_assessments=1, root=ROOT, seed="0")
    assert found.rule == "otherwise"


@given(seeds, seeds)
def test_the_lot_is_between_nought_and_one_and_the_same_for_everyone(root: str, seed: str) -> None:
    lot = lot_from(root, seed)
    assert 0 <= lot < 1
    assert lot == lot_from(root, seed)
    assert lot * 1_000_000 % 1 == 0


def test_whoever_knows_only_what_was_submitted_cannot_tell_the_lot() -> None:
    assert len({lot_from(ROOT, f"{number:064x}") for number in range(100)}) == 100
    assert len({lot_from(f"{number:064x}", "cd" * 32) for number in range(100)}) == 100


@given(seeds, st.integers(1, 30))
def test_an_assessment_is_drawn_exactly_if_its_lot_is_below_the_share(
    seed: str, finished: int
) -> None:
    found = drawn(finished, seed=seed)
    assert found.required == (lot_from(ROOT, seed) < found.share)
    assert found.lot == lot_from(ROOT, seed)


def test_of_many_assessments_about_the_share_is_drawn() -> None:
    found = sum(drawn(100, seed=f"{number:064x}").required for number in range(2000))
    assert 260 <= found <= 340
