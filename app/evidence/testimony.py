"""Testimony of mentees and witnesses: asked by a link, written and signed by them alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC
from uuid import UUID

from app.evidence import invitations, queries
from app.evidence.evaluation import questions
from app.evidence.models import (
    Answer,
    Invitation,
    InvitationKind,
    Relation,
    Testimony,
    TestimonyForm,
)
from app.evidence.service import changed, check_open_to
from app.framework import queries as reference
from app.kit.canonical import digest
from app.kit.ids import new_id
from app.portfolio.lifecycle import EVIDENCE_OPEN
from app.portfolio.models import Portfolio
from app.work import Work


def ask(
    work: Work,
    item_id: UUID,
    *,
    person: str,
    relation: Relation,
    form: TestimonyForm,
    email: str,
    language: str,
    indicators: Sequence[str],
) -> Invitation:
    """Ask a mentee or witness to write about an item; the letter leaves after the commit."""
    item, portfolio = queries.item(work, item_id)
    check_open_to(work, portfolio)
    reference.framework(work.session, portfolio.framework_id).check_known(set(indicators))
    invitations.check_address(work, email)
    invitations.check_not_too_many(work, portfolio.id)
    invitation = invitations.invite(
        work,
        item,
        InvitationKind.TESTIMONY,
        person=person,
        email=email,
        language=language,
        relation=relation,
        form=form,
        indicators=sorted(set(indicators)),
    )
    changed(
        work,
        portfolio,
        "evidence.testimony_asked",
        invitation.id,
        item=item.id,
        relation=relation,
        form=form,
    )
    return invitation


def give(
    work: Work, invitation: Invitation, *, name: str, words: str, answers: Mapping[str, int]
) -> Testimony:
    """Keep what the invited person wrote and signed; from now on it stays as it is."""
    invitation, portfolio = _answerable(work, invitation)
    relation, form = invitation.relation, invitation.form
    if relation is None or form is None:
        raise invitations.LinkNotOpen
    evaluated = form == TestimonyForm.EVALUATION
    if evaluated:
        questions().check(answers)
    testimony = Testimony(
        id=new_id(),
        tenant_id=invitation.tenant_id,
        portfolio_id=invitation.portfolio_id,
        item_id=invitation.item_id,
        invitation_id=invitation.id,
        person=invitation.person,
        relation=relation,
        form=form,
        language=invitation.language,
        indicators=invitation.indicators,
        words=words,
        answers=dict(answers) if evaluated else {},
        questions=questions().version if evaluated else None,
        signed_name=name,
        signed_at=work.now,
        sha256="",
    )
    testimony.sha256 = digest(statement(testimony))
    work.session.add(testimony)
    invitations.close(work, invitation, Answer.GIVEN)
    changed(
        work,
        portfolio,
        "evidence.testimony_given",
        testimony.id,
        item=testimony.item_id,
        invitation=invitation.id,
        sha256=testimony.sha256,
    )
    return testimony


def decline(work: Work, invitation: Invitation) -> None:
    """Note that the invited person does not wish to write."""
    invitation, portfolio = _answerable(work, invitation)
    invitations.close(work, invitation, Answer.DECLINED)
    changed(work, portfolio, "evidence.testimony_declined", invitation.id, item=invitation.item_id)


def statement(testimony: Testimony) -> dict[str, object]:
    """Return everything that a testimony says, as its digest is made of."""
    return {
        "testimony": str(testimony.id),
        "evidence": str(testimony.item_id),
        "person": testimony.person,
        "relation": testimony.relation,
        "form": testimony.form,
        "language": testimony.language,
        "indicators": list(testimony.indicators),
        "text": testimony.words,
        "answers": dict(testimony.answers),
        "questions": testimony.questions,
        "signed_name": testimony.signed_name,
        "signed_at": testimony.signed_at.astimezone(UTC).isoformat(),
    }


def _answerable(work: Work, invitation: Invitation) -> tuple[Invitation, Portfolio]:
    invitation, portfolio = invitations.held(work, invitation)
    # What can no longer be used is no longer asked for.
    if portfolio.state not in EVIDENCE_OPEN:
        raise invitations.LinkNotOpen
    return invitation, portfolio
