"""A database full of portfolios, made in seconds: rows are generated inside PostgreSQL.

Constraints and triggers are off while it fills, so what is generated has to be right by itself. All
of it follows from a row's number; only the tokens are drawn anew.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit
from uuid import UUID

import psycopg
from psycopg import sql

from app.certification.numbers import check_digits
from app.cli.installation import load_bundled
from app.cli.migrating import migrate
from app.embedded.postgres import APP, OWNER, WORKER
from app.embedded.services import Services
from app.evidence.tree import SEALED_CONTENT
from app.kit.db import make_engine, make_sessions
from app.kit.settings import Settings
from app.people.tokens import new_token, token_hash
from app.storage.s3 import S3Store

STATEMENTS = Path(__file__).with_name("seed.sql")
SCOPES = ["portfolio:read", "portfolio:write", "assessment:read", "assessment:write"]

PART_SIZE = 8 * 1024 * 1024
PARTS = 9999
"""In how many the upload that each portfolio has under way is sent."""
LONGEST_QUEUE = 5000
"""Each deep queue holds so many assessments at most; more portfolios make more such referents."""
OTHER_REFERENTS = 40

TENANT, CANDIDATE, TOKEN, PORTFOLIO, FILE, ASSESSMENT, CERTIFICATE, REFERENT = (
    1,
    2,
    3,
    4,
    7,
    10,
    13,
    15,
)
"""The kinds of row that the plan names; `seed.sql` knows the others."""

Connection = psycopg.Connection[tuple[object, ...]]


def row_id(kind: int, number: int, part: int = 0) -> UUID:
    """Return the id of a generated row: in the order of time, as the service's own are."""
    return UUID(f"0199{number:08x}7{kind:03x}8000{part:012x}")


def certificate_number(serial: int) -> str:
    start = f"MC-S-2026-{serial:06d}-"
    return f"{start}{check_digits(start):02d}"


@dataclass(frozen=True, slots=True)
class Seeded:
    """A database full of portfolios, and the keys of the people in it."""

    settings: Settings
    superuser_url: str
    portfolios: int
    candidates: list[str]
    """The token of each portfolio's candidate."""
    deep_referents: list[str]
    other_referents: list[str]
    indicators: list[str]


def seed(services: Services, portfolios: int) -> Seeded:
    """Make the database anew with so many portfolios; what it held before is gone."""
    name = f"bench_{portfolios}"
    settings, superuser_url = _settings(services, name)
    _make_database(services.superuser_database_url, name)
    migrate(settings.owner_database_url or "")
    engine = make_engine(settings.worker_database_url, pool_size=1)
    load_bundled(make_sessions(engine))
    engine.dispose()
    S3Store.from_settings(settings).make_bucket([settings.public_url])
    with psycopg.connect(superuser_url, autocommit=True) as connection:
        return _fill(connection, settings, superuser_url, portfolios)


def _settings(services: Services, name: str) -> tuple[Settings, str]:
    def inside(url: str) -> str:
        return urlsplit(url)._replace(path=f"/{name}").geturl()

    settings = Settings(
        database_url=inside(services.app_database_url),
        worker_database_url=inside(services.worker_database_url),
        owner_database_url=inside(services.owner_database_url),
        s3_endpoint=services.s3_endpoint,
        s3_access_key=services.s3_access_key,
        s3_secret_key=services.s3_secret_key,
        s3_bucket="bench",
    )
    return settings, inside(services.superuser_database_url)


def _make_database(superuser_url: str, name: str) -> None:
    database = sql.Identifier(name)
    roles = sql.SQL(", ").join(map(sql.Identifier, (OWNER, APP, WORKER)))
    with psycopg.connect(superuser_url, autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(database))
        connection.execute(
            sql.SQL("CREATE DATABASE {} OWNER {}").format(database, sql.Identifier(OWNER))
        )
        connection.execute(sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(database, roles))


def _fill(connection: Connection, settings: Settings, url: str, portfolios: int) -> Seeded:
    deep = max(1, portfolios // LONGEST_QUEUE)
    connection.execute("SET session_replication_role = replica")
    connection.execute("SET synchronous_commit = off")
    connection.execute("SET maintenance_work_mem = '256MB'")
    for key, value in {
        "portfolios": portfolios,
        "deep": deep,
        "others": OTHER_REFERENTS,
        "part_size": PART_SIZE,
        "parts": PARTS,
    }.items():
        connection.execute("SELECT set_config(%s, %s, false)", [f"bench.{key}", str(value)])
    statements = STATEMENTS.read_text().split("\n;\n")
    for statement in statements:
        connection.execute(statement.encode())
    _seal(connection)
    _number_certificates(connection, portfolios)
    tokens = _give_tokens(connection, portfolios, deep + OTHER_REFERENTS)
    connection.execute("VACUUM (FREEZE, ANALYZE)")
    connection.execute("CHECKPOINT")
    rows = connection.execute("SELECT DISTINCT code, position FROM indicator ORDER BY position")
    return Seeded(
        settings=settings,
        superuser_url=url,
        portfolios=portfolios,
        candidates=tokens[:portfolios],
        deep_referents=tokens[portfolios : portfolios + deep],
        other_referents=tokens[portfolios + deep :],
        indicators=[str(row[0]) for row in rows],
    )


def _seal(connection: Connection) -> None:
    """Give every snapshot content of the usual size: what the first portfolio holds."""
    statement = str(SEALED_CONTENT).replace(":id", "%s")
    found = connection.execute(statement.encode(), [row_id(PORTFOLIO, 0)]).fetchone()
    connection.execute("UPDATE snapshot SET content = %s", found)


def _number_certificates(connection: Connection, portfolios: int) -> None:
    """Give the certificates their numbers: the check digits are the service's own to compute."""
    connection.execute("CREATE TEMPORARY TABLE numbered (serial bigint PRIMARY KEY, number text)")
    with connection.cursor().copy("COPY numbered FROM STDIN") as copy:
        for serial in range(1, portfolios + 1):
            copy.write_row((serial, certificate_number(serial)))
    connection.execute(
        "UPDATE certificate c SET number = n.number,"
        " facts = jsonb_set(c.facts::jsonb, '{number}', to_jsonb(n.number))::text"
        " FROM numbered n WHERE n.serial = c.serial"
    )


def _give_tokens(connection: Connection, candidates: int, referents: int) -> list[str]:
    people = [row_id(CANDIDATE, number) for number in range(candidates)]
    people += [row_id(REFERENT, number) for number in range(referents)]
    tokens = [new_token() for _ in people]
    now = datetime.now(UTC)
    # Tokens are marked as used once a minute. Here that moment lies ahead, so that no reading
    # becomes a writing in the middle of a round.
    used_at = now + timedelta(days=1)
    with connection.cursor().copy(
        "COPY api_token (id, tenant_id, person_id, name, hash, scopes, created_at, expires_at,"
        " last_used_at) FROM STDIN"
    ) as copy:
        for number, (person, token) in enumerate(zip(people, tokens, strict=True)):
            id_, hash_ = row_id(TOKEN, number), token_hash(token)
            tenant, ends_at = row_id(TENANT, 0), now + timedelta(days=30)
            copy.write_row((id_, tenant, person, "bench", hash_, SCOPES, now, ends_at, used_at))
    return tokens
