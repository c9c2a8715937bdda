"""The journal over HTTP."""

from __future__ import annotations

import json
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Request, Response

from app.audit import queries, service
from app.audit.access import NoSuchStream
from app.audit.queries import Found
from app.audit.schemas import EntryOut
from app.kit.http import declared, link_next
from app.kit.paging import Limit, MalformedCursor
from app.people.door import door, feature_router
from app.work import Work

CurrentWork = Annotated[Work, Depends(door("journal"), scope="function")]
Stream = Annotated[
    UUID | None, Query(description="A portfolio's identifier, or the tenant's; all if left out.")
]

journal = feature_router("/journal", "Journal")
routers = (journal,)


@journal.get("", operation_id="listJournal", responses=declared(MalformedCursor, NoSuchStream))
def list_journal(
    request: Request,
    response: Response,
    work: CurrentWork,
    stream: Stream = None,
    limit: Limit = 50,
    cursor: str | None = None,
) -> list[EntryOut]:
    """Read what happened, the oldest first.

    Candidates read the journal of their own portfolio: who opened which file, and when.
    """
    page = service.read(work, stream, limit, queries.place(cursor))
    link_next(request, response, page.next_cursor)
    return [_shown(row) for row in page.rows]


def _shown(row: Found) -> EntryOut:
    return EntryOut(
        stream_id=row.stream_id,
        seq=row.seq,
        at=row.at,
        actor_id=row.actor_id,
        action=row.action,
        subject_id=row.subject_id,
        facts=json.loads(row.body)["facts"],
        hash=row.hash.hex(),
    )
