"""Who may read the journal, and how much of it.

Officers, verifiers and administrators read it. A candidate reads the journal of their own
portfolio: who opened which file, and when. Whoever has a part in a case that keeps something from
them (the candidate and the ratings, a referent and the other's ratings) sees of its journal only
what is open to every party and what they did themselves, whatever other roles they hold. Until
results are open, nobody but who did it reads what the referents did. A candidate learns that a
referent opened a file, not which one. Who assesses a case does not read who else opened its files,
and nobody reads of flags on their own portfolio.
"""

from __future__ import annotations

from app.actor import Actor, Rights, Role, check_right
from app.kit.errors import NotFound
from app.portfolio.access import Part

RIGHTS: Rights = {
    "journal.read": frozenset({Role.OFFICER, Role.VERIFIER, Role.ADMINISTRATOR}),
    "journal.verify": frozenset({Role.VERIFIER, Role.ADMINISTRATOR}),
}

OPEN_TO_PARTIES = ("portfolio.", "evidence.")
"""How the acts begin that no party to a case is kept from."""

OPEN_WITH_RESULTS = ("assessment.", "interview.")
"""How the acts begin that tell ratings."""

KEPT_FROM_SOME = frozenset(set(Part) - {Part.VERIFIER})
"""The parts in a case that do not see all of it."""

BLIND = frozenset({Part.REFERENT, Part.MODERATOR})
"""The parts that do not see what others have opened: that there is a third would tell them."""


class NoSuchStream(NotFound):
    """No journal with this identifier is visible to you."""


def may_read(actor: Actor) -> bool:
    """Tell whether `actor` reads journals in general."""
    return bool(RIGHTS["journal.read"] & actor.roles)


def check_may_read(actor: Actor) -> None:
    check_right(actor, RIGHTS, "journal.read")


def check_may_verify(actor: Actor) -> None:
    check_right(actor, RIGHTS, "journal.verify")
