"""Validating named evidence: which referents may, and what they get to see.

Conflicts of interest keep a referent out as they do from assessing. Whoever takes a validation on
has that part in the case, and so can neither assess nor decide it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from app.actor import check_right
from app.assessment import access, queries
from app.assessment.service import check_no_conflict
from app.evidence import queries as evidence
from app.evidence import validating
from app.evidence.access import NoSuchValidation
from app.evidence.models import Claim, ClientCase, Evidence, File, Item, Testimony, Validation
from app.evidence.queries import testimonies
from app.evidence.queries import validations as rows
from app.kit.paging import Page, Position
from app.portfolio import queries as portfolios
from app.portfolio.lifecycle import EVIDENCE_OPEN
from app.work import Work


class Listed(StrEnum):
    """Which validations a referent asks for."""

    OPEN = "open"
    TAKEN = "taken"
    SIGNED = "signed"


@dataclass(frozen=True, slots=True)
class Desk:
    """A validation with the evidence that it is about, for the referent who took it on.

    Once it is signed, or too late for that, there is the validation only.
    """

    validation: Validation
    item: Item | None = None
    case: ClientCase | None = None
    files: Sequence[File] = ()
    testimonies: Sequence[Testimony] = ()
    claims: Sequence[Claim] = ()
    """The claims on the indicators that are to be validated."""
    named: Evidence | None = None
    """What a signature would name of all this."""


def listed(work: Work, which: Listed, limit: int, after: Position | None) -> Page[Validation]:
    """Return a page of validations: the pool of those open to one, or one's own."""
    check_right(work.actor, access.RIGHTS, "validation.sign")
    me = work.actor.person_id
    if which == Listed.SIGNED:
        return rows.signed_by(work, me, limit, after)
    if which == Listed.TAKEN:
        return rows.pool(work, me, limit, after)
    return rows.pool(work, None, limit, after, queries.may_validate(me))


def accept(work: Work, id: UUID) -> Validation:
    """Take a validation on; from then on its evidence can be read."""
    check_right(work.actor, access.RIGHTS, "validation.sign")
    _, portfolio = rows.validation(work, id)
    check_no_conflict(work, portfolio, work.actor.person_id)
    return validating.take(work, id)


def desk(work: Work, id: UUID) -> Desk:
    """Return a validation that one took on, with its evidence while one may sign it."""
    check_right(work.actor, access.RIGHTS, "validation.sign")
    found = work.session.get(Validation, id)
    if found is None or found.referent_id != work.actor.person_id or found.revoked_at is not None:
        raise NoSuchValidation
    portfolio = portfolios.portfolio_to_read_for_duty(work, found.portfolio_id)
    if found.signed_at is not None or portfolio.state not in EVIDENCE_OPEN:
        return Desk(found)
    item = work.session.get_one(Item, found.item_id)
    files, signed = evidence.files_of(work, item.id), testimonies.on_item(work, item.id)
    return Desk(
        validation=found,
        item=item,
        case=None if item.case_id is None else work.session.get(ClientCase, item.case_id),
        files=files,
        testimonies=signed,
        named=rows.nameable(files, signed),
        claims=[
            one for one in evidence.claims_on(work, item.id) if one.indicator in found.indicators
        ],
    )


def sign(
    work: Work, id: UUID, *, statement: str, holds: bool, reason: str | None, named: Evidence
) -> Validation:
    """Sign whether the evidence, as it was shown, bears the indicators out."""
    check_right(work.actor, access.RIGHTS, "validation.sign")
    return validating.sign(work, id, statement=statement, holds=holds, reason=reason, named=named)


def release(work: Work, id: UUID) -> Validation:
    """Hand a validation back unsigned, for another referent to take on."""
    check_right(work.actor, access.RIGHTS, "validation.sign")
    return validating.release(work, id)
