"""Room for files: held when a file is announced, given back when it is rejected or deleted.

The database counts (`count_added`, `count_changed` on `evidence_file`), so that whoever adds a file
or takes one away counts right; whoever adds one on a person's word holds room first.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from app.actor import check_right
from app.evidence import access
from app.evidence.queries import storage
from app.evidence.quota import Limits, check
from app.journal.service import record
from app.portfolio import queries as portfolios
from app.portfolio.models import Portfolio
from app.work import Work


@dataclass(frozen=True, slots=True)
class Room:
    """How many bytes are taken up, and how many may be; `limit` is None where any number may."""

    used: int
    limit: int | None


def check_room(work: Work, portfolio: Portfolio, size: int, usual: Limits) -> None:
    """Refuse a file for which there is no room now; another may still come first."""
    limits = storage.limits(work, usual)
    if limits.per_person or limits.per_tenant:
        used = storage.use(work, portfolio.candidate_id, of_all=bool(limits.per_tenant))
        check(limits, used, size)


def hold_room(work: Work, portfolio: Portfolio, size: int, usual: Limits) -> None:
    """Refuse a file for which there is no room; else nobody takes it until this is committed.

    Call it last before the file's row is written: who else announces one waits meanwhile, all of
    the certification body where that has a limit, otherwise only the same person.
    """
    limits = storage.limits(work, usual)
    if limits.per_tenant:
        storage.wait_for_turn(work, portfolio.tenant_id)
    elif limits.per_person:
        storage.wait_for_turn(work, portfolio.candidate_id)
    else:
        return
    used = storage.use(work, portfolio.candidate_id, of_all=bool(limits.per_tenant))
    check(limits, used, size)


def room_of(work: Work, portfolio_id: UUID, usual: Limits) -> Room:
    """Return the room of a portfolio's candidate: all their portfolios count together."""
    portfolio = portfolios.portfolio_to_read(work, portfolio_id)
    access.check_may_read(work.actor, portfolio.candidate_id, submitted=portfolio.was_submitted)
    used = storage.use(work, portfolio.candidate_id, of_all=False)
    return Room(used.person, storage.limits(work, usual).per_person or None)


def room_of_all(work: Work, usual: Limits) -> Room:
    """Return the room of the whole certification body, for who runs it."""
    check_right(work.actor, access.RIGHTS, "evidence.read_storage")
    used = storage.use(work, work.actor.person_id)
    return Room(used.tenant, storage.limits(work, usual).per_tenant or None)


def limit_room(work: Work, per_person: int | None, per_tenant: int | None) -> None:
    """Set a certification body's own limits in bytes; None: the installation's, 0: any number."""
    storage.set_limits(work, per_person, per_tenant)
    record(
        work,
        work.actor.tenant_id,
        "evidence.storage_limited",
        work.actor.tenant_id,
        per_person=per_person,
        per_tenant=per_tenant,
    )


def count_anew(work: Work) -> int:
    """Put right what was counted wrongly; return for how many people, each of them on record."""
    drifted = storage.drift(work)
    for person_id, (counted, _) in drifted.items():
        storage.put_right(work, person_id)
        true = storage.use(work, person_id, of_all=False).person
        record(
            work,
            work.actor.tenant_id,
            "evidence.storage_recounted",
            person_id,
            counted=counted,
            true=true,
        )
    return len(drifted)
