"""Finding what scanners have still to look at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists, or_, select
from sqlalchemy.dialects.postgresql import insert

from app.evidence.lifecycle import State
from app.evidence.models import File, Scan
from app.kit.ids import new_id
from app.work import Work

TRIED_AGAIN = timedelta(days=1)
"""How soon a kept file is scanned again that could not be scanned."""

READABLE = (State.AVAILABLE, State.SUPERSEDED)


@dataclass(frozen=True, slots=True)
class Wanted:
    """A scan that every kept file needs: by whom, with which rules, and how old it may be."""

    scanner: str
    rules: str
    good_since: datetime | None = None
    """A scan with other rules will do if it was made after this moment."""


def waiting_for_scanner(work: Work) -> Sequence[UUID]:
    """Return the files whose check stopped because a scanner did not answer."""
    return work.session.scalars(select(File.id).where(File.waiting_for.is_not(None))).all()


def due(work: Work, wanted: Sequence[Wanted], most: int) -> Sequence[File]:
    """Return kept files that lack a wanted scan, the oldest first."""
    lacks_one = or_(*(~_has(work, scan) for scan in wanted))
    kept = select(File).where(File.state.in_(READABLE), File.disposed_at.is_(None), lacks_one)
    return work.session.scalars(kept.order_by(File.id).limit(most)).all()


def _has(work: Work, wanted: Wanted) -> ColumnElement[bool]:
    newest = and_(
        Scan.rules == wanted.rules,
        or_(Scan.verdict != "failed", Scan.scanned_at > work.now - TRIED_AGAIN),
    )
    good = newest if wanted.good_since is None else or_(newest, Scan.scanned_at > wanted.good_since)
    return exists().where(
        Scan.tenant_id == File.tenant_id,
        Scan.file_id == File.id,
        Scan.scanner == wanted.scanner,
        good,
    )


def enter(
    work: Work,
    file: File,
    *,
    scanner: str,
    version: str,
    rules: str,
    verdict: str,
    found: str | None,
) -> None:
    """Put a scanner's word on a file in the place of its last one."""
    said = {"version": version, "rules": rules, "verdict": verdict, "found": found}
    row = insert(Scan).values(
        id=new_id(),
        tenant_id=file.tenant_id,
        portfolio_id=file.portfolio_id,
        file_id=file.id,
        scanner=scanner,
        scanned_at=work.now,
        **said,
    )
    work.session.execute(
        row.on_conflict_do_update(
            index_elements=["tenant_id", "file_id", "scanner"],
            set_={**said, "scanned_at": work.now},
        )
    )
