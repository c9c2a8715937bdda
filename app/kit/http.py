"""HTTP habits shared by all routers: problem documents, versions, and pages."""

from __future__ import annotations

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import FastAPI, Header, Request, Response
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import SQLAlchemyError
from starlette.exceptions import HTTPException

from app.kit.contention import refusal_of
from app.kit.errors import (
    Invalid,
    Malformed,
    NotFound,
    Refusal,
    StaleVersion,
    TooLarge,
    Unavailable,
    VersionRequired,
)

PROBLEM = "application/problem+json"

IfMatch = Annotated[str | None, Header()]
"""The ETag that a change is based on: see `version_in`."""
IfNoneMatch = Annotated[str | None, Header()]
"""The ETag that a reader holds already: see `known_version`."""


class NotAsDescribed(Invalid):
    """The request does not have the shape that the API describes; `errors` says where."""


class NoSuchMethod(Refusal):
    """This address does not take that method."""

    status = 405


class NoSuchAddress(NotFound):
    """There is no such address."""


def problem_body(refusal: Refusal) -> bytes:
    """Return the problem document (RFC 9457) of a refusal."""
    document = {
        "type": f"/problems/{refusal.slug()}",
        "title": refusal.title(),
        "status": refusal.status,
        "detail": refusal.detail,
        **refusal.members,
    }
    return json.dumps(document, default=str, ensure_ascii=False).encode("utf-8", "replace")


def problem(refusal: Refusal, headers: Mapping[str, str] | None = None) -> Response:
    extra = dict(headers or {})
    if refusal.status == HTTPStatus.UNAUTHORIZED:
        extra["WWW-Authenticate"] = 'Bearer realm="mentorcert"'
    if refusal.status == HTTPStatus.SERVICE_UNAVAILABLE:
        extra["Retry-After"] = "5"
    return Response(problem_body(refusal), refusal.status, extra, media_type=PROBLEM)


def _refused(_: Request, refusal: Exception) -> Response:
    if not isinstance(refusal, Refusal):
        raise refusal
    return problem(refusal)


def _misshapen(_: Request, error: Exception) -> Response:
    if not isinstance(error, RequestValidationError):
        raise error
    if any(found["type"] == "json_invalid" for found in error.errors()):
        return problem(Malformed("The body is not JSON."))
    places = [
        {"where": [str(step) for step in found["loc"]], "why": found["msg"]}
        for found in error.errors()[:50]
    ]
    return problem(NotAsDescribed(errors=places))


_BY_STATUS: Mapping[int, type[Refusal]] = {
    404: NoSuchAddress,
    405: NoSuchMethod,
    413: TooLarge,
    503: Unavailable,
}


def _http_error(_: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    kind = _BY_STATUS.get(error.status_code, Malformed)
    return problem(kind(), error.headers)


def _contended(_: Request, error: Exception) -> Response:
    refusal = refusal_of(error) if isinstance(error, SQLAlchemyError) else None
    if refusal is None:
        raise error
    return problem(refusal)


def add_problem_handlers(app: FastAPI) -> None:
    """Answer every refusal, wrong shape and HTTP error with a problem document."""
    app.add_exception_handler(Refusal, _refused)
    app.add_exception_handler(SQLAlchemyError, _contended)
    app.add_exception_handler(RequestValidationError, _misshapen)
    app.add_exception_handler(HTTPException, _http_error)


def problem_kinds() -> list[dict[str, object]]:
    """Return every type of refusal with its sentence and status, by type."""
    found: dict[str, dict[str, object]] = {}
    waiting = [Refusal]
    while waiting:
        kind = waiting.pop()
        waiting += kind.__subclasses__()
        found[kind.slug()] = {
            "type": f"/problems/{kind.slug()}",
            "title": kind.title(),
            "status": kind.status,
        }
    return [found[slug] for slug in sorted(found)]


def etag(version: int) -> str:
    return f'"{version}"'


def with_etag(response: Response, version: int) -> None:
    response.headers["ETag"] = etag(version)


def version_in(if_match: str | None) -> int:
    """Return the version that an If-Match header names; changes need one."""
    if if_match is None:
        raise VersionRequired
    given = if_match.strip()
    if len(given) > 2 and given[0] == given[-1] == '"' and given[1:-1].isdecimal():
        return min(int(given[1:-1][:19]), 2**62)
    raise StaleVersion("If-Match takes one ETag, exactly as it was given.")


def known_version(if_none_match: str | None) -> int | None:
    """Return the version that a conditional GET already has, if it names one."""
    if if_none_match is None:
        return None
    given = if_none_match.strip().removeprefix("W/").strip('"')
    return int(given) if given.isascii() and given.isdecimal() and len(given) < 19 else None


def same_version(if_none_match: str | None, tag: str) -> bool:
    """Tell whether a conditional GET may be answered 304."""
    if not if_none_match:
        return False
    given = [one.strip().removeprefix("W/") for one in if_none_match.split(",")]
    return "*" in given or tag in given


def link_next(request: Request, response: Response, next_cursor: str | None) -> None:
    """Name the next page, if there is one, in the Link header."""
    if next_cursor is not None:
        url = request.url.include_query_params(cursor=next_cursor)
        target = f"{url.path}?{url.query}"
        response.headers["Link"] = f'<{target}>; rel="next"'


def declared(*kinds: type[Refusal]) -> dict[int | str, dict[str, Any]]:
    """Describe refusals for the OpenAPI document: `responses=declared(...)`."""
    by_status: dict[int | str, dict[str, Any]] = {}
    for status in sorted({kind.status for kind in kinds}):
        same = [kind for kind in kinds if kind.status == status]
        by_status[status] = {
            "description": " · ".join(f"`{kind.slug()}` {kind.title()}" for kind in same),
            "content": {PROBLEM: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
    return by_status
