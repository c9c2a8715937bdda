"""Consent of recorded persons: asked by a link, given, declined, and withdrawn at any time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from app.actor import check_right
from app.evidence import access, invitations, queries
from app.evidence.lifecycle import State, Step
from app.evidence.models import (
    Answer,
    Consent,
    ConsentForm,
    ConsentScope,
    File,
    Invitation,
    InvitationKind,
    WithdrawnBy,
)
from app.evidence.queries import invitations as invited
from app.evidence.queries import standing as rows
from app.evidence.queries import testimonies
from app.evidence.service import changed, check_open_to, move
from app.journal.service import record
from app.kit.errors import Conflict, Invalid
from app.kit.ids import new_id
from app.portfolio import queries as portfolios
from app.portfolio.lifecycle import EVIDENCE_OPEN
from app.portfolio.models import Portfolio
from app.work import Work


class WiderThanAsked(Invalid):
    """A person consents to what was asked, or to less."""


class AlreadyWithdrawn(Conflict):
    """This consent was withdrawn before."""


class WithdrawnByThePersonOnly(Conflict):
    """A consent given by a link is withdrawn by its giver, or by an officer who heard from them."""


class WithdrawalReasonNeeded(Invalid):
    """An officer says how the wish to withdraw reached them."""


def ask(
    work: Work, item_id: UUID, *, person: str, email: str, language: str, scope: ConsentScope
) -> Invitation:
    """Ask a recorded person for consent; the letter leaves after this is committed."""
    item, portfolio = queries.item(work, item_id)
    check_open_to(work, portfolio)
    invitations.check_address(work, email)
    invitations.check_not_too_many(work, portfolio.id)
    invitation = invitations.invite(
        work,
        item,
        InvitationKind.CONSENT,
        person=person,
        email=email,
        language=language,
        scope=scope,
    )
    changed(work, portfolio, "evidence.consent_asked", invitation.id, item=item.id, scope=scope)
    return invitation


def give(work: Work, invitation: Invitation, *, name: str, scope: ConsentScope) -> Consent:
    """Note that the invited person consents; they get a link to withdraw it by mail."""
    invitation, portfolio = _answerable(work, invitation)
    if scope != invitation.scope and invitation.scope != ConsentScope.ASSESSMENT_AND_TRAINING:
        raise WiderThanAsked(asked=invitation.scope)
    item, _ = queries.item(work, invitation.item_id)
    consent = Consent(
        id=new_id(),
        tenant_id=invitation.tenant_id,
        portfolio_id=invitation.portfolio_id,
        item_id=invitation.item_id,
        person=invitation.person,
        scope=scope,
        language=invitation.language,
        given_on=work.now.date(),
        how=ConsentForm.LINK,
        entered_at=work.now,
        invitation_id=invitation.id,
        signed_name=name,
    )
    work.session.add(consent)
    work.session.flush()
    if invitation.email is not None:
        invitations.invite(
            work,
            item,
            InvitationKind.WITHDRAWAL,
            person=invitation.person,
            email=invitation.email,
            language=invitation.language,
            consent_id=consent.id,
        )
    invitations.close(work, invitation, Answer.GIVEN)
    changed(
        work,
        portfolio,
        "evidence.consent_given",
        consent.id,
        item=item.id,
        scope=scope,
        invitation=invitation.id,
    )
    return consent


def decline(work: Work, invitation: Invitation) -> None:
    """Note that the invited person does not consent."""
    invitation, portfolio = _answerable(work, invitation)
    invitations.close(work, invitation, Answer.DECLINED)
    changed(work, portfolio, "evidence.consent_declined", invitation.id, item=invitation.item_id)


def withdraw_by_link(work: Work, invitation: Invitation) -> Consent:
    """Withdraw the consent that a withdrawal link is for."""
    invitation, portfolio = invitations.held(work, invitation)
    if invitation.consent_id is None:
        raise invitations.LinkNotOpen
    consent = work.session.get_one(Consent, invitation.consent_id, populate_existing=True)
    _withdraw(work, portfolio, consent, WithdrawnBy.PERSON, None)
    return consent


def withdraw(work: Work, id: UUID, reason: str | None) -> Consent:
    """Note that a person withdrew: officers for every consent, candidates for those they entered.

    Nothing that a candidate could have an interest in stands against it, nor any state of the case.
    """
    consent, portfolio = rows.consent(work, id)
    if work.actor.person_id == portfolio.candidate_id:
        access.check_may_change(work.actor, portfolio.candidate_id)
        if consent.invitation_id is not None:
            raise WithdrawnByThePersonOnly
        by = WithdrawnBy.CANDIDATE
    else:
        check_right(work.actor, access.RIGHTS, "evidence.withdraw_consent")
        if not reason:
            raise WithdrawalReasonNeeded
        by = WithdrawnBy.OFFICER
    if consent.withdrawn_at is not None:
        raise AlreadyWithdrawn
    _withdraw(work, portfolio, consent, by, reason)
    return consent


def _withdraw(
    work: Work, portfolio: Portfolio, consent: Consent, by: WithdrawnBy, reason: str | None
) -> None:
    for link in invited.for_consent(work, consent.id):
        if link.is_open(work.now):
            invitations.close(work, link, Answer.WITHDRAWN)
    consent.withdrawn_at, consent.withdrawn_by = work.now, by
    consent.withdrawal_reason = reason
    shut = rows.recordings_to_shut(work, consent.item_id)
    for file in shut:
        quarantine(work, file, consent.id)
    changed(
        work,
        portfolio,
        "evidence.consent_withdrawn",
        consent.id,
        item=consent.item_id,
        by=by,
        files=[str(file.id) for file in shut],
    )


def quarantine(work: Work, file: File, consent_id: UUID | None = None) -> None:
    """Shut a recording: nobody opens it any more, whatever it was submitted for."""
    move(work, file, Step.QUARANTINE)
    record(work, file.portfolio_id, "evidence.file_quarantined", file.id, consent=consent_id)


def _answerable(work: Work, invitation: Invitation) -> tuple[Invitation, Portfolio]:
    invitation, portfolio = invitations.held(work, invitation)
    # What can no longer be used is no longer asked for.
    if portfolio.state not in EVIDENCE_OPEN:
        raise invitations.LinkNotOpen
    return invitation, portfolio


@dataclass(frozen=True, slots=True)
class Loss:
    """A claim that no longer counts, because a recording was shut."""

    claim_id: UUID
    indicator: str
    item_id: UUID


@dataclass(frozen=True, slots=True)
class Overview:
    """The consents of a portfolio, what was asked, and what withdrawals cost it."""

    consents: Sequence[Consent]
    requests: Sequence[Invitation]
    quarantined: Sequence[UUID]
    lost_claims: Sequence[Loss]
    bare_indicators: Sequence[str]
    """Indicators that are claimed, but by no claim that still counts."""


def overview(work: Work, portfolio_id: UUID) -> Overview:
    """Say how the consents of a portfolio stand, and what in it no longer counts."""
    portfolios.portfolio_to_read(work, portfolio_id)
    shown: dict[UUID, list[State]] = {}
    files = {file.id: file for file in queries.files(work, portfolio_id)}
    for file in files.values():
        shown.setdefault(file.item_id, []).append(file.state)
    attested = testimonies.attested(work, portfolio_id)
    lost, kept = [], set()
    for claim in queries.claims(work, portfolio_id):
        states = shown.get(claim.item_id, [])
        pointed = files.get(claim.file_id) if claim.file_id else None
        if pointed is not None:
            counts = pointed.state != State.QUARANTINED
        else:
            counts = (
                claim.item_id in attested
                or State.QUARANTINED not in states
                or State.AVAILABLE in states
            )
        if counts:
            kept.add(claim.indicator)
        else:
            lost.append(Loss(claim.id, claim.indicator, claim.item_id))
    return Overview(
        consents=queries.consents(work, portfolio_id),
        requests=[
            one
            for one in invited.of_portfolio(work, portfolio_id)
            if one.kind == InvitationKind.CONSENT
        ],
        quarantined=[one.id for one in files.values() if one.state == State.QUARANTINED],
        lost_claims=lost,
        bare_indicators=sorted({one.indicator for one in lost} - kept),
    )
