"""Comparing database and store both ways: nothing is lost unseen, and nothing stays for ever.

The store is listed once, page by page, beside the kept files of all certification bodies in the
same order; only what differs is looked at closer, and asked for again before it is believed. An
object is removed when it is a day old and the row of its file says that it is not needed any more.
Without such a row it is only counted, as is what lies with the evidence or the receipts, and what
belongs to nobody: who serves an empty or an older database is not to lose anything.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from heapq import merge
from itertools import islice
from typing import TypeVar
from uuid import UUID

from app.evidence import integrity, room
from app.evidence.lifecycle import State
from app.evidence.models import Damage
from app.evidence.queries import comparing
from app.evidence.queries.keeping import KEPT
from app.jobs.shift import Shift
from app.journal.service import record
from app.kit.clock import utc_now
from app.storage import Listed, OpenUpload
from app.storage.s3 import S3Store

OLD = timedelta(days=1)
"""Younger objects are left alone: the transaction that they belong to may not have ended."""
AT_ONCE = 500
ARRIVING = (State.ANNOUNCED, State.UPLOADING, State.RECEIVED, State.CHECKED)
NEEDED: dict[str, frozenset[State]] = {
    "incoming": frozenset(ARRIVING),
    "evidence": frozenset({*KEPT, State.RECEIVED, State.CHECKED}),
    "derived": frozenset({*KEPT, State.RECEIVED, State.CHECKED}),
}
"""In which states of its file an object of each kind is needed."""
REMOVABLE = frozenset({"incoming", "derived"})


@dataclass(slots=True)
class Figures:
    """What was found of one certification body."""

    files: int = 0
    objects: int = 0
    missing: int = 0
    unknown: int = 0
    removed: int = 0
    aborted: int = 0
    drifted: int = 0


@dataclass(slots=True)
class Comparison:
    """What was found: by certification body, and objects and uploads that belong to none."""

    by_tenant: dict[UUID, Figures] = field(default_factory=dict)
    nobodys: int = 0


@dataclass(frozen=True, slots=True)
class Place:
    """What an object's key says: `kind/portfolio/subject…`, a file or a snapshot."""

    kind: str
    portfolio_id: UUID
    subject_id: UUID


@dataclass(frozen=True, slots=True)
class _Owned:
    """Something in the store that lies in a known portfolio, and what is known of its subject."""

    place: Place
    figures: Figures
    file: tuple[State, str | None] | None
    sealed: bool

    @property
    def is_needed(self) -> bool:
        if self.place.kind == "receipts":
            return self.sealed
        return self.file is not None and self.file[0] in NEEDED[self.place.kind]

    @property
    def may_be_removed(self) -> bool:
        return self.file is not None and self.place.kind in REMOVABLE

    def awaits(self, upload_id: str) -> bool:
        """Tell whether a sender uses an upload; the worker ends its own, among `derived/`, soon."""
        return self.file is not None and self.file[0] in ARRIVING and self.file[1] == upload_id


def reconcile(shifts: Sequence[Shift]) -> Comparison:
    """Compare the whole store with the files of all certification bodies, and keep what came out.

    It can be repeated, and broken off anywhere.
    """
    began_at = utc_now()
    found = Comparison({shift.tenant_id: Figures() for shift in shifts})
    if not shifts:
        return found
    store = shifts[0].store
    search = _Search(shifts, store, found, began_at - OLD, _owners(shifts))
    search.look_for_lost()
    for kind in ("incoming", "derived", "receipts"):
        for page in _pages(store.objects(f"{kind}/")):
            search.look_at(page)
    for kind in ("incoming", "derived"):
        for uploads in _pages(store.open_uploads(f"{kind}/")):
            search.look_at_uploads(uploads)
    for shift in shifts:
        figures = found.by_tenant[shift.tenant_id]
        with shift.work() as work:
            figures.drifted = room.count_anew(work)
        with shift.work() as work:
            told = asdict(figures)
            comparing.enter(work, began_at, told)
            tenant_id = shift.tenant_id
            record(work, tenant_id, "evidence.store_compared", tenant_id, **told)
    return found


@dataclass(frozen=True, slots=True)
class _Search:
    shifts: Sequence[Shift]
    store: S3Store
    found: Comparison
    before: datetime
    owners: Mapping[UUID, Shift]
    """The certification body of each portfolio; those opened since have nothing that is old."""

    def look_for_lost(self) -> None:
        """Go through kept files and evidence objects side by side."""
        rows = merge(*(self._rows(shift) for shift in self.shifts), key=_key_of_row)
        lost: list[tuple[Shift, comparing.Expected]] = []
        strays: list[Listed] = []
        for row, there in _side_by_side(rows, self.store.objects("evidence/")):
            if row is not None:
                self.found.by_tenant[row[0].tenant_id].files += 1
                self.found.by_tenant[row[0].tenant_id].objects += there is not None
            if there is None and row is not None:
                lost.append(row)
            elif row is None and there is not None:
                strays.append(there)
            if len(strays) >= AT_ONCE:
                self.look_at(strays)
                strays.clear()
            if len(lost) >= AT_ONCE:
                self._enter_lost(lost)
                lost.clear()
        self.look_at(strays)
        self._enter_lost(lost)

    def look_at(self, objects: Sequence[Listed]) -> None:
        """Count objects, and remove those that are old and that nobody needs."""
        known = self._known(one.key for one in objects)
        for one in objects:
            owned = known.get(one.key)
            if owned is None:
                self.found.nobodys += 1
                continue
            owned.figures.objects += 1
            if owned.is_needed or one.changed_at > self.before:
                continue
            if owned.may_be_removed:
                self.store.delete(one.key)
                owned.figures.removed += 1
            else:
                owned.figures.unknown += 1

    def look_at_uploads(self, uploads: Sequence[OpenUpload]) -> None:
        """Give up open uploads that are old and that their file does not wait for."""
        known = self._known(one.key for one in uploads)
        for one in uploads:
            owned = known.get(one.key)
            if owned is None:
                self.found.nobodys += 1
            elif one.begun_at > self.before or owned.awaits(one.upload_id):
                continue
            elif owned.may_be_removed:
                self.store.abort_upload(one.key, one.upload_id)
                owned.figures.aborted += 1
            else:
                owned.figures.unknown += 1

    def _enter_lost(self, rows: Iterable[tuple[Shift, comparing.Expected]]) -> None:
        for shift, row in rows:
            if self.store.exists(row.key):  # it was kept since the store was listed
                continue
            with shift.work() as work:
                if integrity.note_damage(work, row.file_id, Damage.MISSING):
                    self.found.by_tenant[shift.tenant_id].missing += 1

    def _known(self, keys: Iterable[str]) -> dict[str, _Owned]:
        """Return what keys stand for, if they lie in a portfolio that there is."""
        places = {key: place for key in keys if (place := _place(key)) is not None}
        by_tenant: dict[UUID, dict[str, Place]] = {}
        for key, place in places.items():
            if owner := self.owners.get(place.portfolio_id):
                by_tenant.setdefault(owner.tenant_id, {})[key] = place
        known: dict[str, _Owned] = {}
        for tenant_id, own in by_tenant.items():
            shift = self.owners[next(iter(own.values())).portfolio_id]
            subjects = {place.subject_id for place in own.values()}
            with shift.work() as work:
                states = comparing.states(work, subjects)
                sealed = comparing.snapshots(work, subjects)
            figures = self.found.by_tenant[tenant_id]
            for key, place in own.items():
                id = place.subject_id
                known[key] = _Owned(place, figures, states.get(id), id in sealed)
        return known

    @staticmethod
    def _rows(shift: Shift) -> Iterator[tuple[Shift, comparing.Expected]]:
        for row in comparing.expected(shift.work):
            yield shift, row


def _owners(shifts: Sequence[Shift]) -> dict[UUID, Shift]:
    """Ask every body once for its portfolios."""
    owners: dict[UUID, Shift] = {}
    for shift in shifts:
        with shift.work() as work:
            owners.update(dict.fromkeys(comparing.portfolios(work), shift))
    return owners


Row = tuple[Shift, comparing.Expected]


def _key_of_row(row: Row) -> str:
    return row[1].key


def _side_by_side(
    rows: Iterator[Row], objects: Iterator[Listed]
) -> Iterator[tuple[Row | None, Listed | None]]:
    """Yield what belongs together of two sorted lists, and what stands alone in one of them."""
    row, there = next(rows, None), next(objects, None)
    while row is not None or there is not None:
        if there is None or (row is not None and row[1].key < there.key):
            yield row, None
            row = next(rows, None)
        elif row is None or there.key < row[1].key:
            yield None, there
            there = next(objects, None)
        else:
            yield row, there
            row, there = next(rows, None), next(objects, None)


T = TypeVar("T")


def _pages(found: Iterator[T]) -> Iterator[list[T]]:
    while page := list(islice(found, AT_ONCE)):
        yield page


def _place(key: str) -> Place | None:
    """Read a key, `kind/portfolio/subject` and perhaps more; None if it says something else."""
    words = key.split("/")
    try:
        return Place(words[0], UUID(words[1]), UUID(words[2].partition(".")[0]))
    except (IndexError, ValueError):
        return None
