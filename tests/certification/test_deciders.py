"""Who may take part in a decision."""

from __future__ import annotations

from uuid import uuid4

import pytest

from app.actor import Actor, Role, RoleRequired
from app.certification.access import DecidedByAssessor, check_may_decide
from app.portfolio.access import Part

DECIDER = Actor(uuid4(), uuid4(), frozenset({Role.DECISION_MAKER, Role.REFERENT, Role.VERIFIER}))


@pytest.mark.parametrize("part", [None, Part.DECISION_MAKER, Part.CANDIDATE, Part.APPEAL_HANDLER])
def test_holding_several_roles_in_general_keeps_nobody_from_deciding(part: Part | None) -> None:
    check_may_decide(DECIDER, part, "decision.sign")


@pytest.mark.parametrize("part", [Part.REFERENT, Part.MODERATOR, Part.VERIFIER])
def test_whoever_assessed_or_verified_this_portfolio_does_not_decide_on_it(part: Part) -> None:
    with pytest.raises(DecidedByAssessor) as refused:
        check_may_decide(DECIDER, part, "decision.sign")
    assert (refused.value.status, refused.value.members) == (403, {"part": part})


@pytest.mark.parametrize("role", sorted(set(Role) - {Role.DECISION_MAKER}))
@pytest.mark.parametrize("act", ["decision.draft", "decision.discard", "decision.sign"])
def test_only_a_decision_maker_drafts_signs_and_discards(role: Role, act: str) -> None:
    with pytest.raises(RoleRequired):
        check_may_decide(Actor(uuid4(), uuid4(), frozenset({role})), None, act)
