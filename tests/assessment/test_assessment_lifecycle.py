"""Every step of an assessment from every state."""

from __future__ import annotations

import pytest

from app.assessment.lifecycle import (
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
    State.ACCEPTED: [Step.DECLARE_CONFLICT, Step.BEGIN],
    State.IN_PROGRESS: [Step.DECLARE_CONFLICT, Step.FINALISE],
    State.FINAL: [Step.REOPEN],
    State.DECLINED: [],
    State.CONFLICT: [],
}
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
    if step in OPEN[state]:
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
    assert {state for state in State if not steps_from(state)} == ENDED
    assert not ENDED & WORKING


def test_every_state_can_be_reached() -> None:
    assert {State.ASSIGNED, *PATHS.values()} == set(State)
