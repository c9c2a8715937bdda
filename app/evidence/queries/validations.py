"""Finding validations, and whether they still speak of what an item holds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from uuid import UUID

from sqlalchemy import TextClause, select

from app.evidence import access, queries
from app.evidence.lifecycle import State
from app.evidence.models import Evidence, File, Testimony, Validation
from app.evidence.queries import check_may_read_in, testimonies
from app.evidence.queries.belonging import portfolio_of
from app.kit.paging import Page, Position, beyond, page
from app.portfolio.models import Portfolio
from app.work import Work


def validation(work: Work, id: UUID) -> tuple[Validation, Portfolio]:
    """Hold a validation's portfolio and then the validation, whoever asks."""
    known = work.session.get(Validation, id)
    if known is None:
        raise access.NoSuchValidation
    portfolio = work.session.get_one(Portfolio, known.portfolio_id, with_for_update=True)
    held = work.session.get_one(Validation, id, with_for_update=True, populate_existing=True)
    return held, portfolio


def own_validation(work: Work, id: UUID) -> tuple[Validation, Portfolio]:
    """Hold a validation for those who may read what is in its portfolio."""
    found, portfolio = validation(work, id)
    check_may_read_in(work, portfolio, access.NoSuchValidation)
    return found, portfolio


def of_portfolio(work: Work, portfolio_id: UUID) -> Sequence[Validation]:
    rows = select(Validation).where(Validation.portfolio_id == portfolio_id)
    return work.session.scalars(rows.order_by(Validation.id)).all()


def open_on(work: Work, item_id: UUID) -> Sequence[Validation]:
    """Return the validations of an item that wait to be signed."""
    rows = select(Validation).where(
        Validation.portfolio_id == portfolio_of(item_id),
        Validation.item_id == item_id,
        Validation.signed_at.is_(None),
        Validation.revoked_at.is_(None),
    )
    return work.session.scalars(rows).all()


def pool(
    work: Work,
    person_id: UUID | None,
    limit: int,
    after: Position | None,
    open_to: TextClause | None = None,
) -> Page[Validation]:
    """Return a page of what waits: for anybody to take on, or for one person to sign.

    `open_to` keeps what the person who asks may take on.
    """
    rows = select(Validation).where(
        Validation.signed_at.is_(None),
        Validation.revoked_at.is_(None),
        Validation.referent_id == person_id
        if person_id is not None
        else Validation.referent_id.is_(None),
        beyond(Validation.asked_at, Validation.id, after),
    )
    if open_to is not None:
        rows = rows.where(open_to)
    found = work.session.scalars(
        rows.order_by(Validation.asked_at, Validation.id).limit(limit + 1)
    ).all()
    return page(found, limit, lambda row: Position(row.asked_at, row.id))


def signed_by(work: Work, person_id: UUID, limit: int, after: Position | None) -> Page[Validation]:
    """Return a page of what one person has signed."""
    rows = select(Validation).where(
        Validation.referent_id == person_id,
        Validation.signed_at.is_not(None),
        beyond(Validation.asked_at, Validation.id, after),
    )
    found = work.session.scalars(
        rows.order_by(Validation.asked_at, Validation.id).limit(limit + 1)
    ).all()
    return page(found, limit, lambda row: Position(row.asked_at, row.id))


def held_by(work: Work, item_id: UUID) -> Evidence:
    """Return what an item holds now that a validation could name."""
    return nameable(queries.files_of(work, item_id), testimonies.on_item(work, item_id))


def nameable(files: Iterable[File], signed: Iterable[Testimony]) -> Evidence:
    """Return which of some files and testimonies a validation names, each by its digest."""
    return {
        "files": [
            {"id": str(one.id), "sha256": str(one.sha256)}
            for one in files
            if one.state == State.AVAILABLE
        ],
        "testimonies": [{"id": str(one.id), "sha256": one.sha256} for one in signed],
    }
