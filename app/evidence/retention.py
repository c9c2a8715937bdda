"""Keeping evidence no longer than needed, and as long as somebody may still ask for it.

What may go when is a rule (`retaining`) over figures of the certification body. When a certificate
ends is known to a later feature, which hands it in.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import islice
from uuid import UUID

from app.evidence import access, queries
from app.evidence.lifecycle import Step
from app.evidence.models import Disposal, Hold, RetentionSchedule
from app.evidence.queries import retention as found
from app.evidence.queries.retention import Disposed, Ended, Thing
from app.evidence.retaining import Due, Ending, HoldKind, Periods, Schedule, due, written
from app.evidence.service import move
from app.jobs.queue import defer
from app.journal.service import record
from app.kit.errors import Conflict, StaleVersion
from app.kit.ids import new_id
from app.kit.paging import Page, Position
from app.portfolio import queries as portfolios
from app.portfolio.access import check_not_own
from app.portfolio.models import Portfolio
from app.work import Work

CertificateEnds = Callable[[Work, Collection[UUID]], Mapping[UUID, date]]
"""Gives the last day of each portfolio's certificate; those without one are left out."""


class HoldReleased(Conflict):
    """This hold was released before."""


@dataclass(frozen=True, slots=True)
class DueFile:
    """A file whose retention has ended: as what it was kept, since when, and why."""

    file_id: UUID
    portfolio_id: UUID
    kept_as: str
    ending: Ending
    due_on: date
    size: int


def schedule(work: Work) -> Schedule:
    """Return the periods that hold, for those who look after them."""
    access.check_may(work.actor, "retention.read")
    return found.schedule(work)


def change_schedule(work: Work, version: int, periods: Periods) -> Schedule:
    """Set the certification body's own periods; `version` is that of those that hold now."""
    access.check_may(work.actor, "retention.change")
    own = found.own_schedule(work, hold=True)
    if version != (0 if own is None else own.version):
        raise StaleVersion
    if own is None:
        own = RetentionSchedule(tenant_id=work.actor.tenant_id, version=0)
        work.session.add(own)
    own.version += 1
    own.periods, own.changed_at, own.changed_by = written(periods), work.now, work.actor.person_id
    facts = {name: dict(months) for name, months in own.periods.items()}
    tenant_id = work.actor.tenant_id
    record(work, tenant_id, "evidence.retention_changed", tenant_id, version=own.version, **facts)
    return Schedule(own.version, periods)


def place_hold(work: Work, portfolio_id: UUID, *, kind: HoldKind, reason: str) -> Hold:
    """Have nothing of a portfolio go until the hold is released, as an officer."""
    portfolio = portfolios.portfolio(work, portfolio_id)
    access.check_may(work.actor, "hold.place")
    check_not_own(work.actor, portfolio.candidate_id)
    return hold(work, portfolio, kind, reason)


def hold(work: Work, portfolio: Portfolio, kind: HoldKind, reason: str) -> Hold:
    """Put a portfolio under a hold, for whatever act asks for one."""
    placed = Hold(
        id=new_id(),
        tenant_id=portfolio.tenant_id,
        portfolio_id=portfolio.id,
        kind=kind,
        reason=reason,
        placed_at=work.now,
        placed_by=work.actor.person_id,
    )
    work.session.add(placed)
    _entered(work, placed, "evidence.hold_placed")
    return placed


def release_hold(work: Work, id: UUID) -> Hold:
    """Release a hold; what is due goes the next night, unless another hold is on it."""
    access.check_may(work.actor, "hold.release")
    released = found.hold(work, id)
    check_not_own(work.actor, portfolios.portfolio(work, released.portfolio_id).candidate_id)
    if released.released_at is not None:
        raise HoldReleased(released_at=released.released_at.isoformat())
    released.released_at, released.released_by = work.now, work.actor.person_id
    _entered(work, released, "evidence.hold_released")
    return released


def holds(work: Work, portfolio_id: UUID) -> Sequence[Hold]:
    """Return the holds that a portfolio is or was under, for those who keep them."""
    portfolio = portfolios.portfolio_to_read(work, portfolio_id)
    access.check_may(work.actor, "hold.read")
    check_not_own(work.actor, portfolio.candidate_id)
    return found.holds(work, portfolio_id)


def disposals(work: Work, limit: int, after: Position | None) -> Page[Disposed]:
    """Return what went, for those who answer for it."""
    access.check_may(work.actor, "retention.read")
    return found.disposals(work, limit, after)


def due_files(work: Work, ends: CertificateEnds, limit: int) -> list[DueFile]:
    """Return files whose retention has ended and that are still there, at most so many."""
    access.check_may(work.actor, "retention.read")
    return list(islice(_due_files(work, ends), limit))


def dispose(work: Work, file_id: UUID, ends: CertificateEnds) -> bool:
    """Let a file go if it is due now, and put that on record; the worker then removes its bytes.

    A hold that came meanwhile is seen: whoever places one holds the portfolio, as does this.
    """
    file, portfolio = queries.file(work, file_id)
    case = found.ended(work, portfolio)
    things = found.things(work, [portfolio.id], only=file_id)
    if not things:
        return False
    [thing] = things
    periods = found.schedule(work)
    reached = _due(work, case, thing, ends(work, [portfolio.id]), periods)
    if reached is None:
        return False
    work.session.add(
        Disposal(
            id=new_id(),
            tenant_id=portfolio.tenant_id,
            portfolio_id=portfolio.id,
            file_id=file.id,
            kept_as=thing.kept_as,
            ending=reached.ending,
            due_on=reached.on,
            schedule_version=periods.version,
            sealed=thing.sealed,
            size=thing.size,
            sha256=thing.sha256,
            disposed_at=work.now,
        )
    )
    move(work, file, Step.DELETE)
    file.disposed_at = work.now
    record(
        work,
        portfolio.id,
        "evidence.file_disposed",
        file.id,
        kept_as=thing.kept_as,
        ending=reached.ending,
        due_on=reached.on.isoformat(),
        sha256=thing.sha256,
    )
    return True


def _due_files(work: Work, ends: CertificateEnds) -> Iterator[DueFile]:
    periods = found.schedule(work)
    for cases in found.ended_portfolios(work):
        by_id = {case.id: case for case in cases}
        certified = ends(work, by_id.keys())
        for thing in found.things(work, list(by_id)):
            reached = _due(work, by_id[thing.portfolio_id], thing, certified, periods)
            if reached is not None:
                yield DueFile(
                    thing.id,
                    thing.portfolio_id,
                    thing.kept_as,
                    reached.ending,
                    reached.on,
                    thing.size,
                )


def _due(
    work: Work, case: Ended, thing: Thing, certified: Mapping[UUID, date], periods: Schedule
) -> Due | None:
    reached = due(case.case(certified.get(case.id)), thing.kept_as, periods.periods)
    return reached if reached is not None and reached.on <= work.now.date() else None


def _entered(work: Work, hold: Hold, action: str) -> None:
    """Record what became of a hold, out of the candidate's sight, and have the store follow."""
    record(work, hold.tenant_id, action, hold.id, kind=hold.kind, portfolio=hold.portfolio_id)
    defer(work, "evidence.apply_holds", subject_id=hold.portfolio_id)
