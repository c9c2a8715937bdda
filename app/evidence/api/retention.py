"""Retention over HTTP: the periods, the holds, and the record of what went."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from fastapi import Request, Response

from app.actor import RoleRequired
from app.evidence import retention
from app.evidence.access import NoSuchHold
from app.evidence.api.door import CurrentWork
from app.evidence.models import Hold
from app.evidence.queries.retention import Disposed
from app.evidence.retaining import Schedule, periods_of, written
from app.evidence.schemas.retention import (
    DisposalOut,
    HoldOut,
    NewHold,
    NewSchedule,
    ScheduleOut,
)
from app.kit.errors import StaleVersion, VersionRequired
from app.kit.http import IfMatch, declared, link_next, version_in, with_etag
from app.kit.paging import Limit, MalformedCursor, position
from app.people.door import feature_router
from app.portfolio.access import NoSuchPortfolio, OwnCase

periods = feature_router("/retention", "Retention")
portfolio = feature_router("/portfolios", "Retention")
holds = feature_router("/holds", "Retention")
gone = feature_router("/disposals", "Retention")
routers = (periods, portfolio, holds, gone)


@periods.get("", operation_id="getRetention", responses=declared(RoleRequired))
def get_retention(response: Response, work: CurrentWork) -> ScheduleOut:
    """Show how long each class of things is kept; its ETag is needed to change it."""
    return _shown(retention.schedule(work), response)


@periods.put(
    "",
    operation_id="changeRetention",
    responses=declared(RoleRequired, StaleVersion, VersionRequired),
)
def change_retention(
    body: NewSchedule, response: Response, work: CurrentWork, if_match: IfMatch = None
) -> ScheduleOut:
    """Set the certification body's own periods."""
    changed = retention.change_schedule(work, version_in(if_match), periods_of(body.model_dump()))
    return _shown(changed, response)


@portfolio.post(
    "/{id}/holds",
    status_code=201,
    operation_id="placeHold",
    response_model=HoldOut,
    responses=declared(NoSuchPortfolio, RoleRequired, OwnCase),
)
def place_hold(id: UUID, body: NewHold, work: CurrentWork) -> Hold:
    """Keep everything of a portfolio until the hold is released."""
    return retention.place_hold(work, id, kind=body.kind, reason=body.reason)


@portfolio.get(
    "/{id}/holds",
    operation_id="listHolds",
    response_model=list[HoldOut],
    responses=declared(NoSuchPortfolio, RoleRequired, OwnCase),
)
def list_holds(id: UUID, work: CurrentWork) -> Sequence[Hold]:
    """List the holds that a portfolio is or was under."""
    return retention.holds(work, id)


@holds.post(
    "/{id}/release",
    operation_id="releaseHold",
    response_model=HoldOut,
    responses=declared(NoSuchHold, RoleRequired, OwnCase, retention.HoldReleased),
)
def release_hold(id: UUID, work: CurrentWork) -> Hold:
    """Release a hold; what is due goes the next night, unless another hold is on it."""
    return retention.release_hold(work, id)


@gone.get(
    "",
    operation_id="listDisposals",
    response_model=list[DisposalOut],
    responses=declared(RoleRequired, MalformedCursor),
)
def list_disposals(
    request: Request,
    response: Response,
    work: CurrentWork,
    limit: Limit = 50,
    cursor: str | None = None,
) -> Sequence[Disposed]:
    """List what went when its retention ended, the first before the others."""
    page = retention.disposals(work, limit, position(cursor))
    link_next(request, response, page.next_cursor)
    return page.rows


def _shown(schedule: Schedule, response: Response) -> ScheduleOut:
    with_etag(response, schedule.version)
    return ScheduleOut.model_validate({"version": schedule.version, **written(schedule.periods)})
