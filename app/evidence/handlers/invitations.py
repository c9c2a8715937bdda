"""What the worker does for invited persons: writes to them, and forgets their addresses in time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import update

from app.evidence import invitations
from app.evidence.handlers.letters import letter
from app.evidence.models import Invitation, InvitationKind
from app.evidence.queries import invitations as queries
from app.jobs.queue import defer_missing
from app.jobs.shift import Shift
from app.kit.clock import utc_now
from app.mail import Letter, Undeliverable
from app.work import Work

PATIENCE = timedelta(hours=1)
"""How long a letter may wait before it is queued once more."""
TRIED_FOR = timedelta(days=14)
"""How long a letter with a withdrawal link is tried; then its address is forgotten."""


@dataclass(frozen=True, slots=True)
class _Written:
    letter: Letter
    hash: bytes


def send_invitation(shift: Shift, id: UUID) -> None:
    """Make an invitation's link and send it by mail.

    Only its hash is kept, before the letter goes out. A worker killed after that makes another
    link, so that a second letter may follow a first one whose link is good no longer.
    """
    with shift.work() as work:
        written = _write(work, shift.public_url, id)
    if written is None:
        return
    reached = True
    try:
        shift.post.send(written.letter, utc_now())
    except Undeliverable:
        reached = False
    with shift.work() as work:
        invitation = queries.invitation(work, id)
        if invitation.hash != written.hash:
            return
        if reached:
            invitation.sent_at = work.now
        else:
            invitation.refused_at = work.now
        if invitation.kind == InvitationKind.WITHDRAWAL:
            invitation.email = None


def _write(work: Work, public_url: str, id: UUID) -> _Written | None:
    invitation = queries.invitation(work, id)
    settled = invitation.sent_at is not None or invitation.refused_at is not None
    if settled or invitation.email is None or not invitation.is_open(work.now):
        return None
    if not queries.can_be_used(work, invitation):
        return None
    secret = invitations.new_secret()
    invitation.hash = invitations.secret_hash(secret)
    asked = queries.asked(work, invitation)
    link = f"{public_url}/i/{secret}"
    return _Written(letter(asked, invitation.email, link), invitation.hash)


def take_up(shift: Shift) -> None:
    """Queue letters once more whose job ran out of tries, and forget addresses nobody needs."""
    with shift.work() as work:
        work.session.execute(
            update(Invitation)
            .where(
                Invitation.email.is_not(None),
                (Invitation.expires_at <= work.now)
                | (Invitation.expires_at.is_(None) & (Invitation.asked_at < work.now - TRIED_FOR)),
            )
            .values(email=None)
        )
        waiting = queries.unsent_since(work, work.now - PATIENCE)
        defer_missing(work, invitations.JOB, waiting)
