"""Who may read evidence, and who may change it."""

from __future__ import annotations

from uuid import UUID

from app.actor import Actor, Rights, Role, check_right
from app.kit.errors import Forbidden, NotFound
from app.portfolio.access import EvidenceNotOpen, Part, may_read_evidence
from app.portfolio.access import check_is_candidate as check_is_portfolios_candidate

RIGHTS: Rights = {
    "evidence.change": frozenset({Role.CANDIDATE}),
    "evidence.withdraw_consent": frozenset({Role.OFFICER}),
    "evidence.read_readings": frozenset({Role.OFFICER}),
    "evidence.read_flags": frozenset({Role.OFFICER}),
    "evidence.settle_flag": frozenset({Role.OFFICER}),
    "evidence.read_storage": frozenset({Role.OFFICER, Role.ADMINISTRATOR}),
    "retention.read": frozenset(
        {Role.OFFICER, Role.SCHEME_MANAGER, Role.VERIFIER, Role.ADMINISTRATOR}
    ),
    "retention.change": frozenset({Role.SCHEME_MANAGER}),
    "hold.place": frozenset({Role.OFFICER}),
    "hold.release": frozenset({Role.OFFICER}),
    "hold.read": frozenset({Role.OFFICER, Role.VERIFIER}),
}


class NoSuchEvidence(NotFound):
    """No evidence with this identifier is visible to you."""


class NoSuchFile(NotFound):
    """No file with this identifier is visible to you."""


class NoSuchClaim(NotFound):
    """No claim with this identifier is visible to you."""


class NoSuchConsent(NotFound):
    """No consent with this identifier is visible to you."""


class NoSuchInvitation(NotFound):
    """No request to a person with this identifier is visible to you."""


class NoSuchValidation(NotFound):
    """No validation with this identifier is visible to you."""


class NoSuchHold(NotFound):
    """No hold with this identifier is visible to you."""


class NoSuchCase(NotFound):
    """No client case with this identifier is visible to you."""


class NoSuchFlag(NotFound):
    """No flag with this identifier is visible to you."""


class ReadingsNotOpen(Forbidden):
    """A referent does not see what others have opened of the case."""


def check_may_read(actor: Actor, candidate_id: UUID, *, submitted: bool) -> None:
    """Refuse someone who may know of the portfolio but not read what is in it."""
    if not may_read_evidence(actor, candidate_id, submitted=submitted):
        raise EvidenceNotOpen


def check_may(actor: Actor, act: str) -> None:
    """Refuse an act that none of the actor's roles allows."""
    check_right(actor, RIGHTS, act)


def check_may_change(actor: Actor, candidate_id: UUID) -> None:
    """Refuse everyone but the candidate whose evidence it is."""
    if actor.person_id != candidate_id:
        check_is_portfolios_candidate(actor, candidate_id, "portfolio.submit")
    check_right(actor, RIGHTS, "evidence.change")


def may_read_file(
    actor: Actor, candidate_id: UUID, referents: frozenset[UUID], *, submitted: bool
) -> bool:
    """Tell whether `actor` may open a file: its owner, the staff, and those asked to assess it."""
    return (
        may_read_evidence(actor, candidate_id, submitted=submitted) or actor.person_id in referents
    )


def reads_as(actor: Actor, referents: frozenset[UUID]) -> Role:
    """Return the role in which somebody opens a file: that of a referent before any other.

    The third referent is one like the others here: that there is one tells that two disagreed.
    """
    if actor.person_id in referents:
        return Role.REFERENT
    if actor.has(Role.OFFICER):
        return Role.OFFICER
    return Role.VERIFIER if actor.has(Role.VERIFIER) else Role.DECISION_MAKER


def check_may_read_readings(actor: Actor, candidate_id: UUID, part: Part | None) -> None:
    """Refuse to tell who opened which file, but to the candidate and to officers without a part."""
    if actor.person_id == candidate_id:
        return
    check_right(actor, RIGHTS, "evidence.read_readings")
    if part in (Part.REFERENT, Part.MODERATOR):
        raise ReadingsNotOpen
