"""The ways a request can be refused.

A feature names each refusal once, next to the rule that raises it. The class name becomes the
problem's `type`, its docstring the sentence a person reads, and the keywords the members that a
client needs to mend the request (RFC 9457).
"""

from __future__ import annotations

import re
from typing import ClassVar


class Refusal(Exception):
    """The request could not be carried out."""

    status: ClassVar[int] = 400

    def __init__(self, detail: str | None = None, **members: object) -> None:
        self.detail = detail or self.title()
        self.members = members
        super().__init__(self.detail)

    @classmethod
    def title(cls) -> str:
        return " ".join((cls.__doc__ or "").split())

    @classmethod
    def slug(cls) -> str:
        return re.sub(r"(?<!^)(?=[A-Z])", "-", cls.__name__).lower()


class Malformed(Refusal):
    """The request cannot be read."""


class Unauthenticated(Refusal):
    """This needs a valid API token in the Authorization header."""

    status = 401


class Forbidden(Refusal):
    """You are known, but not allowed to do this."""

    status = 403


class NotFound(Refusal):
    """There is nothing here, or nothing you may see."""

    status = 404


class Conflict(Refusal):
    """The request is well formed, but the present state of things rules it out."""

    status = 409


class StaleVersion(Refusal):
    """What you are changing has changed since you read it; read it again and repeat."""

    status = 412


class TooLarge(Refusal):
    """The request is larger than the service accepts."""

    status = 413


class Invalid(Refusal):
    """A value is well typed but makes no sense here."""

    status = 422


class VersionRequired(Refusal):
    """Say which version you are changing: send the resource's ETag as If-Match."""

    status = 428


class Unavailable(Refusal):
    """A part of the service does not answer just now; try again shortly."""

    status = 503
