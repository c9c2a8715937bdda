"""A referent's signed word on named evidence, where the scheme asks for one.

Whoever gives it must not assess the portfolio. Taking a request on gives them the part of validator
in the case; a person has one part only, and the database keeps to that. Who may take one on, for
reasons of impartiality, is for assessment to say, which knows the conflicts of interest.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC
from uuid import UUID

from app.evidence import access, queries
from app.evidence.lifecycle import State
from app.evidence.models import Evidence, Named, Validation, ValidationState
from app.evidence.queries import validations as rows
from app.evidence.service import changed, check_open_to
from app.framework import queries as reference
from app.kit.canonical import digest
from app.kit.errors import Conflict, Invalid
from app.kit.ids import new_id
from app.people import queries as people
from app.portfolio import queries as portfolios
from app.portfolio import service as portfolio_service
from app.portfolio.access import Part
from app.portfolio.lifecycle import check_evidence_open
from app.work import Work


class ValidationAsked(Conflict):
    """A validation of this evidence is asked for already; take it back to ask for another."""


class NothingToValidate(Conflict):
    """There is no file and no testimony here that a referent could put their name to."""


class StillBeingChecked(Conflict):
    """A file of this evidence is still being checked; a referent signs what is known."""


class ValidationNotOpen(Conflict):
    """This validation is not open to that; `state` says how it stands."""


class NotWhatWasShown(Conflict):
    """The evidence is not what you named; look at the validation again, and sign what it shows."""


class ReasonForDenial(Invalid):
    """A referent who does not bear the evidence out says why."""


PENDING = frozenset({State.ANNOUNCED, State.UPLOADING, State.RECEIVED, State.CHECKED})


def ask(work: Work, item_id: UUID, indicators: Sequence[str]) -> Validation:
    """Ask the referents of the certification body to validate an item for some indicators."""
    item, portfolio = queries.item(work, item_id)
    check_open_to(work, portfolio)
    reference.framework(work.session, portfolio.framework_id).check_known(set(indicators))
    if rows.open_on(work, item_id):
        raise ValidationAsked
    held = rows.held_by(work, item_id)
    if not held["files"] and not held["testimonies"]:
        raise NothingToValidate
    validation = Validation(
        id=new_id(),
        tenant_id=item.tenant_id,
        portfolio_id=item.portfolio_id,
        item_id=item.id,
        indicators=sorted(set(indicators)),
        asked_at=work.now,
    )
    work.session.add(validation)
    changed(
        work,
        portfolio,
        "evidence.validation_asked",
        validation.id,
        item=item.id,
        indicators=validation.indicators,
    )
    return validation


def take_back(work: Work, id: UUID) -> None:
    """Take a request back that nobody has signed; another can be made."""
    validation, portfolio = rows.own_validation(work, id)
    check_open_to(work, portfolio)
    _check_state(validation, ValidationState.OPEN, ValidationState.TAKEN)
    validation.revoked_at = work.now
    changed(work, portfolio, "evidence.validation_revoked", id, item=validation.item_id)


def listed(work: Work, portfolio_id: UUID) -> Sequence[Validation]:
    """Return the validations of a portfolio, for those who may read what is in it."""
    found = portfolios.portfolio_to_read(work, portfolio_id)
    access.check_may_read(work.actor, found.candidate_id, submitted=found.was_submitted)
    return rows.of_portfolio(work, portfolio_id)


def take(work: Work, id: UUID) -> Validation:
    """Take a request on, as somebody without a conflict of interest."""
    validation, portfolio = rows.validation(work, id)
    _check_state(validation, ValidationState.OPEN)
    check_evidence_open(portfolio.state)
    portfolio_service.take_part(work, portfolio, work.actor.person_id, Part.VALIDATOR)
    validation.referent_id, validation.taken_at = work.actor.person_id, work.now
    validation.taken_as = Part.VALIDATOR
    changed(work, portfolio, "evidence.validation_taken", id, item=validation.item_id)
    return validation


def release(work: Work, id: UUID) -> Validation:
    """Hand a request back that one took on and has not signed; others can take it on.

    The part of validator in the case stays: what was read was read.
    """
    validation, portfolio = rows.validation(work, id)
    if validation.referent_id != work.actor.person_id:
        raise access.NoSuchValidation
    _check_state(validation, ValidationState.TAKEN)
    validation.referent_id = validation.taken_as = validation.taken_at = None
    changed(work, portfolio, "evidence.validation_released", id, item=validation.item_id)
    return validation


def sign(
    work: Work, id: UUID, *, statement: str, holds: bool, reason: str | None, named: Evidence
) -> Validation:
    """Sign for each named file and testimony, by digest; they are all that the item holds now."""
    validation, portfolio = rows.validation(work, id)
    if validation.referent_id != work.actor.person_id:
        raise access.NoSuchValidation
    _check_state(validation, ValidationState.TAKEN)
    check_evidence_open(portfolio.state)
    if not holds and not reason:
        raise ReasonForDenial
    if any(file.state in PENDING for file in queries.files_of(work, validation.item_id)):
        raise StillBeingChecked
    held = rows.held_by(work, validation.item_id)
    if not held["files"] and not held["testimonies"]:
        raise NothingToValidate
    if any(_pairs(named[kind]) != _pairs(held[kind]) for kind in ("files", "testimonies")):
        raise NotWhatWasShown
    validation.holds, validation.statement, validation.reason = holds, statement, reason
    validation.signed_name = people.person(work, work.actor.person_id).name
    validation.signed_at, validation.evidence = work.now, held
    validation.sha256 = digest(signed(validation))
    changed(
        work,
        portfolio,
        "evidence.validation_signed",
        id,
        item=validation.item_id,
        holds=holds,
        sha256=validation.sha256,
    )
    return validation


def signed(validation: Validation) -> dict[str, object]:
    """Return everything that a referent signed, as its digest is made of."""
    at = validation.signed_at
    return {
        "validation": str(validation.id),
        "evidence": str(validation.item_id),
        "indicators": list(validation.indicators),
        "referent": str(validation.referent_id),
        "signed_name": validation.signed_name,
        "signed_at": None if at is None else at.astimezone(UTC).isoformat(),
        "holds": validation.holds,
        "statement": validation.statement,
        "reason": validation.reason,
        "named": validation.evidence,
    }


def _pairs(named: Sequence[Named]) -> set[tuple[str, str]]:
    return {(one["id"], one["sha256"]) for one in named}


def _check_state(validation: Validation, *states: ValidationState) -> None:
    if validation.state not in states:
        raise ValidationNotOpen(state=validation.state)
