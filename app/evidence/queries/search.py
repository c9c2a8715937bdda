"""Searching one portfolio: what its documents and captions say, its titles and its claims."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import text

from app.kit.paging import MalformedCursor, Page, pack, unpack
from app.work import Work

# Words are compared as they are written, in any language, whatever their case. Titles come first,
# then claims, then files page by page; identifiers grow with time, so the order never changes.
# Headlines are costly, so they are made for the rows of the page alone.
SEARCH = text("""
WITH asked AS (SELECT websearch_to_tsquery('simple', :words) AS query),
found AS (
    SELECT 1 AS rank, e.id, 'evidence' AS kind, e.id AS item_id, NULL::uuid AS file_id,
           NULL::bigint AS page, NULL::bigint AS from_ms, NULL::bigint AS to_ms,
           NULL::text AS indicator, concat_ws(E'\\n', e.title, e.description) AS words
    FROM evidence_item e, asked
    WHERE e.tenant_id = :tenant AND e.portfolio_id = :portfolio AND e.removed_at IS NULL
      AND to_tsvector('simple', concat_ws(E'\\n', e.title, e.description)) @@ asked.query
    UNION ALL
    SELECT 2, c.id, 'claim', c.item_id, c.file_id, c.page, c.from_ms, c.to_ms, c.indicator,
           c.reason
    FROM claim c, asked
    WHERE c.tenant_id = :tenant AND c.portfolio_id = :portfolio
      AND to_tsvector('simple', c.reason) @@ asked.query
    UNION ALL
    SELECT 3, p.id, CASE WHEN p.source = 'text' THEN 'text' ELSE 'captions' END, f.item_id,
           p.file_id, p.page, p.from_ms, p.to_ms, NULL, p.words
    FROM asked, passage p
    JOIN evidence_file f ON f.tenant_id = p.tenant_id AND f.id = p.file_id
    WHERE p.tenant_id = :tenant AND p.portfolio_id = :portfolio AND p.found @@ asked.query
      AND f.state = 'available'
),
shown AS (
    SELECT * FROM found WHERE (rank, id) > (:rank, CAST(:after AS uuid))
    ORDER BY rank, id LIMIT :limit
)
SELECT rank, id, kind, item_id, file_id, page, from_ms, to_ms, indicator,
       ts_headline('simple', words, asked.query,
                   'StartSel="", StopSel="", MaxWords=30, MinWords=12, MaxFragments=1') AS snippet
FROM shown, asked ORDER BY rank, id
""")
BEFORE_ALL = UUID(int=0)


@dataclass(frozen=True, slots=True)
class Found:
    """Something that holds the words, and where: a page, or a time range in milliseconds."""

    rank: int
    id: UUID
    kind: str
    item_id: UUID
    file_id: UUID | None
    page: int | None
    from_ms: int | None
    to_ms: int | None
    indicator: str | None
    snippet: str


def place(cursor: str | None) -> tuple[int, UUID]:
    """Return the place after which a page begins, or refuse the cursor."""
    if cursor is None:
        return 0, BEFORE_ALL
    rank, id_ = unpack(cursor, 2)
    try:
        return {"1": 1, "2": 2, "3": 3}[rank], UUID(id_)
    except (KeyError, ValueError):
        raise MalformedCursor from None


def search(
    work: Work, portfolio_id: UUID, words: str, limit: int, after: tuple[int, UUID]
) -> Page[Found]:
    """Return a page of what in a portfolio holds all these words."""
    values = {
        "words": words,
        "tenant": work.actor.tenant_id,
        "portfolio": portfolio_id,
        "rank": after[0],
        "after": after[1],
        "limit": limit + 1,
    }
    rows: Sequence[Found] = [Found(*row) for row in work.session.execute(SEARCH, values)]
    if len(rows) <= limit:
        return Page(rows, None)
    last = rows[limit - 1]
    return Page(rows[:limit], pack(str(last.rank), str(last.id)))
