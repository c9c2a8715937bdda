"""Asking the service: JSON in, JSON out, and problems as exceptions."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping
from types import TracebackType
from typing import Self
from uuid import uuid4

import httpx2

from app.client.patience import Patience

Json = dict[str, "Value"]
Value = None | bool | int | float | str | list["Value"] | Json

PATIENCE = 20.0
"""Seconds for which a request is repeated that the service could not answer just then."""

LATER = frozenset({429, 502, 503, 504})
"""Statuses that say: not now."""

LONGEST_ASKED = 60.0
"""Seconds: a server that asks for more is asked again after these."""


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
    What the service cannot answer just then is repeated for `patience` seconds, unless `over` is
    set meanwhile.
    """

    def __init__(
        self,
        base_url: str,
        token: str | None = None,
        *,
        timeout: float = 60.0,
        patience: float = PATIENCE,
        over: threading.Event | None = None,
    ) -> None:
        headers = {"Accept": "application/json"}
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        self.base_url = base_url.rstrip("/")
        self.patience = patience
        self.over = over or threading.Event()
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
        self,
        path: str,
        body: Mapping[str, Value] | None = None,
        *,
        version: int | None = None,
        key: str | None = None,
    ) -> Json:
        """Do one thing; where it rests on what was read, with that thing's version.

        `key` is for an act that is to be done once even if this program is killed meanwhile.
        """
        return self.ask("POST", path, body=body, headers=_based_on(version), key=key)

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
        key: str | None = None,
    ) -> Json:
        """Send a request and return its answer; raises Problem for a refusal."""
        sent = dict(headers or {})
        if method != "GET":
            sent["Idempotency-Key"] = key or uuid4().hex
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
        patience, asked = Patience(self.patience, self.over), 0.0
        while True:
            began = time.monotonic()
            try:
                answer = self.http.request(
                    method, path, params=dict(query or {}), json=body, headers=dict(headers)
                )
            except httpx2.TransportError:
                patience.spend(time.monotonic() - began)
                if patience.spent:
                    raise
            else:
                if answer.status_code < 400:
                    return answer
                problem = Problem(answer.status_code, _members(answer))
                if not _passes(problem) or patience.spent:
                    raise problem
                asked = pause_asked(answer)
            patience.wait(asked)


def pause_asked(answer: httpx2.Response) -> float:
    """Return for how many seconds a server wants not to be asked again."""
    said = answer.headers.get("retry-after", "")
    return min(float(said), LONGEST_ASKED) if said.isdecimal() else 0.0


def _passes(problem: Problem) -> bool:
    # The first try with the same key is still being answered: its answer is wanted.
    return problem.status in LATER or problem.kind == "idempotency-key-in-use"


def _based_on(version: int | None) -> dict[str, str]:
    return {} if version is None else {"If-Match": f'"{version}"'}


def _members(answer: httpx2.Response) -> Json:
    try:
        found: Json = answer.json()
    except ValueError:
        return {"type": "", "detail": answer.text[:200]}
    return found
