"""Who assigns, assesses and verifies, and what keeps a person out of a case."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from app.actor import Actor, Rights, Role, check_right
from app.kit.errors import Conflict, Forbidden, NotFound
from app.portfolio.access import Part

RIGHTS: Rights = {
    "assessment.assign": frozenset({Role.OFFICER}),
    "assessment.accept": frozenset({Role.REFERENT}),
    "assessment.decline": frozenset({Role.REFERENT}),
    "assessment.declare_conflict": frozenset({Role.REFERENT}),
    "assessment.rate": frozenset({Role.REFERENT}),
    "assessment.finalise": frozenset({Role.REFERENT}),
    "validation.sign": frozenset({Role.REFERENT}),
    "interview.hold": frozenset({Role.REFERENT}),
    "interview.confirm": frozenset({Role.REFERENT}),
    "verification.verify": frozenset({Role.VERIFIER}),
    "result.read": frozenset({Role.OFFICER, Role.VERIFIER, Role.DECISION_MAKER}),
}


class NoSuchAssessment(NotFound):
    """No assessment with this identifier is visible to you."""


class NotAReferent(Conflict):
    """Only someone who holds the referent's role can be assigned."""


class SelfAssigned(Forbidden):
    """Nobody calls themself to assess a portfolio; another officer does."""


class ConflictOfInterest(Conflict):
    """This person has a conflict of interest with the candidate; `grounds` says which."""


class PartyToTheCase(Forbidden):
    """Who has a part in the case does not look over the shoulders of the others."""


class NotAssessingThis(Forbidden):
    """Only a referent who assesses this portfolio does this."""


@dataclass(frozen=True, slots=True)
class Ties:
    """What binds a person to organisations: the employer and the training body."""

    person_id: UUID
    organisations: frozenset[UUID]


def check_no_conflict(candidate: Ties, person: Ties, declared: bool) -> None:
    """Refuse whoever has a conflict of interest (the scheme's `conflict_of_interest`)."""
    grounds = []
    if candidate.person_id == person.person_id:
        grounds.append("own_portfolio")
    if candidate.organisations & person.organisations:
        grounds.append("same_organisation")
    if declared:
        grounds.append("declared")
    if grounds:
        raise ConflictOfInterest(grounds=grounds)


def check_may_oversee(actor: Actor, part: Part | None, act: str) -> None:
    """Refuse to show how the assessments stand to a party of the case, whatever their roles."""
    check_right(actor, RIGHTS, act)
    if part not in (None, Part.VERIFIER, Part.DECISION_MAKER):
        raise PartyToTheCase(part=part)


def may_read_ratings(actor: Actor, candidate_id: UUID, training_body_id: UUID | None) -> bool:
    """Tell whether `actor` reads what each referent gave: staff, unless it is their own case."""
    if actor.person_id == candidate_id or training_body_id in actor.training_bodies:
        return False
    return bool(RIGHTS["result.read"] & actor.roles)


def check_is_referent(actor: Actor, referents: Collection[UUID], act: str) -> None:
    """Refuse everyone but a referent of this very portfolio."""
    check_right(actor, RIGHTS, act)
    if actor.person_id not in referents:
        raise NotAssessingThis
