"""The OpenAPI document's shared parts: the shape of a problem, and how to authenticate."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute

PROBLEM_SCHEMA = {
    "title": "Problem",
    "type": "object",
    "description": "A refusal (RFC 9457). Further members say what is needed to mend the request.",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string", "examples": ["/problems/not-ready"]},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
    },
    "additionalProperties": True,
}
PROBLEM_CONTENT = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
COMMON = {
    "400": "The request cannot be read.",
    "401": "A valid API token is needed.",
    "403": "Your token or your roles do not allow this.",
    "409": "The present state of things rules this out.",
    "413": "The body is too large.",
    "422": "The request does not have the shape described here, or a value makes no sense.",
    "503": "A part of the service does not answer just now.",
}
PUBLIC_TAGS = frozenset({"Reference data", "Certificates"})


def describe(app: FastAPI, operations: Sequence[APIRoute]) -> None:
    """Make the app's OpenAPI document tell its operations, how to authenticate, how it refuses."""

    def described() -> dict[str, Any]:
        if app.openapi_schema is None:
            document = get_openapi(
                title=app.title,
                version=app.version,
                summary=app.summary,
                description=app.description,
                routes=operations,
            )
            components = document.setdefault("components", {})
            schemas = components.setdefault("schemas", {})
            schemas["Problem"] = PROBLEM_SCHEMA
            for unused in ("HTTPValidationError", "ValidationError"):
                schemas.pop(unused, None)
            components["securitySchemes"] = {
                "token": {"type": "http", "scheme": "bearer", "bearerFormat": "mc_…"}
            }
            for path in document["paths"].values():
                for operation in path.values():
                    _describe(operation)
            app.openapi_schema = document
        return app.openapi_schema

    app.openapi = described  # type: ignore[method-assign]


def _describe(operation: dict[str, Any]) -> None:
    public = bool(PUBLIC_TAGS & set(operation.get("tags", [])))
    responses = operation["responses"]
    for status, description in COMMON.items():
        if public and status in ("401", "403", "409", "413"):
            continue
        if status == "422" and status in responses:
            responses[status]["content"] = PROBLEM_CONTENT
        responses.setdefault(status, {"description": description, "content": PROBLEM_CONTENT})
    if not public:
        operation["security"] = [{"token": []}]
