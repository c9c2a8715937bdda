"""The limit: the same answers with the same guarantees, by hand and in as few steps as make sense.

A bare ASGI program on psycopg's own asynchronous connections, started like the service:
`python -m bench.limit HOST PORT`. It looks tokens up by the same function, works under the same row
level security in one transaction, checks versions, and writes the journal by the same function. It
knows only the requests that are measured, and refuses all else with a bare status.
"""

from __future__ import annotations

import asyncio
import gc
import json
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from uuid import UUID

import psycopg
import uvicorn
from psycopg.rows import TupleRow
from starlette.types import Receive, Scope, Send

from app.certification.numbers import is_well_formed as is_number
from app.framework.published import Answer as Published
from app.framework.published import Shelf
from app.kit.db import make_engine, make_sessions, transaction
from app.kit.paging import Position, cursor, position
from app.kit.settings import Settings
from app.people.tokens import is_well_formed, token_hash
from app.portfolio.lifecycle import State, steps_from
from app.storage import Part
from app.storage.web import SigningStore
from bench import statements

POOL = 6
SCALE = frozenset({0, 1, 2, 3})
JSON = (b"content-type", b"application/json")
STAFF = frozenset({"officer", "verifier", "decision_maker"})
OPENINGS = {
    state.value: b'{"open_steps": ['
    + ", ".join(f'"{step}"' for step in steps_from(state)).encode()
    + b"], "
    for state in State
}

Connection = psycopg.AsyncConnection[TupleRow]
Headers = list[tuple[bytes, bytes]]
Answer = tuple[int, Headers, bytes]


class Refused(Exception):
    """A request that is not answered as asked; the transaction is undone."""

    def __init__(self, status: int) -> None:
        self.status = status


@dataclass(frozen=True, slots=True)
class Who:
    """Whose token it is."""

    person: UUID
    roles: frozenset[str]


class Limit:
    """The ASGI program."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.store = SigningStore.from_settings(settings)
        self.idle: asyncio.LifoQueue[Connection] = asyncio.LifoQueue()
        self.ready: dict[str, Published] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        ready = self.ready.get(scope["path"])
        if ready is not None:
            await send({"type": "http.response.start", "status": 200, "headers": ready.whole})
            await send({"type": "http.response.body", "body": ready.body})
            return
        try:
            status, headers, body = await self.answer(scope, receive)
        except Refused as refused:
            status, headers, body = refused.status, [], b""
        if status != 304:
            headers.append((b"content-length", str(len(body)).encode()))
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        for _ in range(POOL):
            connection = await psycopg.AsyncConnection.connect(
                self.settings.database_url, autocommit=True, prepare_threshold=0
            )
            self.idle.put_nowait(connection)
        await send({"type": "lifespan.startup.complete"})
        await receive()
        while not self.idle.empty():
            await self.idle.get_nowait().close()
        await send({"type": "lifespan.shutdown.complete"})

    async def answer(self, scope: Scope, receive: Receive) -> Answer:
        path: str = scope["path"]
        if path == "/healthz":
            return 200, [JSON], b'{"status":"alive"}'
        given = dict(scope["headers"])
        feature, *rest = path.removeprefix("/api/v1/").split("/")
        method = scope["method"]
        match method, feature, rest:
            case "GET", "certificates", [number]:
                return await self.certificate(number)
            case "GET", "portfolios", [id_]:
                return await self.portfolio(given, UUID(id_))
            case "GET", "assessments", []:
                return await self.queue(given, scope["query_string"].decode())
            case "PUT", "assessments", [id_, "ratings", code]:
                return await self.rate(given, UUID(id_), code, await whole(receive))
            case "PUT", "assessments", [id_, "ratings"]:
                return await self.rate_many(given, UUID(id_), await whole(receive))
            case "POST", "files", [id_, "parts"]:
                return await self.grant(given, UUID(id_), await whole(receive))
        raise Refused(404)

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        found = await self.idle.get()
        try:
            yield found
        finally:
            self.idle.put_nowait(found)

    @asynccontextmanager
    async def entered(
        self, given: Mapping[bytes, bytes], scope: str, now: datetime
    ) -> AsyncIterator[tuple[Connection, Who]]:
        """Lend a connection inside a transaction in the tenant of the request's token."""
        token = bearer(given)
        async with self.connection() as connection:
            await connection.execute("BEGIN")
            try:
                row = await first(connection, statements.AUTHENTICATE, (token_hash(token), now))
                yield connection, who(row, scope)
            except BaseException:
                await connection.execute("ROLLBACK")
                raise
            await connection.execute("COMMIT")

    async def certificate(self, number: str) -> Answer:
        if not is_number(number):
            raise Refused(422)
        async with self.connection() as connection:
            row = await first(connection, statements.CERTIFICATE, (number,))
        if row is None:
            raise Refused(404)
        status, issued_on, valid_until, facts, history, damaged_at = row
        assert isinstance(valid_until, date)  # noqa: S101 - for the types
        if datetime.now(UTC).date() > valid_until and status in ("active", "suspended"):
            status = "expired"
        body = (
            f'{{"status":"{status}","valid":{"true" if status == "active" else "false"},'
            f'"issued_on":"{issued_on}","valid_until":"{valid_until}",'
            f'"evidence_intact":{"true" if damaged_at is None else "false"},'
            f'"history":{history},{str(facts)[1:]}'
        ).encode()
        return 200, [JSON, (b"cache-control", b"no-cache")], body

    async def portfolio(self, given: Mapping[bytes, bytes], id_: UUID) -> Answer:
        known = given.get(b"if-none-match")
        version_known = int(known.strip(b'"')) if known else None
        now = datetime.now(UTC)
        async with self.entered(given, "portfolio:read", now) as (connection, reader):
            row = await first(connection, statements.PORTFOLIO, (version_known, id_))
            if row is None:
                raise Refused(404)
            candidate, version, state, body = row
            if reader.person != candidate and not reader.roles & STAFF:
                raise Refused(404)
        headers = [(b"etag", f'"{version}"'.encode()), (b"cache-control", b"private, no-cache")]
        if body is None:
            return 304, headers, b""
        return 200, [*headers, JSON], OPENINGS[str(state)] + str(body)[1:].encode()

    async def queue(self, given: Mapping[bytes, bytes], query: str) -> Answer:
        asked = dict(pair.split("=", 1) for pair in query.split("&"))
        limit, after = int(asked["limit"]), position(asked["cursor"])
        if after is None or not 1 <= limit <= 200:
            raise Refused(422)
        now = datetime.now(UTC)
        async with self.entered(given, "assessment:read", now) as (connection, reader):
            place = (reader.person, after.at, after.id, limit + 1)
            row = await first(connection, statements.QUEUE, (limit + 1, limit, limit, *place))
        body, count, at, id_ = row or ("[]", 0, None, None)
        headers = [JSON]
        if isinstance(count, int) and count > limit and isinstance(at, datetime):
            following = cursor(Position(at, UUID(str(id_))))
            link = f'</api/v1/assessments?limit={limit}&cursor={following}>; rel="next"'
            headers.append((b"link", link.encode()))
        return 200, headers, str(body).encode()

    async def rate(
        self, given: Mapping[bytes, bytes], id_: UUID, code: str, content: bytes
    ) -> Answer:
        body = rating_in(json.loads(content))
        version, now = version_in(given), datetime.now(UTC)
        async with self.entered(given, "assessment:write", now) as (connection, referent):
            if "referent" not in referent.roles:
                raise Refused(403)
            rating, comment = body
            facts = {"indicator": code, "not_assessable": False, "rating": rating}
            values = {
                "assessment": id_,
                "referent": referent.person,
                "indicator": code,
                "rating": rating,
                "comment": comment,
                "version": version,
                "at": now,
                "body": entry(now, referent.person, "assessment.rated", id_, facts),
            }
            row = await first(connection, statements.RATE, values)
            if row is None:
                raise Refused(412)
            version = int(str(row[0]))
            self._check_scale(row[1], [rating])
        answer = {
            "indicator": code,
            "rating": rating,
            "not_assessable": False,
            "comment": comment,
            "version": version,
            "rated_at": now.isoformat().replace("+00:00", "Z"),
        }
        return 200, [JSON, (b"etag", f'"{version}"'.encode())], dumped(answer)

    async def rate_many(self, given: Mapping[bytes, bytes], id_: UUID, content: bytes) -> Answer:
        ratings = {code: rating_in(one) for code, one in json.loads(content)["ratings"].items()}
        rows = [
            {"indicator": code, "rating": rating, "not_assessable": False, "comment": comment}
            for code, (rating, comment) in ratings.items()
        ]
        version, now = version_in(given), datetime.now(UTC)
        async with self.entered(given, "assessment:write", now) as (connection, referent):
            if "referent" not in referent.roles:
                raise Refused(403)
            facts = {"ratings": {code: rating for code, (rating, _) in ratings.items()}}
            values = {
                "assessment": id_,
                "referent": referent.person,
                "ratings": json.dumps(rows),
                "version": version,
                "at": now,
                "body": entry(now, referent.person, "assessment.rated", id_, facts),
            }
            row = await first(connection, statements.RATE_MANY, values)
            if row is None or row[0] != len(rows):
                raise Refused(412)
            self._check_scale(row[4], [rating for rating, _ in ratings.values()])
        body = f'{{"version":{row[2]},"rated":{row[3]},"versions":{row[1]}}}'.encode()
        return 200, [JSON, (b"etag", f'"{row[2]}"'.encode())], body

    def _check_scale(self, scheme: object, ratings: list[int]) -> None:
        if not isinstance(scheme, UUID) or not SCALE.issuperset(ratings):
            raise Refused(422)

    async def grant(self, given: Mapping[bytes, bytes], id_: UUID, content: bytes) -> Answer:
        wanted = [
            Part(one["number"], one["size"], one["sha256"]) for one in json.loads(content)["parts"]
        ]
        now = datetime.now(UTC)
        async with self.entered(given, "portfolio:write", now) as (connection, candidate):
            numbers = [part.number for part in wanted]
            asked = {"file": id_, "first": min(numbers), "last": max(numbers), "at": now}
            row = await first(connection, statements.FILE, asked)
            if row is None or row[0] != candidate.person or "candidate" not in candidate.roles:
                raise Refused(404)
            _, portfolio_id, size, state, upload_id, part_size = row
            if state != "uploading":
                raise Refused(409)
            length, each = int(str(size)), int(str(part_size))
            count = -(-length // each)
            for part in wanted:
                expected = length - (count - 1) * each if part.number == count else each
                if not 1 <= part.number <= count or part.size != expected:
                    raise Refused(422)
        key = f"incoming/{portfolio_id}/{id_}"
        links = self.store.part_links(key, str(upload_id), wanted, seconds=3600)
        parts = [
            {
                "number": part.number,
                "request": {"method": link.method, "url": link.url, "headers": dict(link.headers)},
            }
            for part, link in zip(wanted, links, strict=True)
        ]
        ends_at = datetime.fromtimestamp(now.timestamp() + 3600, UTC).isoformat()
        told = {"parts": parts, "held": [], "expires_at": ends_at.replace("+00:00", "Z")}
        return 200, [JSON], dumped(told)


async def whole(receive: Receive) -> bytes:
    """Return a request's body."""
    message = await receive()
    body: bytes = message.get("body", b"")
    while message.get("more_body"):
        message = await receive()
        body += message.get("body", b"")
    return body


async def first(
    connection: Connection, statement: bytes, values: tuple[object, ...] | Mapping[str, object]
) -> TupleRow | None:
    """Return the first row that a statement gives."""
    return await (await connection.execute(statement, values)).fetchone()


def bearer(given: Mapping[bytes, bytes]) -> str:
    scheme, _, token = given.get(b"authorization", b"").decode("latin-1").partition(" ")
    if scheme.lower() != "bearer" or not is_well_formed(token):
        raise Refused(401)
    return token


def who(row: TupleRow | None, scope: str) -> Who:
    if row is None or row[0] != "valid":
        raise Refused(401)
    if scope not in row[2]:
        raise Refused(403)
    return Who(row[1], frozenset(row[3]))


def version_in(given: Mapping[bytes, bytes]) -> int:
    if b"if-match" not in given:
        raise Refused(428)
    return int(given[b"if-match"].strip(b'"'))


def rating_in(body: Mapping[str, object]) -> tuple[int, str | None]:
    """Check the members of a rating; the measured ones rate and say why."""
    rating, comment = body.get("rating"), body.get("comment")
    if body.keys() - {"rating", "comment"} or not isinstance(rating, int):
        raise Refused(422)
    if comment is None:
        return rating, None
    if not isinstance(comment, str) or not 1 <= len(comment) <= 10_000 or "\0" in comment:
        raise Refused(422)
    return rating, comment.strip()


def entry(
    at: datetime, actor: UUID, action: str, subject: UUID, facts: Mapping[str, object]
) -> str:
    """Return a journal entry's canonical text, with members in their order."""
    written = {
        "action": action,
        "actor": str(actor),
        "at": at.isoformat(),
        "facts": facts,
        "subject": str(subject),
    }
    return json.dumps(written, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def dumped(answer: object) -> bytes:
    return json.dumps(answer, separators=(",", ":"), ensure_ascii=False).encode()


def serve(settings: Settings, host: str, port: int) -> None:
    """Run it exactly as the service runs (`app.main.serve`)."""
    program = Limit(settings)
    engine = make_engine(settings.database_url, pool_size=1)
    shelf = Shelf()
    with transaction(make_sessions(engine)) as session:
        shelf.fill(session)
    for path, answers in shelf.by_path.items():
        program.ready[path] = answers.by_language["en"]
    engine.dispose()
    gc.collect()
    gc.freeze()
    gc.enable()
    gc.set_threshold(20_000, 20, 50)
    uvicorn.run(
        program,
        host=host,
        port=port,
        loop="uvloop",
        http="httptools",
        access_log=False,
        log_config=None,
        server_header=False,
        timeout_keep_alive=30,
    )


def main() -> None:
    serve(Settings.read(), sys.argv[1], int(sys.argv[2]))
