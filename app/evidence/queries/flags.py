"""Flags, and what raises them."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ColumnElement, CompoundSelect, exists, or_, select, text, true, union_all
from sqlalchemy.dialects.postgresql import distinct_on

from app.evidence.access import NoSuchFlag
from app.evidence.lifecycle import State
from app.evidence.models import File, Flag, FlagKind
from app.kit.paging import Page, Position, beyond, page
from app.portfolio.models import Portfolio
from app.work import Work

OTHER_PORTFOLIO = "other_portfolio"
"""The fact that names the other side of a flag: the same bytes are there."""
MOST_ALIKE = 20
"""Other candidates with the same file who are flagged at once: a form that all hand in."""
KEPT = (State.AVAILABLE, State.SUPERSEDED, State.QUARANTINED)

ONE_DIGEST_AT_A_TIME = text(
    "SELECT pg_advisory_xact_lock(hashtextextended('evidence_digest/' || :tenant || :sha256, 0))"
)


class Standing(StrEnum):
    OPEN = "open"
    SETTLED = "settled"


def hold_digest(work: Work, file: File) -> None:
    """Wait until nobody else keeps a file of the same bytes: of two at once, one sees the other."""
    values = {"tenant": str(file.tenant_id), "sha256": file.sha256}
    work.session.execute(ONE_DIGEST_AT_A_TIME, values)


def alike_elsewhere(work: Work, file: File, candidate_id: UUID) -> Sequence[File]:
    """Return the newest file of the same bytes of each other candidate, the longest known first."""
    newest = (
        select(File.id)
        .join(Portfolio, Portfolio.id == File.portfolio_id)
        .where(
            File.tenant_id == file.tenant_id,
            File.sha256 == file.sha256,
            File.state.in_(KEPT),
            Portfolio.candidate_id != candidate_id,
        )
        .ext(distinct_on(Portfolio.candidate_id))
        .order_by(Portfolio.candidate_id, File.id.desc())
    )
    rows = select(File).where(File.id.in_(newest)).order_by(File.id).limit(MOST_ALIKE)
    return work.session.scalars(rows).all()


def is_party(person_id: UUID) -> ColumnElement[bool]:
    """Return the condition on a flag that a person's own portfolio is on one side of it."""
    return exists().where(
        Portfolio.candidate_id == person_id,
        or_(Portfolio.id == Flag.portfolio_id, Portfolio.id == Flag.other_portfolio),
    )


def about_portfolios_of(person_id: UUID) -> CompoundSelect[UUID]:
    """Return the flags that `is_party` holds for, found from the person's own portfolios.

    Their number does not grow with all that was ever flagged.
    """
    own = select(Portfolio.id).where(Portfolio.candidate_id == person_id)
    return union_all(
        select(Flag.id).where(Flag.portfolio_id.in_(own)),
        select(Flag.id).where(Flag.other_portfolio.in_(own)),
    )


def flag(work: Work, id: UUID, *, hold: bool = False) -> Flag:
    """Fetch a flag; those about one's own portfolio do not exist for one."""
    rows = select(Flag).where(Flag.id == id, ~is_party(work.actor.person_id))
    found = work.session.scalars(rows.with_for_update() if hold else rows).one_or_none()
    if found is None:
        raise NoSuchFlag
    return found


def flags(
    work: Work,
    standing: Standing | None,
    kind: FlagKind | None,
    limit: int,
    after: Position | None,
) -> Page[Flag]:
    """Return a page of the flags that are not about one's own portfolio, the oldest first."""
    rows = (
        select(Flag)
        .where(
            ~is_party(work.actor.person_id),
            _stands(standing),
            true() if kind is None else Flag.kind == kind,
            beyond(Flag.raised_at, Flag.id, after),
        )
        .order_by(Flag.raised_at, Flag.id)
        .limit(limit + 1)
    )
    found = work.session.scalars(rows).all()
    return page(found, limit, lambda row: Position(row.raised_at, row.id))


def _stands(standing: Standing | None) -> ColumnElement[bool]:
    if standing is None:
        return true()
    settled = standing == Standing.SETTLED
    return Flag.settled_at.is_not(None) if settled else Flag.settled_at.is_(None)
