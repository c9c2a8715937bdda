"""Which portfolio something belongs to, for statements that know only its item."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import ScalarSelect, select

from app.evidence.models import Item


def portfolio_of(item_id: UUID) -> ScalarSelect[UUID]:
    """Return an item's portfolio, within a statement: indexes begin with it, not with the item."""
    return select(Item.portfolio_id).where(Item.id == item_id).scalar_subquery()
