"""When two referents agree, and what counts when they do not (PROCESS, "Indicator result")."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from statistics import median_low

from app.framework.content.scheme import Agreement, RatingScale


class Settlement(StrEnum):
    EQUAL = "equal"
    BOTH_COMPETENT = "both_competent"
    MEDIAN = "median"
    DISAGREEMENT = "disagreement"


@dataclass(frozen=True, slots=True)
class Settled:
    """What the referents' ratings of one indicator come to; no rating while they disagree."""

    rating: int | None
    how: Settlement


def counting_rating(scale: RatingScale, rating: int | None, counting_claims: int) -> int:
    """Return what a referent's rating counts for.

    "Not assessable" counts as the lowest rating. Without a claim that counts (accepted, at least
    partly, and with all its judgements holding) an ability was at best described, so the rating
    stays below competent.
    """
    if rating is None:
        return min(scale.values)
    return rating if counting_claims else min(rating, scale.competent_from - 1)


def settle(rules: Agreement, ratings: Sequence[int], third: int | None) -> Settled:
    """Return the result of one indicator from the referents' ratings and a blind third one."""
    if rules.agreed_when.equal and len(set(ratings)) == 1:
        return Settled(ratings[0], Settlement.EQUAL)
    least = rules.agreed_when.both_at_least
    if least is not None and min(ratings) >= least:
        return Settled(min(ratings), Settlement.BOTH_COMPETENT)
    if third is not None:
        return Settled(median_low([*ratings, third]), Settlement.MEDIAN)
    return Settled(None, Settlement.DISAGREEMENT)
