"""What candidates do with the people they asked: look, ask again, take the question back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from app.evidence import access, invitations
from app.evidence.models import Invitation, InvitationState, Item
from app.evidence.queries import check_may_read_in
from app.evidence.queries import invitations as queries
from app.evidence.service import changed, check_open_to
from app.kit.errors import Conflict, Invalid
from app.portfolio import queries as portfolios
from app.work import Work

AGAIN_AFTER = timedelta(minutes=10)


class InvitationAnswered(Conflict):
    """The person has answered; an answer is neither taken back nor asked for twice."""


class AddressNeeded(Invalid):
    """The address is no longer kept; give it once more to ask again."""


class AskedJustNow(Conflict):
    """A letter went out to this person some minutes ago; wait a little before the next."""


def listed(work: Work, portfolio_id: UUID) -> Sequence[Invitation]:
    """Return what was asked for one portfolio, for those who may read what is in it."""
    found = portfolios.portfolio_to_read(work, portfolio_id)
    access.check_may_read(work.actor, found.candidate_id, submitted=found.was_submitted)
    return queries.of_portfolio(work, portfolio_id)


def one(work: Work, id: UUID) -> Invitation:
    """Return one request to a person."""
    found = work.session.get(Invitation, id)
    if found is None or found.consent_id is not None:
        raise access.NoSuchInvitation
    portfolio = portfolios.portfolio_to_read_for_duty(work, found.portfolio_id)
    check_may_read_in(work, portfolio, access.NoSuchInvitation)
    return found


def ask_again(work: Work, id: UUID, email: str | None) -> Invitation:
    """Send a new letter with a new link, also after the question expired or was taken back."""
    invitation, portfolio = queries.invitation_and_portfolio(work, id)
    check_open_to(work, portfolio)
    if invitation.answered_at is not None:
        raise InvitationAnswered
    if work.session.get_one(Item, invitation.item_id).removed_at is not None:
        raise access.NoSuchEvidence
    elsewhere = email is not None and email != invitation.email
    if invitation.state_at(work.now) == InvitationState.ASKED and not elsewhere:
        return invitation
    if invitation.sent_at is not None and work.now - invitation.sent_at < AGAIN_AFTER:
        raise AskedJustNow
    if email is not None:
        invitations.check_address(work, email)
        invitation.email = email
    if invitation.email is None:
        raise AddressNeeded
    invitations.ask_again(work, invitation)
    changed(work, portfolio, "evidence.invitation_renewed", id, item=invitation.item_id)
    return invitation


def take_back(work: Work, id: UUID) -> None:
    """Take a question back; asking again undoes it."""
    invitation, portfolio = queries.invitation_and_portfolio(work, id)
    check_open_to(work, portfolio)
    if invitation.answered_at is not None:
        raise InvitationAnswered
    if invitation.revoked_at is None:
        invitations.revoke(work, invitation)
        changed(work, portfolio, "evidence.invitation_revoked", id, item=invitation.item_id)
