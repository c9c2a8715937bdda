"""Who may decide on a certificate."""

from __future__ import annotations

from app.actor import Actor, Rights, Role, check_right
from app.kit.errors import Forbidden, NotFound
from app.portfolio.access import Part

RIGHTS: Rights = {
    "decision.draft": frozenset({Role.DECISION_MAKER}),
    "decision.discard": frozenset({Role.DECISION_MAKER}),
    "decision.sign": frozenset({Role.DECISION_MAKER}),
    "decision.read": frozenset({Role.DECISION_MAKER, Role.OFFICER, Role.VERIFIER}),
}

ASSESSED = frozenset({Part.REFERENT, Part.MODERATOR, Part.VERIFIER})


class DecidedByAssessor(Forbidden):
    """Whoever assessed or verified a portfolio takes no part in deciding on its certificate."""


class NoSuchDecision(NotFound):
    """No decision with this identifier is visible to you."""


class NoSuchCertificate(NotFound):
    """No certificate has this number."""


def check_may_decide(actor: Actor, part: Part | None, act: str) -> None:
    """Refuse to let anyone decide who has another part in the case.

    ISO/IEC 17024 keeps the decision apart from the assessment, so holding both roles in general is
    fine; having used one of them on this portfolio is not.
    """
    if part in ASSESSED:
        raise DecidedByAssessor(part=part)
    check_right(actor, RIGHTS, act)
