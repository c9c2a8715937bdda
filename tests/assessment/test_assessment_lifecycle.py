"""Every step of an assessment from every state."""

from __future__ import annotations

import pytest

from app.assessment.lifecycle import (
    BY_ITSELF,
    ENDED,
    PATHS,
    WORKING,
    AssessmentStepNotOpen,
    State,
    Step,
    after,
    steps_from,
)

OPEN = {
    State.ASSIGNED: [Step.ACCEPT, Step.DECLINE, Step.DECLARE_CONFLICT],
    State.ACCEPTED: [Step.DECLARE_CONFLICT],
    State.IN_PROGRESS: [Step.DECLARE_CONFLICT, Step.FINALISE],
    State.FINAL: [],
    State.DECLINED: [],
    State.CONFLICT: [],
}
"""What the referent can do."""
FOLLOW = {State.ACCEPTED: [Step.BEGIN], State.FINAL: [Step.REOPEN]}
"""What follows without them."""
LEADS_TO = {
    Step.ACCEPT: State.ACCEPTED,
    Step.DECLINE: State.DECLINED,
    Step.DECLARE_CONFLICT: State.CONFLICT,
    Step.BEGIN: State.IN_PROGRESS,
    Step.FINALISE: State.FINAL,
    Step.REOPEN: State.IN_PROGRESS,
}


@pytest.mark.parametrize("step", Step)
@pytest.mark.parametrize("state", State)
def test_a_step_leads_on_where_it_is_open_and_is_refused_with_the_open_ones_elsewhere(
    state: State, step: Step
) -> None:
    if step in (*OPEN[state], *FOLLOW.get(state, ())):
        assert after(state, step) == LEADS_TO[step]
        return
    with pytest.raises(AssessmentStepNotOpen) as refused:
        after(state, step)
    assert refused.value.status == 409
    assert refused.value.members == {"state": state, "step": step, "open_steps": OPEN[state]}


@pytest.mark.parametrize("state", State)
def test_the_open_steps_come_in_the_order_of_the_process(state: State) -> None:
    assert steps_from(state) == OPEN[state]


def test_who_declined_or_declared_a_conflict_is_out_for_good() -> None:
    leading_on = {state for state, _ in PATHS}
    assert set(State) - leading_on == ENDED
    assert not ENDED & WORKING


def test_a_step_is_the_referents_or_follows_by_itself() -> None:
    offered = {step for state in State for step in steps_from(state)}
    assert offered | BY_ITSELF == set(Step)
    assert not offered & BY_ITSELF


def test_every_state_can_be_reached() -> None:
    assert {State.ASSIGNED, *PATHS.values()} == set(State)
