"""Watching a file over HTTP: server-sent events while it is checked and its renditions are made."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Annotated, Final
from uuid import UUID

from fastapi import Depends, Request
from fastapi.responses import StreamingResponse

from app.evidence.access import NoSuchFile
from app.evidence.queries.watching import Standing, standing
from app.kit.errors import Refusal, Unavailable
from app.kit.http import declared, problem_body
from app.kit.routing import api_router
from app.people.door import Visit, door

EVENTS: Final = "text/event-stream"
LOOK_EVERY: Final = 1.0
"""Seconds between two looks at the database."""
BEAT_EVERY: Final = 15.0
"""Seconds after which a line is sent although nothing changed: proxies cut silent connections."""
LONGEST: Final = 600.0
"""Seconds; then the client asks anew."""
MOST_WATCHERS: Final = 50
"""Streams that one process keeps open at once; each costs one statement a second."""

files = api_router("/files", "Evidence")
routers = (files,)
Look = Callable[[], Awaitable[Standing]]


class TooManyWatchers(Unavailable):
    """Too many clients watch files just now; try again shortly, or ask for the file itself."""


class Watchers:
    """How many streams are open in this process."""

    def __init__(self, most: int = MOST_WATCHERS) -> None:
        self._most, self.count = most, 0

    def enter(self) -> None:
        """Count one more, or refuse it."""
        if self.count >= self._most:
            raise TooManyWatchers
        self.count += 1

    def leave(self) -> None:
        self.count -= 1


async def watch(
    first: Standing,
    look: Look,
    *,
    every: float = LOOK_EVERY,
    beat: float = BEAT_EVERY,
    longest: float = LONGEST,
) -> AsyncIterator[str]:
    """Yield the file's standing whenever it changes, until nothing is under way any more."""
    clock = asyncio.get_running_loop().time
    now = clock()
    until, silent_since = now + longest, now
    yield event("file", first.words)
    known = first
    while not known.settled and clock() < until:
        await asyncio.sleep(every)
        try:
            found = await look()
        except Refusal as refusal:  # the right to read it, or the file, is gone
            yield event("refused", problem_body(refusal).decode())
            return
        if found.words != known.words:
            yield event("file", found.words)
            silent_since = clock()
        elif clock() - silent_since >= beat:
            yield ": still watching\n\n"
            silent_since = clock()
        known = found
    yield event("settled" if known.settled else "timeout", "{}")


def event(name: str, data: str) -> str:
    # PostgreSQL breaks lines between the rows of a list; in JSON they mean nothing, here a lot.
    return f"event: {name}\ndata: {data.replace(chr(10), ' ')}\n\n"


@files.get(
    "/{id}/events",
    operation_id="watchFile",
    response_class=StreamingResponse,
    responses={
        **declared(NoSuchFile, TooManyWatchers),
        200: {"content": {EVENTS: {"schema": {"type": "string"}}}, "description": "Events."},
    },
)
async def watch_file(
    id: UUID, request: Request, visit: Annotated[Visit, Depends(door("portfolio"))]
) -> StreamingResponse:
    """Follow a file while it is checked and its renditions are made, as server-sent events.

    `file` carries where it stands, whenever that changes; `settled` comes last. After ten minutes
    comes `timeout`: ask again. `refused` comes when it may no longer be read.
    """

    def look_once() -> Standing:
        with visit.work() as work:
            return standing(work, id)

    async def look() -> Standing:
        return await asyncio.to_thread(look_once)

    watchers = request.app.state.watchers
    first = await look()
    watchers.enter()

    async def events() -> AsyncIterator[str]:
        try:
            async for words in watch(first, look):
                yield words
        finally:
            watchers.leave()

    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(events(), media_type=EVENTS, headers=headers)
