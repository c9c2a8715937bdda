"""Who may take a portfolio along, and who may bring one in: its candidate, and nobody else.

An archive holds everything that its candidate may see. Not even the staff get it whole: what they
need they read in the service, where each reading of a file is recorded.
"""

from __future__ import annotations

from uuid import UUID

from app.actor import Actor, Rights, Role, check_right
from app.kit.errors import NotFound
from app.portfolio.access import NotTheCandidate

RIGHTS: Rights = {
    "portfolio.export": frozenset({Role.CANDIDATE}),
    "portfolio.import": frozenset({Role.CANDIDATE}),
}

OPEN_TO_CANDIDATE = ("portfolio.", "evidence.")
"""How the journal's acts begin that a candidate reads of their own portfolio."""

KEPT_FROM_CANDIDATE = ("evidence.flag", "evidence.hold")
"""How those begin that are between the certification body and its officers."""


class NoSuchExport(NotFound):
    """No export with this identifier is visible to you."""


class NoSuchImport(NotFound):
    """No import with this identifier is visible to you."""


class NothingImported(NotFound):
    """This portfolio was not brought in from elsewhere."""


def check_may_export(actor: Actor, candidate_id: UUID) -> None:
    """Refuse everyone but the portfolio's own candidate."""
    if actor.person_id != candidate_id:
        raise NotTheCandidate
    check_right(actor, RIGHTS, "portfolio.export")


def check_may_import(actor: Actor) -> None:
    check_right(actor, RIGHTS, "portfolio.import")


def is_own(actor: Actor, owner_id: UUID) -> bool:
    """Tell whether an export or import is the actor's: else it does not exist for them."""
    return actor.person_id == owner_id
