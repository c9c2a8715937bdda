"""Flags over HTTP: what officers must look at. Here and not in evidence: who assesses is tied."""

from __future__ import annotations

from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import Query, Request, Response

from app.actor import RoleRequired, check_right
from app.assessment import service
from app.assessment.access import ConflictOfInterest
from app.assessment.api.door import Reading
from app.evidence import flags as acts
from app.evidence.access import RIGHTS, NoSuchFlag
from app.evidence.models import Flag, FlagKind
from app.evidence.queries import flags as found
from app.evidence.queries.flags import Standing
from app.evidence.schemas.flags import FlagOut, Settlement
from app.kit.http import declared, link_next
from app.kit.paging import Limit, MalformedCursor, position
from app.people.door import feature_router
from app.work import Work

flags = feature_router("/flags", "Flags")
routers = (flags,)


@flags.get(
    "",
    operation_id="listFlags",
    response_model=list[FlagOut],
    responses=declared(RoleRequired, MalformedCursor),
)
def list_flags(
    request: Request,
    response: Response,
    work: Reading,
    state: Annotated[Standing | None, Query(description="All if left out.")] = None,
    kind: FlagKind | None = None,
    limit: Limit = 50,
    cursor: str | None = None,
) -> list[Flag]:
    """List what the service found and an officer must judge, the oldest first.

    Nobody reads of flags on their own portfolio.
    """
    _check_may_read(work)
    page = found.flags(work, state, kind, limit, position(cursor))
    link_next(request, response, page.next_cursor)
    return list(page.rows)


@flags.get(
    "/{id}",
    operation_id="getFlag",
    response_model=FlagOut,
    responses=declared(RoleRequired, NoSuchFlag),
)
def get_flag(id: UUID, work: Reading) -> Flag:
    """Show one flag."""
    _check_may_read(work)
    return found.flag(work, id)


@flags.post(
    "/{id}/settlement",
    operation_id="settleFlag",
    response_model=FlagOut,
    responses=declared(RoleRequired, NoSuchFlag, ConflictOfInterest, acts.FlagSettled),
)
def settle(id: UUID, body: Settlement, work: Reading) -> Flag:
    """Settle a flag with a reason, unless you are tied to a candidate whom it is about."""
    untied = partial(service.check_no_conflict, work, person_id=work.actor.person_id)
    return acts.settle(work, id, body.reason, untied)


def _check_may_read(work: Work) -> None:
    check_right(work.actor, RIGHTS, "evidence.read_flags")
