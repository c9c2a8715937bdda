"""What is asked of others, over HTTP: consents, testimonies, and how each request stands."""

from __future__ import annotations

from uuid import UUID

from app.evidence import consenting, invitations, inviting, queries, testimony
from app.evidence.access import NoSuchConsent, NoSuchEvidence, NoSuchInvitation
from app.evidence.api.door import CHANGES, CurrentWork, check_may_read
from app.evidence.models import Consent, Invitation
from app.evidence.queries import testimonies
from app.evidence.schemas.asked import (
    ConsentsOut,
    ConsentStandingOut,
    InvitationOut,
    LostClaimOut,
    NewConsentRequest,
    NewTestimonyRequest,
    Renewal,
    TestimonyOut,
    Withdrawal,
)
from app.framework.content.framework import UnknownIndicators
from app.kit.http import declared
from app.people.door import feature_router
from app.portfolio.access import EvidenceNotOpen, NoSuchPortfolio, NotTheCandidate
from app.portfolio.lifecycle import EvidenceClosed
from app.work import Work

portfolio = feature_router("/portfolios", "Evidence")
evidence = feature_router("/evidence", "Evidence")
requests = feature_router("/invitations", "Evidence")
consents = feature_router("/consents", "Evidence")
routers = (portfolio, evidence, requests, consents)

ADDRESSES = (invitations.AddressNotUsable, invitations.OwnAddress)
ASKING = declared(NoSuchEvidence, invitations.TooManyAsked, *ADDRESSES)


@evidence.post(
    "/{id}/consent-requests",
    status_code=201,
    operation_id="askConsent",
    responses={**CHANGES, **ASKING},
)
def ask_consent(id: UUID, body: NewConsentRequest, work: CurrentWork) -> InvitationOut:
    """Ask a person heard or seen in a recording for consent, by a one-time link in a mail."""
    return _invitation(work, consenting.ask(work, id, **body.model_dump()))


@evidence.post(
    "/{id}/testimony-requests",
    status_code=201,
    operation_id="askTestimony",
    responses={**CHANGES, **ASKING, **declared(UnknownIndicators, *ADDRESSES)},
)
def ask_testimony(id: UUID, body: NewTestimonyRequest, work: CurrentWork) -> InvitationOut:
    """Ask a mentee or witness to write and sign a testimony, by a one-time link in a mail."""
    return _invitation(work, testimony.ask(work, id, **body.model_dump()))


@evidence.get(
    "/{id}/testimonies", operation_id="listTestimonies", responses=declared(NoSuchEvidence)
)
def list_testimonies(id: UUID, work: CurrentWork) -> list[TestimonyOut]:
    """Show what others signed about a piece of evidence."""
    queries.item_to_read(work, id)
    return [TestimonyOut.of(one) for one in testimonies.on_item(work, id)]


@portfolio.get(
    "/{id}/invitations",
    operation_id="listInvitations",
    responses=declared(NoSuchPortfolio, EvidenceNotOpen),
)
def list_invitations(id: UUID, work: CurrentWork) -> list[InvitationOut]:
    """Show who was asked for something, and how each request stands."""
    return [_invitation(work, one) for one in inviting.listed(work, id)]


@requests.get("/{id}", operation_id="getInvitation", responses=declared(NoSuchInvitation))
def get_invitation(id: UUID, work: CurrentWork) -> InvitationOut:
    """Show how one request to a person stands."""
    return _invitation(work, inviting.one(work, id))


@requests.post(
    "/{id}/renewal",
    operation_id="askAgain",
    responses={
        **CHANGES,
        **declared(
            NoSuchInvitation,
            NoSuchEvidence,
            EvidenceClosed,
            inviting.InvitationAnswered,
            inviting.AskedJustNow,
            invitations.TooManyAsked,
            invitations.AskedOften,
            inviting.AddressNeeded,
            *ADDRESSES,
        ),
    },
)
def ask_again(id: UUID, body: Renewal, work: CurrentWork) -> InvitationOut:
    """Send a new letter with a new link; the old link is good no longer."""
    return _invitation(work, inviting.ask_again(work, id, body.email))


@requests.delete(
    "/{id}",
    status_code=204,
    operation_id="takeBackInvitation",
    responses={
        **CHANGES,
        **declared(NoSuchInvitation, EvidenceClosed, inviting.InvitationAnswered),
    },
)
def take_back(id: UUID, work: CurrentWork) -> None:
    """Take a question back; its link is good no longer. Asking again undoes it."""
    inviting.take_back(work, id)


@portfolio.get(
    "/{id}/consents",
    operation_id="listConsents",
    responses=declared(NoSuchPortfolio, EvidenceNotOpen),
)
def list_consents(id: UUID, work: CurrentWork) -> ConsentsOut:
    """Show the consents, what was asked, and what no longer counts after a withdrawal."""
    check_may_read(work, id)
    found = consenting.overview(work, id)
    return ConsentsOut(
        consents=[_consent(one) for one in found.consents],
        requests=[_invitation(work, one) for one in found.requests],
        quarantined_files=list(found.quarantined),
        lost_claims=[LostClaimOut.model_validate(one) for one in found.lost_claims],
        bare_indicators=list(found.bare_indicators),
    )


@consents.post(
    "/{id}/withdrawal",
    operation_id="withdrawConsent",
    responses=declared(
        NoSuchConsent,
        NotTheCandidate,
        consenting.AlreadyWithdrawn,
        consenting.WithdrawnByThePersonOnly,
        consenting.WithdrawalReasonNeeded,
    ),
)
def withdraw(id: UUID, body: Withdrawal, work: CurrentWork) -> ConsentStandingOut:
    """Note that a person withdrew their consent: the recordings are shut at once."""
    return _consent(consenting.withdraw(work, id, body.reason))


def _invitation(work: Work, one: Invitation) -> InvitationOut:
    return InvitationOut(
        id=one.id,
        kind=one.kind,
        evidence_id=one.item_id,
        person=one.person,
        language=one.language,
        state=one.state_at(work.now),
        scope=one.scope,
        relation=one.relation,
        form=one.form,
        indicators=one.indicators,
        asked_at=one.asked_at,
        sent_at=one.sent_at,
        expires_at=one.expires_at,
        answered_at=one.answered_at,
        revoked_at=one.revoked_at,
    )


def _consent(one: Consent) -> ConsentStandingOut:
    return ConsentStandingOut(
        id=one.id,
        evidence_id=one.item_id,
        person=one.person,
        scope=one.scope,
        language=one.language,
        given_on=one.given_on,
        how=one.how,
        state="standing" if one.withdrawn_at is None else "withdrawn",
        signed_name=one.signed_name,
        withdrawn_at=one.withdrawn_at,
        withdrawn_by=one.withdrawn_by,
        withdrawal_reason=one.withdrawal_reason,
    )
