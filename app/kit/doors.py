"""What every request passes on its way in: a body that is not too large, and one line in the log.

Pure ASGI: Starlette's BaseHTTPMiddleware would cost each request as much as a small query.
"""

from __future__ import annotations

import secrets
import time

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.kit.errors import Refusal, TooLarge
from app.kit.http import problem
from app.kit.logs import without_words, write_line


class InternalError(Refusal):
    """Something went wrong here; it was noted, and nothing was changed."""

    status = 500


class BodyLimit:
    """Refuses a body beyond the limit before it is in memory; files go straight to the store."""

    def __init__(self, app: ASGIApp, max_bytes: int) -> None:
        self.app = app
        self.max_bytes = max_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] in ("GET", "HEAD"):
            await self.app(scope, receive, send)
            return
        for name, value in scope["headers"]:
            if name == b"content-length" and not self._fits(value):
                await problem(TooLarge(max_bytes=self.max_bytes))(scope, receive, send)
                return
        taken, began = 0, False

        async def counted() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > self.max_bytes:
                raise TooLarge(max_bytes=self.max_bytes)
            return message

        async def noted(message: Message) -> None:
            nonlocal began
            # FastAPI takes what `counted` raises for a body that cannot be read: that is not said.
            if taken > self.max_bytes and not began:
                return
            began = True
            await send(message)

        try:
            await self.app(scope, counted, noted)
        except TooLarge:
            if began:
                raise
        if taken > self.max_bytes and not began:
            await problem(TooLarge(max_bytes=self.max_bytes))(scope, receive, send)

    def _fits(self, length: bytes) -> bool:
        return length.isdigit() and len(length) < 19 and int(length) <= self.max_bytes


class RequestLog:
    """Gives each request an id, answers what nobody expected, and writes one line about it.

    The line holds the route, never the address or the body: those can name people.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        id_, began, status = secrets.token_hex(16), time.perf_counter(), 0
        header = (b"x-request-id", id_.encode())

        async def tagged(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], header]
            await send(message)

        try:
            await self.app(scope, receive, tagged)
        except Exception as failure:
            write_line("request.failed", "error", request_id=id_, **without_words(failure))
            if status:
                raise
            await problem(InternalError(request_id=id_))(scope, receive, tagged)
        finally:
            if status >= 500 or scope["path"] not in QUIET:
                route = scope.get("route")
                write_line(
                    "request",
                    request_id=id_,
                    method=scope["method"],
                    route=getattr(route, "path", None),
                    status=status,
                    ms=round((time.perf_counter() - began) * 1000, 1),
                )


QUIET = frozenset({"/healthz", "/readyz"})
