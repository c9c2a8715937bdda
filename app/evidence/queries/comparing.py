"""Reading, page by page, what the store should hold, and whose something is that it does hold."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, text, tuple_

from app.evidence.lifecycle import State
from app.evidence.models import File, Snapshot, kept_key
from app.evidence.queries.keeping import KEPT
from app.kit.ids import new_id
from app.portfolio.models import Portfolio
from app.work import Work

PAGE = 1000
FIRST = UUID(int=0)
ENTER = text(
    "INSERT INTO store_comparison (id, tenant_id, began_at, ended_at, files, objects, missing,"
    " unknown, removed, aborted, drifted) VALUES (:id, :tenant, :began_at, :ended_at, :files,"
    " :objects, :missing, :unknown, :removed, :aborted, :drifted)"
)
Open = Callable[[], AbstractContextManager[Work]]


@dataclass(frozen=True, slots=True, order=True)
class Expected:
    """A kept file: its object lies under `key`."""

    key: str
    file_id: UUID


def expected(open_work: Open) -> Iterator[Expected]:
    """Yield one body's kept files in the order of their keys; no transaction stays open."""
    after = (FIRST, FIRST)
    columns = (File.portfolio_id, File.id)
    while True:
        page = (
            select(*columns)
            .where(File.state.in_(KEPT), tuple_(*columns) > after)
            .order_by(*columns)
            .limit(PAGE)
        )
        with open_work() as work:
            rows = work.session.execute(page).all()
        for portfolio_id, file_id in rows:
            yield Expected(kept_key(portfolio_id, file_id), file_id)
        if len(rows) < PAGE:
            return
        after = (rows[-1][0], rows[-1][1])


def states(work: Work, ids: Collection[UUID]) -> Mapping[UUID, tuple[State, str | None]]:
    """Return where those files stand that this body has, and which upload is theirs."""
    rows = work.session.execute(select(File.id, File.state, File.upload_id).where(File.id.in_(ids)))
    return {id: (state, upload_id) for id, state, upload_id in rows}


def snapshots(work: Work, ids: Collection[UUID]) -> set[UUID]:
    return set(work.session.scalars(select(Snapshot.id).where(Snapshot.id.in_(ids))))


def portfolios(work: Work) -> set[UUID]:
    """Return every portfolio of this body."""
    return set(work.session.scalars(select(Portfolio.id)))


def enter(work: Work, began_at: datetime, figures: Mapping[str, int]) -> None:
    """Keep what a comparison found."""
    values = {"id": new_id(), "tenant": work.actor.tenant_id, "began_at": began_at}
    work.session.execute(ENTER, {**values, "ended_at": work.now, **figures})
