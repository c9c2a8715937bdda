"""Finding invitations, and what the invited person has to know."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import func, select, text

from app.evidence import access
from app.evidence.lifecycle import State
from app.evidence.models import Consent, File, Invitation, InvitationKind, Item
from app.evidence.queries import check_may_read_in
from app.evidence.queries.belonging import portfolio_of
from app.evidence.readiness import RECORDINGS
from app.journal.models import Entry
from app.people.models import Person, Tenant
from app.portfolio.lifecycle import EVIDENCE_OPEN
from app.portfolio.models import Portfolio
from app.work import Work

ASKED = ("evidence.consent_asked", "evidence.testimony_asked")
RENEWED = "evidence.invitation_renewed"
FIND = text("SELECT tenant_id, id FROM find_invitation(:hash)")
"""Whose link this is, before a tenant is known."""


@dataclass(frozen=True, slots=True)
class Recording:
    name: str
    kind: str


@dataclass(frozen=True, slots=True)
class Asked:
    """What an invitation is about, for the person who was invited."""

    invitation: Invitation
    candidate: str
    certifier: str
    title: str
    practised_on: date
    recordings: Sequence[Recording]
    consent: Consent | None
    """The consent that a withdrawal link is for."""


def asked(work: Work, invitation: Invitation) -> Asked:
    """Gather what the invited person reads before they answer."""
    item = work.session.get_one(Item, invitation.item_id)
    portfolio = work.session.get_one(Portfolio, invitation.portfolio_id)
    files = select(File.name, File.kind).where(
        File.item_id == item.id,
        File.kind.in_(RECORDINGS),
        File.state.not_in((State.REJECTED, State.DELETED, State.SUPERSEDED)),
    )
    return Asked(
        invitation=invitation,
        candidate=work.session.get_one(Person, portfolio.candidate_id).name,
        certifier=work.session.get_one(Tenant, invitation.tenant_id).name,
        title=item.title,
        practised_on=item.practised_on,
        recordings=[Recording(*row) for row in work.session.execute(files.order_by(File.id))],
        consent=None
        if invitation.consent_id is None
        else work.session.get(Consent, invitation.consent_id),
    )


def invitation(work: Work, id: UUID) -> Invitation:
    """Fetch an invitation for the service's own work, and hold its row."""
    return work.session.get_one(Invitation, id, with_for_update=True, populate_existing=True)


def invitation_and_portfolio(work: Work, id: UUID) -> tuple[Invitation, Portfolio]:
    """Hold an invitation's portfolio and then the invitation, as every change does."""
    known = work.session.get(Invitation, id)
    if known is None or known.kind == InvitationKind.WITHDRAWAL:
        raise access.NoSuchInvitation
    portfolio = work.session.get_one(Portfolio, known.portfolio_id, with_for_update=True)
    check_may_read_in(work, portfolio, access.NoSuchInvitation)
    return invitation(work, id), portfolio


def can_be_used(work: Work, invitation: Invitation) -> bool:
    """Tell whether an answer could still go into the case: its evidence is there, and open.

    To withdraw a consent nothing of that is needed.
    """
    if invitation.kind == InvitationKind.WITHDRAWAL:
        return True
    portfolio = work.session.get_one(Portfolio, invitation.portfolio_id)
    item = work.session.get_one(Item, invitation.item_id)
    return item.removed_at is None and portfolio.state in EVIDENCE_OPEN


def of_portfolio(work: Work, portfolio_id: UUID) -> Sequence[Invitation]:
    """Return what was asked for one portfolio, the oldest first."""
    rows = select(Invitation).where(
        Invitation.portfolio_id == portfolio_id, Invitation.kind != InvitationKind.WITHDRAWAL
    )
    return work.session.scalars(rows.order_by(Invitation.id)).all()


def on_item(work: Work, item_id: UUID) -> Sequence[Invitation]:
    rows = select(Invitation).where(
        Invitation.portfolio_id == portfolio_of(item_id), Invitation.item_id == item_id
    )
    return work.session.scalars(rows.order_by(Invitation.id).with_for_update()).all()


def for_consent(work: Work, consent_id: UUID) -> Sequence[Invitation]:
    """Return the withdrawal links of a consent."""
    rows = select(Invitation).where(Invitation.consent_id == consent_id)
    return work.session.scalars(rows.with_for_update()).all()


def letters_since(work: Work, portfolio_id: UUID, since: datetime) -> int:
    """Return how many letters were asked for on a portfolio since a moment, as its journal says."""
    rows = select(func.count()).where(
        Entry.stream_id == portfolio_id, Entry.action.in_((*ASKED, RENEWED)), Entry.at > since
    )
    return work.session.execute(rows).scalar_one()


def renewals(work: Work, invitation: Invitation) -> int:
    """Return how often a question was asked again."""
    rows = select(func.count()).where(
        Entry.stream_id == invitation.portfolio_id,
        Entry.action == RENEWED,
        Entry.subject_id == invitation.id,
    )
    return work.session.execute(rows).scalar_one()


def unsent_since(work: Work, before: datetime) -> Sequence[UUID]:
    """Return the open invitations that were asked before a moment and have not gone out."""
    waiting = (
        Invitation.email.is_not(None),
        Invitation.sent_at.is_(None),
        Invitation.refused_at.is_(None),
        Invitation.asked_at < before,
        Invitation.expires_at.is_(None) | (Invitation.expires_at > work.now),
    )
    return work.session.scalars(select(Invitation.id).where(*waiting)).all()
