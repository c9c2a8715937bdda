"""The life of an evidence file: announced, sent, checked, kept or rejected."""

from __future__ import annotations

import pytest

from app.evidence.lifecycle import PATHS, FileStepNotOpen, State, Step, after, steps_from


@pytest.mark.parametrize("step", Step)
@pytest.mark.parametrize("state", State)
def test_a_step_leads_where_the_table_says_or_is_refused(state: State, step: Step) -> None:
    if (state, step) in PATHS:
        assert after(state, step) == PATHS[state, step]
        assert step in steps_from(state)
        return
    with pytest.raises(FileStepNotOpen) as refusal:
        after(state, step)
    assert refusal.value.members == {
        "state": state,
        "step": step,
        "open_steps": steps_from(state),
    }


def test_a_file_counts_only_after_it_was_received_and_checked() -> None:
    state = State.ANNOUNCED
    for step, reached in (
        (Step.BEGIN_UPLOAD, State.UPLOADING),
        (Step.COMPLETE, State.RECEIVED),
        (Step.PASS_CHECKS, State.CHECKED),
        (Step.KEEP, State.AVAILABLE),
    ):
        state = after(state, step)
        assert state == reached
    assert {origin for origin, _ in ways(State.AVAILABLE)} == {
        State.CHECKED,
        State.SUPERSEDED,  # which was available before
    }


def ways(goal: State) -> list[tuple[State, State]]:
    return [(origin, reached) for (origin, _), reached in PATHS.items() if reached == goal]


def test_a_file_that_was_replaced_can_be_taken_up_again() -> None:
    assert after(State.AVAILABLE, Step.SUPERSEDE) == State.SUPERSEDED
    assert after(State.SUPERSEDED, Step.REINSTATE) == State.AVAILABLE


@pytest.mark.parametrize("state", State)
def test_a_file_that_is_being_checked_is_not_deleted_under_the_worker(state: State) -> None:
    busy = state in (State.RECEIVED, State.CHECKED)
    assert (Step.DELETE in steps_from(state)) == (not busy and state != State.DELETED)


def test_rejected_and_deleted_files_never_come_back() -> None:
    assert steps_from(State.REJECTED) == [Step.DELETE]
    assert steps_from(State.DELETED) == []
