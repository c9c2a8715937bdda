"""Which decisions are open: the computed outcome, anything below it, or back to the referents.

Source: PROCESS, "Decision"; the scheme's `decision`. A decision maker never raises a result.
"""

from __future__ import annotations

from collections.abc import Sequence

from app.assessment.scoring import LevelResult, Recommendation
from app.framework.content.scheme import DecisionRules, Outcome, PartialAward
from app.kit.errors import Conflict, Invalid

DOWNWARD = (Outcome.GRANTED, Outcome.GRANTED_LOWER_LEVEL, Outcome.PARTIAL, Outcome.REFUSED)


class ResultNotRaised(Conflict):
    """A decision departs from the computed result only downward, or back to the referents."""


class ReasonsRequired(Invalid):
    """This outcome is decided with reasons, which the candidate reads."""


class LevelNotReached(Invalid):
    """A lower level is granted when its own rules are met; `levels` names those that are."""


class LevelNotAsked(Invalid):
    """Only a decision for a lower level names a level."""


class PartNotReached(Invalid):
    """A part is awarded when enough competences are won; `won` names those that are."""


class ReferredBackBefore(Conflict):
    """This portfolio was referred back as often as the scheme allows."""


class IndicatorsNeeded(Invalid):
    """A portfolio is referred back with the indicators to look at again."""


def check(
    rules: DecisionRules,
    award: PartialAward,
    recommended: Recommendation,
    chosen: Outcome,
    *,
    reasons: str | None,
    indicators: Sequence[str],
    referred_back: int,
) -> None:
    """Refuse an outcome that the computed one or the scheme rules out."""
    if chosen == Outcome.REFERRED_BACK:
        if referred_back >= rules.referred_back_max:
            raise ReferredBackBefore(max=rules.referred_back_max)
        if not indicators:
            raise IndicatorsNeeded
    elif DOWNWARD.index(chosen) < DOWNWARD.index(recommended.outcome):
        raise ResultNotRaised(computed=recommended.outcome, chosen=chosen)
    elif chosen == Outcome.PARTIAL and len(recommended.applied_for.won) < award.min_competences:
        raise PartNotReached(won=list(recommended.applied_for.won), min=award.min_competences)
    if chosen in rules.reasons_required and not reasons:
        raise ReasonsRequired(outcome=chosen)


def granted_level(
    applied_for: str, chosen: Outcome, level: str | None, below: Sequence[LevelResult]
) -> str | None:
    """Return the level that an outcome grants; a lower one has to meet its own rules."""
    if chosen != Outcome.GRANTED_LOWER_LEVEL:
        granted = applied_for if chosen == Outcome.GRANTED else None
        # Whoever names another level means another decision.
        if level not in (None, granted):
            raise LevelNotAsked(level=level)
        return granted
    reached = [one.level for one in below if one.passed]
    if level not in reached:
        raise LevelNotReached(levels=reached)
    return level
