"""The life of a portfolio, as data (PROCESS, "Lifecycles")."""

from __future__ import annotations

from enum import StrEnum

from app.kit.errors import Conflict, Invalid


class State(StrEnum):
    DRAFT = "draft"
    APPLIED = "applied"
    NEEDS_INFO = "needs_info"
    NOT_ADMITTED = "not_admitted"
    ADMITTED = "admitted"
    SUBMITTED = "submitted"
    IN_ASSESSMENT = "in_assessment"
    CLARIFICATION = "clarification"
    ASSESSED = "assessed"
    DECIDED = "decided"
    CLOSED = "closed"
    WITHDRAWN = "withdrawn"
    LAPSED = "lapsed"


class Step(StrEnum):
    APPLY = "apply"
    ASK_FOR_INFORMATION = "ask_for_information"
    REFUSE_ADMISSION = "refuse_admission"
    ADMIT = "admit"
    SUBMIT = "submit"
    BEGIN_ASSESSMENT = "begin_assessment"
    ASK_CLARIFICATION = "ask_clarification"
    ANSWER_CLARIFICATION = "answer_clarification"
    CONCLUDE = "conclude"
    RETURN = "return"
    REFER_BACK = "refer_back"
    DECIDE = "decide"
    CLOSE = "close"
    WITHDRAW = "withdraw"
    LAPSE = "lapse"


UNDECIDED = (
    State.DRAFT,
    State.APPLIED,
    State.NEEDS_INFO,
    State.ADMITTED,
    State.SUBMITTED,
    State.IN_ASSESSMENT,
    State.CLARIFICATION,
    State.ASSESSED,
)

PATHS: dict[tuple[State, Step], State] = {
    (State.DRAFT, Step.APPLY): State.APPLIED,
    (State.NEEDS_INFO, Step.APPLY): State.APPLIED,
    (State.APPLIED, Step.ASK_FOR_INFORMATION): State.NEEDS_INFO,
    (State.APPLIED, Step.REFUSE_ADMISSION): State.NOT_ADMITTED,
    (State.APPLIED, Step.ADMIT): State.ADMITTED,
    (State.ADMITTED, Step.SUBMIT): State.SUBMITTED,
    (State.SUBMITTED, Step.BEGIN_ASSESSMENT): State.IN_ASSESSMENT,
    (State.IN_ASSESSMENT, Step.ASK_CLARIFICATION): State.CLARIFICATION,
    (State.CLARIFICATION, Step.ANSWER_CLARIFICATION): State.IN_ASSESSMENT,
    (State.IN_ASSESSMENT, Step.CONCLUDE): State.ASSESSED,
    (State.ASSESSED, Step.RETURN): State.IN_ASSESSMENT,
    (State.ASSESSED, Step.REFER_BACK): State.IN_ASSESSMENT,
    (State.ASSESSED, Step.DECIDE): State.DECIDED,
    (State.DECIDED, Step.CLOSE): State.CLOSED,
    **{(state, Step.WITHDRAW): State.WITHDRAWN for state in UNDECIDED},
    **{(state, Step.LAPSE): State.LAPSED for state in UNDECIDED},
}
"""Every step there is."""

BY_ITSELF = frozenset({Step.BEGIN_ASSESSMENT, Step.CONCLUDE, Step.CLOSE, Step.LAPSE})
"""Steps that nobody takes: the service does, when others did their part or time has passed."""

WITH_REASON = frozenset(
    {
        Step.ASK_FOR_INFORMATION,
        Step.REFUSE_ADMISSION,
        Step.ASK_CLARIFICATION,
        Step.RETURN,
        Step.REFER_BACK,
    }
)
"""Steps that are taken with a reason, which the candidate may read."""

READ_ONCE_DECIDED = frozenset({Step.RETURN, Step.REFER_BACK})
"""Steps whose reason speaks of the ratings: the candidate reads it once it was decided."""

DECIDED = frozenset({State.DECIDED, State.CLOSED})
"""Once the decision stands; what was referred back is not decided."""

EVIDENCE_OPEN = frozenset(
    {
        State.DRAFT,
        State.APPLIED,
        State.NEEDS_INFO,
        State.ADMITTED,
        State.SUBMITTED,
        State.IN_ASSESSMENT,
        State.CLARIFICATION,
    }
)
"""While the candidate may still add evidence; what was submitted is sealed and stays as it was."""


class StepNotOpen(Conflict):
    """This step is not open from the present state; `open_steps` names those that are."""


class ReasonRequired(Invalid):
    """This step is taken with a reason, for the candidate to read."""


class EvidenceClosed(Conflict):
    """Evidence can no longer be added or changed in this portfolio."""


def after(state: State, step: Step) -> State:
    """Return the state that `step` leads to, or refuse it."""
    try:
        return PATHS[state, step]
    except KeyError:
        raise StepNotOpen(state=state, step=step, open_steps=steps_from(state)) from None


def steps_from(state: State) -> list[Step]:
    """Return the steps that somebody can take from `state`, in the order of the process."""
    return [step for step in Step if (state, step) in PATHS and step not in BY_ITSELF]


def check_reason(step: Step, reason: str | None) -> None:
    """Refuse a step without the reason that it is taken with."""
    if step in WITH_REASON and not reason:
        raise ReasonRequired(step=step)


def check_evidence_open(state: State) -> None:
    """Refuse to change evidence once the outcome no longer depends on it."""
    if state not in EVIDENCE_OPEN:
        raise EvidenceClosed(state=state)
