"""What claims said before they were changed, and what could be claimed beside them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select

from app.evidence.access import NoSuchClaim
from app.evidence.locator import Box
from app.evidence.models import Claim, ClaimVersion, Item
from app.evidence.queries import item_to_read, to_read
from app.evidence.suggestions import Shown, Suggestion, suggestions
from app.framework import queries as reference
from app.portfolio.models import Portfolio
from app.work import Work


@dataclass(frozen=True, slots=True)
class Wording:
    """What a claim says, or said until it was changed."""

    version: int
    reason: str
    file_id: UUID | None
    page: int | None
    box: Box | None
    from_ms: int | None
    to_ms: int | None
    written_at: datetime
    replaced_at: datetime | None
    replaced_by: UUID | None


def wordings(work: Work, id: UUID) -> list[Wording]:
    """Return what a claim said from the first version to the present one.

    Changes of before there was a history left none: the first wording known then counts as written
    when the claim was made.
    """
    claim = to_read(work, Claim, id, NoSuchClaim)
    former = select(ClaimVersion).where(ClaimVersion.claim_id == id)
    return list(_dated(claim, work.session.scalars(former.order_by(ClaimVersion.version)).all()))


def _dated(claim: Claim, former: Sequence[ClaimVersion]) -> Iterator[Wording]:
    written_at = claim.created_at
    for one in former:
        yield _wording(one, written_at, one.replaced_at, one.replaced_by)
        written_at = one.replaced_at
    yield _wording(claim, written_at, None, None)


def _wording(
    said: Claim | ClaimVersion,
    written_at: datetime,
    replaced_at: datetime | None,
    replaced_by: UUID | None,
) -> Wording:
    return Wording(
        said.version,
        said.reason,
        said.file_id,
        said.page,
        said.box,
        said.from_ms,
        said.to_ms,
        written_at,
        replaced_at,
        replaced_by,
    )


def suggested(work: Work, item_id: UUID) -> list[Suggestion]:
    """Return the indicators that a piece of evidence could show, by its kind."""
    item = item_to_read(work, item_id)
    portfolio = work.session.get_one(Portfolio, item.portfolio_id)
    here = select(Claim.indicator).where(Claim.item_id == item_id)
    return suggestions(
        reference.framework(work.session, portfolio.framework_id),
        reference.scheme(work.session, portfolio.scheme_id).evidence_rules,
        kind=item.kind,
        claimed=frozenset(work.session.scalars(here)),
        shown=_shown(work, portfolio.id),
    )


def _shown(work: Work, portfolio_id: UUID) -> dict[str, Shown]:
    """Return what each claimed indicator of a portfolio has so far."""
    items, cases = func.count(Item.id.distinct()), func.count(Item.case_id.distinct())
    rows = (
        select(Claim.indicator, items, cases)
        .join(Item, Item.id == Claim.item_id)
        .where(Claim.portfolio_id == portfolio_id)
        .group_by(Claim.indicator)
    )
    return {code: Shown(*counts) for code, *counts in work.session.execute(rows)}
