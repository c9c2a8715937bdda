"""Asking somebody without an account by a link that is good for one answer.

Candidates never see a link. The worker makes its secret when it writes the letter and only a hash
of it is kept, so that nobody here can answer in the invited person's place.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from datetime import timedelta
from typing import TypedDict, Unpack
from uuid import UUID

from sqlalchemy.orm import Session

from app.actor import system
from app.evidence.models import (
    Answer,
    ConsentScope,
    Invitation,
    InvitationKind,
    Item,
    Relation,
    TestimonyForm,
)
from app.evidence.queries import invitations as queries
from app.jobs.queue import defer
from app.kit.clock import utc_now
from app.kit.errors import Conflict, Invalid, NotFound
from app.kit.ids import new_id
from app.mail import Undeliverable, mailbox
from app.people import queries as people
from app.portfolio.models import Portfolio
from app.storage import ObjectStore
from app.work import ENTER_TENANT, Work

LIFE = timedelta(days=14)
"""How long an invitation waits for its answer."""
MOST_A_DAY = 30
"""So many letters go out for one portfolio within a day: this is no way to write to many."""
MOST_RENEWALS = 5
"""So often one question is asked again, whether at the same address or at another."""
JOB = "evidence.send_invitation"

_SHAPE = re.compile(r"[0-9A-Za-z_-]{43}", re.ASCII)


class LinkNotOpen(NotFound):
    """This link is not known, was used already, or is no longer good."""


class AddressNotUsable(Invalid):
    """No mail can be written to this address."""


class OwnAddress(Invalid):
    """This is your own address; give that of the person who is asked."""


class TooManyAsked(Conflict):
    """Many people were asked for this portfolio today; ask the others tomorrow."""


class AskedOften(Conflict):
    """This question was asked again several times already; speak with the person instead."""


class Wanted(TypedDict, total=False):
    """What an invitation asks for, by its kind."""

    scope: ConsentScope
    relation: Relation
    form: TestimonyForm
    indicators: list[str]
    consent_id: UUID


def new_secret() -> str:
    """Return what makes a link: 256 random bits."""
    return secrets.token_urlsafe(32)


def secret_hash(secret: str) -> bytes:
    """Return what is kept of a link."""
    return hashlib.sha256(secret.encode()).digest()


def check_address(work: Work, email: str) -> None:
    """Refuse an address that nobody has, and the candidate's own: they ask others."""
    if people.person(work, work.actor.person_id).email == email:
        raise OwnAddress
    try:
        mailbox(email)
    except Undeliverable:
        raise AddressNotUsable from None


def check_not_too_many(work: Work, portfolio_id: UUID) -> None:
    """Refuse more than a day's letters for a portfolio: new questions, and those asked again."""
    if queries.letters_since(work, portfolio_id, work.now - timedelta(days=1)) >= MOST_A_DAY:
        raise TooManyAsked(most=MOST_A_DAY)


def invite(
    work: Work,
    item: Item,
    kind: InvitationKind,
    *,
    person: str,
    email: str,
    language: str,
    **wanted: Unpack[Wanted],
) -> Invitation:
    """Ask a person about an item; the worker writes the letter after the commit."""
    lasting = kind == InvitationKind.WITHDRAWAL
    invitation = Invitation(
        id=new_id(),
        tenant_id=item.tenant_id,
        portfolio_id=item.portfolio_id,
        item_id=item.id,
        kind=kind,
        person=person,
        language=language,
        email=email,
        asked_at=work.now,
        expires_at=None if lasting else work.now + LIFE,
        **wanted,
    )
    work.session.add(invitation)
    work.session.flush()
    defer(work, JOB, subject_id=invitation.id)
    return invitation


def ask_again(work: Work, invitation: Invitation) -> None:
    """Have a new letter written, with a new link in place of the old one."""
    check_not_too_many(work, invitation.portfolio_id)
    if queries.renewals(work, invitation) >= MOST_RENEWALS:
        raise AskedOften(most=MOST_RENEWALS)
    invitation.hash = invitation.sent_at = invitation.refused_at = invitation.revoked_at = None
    invitation.asked_at, invitation.expires_at = work.now, work.now + LIFE
    work.session.flush()
    defer(work, JOB, subject_id=invitation.id)


def close(work: Work, invitation: Invitation, answer: Answer) -> None:
    """Note the answer; the address is forgotten with it."""
    invitation.answer, invitation.answered_at, invitation.email = answer, work.now, None


def revoke(work: Work, invitation: Invitation) -> None:
    """Take a question back; its link leads nowhere from now on."""
    invitation.revoked_at, invitation.email = work.now, None


def revoke_on(work: Work, item_id: UUID) -> None:
    """Take back whatever is still asked about an item that goes."""
    for invitation in queries.on_item(work, item_id):
        if invitation.answered_at is None and invitation.revoked_at is None:
            revoke(work, invitation)


def enter(session: Session, secret: str, store: ObjectStore) -> tuple[Work, Invitation]:
    """Find what a link is for, and go on within its tenant in this transaction.

    Raises LinkNotOpen alike for a link that never was and for one that is no longer good.
    """
    found = None
    if _SHAPE.fullmatch(secret):
        found = session.execute(queries.FIND, {"hash": secret_hash(secret)}).one_or_none()
    if found is None:
        raise LinkNotOpen
    session.execute(ENTER_TENANT, {"tenant": str(found.tenant_id)})
    work = Work(session, system(found.tenant_id), utc_now(), store)
    invitation = session.get_one(Invitation, found.id)
    if not invitation.is_open(work.now) or not queries.can_be_used(work, invitation):
        raise LinkNotOpen
    return work, invitation


def held(work: Work, invitation: Invitation) -> tuple[Invitation, Portfolio]:
    """Hold an invitation to answer it; of two answers at once the second one finds it closed."""
    link = invitation.hash
    portfolio = work.session.get_one(Portfolio, invitation.portfolio_id, with_for_update=True)
    known = queries.invitation(work, invitation.id)
    if not known.is_open(work.now) or known.hash != link:
        raise LinkNotOpen
    return known, portfolio
