"""Finding portfolios."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import or_, select

from app.kit.errors import NotFound, StaleVersion
from app.kit.paging import Page, Position, beyond, page
from app.portfolio import access
from app.portfolio.access import Part
from app.portfolio.lifecycle import State
from app.portfolio.models import Application, Duty, Portfolio, Prerequisite, Transition
from app.work import Work


class NoApplication(NotFound):
    """This portfolio's candidate has not applied yet."""


def portfolio(work: Work, id: UUID) -> Portfolio:
    """Fetch a portfolio that the actor may see and hold its row until the transaction ends."""
    return _visible(work, portfolio_for_duty(work, id))


def portfolio_to_read(work: Work, id: UUID) -> Portfolio:
    """Fetch a portfolio that the actor may see, without waiting for those who change it."""
    return _visible(work, portfolio_to_read_for_duty(work, id))


def portfolio_for_duty(work: Work, id: UUID) -> Portfolio:
    """Fetch and hold a portfolio for someone whose right to it was established elsewhere."""
    found = work.session.get(Portfolio, id, with_for_update=True)
    if found is None:
        raise access.NoSuchPortfolio
    return found


def portfolio_to_read_for_duty(work: Work, id: UUID) -> Portfolio:
    """Fetch a portfolio, to read it only, for someone whose right was established elsewhere."""
    found = work.session.get(Portfolio, id)
    if found is None:
        raise access.NoSuchPortfolio
    return found


def _visible(work: Work, found: Portfolio) -> Portfolio:
    access.check_may_read(
        work.actor, found.candidate_id, found.training_body_id, submitted=found.was_submitted
    )
    return found


def check_version(portfolio: Portfolio, version: int | None) -> None:
    """Refuse a change to a version that is no longer the present one."""
    if version is not None and version != portfolio.version:
        raise StaleVersion


def live_portfolio(work: Work, candidate_id: UUID, scheme_id: UUID, level: str) -> UUID | None:
    """Return the candidate's unfinished portfolio for this scheme and level, if there is one."""
    ended = (State.NOT_ADMITTED, State.CLOSED, State.WITHDRAWN, State.LAPSED, State.DECIDED)
    same = select(Portfolio.id).where(
        Portfolio.candidate_id == candidate_id,
        Portfolio.scheme_id == scheme_id,
        Portfolio.level == level,
        Portfolio.state.not_in(ended),
    )
    return work.session.scalars(same).first()


def portfolios(
    work: Work, state: State | None, limit: int, after: Position | None
) -> Page[Portfolio]:
    """Return a page of the portfolios that the actor may know of, the oldest first."""
    rows = select(Portfolio).where(beyond(Portfolio.opened_at, Portfolio.id, after))
    if not access.may_read_as_staff(work.actor, submitted=False):
        seen = [
            Portfolio.candidate_id == work.actor.person_id,
            Portfolio.training_body_id.in_(work.actor.training_bodies),
        ]
        if access.may_read_as_staff(work.actor, submitted=True):
            seen.append(Portfolio.submitted_at.is_not(None))
        rows = rows.where(or_(*seen))
    if state is not None:
        rows = rows.where(Portfolio.state == state)
    rows = rows.order_by(Portfolio.opened_at, Portfolio.id).limit(limit + 1)
    found = work.session.scalars(rows).all()
    return page(found, limit, lambda row: Position(row.opened_at, row.id))


def part_of(work: Work, portfolio_id: UUID, person_id: UUID) -> Part | None:
    """Return the part that a person has in a case, if any."""
    found = work.session.get(Duty, (portfolio_id, person_id))
    return None if found is None else found.duty


def application(work: Work, portfolio_id: UUID) -> Application:
    found = work.session.get(Application, portfolio_id)
    if found is None:
        raise NoApplication
    return found


def prerequisites(work: Work, portfolio_id: UUID) -> Sequence[Prerequisite]:
    """Return what was declared for each prerequisite, by its code."""
    own = select(Prerequisite).where(Prerequisite.portfolio_id == portfolio_id)
    return work.session.scalars(own.order_by(Prerequisite.code)).all()


def transitions(work: Work, portfolio_id: UUID) -> Sequence[Transition]:
    """Return the steps of a portfolio in their order."""
    own = select(Transition).where(Transition.portfolio_id == portfolio_id)
    return work.session.scalars(own.order_by(Transition.at, Transition.id)).all()
