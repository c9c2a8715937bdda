"""Finding how long things are kept, what is due to go, what holds it, and what went."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from pathlib import Path
from uuid import UUID

from ruamel.yaml import YAML
from sqlalchemy import exists, func, select

from app.evidence import access
from app.evidence.models import Disposal, File, Hold, RetentionSchedule
from app.evidence.queries.keeping import KEPT, sealed
from app.evidence.retaining import Case, KeptAs, Periods, Schedule, kept_as, periods_of
from app.kit.paging import Page, Position, beyond, page
from app.portfolio.lifecycle import UNDECIDED, State
from app.portfolio.models import Portfolio
from app.work import Work

BUNDLED = Path(__file__).resolve().parents[3] / "framework_data" / "retention.yaml"
"""The periods that come with the service."""
PORTFOLIOS_AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class Ended:
    """A portfolio that is at its end, as far as retention asks, but for its certificate."""

    id: UUID
    state: State
    state_since: datetime
    decided_at: datetime | None
    held: bool

    def case(self, certified_until: date | None) -> Case:
        return Case(self.state, self.state_since, self.decided_at, certified_until, self.held)


@dataclass(frozen=True, slots=True)
class Thing:
    """A kept file, with the class that it is kept as."""

    id: UUID
    portfolio_id: UUID
    kept_as: KeptAs
    sealed: bool
    size: int
    sha256: str


@cache
def bundled_periods() -> Periods:
    """Return the periods that hold where a certification body has set none of its own."""
    read = YAML(typ="safe").load(BUNDLED.read_text("utf-8"))
    return periods_of({one["code"]: one["months"] for one in read["retention"]["classes"]})


def schedule(work: Work, *, hold: bool = False) -> Schedule:
    """Return the periods that hold for this certification body."""
    own = own_schedule(work, hold=hold)
    if own is None:
        return Schedule(0, bundled_periods())
    return Schedule(own.version, periods_of(own.periods))


def own_schedule(work: Work, *, hold: bool = False) -> RetentionSchedule | None:
    return work.session.get(RetentionSchedule, work.actor.tenant_id, with_for_update=hold)


def ended_portfolios(work: Work) -> Iterator[Sequence[Ended]]:
    """Yield, some at a time, the portfolios at their end of which something is kept."""
    held = exists().where(Hold.portfolio_id == Portfolio.id, Hold.released_at.is_(None))
    kept = exists().where(
        File.tenant_id == Portfolio.tenant_id,
        File.portfolio_id == Portfolio.id,
        File.state.in_(KEPT),
    )
    rows = (
        select(
            Portfolio.id,
            Portfolio.state,
            Portfolio.state_since,
            Portfolio.decided_at,
            held.label("held"),
        )
        .where(Portfolio.state.not_in(UNDECIDED), kept)
        .order_by(Portfolio.id)
        .limit(PORTFOLIOS_AT_ONCE)
    )
    last = UUID(int=0)
    while found := work.session.execute(rows.where(Portfolio.id > last)).all():
        yield [Ended(*row) for row in found]
        last = found[-1].id


def ended(work: Work, portfolio: Portfolio) -> Ended:
    """Return a portfolio as far as retention asks, whether it is at its end or not."""
    held = exists().where(Hold.portfolio_id == portfolio.id, Hold.released_at.is_(None))
    return Ended(
        portfolio.id,
        portfolio.state,
        portfolio.state_since,
        portfolio.decided_at,
        bool(work.session.execute(select(held)).scalar_one()),
    )


def things(work: Work, portfolio_ids: Sequence[UUID], only: UUID | None = None) -> Sequence[Thing]:
    """Return the files of some portfolios that are kept, or one of them."""
    rows = select(
        File.id, File.portfolio_id, File.kind, sealed().label("sealed"), File.size, File.sha256
    ).where(File.portfolio_id.in_(portfolio_ids), File.state.in_(KEPT), File.sha256.is_not(None))
    if only is not None:
        rows = rows.where(File.id == only)
    return [
        Thing(
            row.id,
            row.portfolio_id,
            kept_as(row.kind, sealed=row.sealed),
            row.sealed,
            row.size,
            row.sha256 or "",
        )
        for row in work.session.execute(rows.order_by(File.id))
    ]


def holds(work: Work, portfolio_id: UUID) -> Sequence[Hold]:
    """Return every hold that a portfolio is or was under, the first before the others."""
    rows = select(Hold).where(Hold.portfolio_id == portfolio_id)
    return work.session.scalars(rows.order_by(Hold.placed_at, Hold.id)).all()


def hold(work: Work, id: UUID) -> Hold:
    """Fetch a hold and keep its row until the transaction ends."""
    found = work.session.get(Hold, id, with_for_update=True)
    if found is None:
        raise access.NoSuchHold
    return found


@dataclass(frozen=True, slots=True)
class Disposed:
    """What went when its retention ended, and when its bytes had left the store."""

    id: UUID
    portfolio_id: UUID
    file_id: UUID
    kept_as: KeptAs
    ending: str
    due_on: date
    schedule_version: int
    sealed: bool
    size: int
    sha256: str
    disposed_at: datetime
    cleared_at: datetime | None


def disposals(work: Work, limit: int, after: Position | None) -> Page[Disposed]:
    """Return a page of what went, the first before the others."""
    rows = (
        select(
            Disposal.id,
            Disposal.portfolio_id,
            Disposal.file_id,
            Disposal.kept_as,
            Disposal.ending,
            Disposal.due_on,
            Disposal.schedule_version,
            Disposal.sealed,
            Disposal.size,
            Disposal.sha256,
            Disposal.disposed_at,
            File.cleared_at,
        )
        .join(File, File.id == Disposal.file_id)
        .where(beyond(Disposal.disposed_at, Disposal.id, after))
        .order_by(Disposal.disposed_at, Disposal.id)
        .limit(limit + 1)
    )
    found = [Disposed(**row) for row in work.session.execute(rows).mappings()]
    return page(found, limit, lambda one: Position(one.disposed_at, one.id))


def gone_without_record(work: Work) -> Sequence[tuple[UUID, UUID]]:
    """Return sealed files, with their portfolios, that are gone though nothing says they were due.

    None can be, unless somebody wrote into the database past the service.
    """
    recorded = exists().where(
        Disposal.file_id == File.id, func.coalesce(Disposal.sha256 == File.sha256, False)
    )
    rows = select(File.portfolio_id, File.id).where(
        File.tenant_id == work.actor.tenant_id, File.state.not_in(KEPT), sealed(), ~recorded
    )
    return [(row.portfolio_id, row.id) for row in work.session.execute(rows.order_by(File.id))]
