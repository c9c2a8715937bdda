"""The life of one referent's assessment, as data (PROCESS, "Assessment")."""

from __future__ import annotations

from enum import StrEnum

from app.kit.errors import Conflict


class State(StrEnum):
    ASSIGNED = "assigned"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    CONFLICT = "conflict"
    IN_PROGRESS = "in_progress"
    FINAL = "final"


class Step(StrEnum):
    ACCEPT = "accept"
    DECLINE = "decline"
    DECLARE_CONFLICT = "declare_conflict"
    BEGIN = "begin"
    FINALISE = "finalise"
    REOPEN = "reopen"


PATHS: dict[tuple[State, Step], State] = {
    (State.ASSIGNED, Step.ACCEPT): State.ACCEPTED,
    (State.ASSIGNED, Step.DECLINE): State.DECLINED,
    (State.ASSIGNED, Step.DECLARE_CONFLICT): State.CONFLICT,
    # A conflict can come to light while reading.
    (State.ACCEPTED, Step.DECLARE_CONFLICT): State.CONFLICT,
    (State.IN_PROGRESS, Step.DECLARE_CONFLICT): State.CONFLICT,
    (State.ACCEPTED, Step.BEGIN): State.IN_PROGRESS,
    (State.IN_PROGRESS, Step.FINALISE): State.FINAL,
    (State.FINAL, Step.REOPEN): State.IN_PROGRESS,
}

BY_ITSELF = frozenset({Step.BEGIN, Step.REOPEN})
"""Steps that nobody takes: the one follows from acceptance, the other when the portfolio goes back.

All others are the referent's own.
"""

ENDED = frozenset({State.DECLINED, State.CONFLICT})
WORKING = frozenset({State.ACCEPTED, State.IN_PROGRESS, State.FINAL})
"""States of an assessment that counts: its referent accepted and is still part of the case."""


class AssessmentStepNotOpen(Conflict):
    """This step is not open to the assessment; `open_steps` names those that are."""


def after(state: State, step: Step) -> State:
    """Return the state that `step` leads to, or refuse it."""
    try:
        return PATHS[state, step]
    except KeyError:
        raise AssessmentStepNotOpen(state=state, step=step, open_steps=steps_from(state)) from None


def steps_from(state: State) -> list[Step]:
    """Return the steps that the referent can take from `state`, in the order of the process."""
    return [step for step in Step if (state, step) in PATHS and step not in BY_ITSELF]
