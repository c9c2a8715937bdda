"""The life of a portfolio: which step leads from which state to which, and nothing else."""

from __future__ import annotations

import pytest

from app.kit.mermaid import state_diagram
from app.portfolio.lifecycle import (
    BY_ITSELF,
    EVIDENCE_OPEN,
    PATHS,
    UNDECIDED,
    WITH_REASON,
    EvidenceClosed,
    ReasonRequired,
    State,
    Step,
    StepNotOpen,
    after,
    check_evidence_open,
    check_reason,
    steps_from,
)

ENDED = {State.NOT_ADMITTED, State.CLOSED, State.WITHDRAWN, State.LAPSED}


@pytest.mark.parametrize("step", Step)
@pytest.mark.parametrize("state", State)
def test_a_step_leads_where_the_table_says_or_is_refused(state: State, step: Step) -> None:
    if (state, step) in PATHS:
        assert after(state, step) == PATHS[state, step]
        assert (step in steps_from(state)) == (step not in BY_ITSELF)
        return
    with pytest.raises(StepNotOpen) as refusal:
        after(state, step)
    assert refusal.value.members == {
        "state": state,
        "step": step,
        "open_steps": steps_from(state),
    }
    assert step not in steps_from(state)


def test_the_way_to_a_certificate_is_the_one_in_the_process() -> None:
    state = State.DRAFT
    for step, reached in (
        (Step.APPLY, State.APPLIED),
        (Step.ASK_FOR_INFORMATION, State.NEEDS_INFO),
        (Step.APPLY, State.APPLIED),
        (Step.ADMIT, State.ADMITTED),
        (Step.SUBMIT, State.SUBMITTED),
        (Step.BEGIN_ASSESSMENT, State.IN_ASSESSMENT),
        (Step.ASK_CLARIFICATION, State.CLARIFICATION),
        (Step.ANSWER_CLARIFICATION, State.IN_ASSESSMENT),
        (Step.CONCLUDE, State.ASSESSED),
        (Step.RETURN, State.IN_ASSESSMENT),
        (Step.CONCLUDE, State.ASSESSED),
        (Step.REFER_BACK, State.IN_ASSESSMENT),
        (Step.CONCLUDE, State.ASSESSED),
        (Step.DECIDE, State.DECIDED),
        (Step.CLOSE, State.CLOSED),
    ):
        state = after(state, step)
        assert state == reached


def test_every_state_can_be_reached_from_the_first() -> None:
    reached = {State.DRAFT}
    while new := {goal for (origin, _), goal in PATHS.items() if origin in reached} - reached:
        reached |= new
    assert reached == set(State)


@pytest.mark.parametrize("state", State)
def test_an_ended_portfolio_takes_no_step_and_every_other_takes_one(state: State) -> None:
    assert any((state, step) in PATHS for step in Step) == (state not in ENDED)


@pytest.mark.parametrize("state", State)
def test_a_candidate_may_withdraw_until_the_decision_and_not_after(state: State) -> None:
    assert (Step.WITHDRAW in steps_from(state)) == (state in UNDECIDED)
    assert ((state, Step.LAPSE) in PATHS) == (state in UNDECIDED)
    assert {State.DECIDED, State.CLOSED}.isdisjoint(UNDECIDED)


def test_open_steps_come_in_the_order_of_the_process() -> None:
    assert steps_from(State.APPLIED) == [
        Step.ASK_FOR_INFORMATION,
        Step.REFUSE_ADMISSION,
        Step.ADMIT,
        Step.WITHDRAW,
    ]


def test_what_the_service_does_by_itself_is_not_offered_to_anybody() -> None:
    assert {
        Step.BEGIN_ASSESSMENT,
        Step.CONCLUDE,
        Step.CLOSE,
        Step.LAPSE,
    } == BY_ITSELF
    assert steps_from(State.DECIDED) == []
    assert steps_from(State.SUBMITTED) == [Step.WITHDRAW]


@pytest.mark.parametrize("reason", [None, ""])
@pytest.mark.parametrize("step", Step)
def test_a_step_back_or_out_is_taken_with_a_reason(step: Step, reason: str | None) -> None:
    if step in WITH_REASON:
        with pytest.raises(ReasonRequired) as refusal:
            check_reason(step, reason)
        assert refusal.value.members == {"step": step}
    else:
        check_reason(step, reason)
    check_reason(step, "The second meeting is not documented.")


def test_the_steps_with_a_reason_are_those_of_the_process() -> None:
    assert {
        Step.ASK_FOR_INFORMATION,
        Step.REFUSE_ADMISSION,
        Step.ASK_CLARIFICATION,
        Step.RETURN,
        Step.REFER_BACK,
    } == WITH_REASON


@pytest.mark.parametrize("state", State)
def test_evidence_is_open_until_the_assessment_is_over(state: State) -> None:
    if state in EVIDENCE_OPEN:
        check_evidence_open(state)
        return
    with pytest.raises(EvidenceClosed) as refusal:
        check_evidence_open(state)
    assert refusal.value.members == {"state": state}


def test_evidence_closes_with_the_assessment_and_with_the_end() -> None:
    assert set(State) - EVIDENCE_OPEN == {State.ASSESSED, State.DECIDED, *ENDED}


def test_the_drawing_has_every_step_and_no_other() -> None:
    heading, *arrows = state_diagram(PATHS).splitlines()
    assert heading == "stateDiagram-v2"
    assert len(arrows) == len(PATHS)
    assert "    admitted --> submitted: submit" in arrows
