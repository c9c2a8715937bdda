"""Asking the service: JSON in, JSON out, and problems as exceptions."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from types import TracebackType
from typing import Self
from uuid import uuid4

import httpx2

Json = dict[str, "Value"]
Value = None | bool | int | float | str | list["Value"] | Json

PATIENCE = 20.0
"""Seconds for which a request is repeated that the service could not answer just then."""


class Problem(Exception):
    """A refusal: `kind` is its type without `/problems/`, `members` all that the service said."""

    def __init__(self, status: int, members: Json) -> None:
        self.status = status
        self.kind = str(members.get("type", "")).removeprefix("/problems/")
        self.members = members
        super().__init__(f"{status} {self.kind}: {members.get('detail', '')}")


class Client:
    """One person's way to the service; use it as a context manager.

    Writes carry an Idempotency-Key, so that one whose answer was lost is repeated without harm.
    """

    def __init__(self, base_url: str, token: str | None = None, *, timeout: float = 60.0) -> None:
        headers = {"Accept": "application/json"}
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        self.base_url = base_url.rstrip("/")
        self.http = httpx2.Client(
            base_url=f"{self.base_url}/api/v1", headers=headers, timeout=timeout
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.http.close()

    def get(self, path: str, **query: str | int) -> Json:
        """Read one thing."""
        return self.ask("GET", path, query=query)

    def post(
        self, path: str, body: Mapping[str, Value] | None = None, *, version: int | None = None
    ) -> Json:
        """Do one thing; where it rests on what was read, with that thing's version."""
        return self.ask("POST", path, body=body, headers=_based_on(version))

    def put(self, path: str, body: Mapping[str, Value], *, version: int) -> Json:
        """Change a thing of which one has read this version."""
        return self.ask("PUT", path, body=body, headers=_based_on(version))

    def delete(self, path: str, *, version: int | None = None) -> None:
        """Take a thing out."""
        self.ask("DELETE", path, headers=_based_on(version))

    def pages(self, path: str, **query: str | int) -> Iterator[Json]:
        """Read a list to its end, page by page."""
        url: str | None = path
        while url is not None:
            answer = self._send("GET", url, query if url == path else None, None, {})
            yield from answer.json()
            url = answer.links.get("next", {}).get("url")
            url = None if url is None else url.removeprefix("/api/v1")

    def ask(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str | int] | None = None,
        body: Mapping[str, Value] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Json:
        """Send a request and return its answer; raises Problem for a refusal."""
        sent = dict(headers or {})
        if method != "GET":
            sent["Idempotency-Key"] = uuid4().hex
        answer = self._send(method, path, query, body, sent)
        found: Json = answer.json() if answer.content else {}
        return found

    def _send(
        self,
        method: str,
        path: str,
        query: Mapping[str, str | int] | None,
        body: Mapping[str, Value] | None,
        headers: Mapping[str, str],
    ) -> httpx2.Response:
        until, pause = time.monotonic() + PATIENCE, 0.2
        while True:
            try:
                answer = self.http.request(
                    method, path, params=dict(query or {}), json=body, headers=dict(headers)
                )
            except httpx2.TransportError:
                if time.monotonic() > until:
                    raise
            else:
                if answer.status_code < 400:
                    return answer
                if answer.status_code != 503 or time.monotonic() > until:
                    raise Problem(answer.status_code, _members(answer))
            time.sleep(pause)
            pause = min(pause * 2, 4.0)


def _based_on(version: int | None) -> dict[str, str]:
    return {} if version is None else {"If-Match": f'"{version}"'}


def _members(answer: httpx2.Response) -> Json:
    try:
        found: Json = answer.json()
    except ValueError:
        return {"type": "", "detail": answer.text[:200]}
    return found
