"""What a candidate puts into a portfolio: client cases, items with their files, consents."""

from __future__ import annotations

from datetime import date
from typing import TypedDict
from uuid import UUID

from app.evidence import access, invitations, queries
from app.evidence.lifecycle import State, Step, after
from app.evidence.models import (
    Authorship,
    CaseSize,
    ClientCase,
    Consent,
    ConsentForm,
    ConsentScope,
    File,
    Item,
)
from app.evidence.queries import testimonies, validations
from app.evidence.queries.keeping import is_held
from app.evidence.writing import keep_former
from app.framework import queries as reference
from app.journal.service import Fact, record
from app.kit.errors import Conflict, Invalid, StaleVersion
from app.kit.ids import new_id
from app.portfolio import queries as portfolios
from app.portfolio.lifecycle import check_evidence_open
from app.portfolio.models import Portfolio
from app.portfolio.service import touch
from app.work import Work


class UnknownEvidenceKind(Invalid):
    """The framework does not know this kind of evidence; `known` lists its kinds."""


class InTheFuture(Invalid):
    """Evidence shows practice that has already happened."""


class CaseEndsBeforeItBegins(Invalid):
    """A client case does not end before it begins."""


class PseudonymTaken(Conflict):
    """You already have a client case under this pseudonym."""


class CaseInUse(Conflict):
    """Evidence refers to this client case; remove or change that evidence first."""


class EvidenceSealed(Conflict):
    """This was submitted and stays as it was; add new evidence beside it instead."""


class Declared(TypedDict):
    """Who made a piece of evidence, in the candidate's word."""

    role: Authorship
    contribution: str | None


class ConsentByLink(Invalid):
    """What is given by a link is entered by the person who got it: ask for it."""


class UnderHold(Conflict):
    """Something of this portfolio is under a hold, and nothing is removed until it is released."""


def own_portfolio(work: Work, id: UUID) -> Portfolio:
    """Fetch a portfolio whose evidence the actor may change now."""
    portfolio = portfolios.portfolio(work, id)
    check_open_to(work, portfolio)
    return portfolio


def check_open_to(work: Work, portfolio: Portfolio) -> None:
    """Refuse a change by anyone but the candidate, and after the assessment."""
    access.check_may_change(work.actor, portfolio.candidate_id)
    check_evidence_open(portfolio.state)


def add_case(
    work: Work,
    portfolio_id: UUID,
    *,
    pseudonym: str,
    sector: str,
    size: CaseSize,
    began_on: date,
    ended_on: date | None,
) -> ClientCase:
    """Enter a client case under a pseudonym."""
    portfolio = own_portfolio(work, portfolio_id)
    if began_on > work.now.date():
        raise InTheFuture
    if ended_on is not None and ended_on < began_on:
        raise CaseEndsBeforeItBegins
    if any(case.pseudonym == pseudonym for case in queries.cases(work, portfolio_id)):
        raise PseudonymTaken
    case = ClientCase(
        id=new_id(),
        tenant_id=portfolio.tenant_id,
        portfolio_id=portfolio.id,
        pseudonym=pseudonym,
        sector=sector,
        size=size,
        began_on=began_on,
        ended_on=ended_on,
    )
    work.session.add(case)
    changed(work, portfolio, "evidence.case_added", case.id)
    return case


def remove_case(work: Work, portfolio_id: UUID, id: UUID) -> None:
    """Take a client case out that no evidence refers to."""
    portfolio = own_portfolio(work, portfolio_id)
    case = queries.case(work, portfolio_id, id)
    if queries.case_in_use(work, id):
        raise CaseInUse
    work.session.delete(case)
    changed(work, portfolio, "evidence.case_removed", id)


def add_item(
    work: Work,
    portfolio_id: UUID,
    *,
    kind: str,
    title: str,
    description: str | None,
    practised_on: date,
    case_id: UUID | None,
    authorship: Declared | None = None,
) -> Item:
    """Enter a piece of evidence; its files follow."""
    portfolio = own_portfolio(work, portfolio_id)
    _check_item(work, portfolio, kind, practised_on, case_id)
    item = Item(
        id=new_id(),
        tenant_id=portfolio.tenant_id,
        portfolio_id=portfolio.id,
        case_id=case_id,
        kind=kind,
        title=title,
        description=description,
        practised_on=practised_on,
        version=1,
        created_at=work.now,
    )
    if authorship is not None:
        _declare(work, item, authorship)
    work.session.add(item)
    changed(work, portfolio, "evidence.item_added", item.id, kind=kind)
    return item


def change_item(
    work: Work,
    id: UUID,
    version: int,
    *,
    kind: str,
    title: str,
    description: str | None,
    practised_on: date,
    case_id: UUID | None,
    authorship: Declared | None = None,
) -> Item:
    """Describe a piece of evidence anew; what was submitted keeps its old description.

    Without `authorship`, what was declared of it before stays declared.
    """
    item, portfolio = queries.item(work, id)
    check_open_to(work, portfolio)
    if version != item.version:
        raise StaleVersion
    _check_item(work, portfolio, kind, practised_on, case_id)
    item.kind, item.title, item.description = kind, title, description
    item.practised_on, item.case_id = practised_on, case_id
    if authorship is not None:
        _declare(work, item, authorship)
    item.version += 1
    changed(work, portfolio, "evidence.item_changed", item.id)
    return item


def remove_item(work: Work, id: UUID, version: int) -> None:
    """Take a piece of evidence out with its claims and files, unless it was submitted."""
    item, portfolio = queries.item(work, id)
    check_open_to(work, portfolio)
    if version != item.version:
        raise StaleVersion
    check_not_held(work, portfolio)
    files = queries.files_of(work, id)
    if any(queries.is_sealed(work, file.id) for file in files) or testimonies.is_sealed(work, id):
        raise EvidenceSealed
    invitations.revoke_on(work, id)
    for validation in validations.open_on(work, id):
        validation.revoked_at = work.now
    for part in (*queries.claims_on(work, id), *queries.consents_on(work, id)):
        work.session.delete(part)
    for file in files:
        discard_file(work, portfolio, file)
    item.case_id, item.removed_at = None, work.now
    changed(work, portfolio, "evidence.item_removed", id)


def remove_file(work: Work, id: UUID) -> None:
    """Take a file out of an item, unless it was submitted."""
    file, portfolio = queries.file(work, id)
    check_open_to(work, portfolio)
    if queries.is_sealed(work, id):
        raise EvidenceSealed
    take_out_of_claims(work, id)
    discard_file(work, portfolio, file)
    touch(work, portfolio)


def take_out_of_claims(work: Work, file_id: UUID) -> None:
    """Have claims point at the whole item that pointed into a file."""
    for claim in queries.claims_at(work, file_id):
        keep_former(work, claim)
        claim.file_id = claim.page = claim.box = claim.from_ms = claim.to_ms = None


def check_not_held(work: Work, portfolio: Portfolio) -> None:
    """Refuse to let a person take something out of a portfolio that is under a hold."""
    if is_held(work, portfolio.id):
        raise UnderHold


def discard_file(work: Work, portfolio: Portfolio, file: File) -> None:
    """Remove a file as a person asked, unless a hold keeps it."""
    check_not_held(work, portfolio)
    let_go(work, portfolio, file)


def let_go(work: Work, portfolio: Portfolio, file: File, **facts: Fact) -> None:
    """Mark a file as deleted; the worker then removes its bytes from the store."""
    move(work, file, Step.DELETE)
    record(work, portfolio.id, "evidence.file_removed", file.id, **facts)


def enter_consent(
    work: Work,
    item_id: UUID,
    *,
    person: str,
    scope: ConsentScope,
    language: str,
    given_on: date,
    how: ConsentForm,
) -> Consent:
    """Enter the consent of a person heard or seen in an item's recordings."""
    item, portfolio = queries.item(work, item_id)
    check_open_to(work, portfolio)
    if given_on > work.now.date():
        raise InTheFuture
    if how == ConsentForm.LINK:
        raise ConsentByLink
    consent = Consent(
        id=new_id(),
        tenant_id=portfolio.tenant_id,
        portfolio_id=portfolio.id,
        item_id=item.id,
        person=person,
        scope=scope,
        language=language,
        given_on=given_on,
        how=how,
        entered_at=work.now,
    )
    work.session.add(consent)
    changed(work, portfolio, "evidence.consent_entered", consent.id, item=item.id, scope=scope)
    return consent


def move(work: Work, file: File, step: Step) -> None:
    """Take one step with a file; no file changes state in any other way."""
    file.state = after(file.state, step)
    if file.state in (State.AVAILABLE, State.REJECTED, State.DELETED):
        file.settled_at = work.now
    if step == Step.QUARANTINE:
        file.quarantined_at = work.now


def changed(work: Work, portfolio: Portfolio, action: str, subject_id: UUID, **facts: Fact) -> None:
    """Put a change of a portfolio's content on record; the portfolio has a new version then."""
    touch(work, portfolio)
    record(work, portfolio.id, action, subject_id, **facts)


def _declare(work: Work, item: Item, authorship: Declared) -> None:
    item.authorship, item.contribution = authorship["role"], authorship["contribution"]
    item.authorship_declared_at = work.now


def _check_item(
    work: Work, portfolio: Portfolio, kind: str, practised_on: date, case_id: UUID | None
) -> None:
    framework = reference.framework(work.session, portfolio.framework_id)
    known = [one.code for one in framework.evidence_kinds]
    if kind not in known:
        raise UnknownEvidenceKind(known=known)
    if practised_on > work.now.date():
        raise InTheFuture
    if case_id is not None:
        queries.case(work, portfolio.id, case_id)
