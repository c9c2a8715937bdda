"""Who may see a portfolio, and who takes which step."""

from __future__ import annotations

from enum import StrEnum
from uuid import UUID

from app.actor import NOBODY, Actor, Rights, Role, check_right
from app.kit.errors import Forbidden, NotFound
from app.portfolio.lifecycle import DECIDED, READ_ONCE_DECIDED, State, Step

RIGHTS: Rights = {
    "portfolio.open": frozenset({Role.CANDIDATE}),
    "portfolio.read_all": frozenset({Role.OFFICER}),
    # What a verifier looks at and a decision maker decides on begins with a submission.
    "portfolio.read_submitted": frozenset({Role.VERIFIER, Role.DECISION_MAKER}),
    "portfolio.apply": frozenset({Role.CANDIDATE}),
    "portfolio.submit": frozenset({Role.CANDIDATE}),
    "portfolio.withdraw": frozenset({Role.CANDIDATE}),
    "portfolio.read_arrangements": frozenset({Role.OFFICER}),
    "portfolio.ask_for_information": frozenset({Role.OFFICER}),
    "portfolio.refuse_admission": frozenset({Role.OFFICER}),
    "portfolio.admit": frozenset({Role.OFFICER}),
}


TAKEN_AS: dict[Step, Role] = {
    Step.BEGIN_ASSESSMENT: Role.REFERENT,
    Step.CONCLUDE: Role.REFERENT,
    Step.RETURN: Role.VERIFIER,
    Step.REFER_BACK: Role.DECISION_MAKER,
    Step.DECIDE: Role.DECISION_MAKER,
}
"""In which role a step of a later feature is taken; that feature checks the right to it."""


class Part(StrEnum):
    """A part that a person can have in one case."""

    CANDIDATE = "candidate"
    REFERENT = "referent"
    MODERATOR = "moderator"
    VERIFIER = "verifier"
    DECISION_MAKER = "decision_maker"
    APPEAL_HANDLER = "appeal_handler"
    # Signs named evidence for the candidate, and so neither assesses nor decides.
    VALIDATOR = "validator"


class PartsKeptApart(Forbidden):
    """You already have another part in this case, and one person has one only."""


class NoSuchPortfolio(NotFound):
    """No portfolio with this identifier is visible to you."""


class EvidenceNotOpen(Forbidden):
    """A training body sees how far its candidate has come, not the evidence itself."""


class OwnCase(Forbidden):
    """Nobody acts for the certification body in their own case."""


class NotTheCandidate(Forbidden):
    """Only its candidate does this to a portfolio."""


def may_read_as_staff(actor: Actor, *, submitted: bool) -> bool:
    """Tell whether a role lets `actor` know of the portfolios that were submitted, or were not."""
    if submitted and RIGHTS["portfolio.read_submitted"] & actor.roles:
        return True
    return bool(RIGHTS["portfolio.read_all"] & actor.roles)


def may_read(
    actor: Actor, candidate_id: UUID, training_body_id: UUID | None, *, submitted: bool
) -> bool:
    """Tell whether `actor` may know of a portfolio: else it does not exist for them.

    `submitted`: it was once, whatever became of it since.
    """
    return (
        actor.person_id in (candidate_id, NOBODY)
        or may_read_as_staff(actor, submitted=submitted)
        or training_body_id in actor.training_bodies
    )


def may_read_evidence(actor: Actor, candidate_id: UUID, *, submitted: bool) -> bool:
    """Tell whether `actor` may read what is in it; a training body sees progress only."""
    return may_read(actor, candidate_id, None, submitted=submitted)


def may_read_reason(
    actor: Actor, candidate_id: UUID, state: State, step: Step, *, submitted: bool
) -> bool:
    """Tell whether `actor` reads why a step was taken on a portfolio that is now in `state`."""
    if actor.person_id == candidate_id and step in READ_ONCE_DECIDED:
        return state in DECIDED
    return may_read_evidence(actor, candidate_id, submitted=submitted)


def may_read_arrangements(actor: Actor, candidate_id: UUID) -> bool:
    """Tell whether `actor` reads what arrangements the candidate asked for."""
    return actor.person_id == candidate_id or bool(
        RIGHTS["portfolio.read_arrangements"] & actor.roles
    )


def check_may_read(
    actor: Actor, candidate_id: UUID, training_body_id: UUID | None, *, submitted: bool
) -> None:
    if not may_read(actor, candidate_id, training_body_id, submitted=submitted):
        raise NoSuchPortfolio


def check_not_own(actor: Actor, candidate_id: UUID) -> None:
    """Refuse an official act by the candidate, whatever roles they hold beside."""
    if actor.person_id == candidate_id:
        raise OwnCase


def check_is_candidate(actor: Actor, candidate_id: UUID, act: str) -> None:
    """Refuse everyone but the portfolio's own candidate, who needs the candidate's role."""
    if actor.person_id != candidate_id:
        raise NotTheCandidate
    check_right(actor, RIGHTS, act)


def check_may_take(actor: Actor, candidate_id: UUID, step: Step) -> None:
    """Refuse a step that belongs to somebody else."""
    act = f"portfolio.{step}"
    if Role.CANDIDATE in RIGHTS[act]:
        check_is_candidate(actor, candidate_id, act)
    else:
        check_right(actor, RIGHTS, act)
        check_not_own(actor, candidate_id)
