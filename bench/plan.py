"""What is asked in each operation: requests as bytes, made before the clock runs.

A write names the version that it changes. The plan keeps count of them, so that every request finds
the version it names: a refusal would be far cheaper than the work.
"""

from __future__ import annotations

import hashlib
import json
import random
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID

from app.kit.paging import Position, cursor
from bench.seed import (
    ASSESSMENT,
    FILE,
    PART_SIZE,
    PARTS,
    PORTFOLIO,
    Seeded,
    certificate_number,
    row_id,
)

FRAMEWORK = "/api/v1/frameworks/MENTORCERT/versions/2020.1"
COMMENT = "Shown in the report of the third session."


@dataclass
class Plan:
    """Draws the next request of each kind; the same seed draws the same requests."""

    seeded: Seeded
    lot: random.Random = field(default_factory=lambda: random.Random(2020))  # noqa: S311 - no secret
    drawn: Counter[str] = field(default_factory=Counter)
    rating_versions: Counter[tuple[UUID, str]] = field(default_factory=Counter)
    assessment_versions: Counter[UUID] = field(default_factory=Counter)

    def portfolio(self) -> int:
        return self.lot.randrange(self.seeded.portfolios)

    def next(self, kind: str) -> int:
        """Return 0, 1, 2, … for each kind of request."""
        self.drawn[kind] += 1
        return self.drawn[kind] - 1

    def deep_referent(self, portfolio: int) -> str:
        tokens = self.seeded.deep_referents
        return tokens[portfolio % len(tokens)]

    def other_referent(self, portfolio: int) -> str:
        tokens = self.seeded.other_referents
        return tokens[portfolio % len(tokens)]


def framework_tree(plan: Plan) -> bytes:
    return request("GET", FRAMEWORK, {"Accept-Language": "en"})


def portfolio(plan: Plan) -> bytes:
    number = plan.portfolio()
    path = f"/api/v1/portfolios/{row_id(PORTFOLIO, number)}"
    return request("GET", path, as_(plan.seeded.candidates[number]))


def portfolio_unchanged(plan: Plan) -> bytes:
    number = plan.portfolio()
    path = f"/api/v1/portfolios/{row_id(PORTFOLIO, number)}"
    return request("GET", path, as_(plan.seeded.candidates[number]) | {"If-None-Match": '"120"'})


def one_rating(plan: Plan) -> bytes:
    drawn, portfolios = plan.next("rating"), plan.seeded.portfolios
    codes = plan.seeded.indicators
    number, code = drawn % portfolios, codes[drawn // portfolios % len(codes)]
    assessment = row_id(ASSESSMENT, number, 1)
    version = 1 + plan.rating_versions[assessment, code]
    plan.rating_versions[assessment, code] += 1
    headers = as_(plan.other_referent(number)) | {"If-Match": f'"{version}"'}
    body = {"rating": drawn % 4, "comment": COMMENT}
    return request("PUT", f"/api/v1/assessments/{assessment}/ratings/{code}", headers, body)


def all_ratings(plan: Plan) -> bytes:
    drawn = plan.next("ratings")
    number = drawn % plan.seeded.portfolios
    assessment = row_id(ASSESSMENT, number, 0)
    version = 1 + plan.assessment_versions[assessment]
    plan.assessment_versions[assessment] += 1
    headers = as_(plan.deep_referent(number)) | {"If-Match": f'"{version}"'}
    ratings = {
        code: {"rating": (drawn + place) % 4, "comment": COMMENT}
        for place, code in enumerate(plan.seeded.indicators)
    }
    path = f"/api/v1/assessments/{assessment}/ratings"
    return request("PUT", path, headers, {"ratings": ratings})


def parts_grant(count: int) -> Callable[[Plan], bytes]:
    digests = [hashlib.sha256(bytes([number])).hexdigest() for number in range(count)]

    def grant(plan: Plan) -> bytes:
        """Ask for parts that were not granted before, as whoever sends a file once does."""
        number = plan.portfolio()
        asked = f"parts of {number}"
        first = plan.drawn[asked] % (PARTS - count) + 1
        plan.drawn[asked] += count
        parts = [
            {"number": one, "size": PART_SIZE, "sha256": digest}
            for one, digest in enumerate(digests, first)
        ]
        path = f"/api/v1/files/{row_id(FILE, number, 12)}/parts"
        return request("POST", path, as_(plan.seeded.candidates[number]), {"parts": parts})

    return grant


def queue_page(plan: Plan) -> bytes:
    """Ask for a page far down the longest queue."""
    deep = len(plan.seeded.deep_referents)
    length = plan.seeded.portfolios // deep
    place = plan.lot.randrange(length // 2, max(length * 9 // 10, length // 2 + 1))
    number = place * deep
    assigned_at = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=81, minutes=10 * number)
    after = cursor(Position(assigned_at, row_id(ASSESSMENT, number, 0)))
    path = f"/api/v1/assessments?limit=50&cursor={after}"
    return request("GET", path, as_(plan.deep_referent(number)))


def certificate_check(plan: Plan) -> bytes:
    number = certificate_number(1 + plan.portfolio())
    return request("GET", f"/api/v1/certificates/{number}", {})


@dataclass(frozen=True, slots=True)
class Operation:
    """One kind of request: how many of them a round sends, and the answer that each must get."""

    name: str
    title: str
    make: Callable[[Plan], bytes]
    count: int
    status: str = "200"


OPERATIONS: Sequence[Operation] = (
    Operation("framework_tree", "framework tree", framework_tree, 4000),
    Operation("portfolio", "portfolio, 75 indicators", portfolio, 500),
    Operation("portfolio_unchanged", "the same, unchanged", portfolio_unchanged, 1000, "304"),
    Operation("one_rating", "one rating", one_rating, 700),
    Operation("all_ratings", "75 ratings at once", all_ratings, 300),
    Operation("grant_16", "upload grant, 16 parts", parts_grant(16), 400),
    Operation("grant_64", "upload grant, 64 parts", parts_grant(64), 250),
    Operation("queue_page", "queue page at depth", queue_page, 800),
    Operation("certificate_check", "certificate check", certificate_check, 1500),
)


def as_(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def request(
    method: str, path: str, headers: Mapping[str, str], body: Mapping[str, object] | None = None
) -> bytes:
    """Return a request as it goes over the wire."""
    sent = {"Host": "127.0.0.1", "Accept": "application/json", **headers}
    content = b""
    if body is not None:
        content = json.dumps(body, separators=(",", ":")).encode()
        sent |= {"Content-Type": "application/json", "Content-Length": str(len(content))}
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in sent.items())]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + content
