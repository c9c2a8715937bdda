"""Who looked at what, over HTTP."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from fastapi import Request, Response

from app.actor import RoleRequired
from app.evidence import reading
from app.evidence.access import ReadingsNotOpen
from app.evidence.api.door import CurrentWork
from app.evidence.queries.readings import FileReading, place
from app.evidence.schemas.readings import FileReadingOut
from app.kit.http import declared, link_next
from app.kit.paging import Limit, MalformedCursor
from app.people.door import feature_router
from app.portfolio.access import NoSuchPortfolio

portfolio = feature_router("/portfolios", "Evidence")
routers = (portfolio,)


@portfolio.get(
    "/{id}/readings",
    operation_id="listReadings",
    response_model=list[FileReadingOut],
    responses=declared(NoSuchPortfolio, RoleRequired, ReadingsNotOpen, MalformedCursor),
)
def list_readings(
    id: UUID,
    request: Request,
    response: Response,
    work: CurrentWork,
    limit: Limit = 50,
    cursor: str | None = None,
) -> Sequence[FileReading]:
    """Show who opened which file of the portfolio and when, the newest first.

    For the candidate, who reads the names of the staff, and of referents that one of them did; and
    for officers, who read all names.
    """
    page = reading.readings(work, id, limit, place(cursor))
    link_next(request, response, page.next_cursor)
    return page.rows
