"""Anchoring the journal, computing it again, and reading it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, groupby
from operator import attrgetter
from uuid import UUID

from sqlalchemy import Row, insert

from app.audit import access, queries
from app.audit.chain import (
    StoredAnchor,
    StoredSeal,
    Written,
    anchor_breaks,
    anchor_root,
    disagreement,
    first_previous,
    seal_break,
)
from app.audit.queries import Found, Place
from app.evidence.queries.retention import gone_without_record
from app.journal.chain import Break, Link, breaks
from app.journal.models import Anchor, AnchoredHead
from app.kit.paging import Page
from app.work import Work

Stored = Row[*tuple[object, ...]]


@dataclass(frozen=True, slots=True)
class Report:
    """What verification counted and found.

    Somebody who can rewrite everything can rewrite every anchor too: compare `last_root` with what
    was noted elsewhere.
    """

    streams: int
    entries: int
    anchors: int
    last_root: str | None
    """The root of the latest anchor, in hexadecimal; None if there is none, or none was read."""
    breaks: tuple[Break, ...]
    snapshots: int = 0

    def __str__(self) -> str:
        counted = f"{self.entries} entries in {self.streams} streams, {self.anchors} anchors"
        if self.last_root is not None:
            counted += f" (the last one {self.last_root})"
        counted += f", {self.snapshots} snapshots"
        if not self.breaks:
            return f"{counted}: all hold"
        found = (f"  {one.stream_id} {one.seq}: {one.reason}" for one in self.breaks)
        return "\n".join([f"{counted}: {len(self.breaks)} do not hold", *found])


def verify(work: Work, stream_id: UUID | None = None) -> Report:
    """Compute every chain of a tenant again, or that of one stream, and compare.

    Entries are held against their texts and heads; with all streams, anchors too are held against
    each other and against the entries. Snapshots are held against their roots, and these against
    what was recorded when they were submitted; a sealed file is gone only where its disposal is on
    record. Memory does not grow with the journal.
    """
    access.check_may_verify(work.actor)
    count = _Count()
    found = list(_entry_breaks(count, queries.entries_with_heads(work, stream_id)))
    if stream_id is None:
        anchors = _counted(count, queries.anchors(work))
        found += anchor_breaks(work.actor.tenant_id, anchors)
    found += _seal_breaks(count, queries.seals(work, stream_id))
    found += _lost_files(work, stream_id)
    return Report(
        count.streams,
        count.entries,
        count.anchors,
        count.last_root,
        tuple(found),
        count.snapshots,
    )


@dataclass(slots=True)
class _Count:
    streams: int = 0
    entries: int = 0
    anchors: int = 0
    last_root: str | None = None
    snapshots: int = 0


def _entry_breaks(count: _Count, rows: Iterator[Stored]) -> Iterator[Break]:
    for stream_id, group in groupby(rows, attrgetter("stream_id")):
        count.streams += 1
        yield from _stream_breaks(count, stream_id, group)


def _stream_breaks(count: _Count, stream_id: UUID, rows: Iterator[Stored]) -> Iterator[Break]:
    first = next(rows)
    head = None if first.head_seq is None else Link(first.head_seq, "", first.head_hash)
    disagreements: list[Break] = []

    def links() -> Iterator[Link]:
        for row in chain([first], rows):
            if row.seq is None:  # a head without entries
                return
            count.entries += 1
            written = Written(row.at, row.actor_id, row.action, row.subject_id)
            if reason := disagreement(row.body, written):
                disagreements.append(Break(stream_id, row.seq, reason))
            yield Link(row.seq, row.body, row.hash)

    yield from breaks(stream_id, links(), head)
    yield from disagreements


def _counted(count: _Count, anchors: Iterable[StoredAnchor]) -> Iterator[StoredAnchor]:
    for anchor in anchors:
        count.anchors += 1
        count.last_root = None if anchor.root is None else anchor.root.hex()
        yield anchor


def _seal_breaks(count: _Count, seals: Iterable[StoredSeal]) -> Iterator[Break]:
    for seal in seals:
        count.snapshots += seal.root is not None
        if found := seal_break(seal):
            yield found


def _lost_files(work: Work, stream_id: UUID | None) -> Iterator[Break]:
    for portfolio_id, file_id in gone_without_record(work):
        if stream_id in (None, portfolio_id):
            reason = f"the sealed file {file_id} is gone, and no record says that it was due"
            yield Break(portfolio_id, 0, reason)


def anchor(work: Work) -> Anchor | None:
    """Put every head that moved since the last anchor under a new one; None if none moved."""
    queries.hold_anchors(work)
    heads = queries.moved_heads(work)
    if not heads:
        return None
    last = queries.last_anchor(work)
    tenant_id = work.actor.tenant_id
    previous = first_previous(tenant_id) if last is None else last.root
    number = 1 if last is None else last.number + 1
    root = anchor_root(tenant_id, number, work.now, previous, heads)
    new = Anchor(tenant_id=tenant_id, number=number, at=work.now, previous=previous, root=root)
    work.session.add(new)
    work.session.flush()
    work.session.execute(
        insert(AnchoredHead),
        [
            {
                "tenant_id": tenant_id,
                "number": number,
                "stream_id": head.stream_id,
                "seq": head.seq,
                "hash": head.hash,
            }
            for head in heads
        ],
    )
    return new


def read(work: Work, stream_id: UUID | None, limit: int, after: Place | None) -> Page[Found]:
    """Return a page of the journal, of one stream or of all, as far as the actor may read it."""
    if stream_id is None:
        access.check_may_read(work.actor)
    elif not _may_read_stream(work, stream_id):
        raise access.NoSuchStream
    return queries.entries(work, stream_id, limit, after)


def _may_read_stream(work: Work, stream_id: UUID) -> bool:
    if access.may_read(work.actor):
        return queries.stream_exists(work, stream_id)
    return queries.is_own_portfolio(work, stream_id)
