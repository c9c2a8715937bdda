"""Finding testimonies."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import exists, select

from app.evidence.models import Item, Snapshot, Testimony
from app.evidence.queries.belonging import portfolio_of
from app.work import Work


def on_item(work: Work, item_id: UUID) -> Sequence[Testimony]:
    rows = select(Testimony).where(
        Testimony.portfolio_id == portfolio_of(item_id), Testimony.item_id == item_id
    )
    return work.session.scalars(rows.order_by(Testimony.id)).all()


def of_portfolio(work: Work, portfolio_id: UUID) -> Sequence[Testimony]:
    """Return the testimonies on the items that a portfolio has now."""
    rows = (
        select(Testimony)
        .join(Item, Item.id == Testimony.item_id)
        .where(Testimony.portfolio_id == portfolio_id, Item.removed_at.is_(None))
    )
    return work.session.scalars(rows.order_by(Testimony.id)).all()


def attested(work: Work, portfolio_id: UUID) -> set[UUID]:
    """Return the items that somebody signed a testimony on."""
    rows = select(Testimony.item_id).where(Testimony.portfolio_id == portfolio_id).distinct()
    return set(work.session.scalars(rows))


def is_sealed(work: Work, item_id: UUID) -> bool:
    """Tell whether a testimony on an item was submitted."""
    sealed = exists().where(
        Testimony.portfolio_id == portfolio_of(item_id),
        Testimony.item_id == item_id,
        Snapshot.portfolio_id == Testimony.portfolio_id,
        Snapshot.sealed_at >= Testimony.signed_at,
    )
    return bool(work.session.execute(select(sealed)).scalar_one())
