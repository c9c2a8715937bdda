"""Reading the journal: a page of it for people, all of it for verification."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from operator import attrgetter
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Row,
    TextClause,
    Uuid,
    and_,
    bindparam,
    case,
    exists,
    func,
    literal,
    not_,
    or_,
    select,
    text,
    true,
    tuple_,
)

from app.actor import NOBODY
from app.assessment.result import REVEALED
from app.audit.access import BLIND, KEPT_FROM_SOME, OPEN_TO_PARTIES, OPEN_WITH_RESULTS
from app.audit.chain import StoredAnchor, StoredHead, StoredSeal, StreamHead
from app.evidence.queries.flags import about_portfolios_of
from app.evidence.queries.readings import READ as FILE_READ
from app.journal.models import Anchor, AnchoredHead, Entry, Head
from app.kit.paging import MalformedCursor, Page, pack, unpack
from app.portfolio.models import Duty, Portfolio
from app.work import Work

AT_ONCE = 500
"""Rows in memory at a time while a whole journal is read."""
MANIFESTS_AT_ONCE = 20

ONE_AT_A_TIME = text("SELECT pg_advisory_xact_lock(hashtextextended('journal_anchor/' || :t, 0))")

Found = Row[UUID, int, datetime, UUID, str, UUID, str, bytes]


@dataclass(frozen=True, slots=True)
class Place:
    """After which entry a page begins: moments can be shared, so the stream and number count."""

    at: datetime
    stream_id: UUID
    seq: int


def place(cursor: str | None) -> Place | None:
    """Return the place that a cursor names, or refuse it."""
    if cursor is None:
        return None
    at, stream_id, seq = unpack(cursor, 3)
    try:
        found = Place(datetime.fromisoformat(at), UUID(stream_id), int(seq))
    except ValueError:
        raise MalformedCursor from None
    if found.at.tzinfo is None or not 0 <= found.seq < 2**63:
        raise MalformedCursor
    return found


def stream_exists(work: Work, stream_id: UUID) -> bool:
    found = select(Head.seq).where(Head.stream_id == stream_id)
    return work.session.execute(found).first() is not None


def is_own_portfolio(work: Work, stream_id: UUID) -> bool:
    """Tell whether a stream is that of a portfolio whose candidate the actor is."""
    own = select(Portfolio.id).where(
        Portfolio.id == stream_id, Portfolio.candidate_id == work.actor.person_id
    )
    return work.session.execute(own).first() is not None


def entries(work: Work, stream_id: UUID | None, limit: int, after: Place | None) -> Page[Found]:
    """Return a page of what the actor may read, the oldest first."""
    rows = (
        select(
            Entry.stream_id,
            Entry.seq,
            Entry.at,
            case((_unnamed(work), literal(NOBODY)), else_=Entry.actor_id).label("actor_id"),
            Entry.action,
            Entry.subject_id,
            Entry.body,
            Entry.hash,
        )
        .where(_visible(work), _of(stream_id), _beyond(after))
        .order_by(Entry.at, Entry.stream_id, Entry.seq)
        .limit(limit + 1)
    )
    found = work.session.execute(rows).all()
    if len(found) <= limit:
        return Page(found, None)
    last = found[limit - 1]
    following = pack(last.at.isoformat(), str(last.stream_id), str(last.seq))
    return Page(found[:limit], following)


def _unnamed(work: Work) -> ColumnElement[bool]:
    """Return the condition that the actor must not learn whose entry it is.

    That is a candidate, of a referent who opened a file: two are expected, and a third would tell
    that they disagreed.
    """
    own = exists().where(
        Portfolio.id == Entry.stream_id, Portfolio.candidate_id == work.actor.person_id
    )
    by_referent = exists().where(
        Duty.portfolio_id == Entry.stream_id,
        Duty.person_id == Entry.actor_id,
        Duty.duty.in_(sorted(BLIND)),
    )
    return and_(Entry.action == FILE_READ, own, by_referent)


def _visible(work: Work) -> ColumnElement[bool]:
    mine = select(Duty.portfolio_id).where(
        Duty.person_id == work.actor.person_id, Duty.duty.in_(sorted(KEPT_FROM_SOME))
    )
    revealed = exists().where(Portfolio.id == Entry.stream_id, Portfolio.state.in_(REVEALED))
    assessed = select(Duty.portfolio_id).where(
        Duty.person_id == work.actor.person_id, Duty.duty.in_(sorted(BLIND))
    )
    about_own = about_portfolios_of(work.actor.person_id)
    return or_(
        Entry.actor_id == work.actor.person_id,
        and_(
            or_(Entry.action != FILE_READ, Entry.stream_id.not_in(assessed)),
            Entry.subject_id.not_in(about_own),
            or_(Entry.stream_id.not_in(mine), _begins(OPEN_TO_PARTIES)),
            or_(not_(_begins(OPEN_WITH_RESULTS)), revealed),
        ),
    )


def _begins(with_any: Sequence[str]) -> ColumnElement[bool]:
    return or_(*(Entry.action.startswith(one, autoescape=True) for one in with_any))


def _of(stream_id: UUID | None) -> ColumnElement[bool]:
    return true() if stream_id is None else Entry.stream_id == stream_id


def _beyond(after: Place | None) -> ColumnElement[bool]:
    if after is None:
        return true()
    row = tuple_(Entry.at, Entry.stream_id, Entry.seq)
    return row > tuple_(literal(after.at), literal(after.stream_id), literal(after.seq))


# Each of the two is one statement, so that what is recorded meanwhile is either seen whole or not
# at all. The tenant is named although the policies name it too: a superuser may verify.
ENTRIES_WITH_HEADS = text("""
    SELECT stream_id, e.seq, e.at, e.actor_id, e.action, e.subject_id, e.body, e.hash,
           h.seq AS head_seq, h.hash AS head_hash
    FROM (SELECT * FROM journal_entry
          WHERE tenant_id = :tenant AND stream_id = coalesce(:stream, stream_id)) e
    FULL JOIN (SELECT * FROM journal_head
               WHERE tenant_id = :tenant AND stream_id = coalesce(:stream, stream_id)) h
    USING (stream_id)
    ORDER BY stream_id, e.seq
""").bindparams(bindparam("stream", type_=Uuid))

ANCHORS = text("""
    SELECT number, a.at, a.previous, a.root, h.stream_id, h.seq, h.hash, e.hash AS entry_hash
    FROM (SELECT * FROM journal_anchor WHERE tenant_id = :tenant) a
    FULL JOIN (SELECT * FROM journal_anchored_head WHERE tenant_id = :tenant) h USING (number)
    LEFT JOIN journal_entry e
        ON e.tenant_id = :tenant AND e.stream_id = h.stream_id AND e.seq = h.seq
    ORDER BY number, h.stream_id
""")


def entries_with_heads(work: Work, stream_id: UUID | None) -> Iterator[Row[*tuple[object, ...]]]:
    """Read every entry beside its stream's head, stream by stream, few rows in memory at a time.

    Entries without a head and heads without entries come too.
    """
    return _streamed(work, ENTRIES_WITH_HEADS, stream=stream_id)


def anchors(work: Work) -> Iterator[StoredAnchor]:
    """Read every anchor with its heads, and what the entries say now, in their order."""
    for number, group in groupby(_streamed(work, ANCHORS), attrgetter("number")):
        of_anchor = list(group)
        first = of_anchor[0]
        heads = [
            StoredHead(row.stream_id, row.seq, row.hash, row.entry_hash)
            for row in of_anchor
            if row.stream_id is not None
        ]
        yield StoredAnchor(number, first.at, first.previous, first.root, heads)


# A submission's entry names its snapshot. Its text is searched rather than read as JSON, which
# would fail on one that somebody changed.
SEALS = text("""
    SELECT coalesce(s.portfolio_id, e.stream_id), coalesce(s.id::text, e.snapshot),
           s.root, s.manifest, e.seq, e.body
    FROM (SELECT * FROM snapshot
          WHERE tenant_id = :tenant AND portfolio_id = coalesce(:stream, portfolio_id)) s
    FULL JOIN (SELECT stream_id, seq, body,
                      substring(body FROM '"snapshot":"([0-9a-f-]{36})"') AS snapshot
               FROM journal_entry
               WHERE tenant_id = :tenant AND stream_id = coalesce(:stream, stream_id)
                   AND action = 'portfolio.submit') e
        ON e.stream_id = s.portfolio_id AND e.snapshot = s.id::text
    WHERE s.id IS NOT NULL OR e.snapshot IS NOT NULL
    ORDER BY 1, 2
""").bindparams(bindparam("stream", type_=Uuid))


def seals(work: Work, stream_id: UUID | None) -> Iterator[StoredSeal]:
    """Read every snapshot beside the entry of its submission, few manifests in memory at a time."""
    values = {"tenant": work.actor.tenant_id, "stream": stream_id}
    rows = work.session.execute(SEALS, values, execution_options={"yield_per": MANIFESTS_AT_ONCE})
    return (StoredSeal(*row) for row in rows)


def _streamed(
    work: Work, rows: TextClause, **given: UUID | None
) -> Iterator[Row[*tuple[object, ...]]]:
    values = {"tenant": work.actor.tenant_id, **given}
    return iter(work.session.execute(rows, values, execution_options={"yield_per": AT_ONCE}))


def hold_anchors(work: Work) -> None:
    """Wait until nobody else is writing an anchor of this tenant."""
    work.session.execute(ONE_AT_A_TIME, {"t": str(work.actor.tenant_id)})


def last_anchor(work: Work) -> Anchor | None:
    latest = select(Anchor).where(Anchor.tenant_id == work.actor.tenant_id)
    return work.session.scalars(latest.order_by(Anchor.number.desc()).limit(1)).one_or_none()


def moved_heads(work: Work) -> Sequence[StreamHead]:
    """Return the heads that have moved since they were last anchored, in the order of streams."""
    anchored = (
        select(AnchoredHead.stream_id, func.max(AnchoredHead.seq).label("seq"))
        .where(AnchoredHead.tenant_id == work.actor.tenant_id)
        .group_by(AnchoredHead.stream_id)
        .subquery()
    )
    moved = (
        select(Head.stream_id, Head.seq, Head.hash)
        .outerjoin(anchored, anchored.c.stream_id == Head.stream_id)
        .where(Head.tenant_id == work.actor.tenant_id, Head.seq > func.coalesce(anchored.c.seq, 0))
        .order_by(Head.stream_id)
    )
    return [StreamHead(*row) for row in work.session.execute(moved)]
