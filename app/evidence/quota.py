"""How much room people's files may take up, and when there is none left.

Counted is every file that is neither rejected nor deleted, with the size it was announced with;
what the service derives from files is not.
"""

from __future__ import annotations

from dataclasses import dataclass

from app.kit.errors import Conflict


class QuotaExceeded(Conflict):
    """There is no room left for this file; `whose` room it is, `used` and `limit` in bytes."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How many bytes a person's files, and a certification body's, may take up; 0: any number."""

    per_person: int
    per_tenant: int


@dataclass(frozen=True, slots=True)
class Use:
    """How many bytes a person's files take up, and those of the whole certification body."""

    person: int
    tenant: int


def check(limits: Limits, use: Use, size: int) -> None:
    """Refuse a file of `size` bytes that would go beyond a limit."""
    for whose, used, limit in (
        ("person", use.person, limits.per_person),
        ("certification_body", use.tenant, limits.per_tenant),
    ):
        if limit and used + size > limit:
            raise QuotaExceeded(whose=whose, used=used, limit=limit, asked=size)
