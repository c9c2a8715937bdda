"""The life of an evidence file, as data (PROCESS, "Evidence file")."""

from __future__ import annotations

from enum import StrEnum

from app.kit.errors import Conflict


class State(StrEnum):
    ANNOUNCED = "announced"
    UPLOADING = "uploading"
    RECEIVED = "received"
    CHECKED = "checked"
    AVAILABLE = "available"
    REJECTED = "rejected"
    SUPERSEDED = "superseded"
    QUARANTINED = "quarantined"
    DELETED = "deleted"


class Step(StrEnum):
    BEGIN_UPLOAD = "begin_upload"
    COMPLETE = "complete"
    PASS_CHECKS = "pass_checks"  # noqa: S105 -- not a password
    KEEP = "keep"
    REJECT = "reject"
    SUPERSEDE = "supersede"
    REINSTATE = "reinstate"
    QUARANTINE = "quarantine"
    DELETE = "delete"


PATHS: dict[tuple[State, Step], State] = {
    (State.ANNOUNCED, Step.BEGIN_UPLOAD): State.UPLOADING,
    (State.ANNOUNCED, Step.COMPLETE): State.RECEIVED,
    (State.UPLOADING, Step.COMPLETE): State.RECEIVED,
    (State.RECEIVED, Step.PASS_CHECKS): State.CHECKED,
    (State.CHECKED, Step.KEEP): State.AVAILABLE,
    (State.RECEIVED, Step.REJECT): State.REJECTED,
    (State.CHECKED, Step.REJECT): State.REJECTED,
    (State.AVAILABLE, Step.SUPERSEDE): State.SUPERSEDED,
    (State.SUPERSEDED, Step.REINSTATE): State.AVAILABLE,
    (State.AVAILABLE, Step.QUARANTINE): State.QUARANTINED,
    (State.SUPERSEDED, Step.QUARANTINE): State.QUARANTINED,
    **{
        (state, Step.DELETE): State.DELETED
        for state in (
            State.ANNOUNCED,
            State.UPLOADING,
            State.AVAILABLE,
            State.REJECTED,
            State.SUPERSEDED,
            State.QUARANTINED,
        )
    },
}


class WaitingFor(StrEnum):
    """What a file that arrived waits for, beyond its turn."""

    MALWARE_SCANNER = "malware_scanner"


class Failing(StrEnum):
    """Through whose fault, but its own, the check of a file cannot end."""

    STORE = "store"
    CHECK = "check"


class FileStepNotOpen(Conflict):
    """The file is not in a state that allows this; `open_steps` names what it does allow."""


def after(state: State, step: Step) -> State:
    """Return the state that `step` leads to, or refuse it."""
    try:
        return PATHS[state, step]
    except KeyError:
        raise FileStepNotOpen(state=state, step=step, open_steps=steps_from(state)) from None


def steps_from(state: State) -> list[Step]:
    """Return the steps open from `state`, in the order of the process."""
    return [step for step in Step if (state, step) in PATHS]
