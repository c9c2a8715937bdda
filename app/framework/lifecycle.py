"""How a version of reference data lives: written, published for good, superseded, retired."""

from __future__ import annotations

from enum import StrEnum

from app.kit.errors import Conflict


class State(StrEnum):
    DRAFT = "draft"
    PUBLISHED = "published"
    SUPERSEDED = "superseded"
    RETIRED = "retired"


class Step(StrEnum):
    PUBLISH = "publish"
    SUPERSEDE = "supersede"
    RETIRE = "retire"


class NotNextForVersion(Conflict):
    """In its present state this version cannot take that step."""


PATHS: dict[tuple[State, Step], State] = {
    (State.DRAFT, Step.PUBLISH): State.PUBLISHED,
    (State.PUBLISHED, Step.SUPERSEDE): State.SUPERSEDED,
    (State.SUPERSEDED, Step.RETIRE): State.RETIRED,
}

FROZEN = frozenset({State.PUBLISHED, State.SUPERSEDED, State.RETIRED})
"""States in which the content never changes again and may be read by anybody."""


def after(state: State, step: Step) -> State:
    """Return the state that `step` leads to, or refuse it."""
    try:
        return PATHS[state, step]
    except KeyError:
        raise NotNextForVersion(state=state, step=step, steps=open_steps(state)) from None


def open_steps(state: State) -> list[Step]:
    """Return what can be done next, for clients that want to know before trying."""
    return [step for origin, step in PATHS if origin is state]
