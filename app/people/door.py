"""Turning a request into a Work: the door every router stands behind.

One thread opens the transaction, lets in whoever asks (`authentication`), calls the endpoint and
commits. An Idempotency-Key is honoured here too: the answer is kept in the same transaction as the
effect, but for what is shown once (`Secret`).
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Callable, Coroutine, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property, wraps
from http import HTTPStatus
from typing import Any, cast

from fastapi import APIRouter, Request, Response
from fastapi.encoders import jsonable_encoder
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import TypeAdapter
from sqlalchemy import text

from app.kit.clock import utc_now
from app.kit.db import transaction
from app.kit.errors import Conflict, Invalid
from app.kit.fields import SHOWN_ONCE
from app.kit.http import problem
from app.kit.routing import api_router
from app.people.authentication import READING, authenticate, bearer, check_scope
from app.people.models import IdempotentAnswer
from app.work import Work

KEPT_HEADERS = ("content-type", "etag", "location")
VISIT, FINGERPRINT = "mentorcert.visit", "mentorcert.fingerprint"

TRY_KEY = text("SELECT pg_try_advisory_xact_lock(hashtextextended(:key, 0))")


class IdempotencyKeyInUse(Conflict):
    """A request with this Idempotency-Key is still being answered; try again shortly."""


class IdempotencyKeyReused(Invalid):
    """This Idempotency-Key was used with another request; use a new one for a new request."""


class SecretShownBefore(Conflict):
    """This was done, and its secret was shown once; revoke what was `made` and make another."""


class AnsweredBefore(Exception):
    """This very request was answered before; here is the same answer again."""

    def __init__(self, kept: IdempotentAnswer) -> None:
        self.response = Response(kept.body, kept.status, kept.headers)
        self.response.headers["Idempotency-Replayed"] = "true"


@dataclass(frozen=True, slots=True)
class Visit:
    """A request at a door: it shows a likely token, which has not been looked up yet."""

    request: Request
    feature: str
    token: str

    @contextmanager
    def work(self) -> Iterator[Work]:
        """Open the transaction in which the request is answered, if the token lets it in.

        Raises AnsweredBefore for a request that is repeated under its Idempotency-Key.
        """
        state = self.request.app.state
        with transaction(state.sessions) as session:
            now = utc_now()
            actor = authenticate(session, self.token, now)
            check_scope(actor, self.feature, self.request.method)
            work = Work(session, actor, now, state.store)
            if fingerprint := self.fingerprint:
                _check_key(work, self.key, fingerprint)
            yield work

    @property
    def key(self) -> str:
        return self.request.headers["idempotency-key"]

    @property
    def fingerprint(self) -> bytes | None:
        """What tells this request from others under the same Idempotency-Key, if it has one."""
        found: bytes | None = self.request.scope.get(FINGERPRINT)
        return found

    def check(self) -> None:
        """Refuse a token, or an Idempotency-Key, that does not let this request in."""
        with suppress(AnsweredBefore), self.work():
            pass


def door(feature: str) -> Callable[[Request], Coroutine[None, None, Visit]]:
    """Return the dependency that stands before one feature's routes, of a `feature_router`.

    Use it as `Annotated[Work, Depends(door("portfolio"), scope="function")]`. What comes in is
    only a visit: the route turns it into a Work when it calls the endpoint (`WorkRoute`).
    """

    async def arrive(request: Request) -> Visit:
        visit = Visit(request, feature, bearer(request))
        request.scope[VISIT] = visit
        return visit

    return arrive


def _check_key(work: Work, key: str, fingerprint: bytes) -> None:
    lock = f"{work.actor.tenant_id}/{work.actor.person_id}/{key}"
    if not work.session.execute(TRY_KEY, {"key": lock}).scalar_one():
        raise IdempotencyKeyInUse
    kept = work.session.get(IdempotentAnswer, (work.actor.tenant_id, work.actor.person_id, key))
    if kept is None:
        return
    if kept.fingerprint != fingerprint:
        raise IdempotencyKeyReused
    raise AnsweredBefore(kept)


def _keep(work: Work, key: str, fingerprint: bytes, response: Response) -> None:
    headers = {name: response.headers[name] for name in KEPT_HEADERS if name in response.headers}
    work.session.add(
        IdempotentAnswer(
            tenant_id=work.actor.tenant_id,
            person_id=work.actor.person_id,
            key=key,
            fingerprint=fingerprint,
            status=response.status_code,
            headers=headers,
            body=bytes(response.body),
            answered_at=work.now,
        )
    )
    work.session.flush()


Endpoint = Callable[..., object]


class WorkRoute(APIRoute):
    """A route that does all its work in one go, and answers a repeated write as the first time.

    FastAPI would hand a synchronous request to a thread three times: to open the transaction, to
    run the endpoint, to commit. Here one thread opens, runs, serialises and commits, which saves a
    third of a small request's CPU time; and nothing leaves before the commit has succeeded.
    """

    def __init__(
        self,
        path: str,
        endpoint: Endpoint,
        **described: Any,  # noqa: ANN401 -- handed on to FastAPI as it came
    ) -> None:
        super().__init__(path, self._in_one_go(endpoint), **described)

    def _in_one_go(self, endpoint: Endpoint) -> Callable[..., Coroutine[None, None, Response]]:
        """Return the endpoint as FastAPI shall call it: with a visit where it expects a Work."""

        @wraps(endpoint)
        async def answer(**values: object) -> Response:
            return await asyncio.to_thread(self._answer, endpoint, values)

        return answer

    @cached_property
    def _answer_type(self) -> TypeAdapter[object] | None:
        return TypeAdapter(self.response_model) if self.response_model else None

    @cached_property
    def _secrets(self) -> frozenset[str]:
        """The members of the answer that are shown once."""
        members = getattr(self.response_model, "model_fields", {})
        return frozenset(name for name, one in members.items() if SHOWN_ONCE in one.metadata)

    def _answer(self, endpoint: Endpoint, values: dict[str, object]) -> Response:
        name = next((name for name, value in values.items() if type(value) is Visit), None)
        if name is None:
            return self._response(endpoint(**values), values)
        visit = cast(Visit, values[name])
        with visit.work() as work:
            values[name] = work
            response = self._response(endpoint(**values), values)
            if fingerprint := visit.fingerprint:
                _keep(work, visit.key, fingerprint, self._without_secrets(response))
        return response

    def _response(self, found: object, values: Mapping[str, object]) -> Response:
        """Serialise what the endpoint returned, with the headers that it set beside it."""
        if isinstance(found, Response):
            return found
        status = self.status_code or HTTPStatus.OK
        response = Response(self._body(found), status, media_type=self._media_type(found))
        for beside in values.values():
            if type(beside) is Response:
                response.raw_headers += beside.raw_headers
                response.status_code = beside.status_code or status
        return response

    def _without_secrets(self, response: Response) -> Response:
        """Return what is answered when the request is repeated: the same, unless it was a secret.

        Whoever holds the key of a request whose answer was lost learns what was made, to revoke it.
        """
        if not self._secrets:
            return response
        shown = json.loads(bytes(response.body))
        made = {name: value for name, value in shown.items() if name not in self._secrets}
        return problem(SecretShownBefore(made=made))

    def _body(self, found: object) -> bytes | None:
        if self._answer_type is None:
            return None if found is None else json.dumps(jsonable_encoder(found)).encode()
        checked = self._answer_type.validate_python(found, from_attributes=True)
        return self._answer_type.dump_json(checked, by_alias=True)

    def _media_type(self, found: object) -> str | None:
        return None if self._answer_type is None and found is None else "application/json"

    def get_route_handler(self) -> Callable[[Request], Coroutine[None, None, Response]]:
        answer = super().get_route_handler()

        async def answer_once(request: Request) -> Response:
            await _note_fingerprint(request)
            try:
                return await answer(request)
            except AnsweredBefore as before:
                return before.response
            except RequestValidationError:
                # Who may not enter is told that first, and nothing of what the door is like inside.
                if visit := request.scope.get(VISIT):
                    await asyncio.to_thread(visit.check)
                raise

        return answer_once


async def _note_fingerprint(request: Request) -> None:
    """Note what tells a write from others under its Idempotency-Key, if it comes with one."""
    key = request.headers.get("idempotency-key")
    if key is None or request.method in READING:
        return
    if not (1 <= len(key) <= 255 and key.isascii() and key.isprintable()):
        raise Invalid("An Idempotency-Key is 1 to 255 printable ASCII characters.")
    url = request.url
    what = json.dumps([request.method, url.path, url.query, request.headers.get("if-match")])
    request.scope[FINGERPRINT] = hashlib.sha256(what.encode() + await request.body()).digest()


def feature_router(prefix: str, tag: str) -> APIRouter:
    """Return a router of `WorkRoute`s."""
    return api_router(prefix, tag, WorkRoute)
