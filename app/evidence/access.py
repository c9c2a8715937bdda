"""Who may read evidence, and who may change it."""

from __future__ import annotations

from uuid import UUID

from app.actor import Actor, Rights, Role, check_right
from app.kit.errors import NotFound
from app.portfolio.access import EvidenceNotOpen, may_read_evidence
from app.portfolio.access import check_is_candidate as check_is_portfolios_candidate

RIGHTS: Rights = {
    "evidence.change": frozenset({Role.CANDIDATE}),
}


class NoSuchEvidence(NotFound):
    """No evidence with this identifier is visible to you."""


class NoSuchFile(NotFound):
    """No file with this identifier is visible to you."""


class NoSuchClaim(NotFound):
    """No claim with this identifier is visible to you."""


class NoSuchCase(NotFound):
    """No client case with this identifier is visible to you."""


def check_may_read(actor: Actor, candidate_id: UUID, *, submitted: bool) -> None:
    """Refuse someone who may know of the portfolio but not read what is in it."""
    if not may_read_evidence(actor, candidate_id, submitted=submitted):
        raise EvidenceNotOpen


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
