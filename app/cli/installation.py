"""One installation, ready to serve: its services, its schema, its reference data, its bucket."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from app.cli.migrating import migrate
from app.embedded.services import Services, services
from app.framework import loader, queries, service
from app.framework.content import Kind
from app.framework.queries import NothingPublished
from app.kit.clock import utc_now
from app.kit.db import Sessions, make_engine, make_sessions, transaction
from app.kit.settings import Settings
from app.storage import selfcheck
from app.storage.s3 import S3Store

VAR = Path("var")

Say = Callable[[str], None]
"""Tells a person how far things are."""


class CannotServe(Exception):
    """The installation is not fit to serve; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Choices:
    """What a person chose on the command line instead of the embedded default."""

    var: Path = VAR
    database_url: str | None = None
    s3_endpoint: str | None = None
    public_url: str | None = None
    port: int | None = None


@dataclass(frozen=True, slots=True)
class Installation:
    """Settings that work, and the port that the web process listens on."""

    settings: Settings
    port: int
    var: Path
    own_store: bool = False
    """Whether the object store is the embedded one, which nobody else uses."""


@contextmanager
def installation(choices: Choices) -> Iterator[Installation]:
    """Lend an installation for the block: outside services where they are named, else our own.

    Raises CannotStart or CannotServe with a sentence for people.
    """
    if choices.database_url and choices.s3_endpoint:
        yield _outside(choices)
        return
    if choices.database_url or choices.s3_endpoint:
        raise CannotServe("Give both --database-url and --s3-endpoint, or neither.")
    with services(choices.var) as running:
        yield _embedded(choices, running)


def _embedded(choices: Choices, running: Services) -> Installation:
    port = choices.port or running.web_port
    settings = Settings.read(
        database_url=running.app_database_url,
        worker_database_url=running.worker_database_url,
        owner_database_url=running.owner_database_url,
        s3_endpoint=running.s3_endpoint,
        s3_access_key=running.s3_access_key,
        s3_secret_key=running.s3_secret_key,
        public_url=f"http://localhost:{port}",
        mail_folder=str(choices.var.resolve() / "mail"),
    )
    return Installation(
        settings.changed(public_url=choices.public_url), port, choices.var, own_store=True
    )


def _outside(choices: Choices) -> Installation:
    try:
        settings = Settings.read(
            database_url=choices.database_url,
            worker_database_url=choices.database_url,
            s3_endpoint=choices.s3_endpoint,
            mail_folder=str(choices.var.resolve() / "mail"),
        )
    except ValueError as problem:
        raise CannotServe(
            f"{problem} Set MENTORCERT_S3_ACCESS_KEY and MENTORCERT_S3_SECRET_KEY for the store,"
            " MENTORCERT_WORKER_DATABASE_URL and MENTORCERT_OWNER_DATABASE_URL for the database."
        ) from problem
    return Installation(
        settings.changed(public_url=choices.public_url), choices.port or 8000, choices.var
    )


def prepare(here: Installation, say: Say) -> None:
    """Bring schema, reference data and bucket up to date, and refuse a store that does not hold."""
    settings = here.settings
    if settings.owner_database_url is not None:
        for revision in migrate(settings.owner_database_url):
            say(f"schema: {revision}")
    sessions = worker_sessions(settings)
    for line in load_bundled(sessions):
        say(line)
    store = S3Store.from_settings(settings)
    store.make_bucket([settings.public_url], lock=here.own_store)
    if not store.locks_objects():
        say("The bucket cannot lock objects: what is sealed is kept by the service's rights alone.")
    if failures := selfcheck.check(settings):
        lacks = "\n".join(f"  - {failure.lack}" for failure in failures)
        raise CannotServe(f"The object store does not hold what evidence needs:\n{lacks}")


def worker_sessions(settings: Settings) -> Sessions:
    return make_sessions(make_engine(settings.worker_database_url, pool_size=2))


def load_bundled(sessions: Sessions) -> list[str]:
    """Load the bundled reference data; publish what has no published version yet."""
    said = []
    with transaction(sessions) as session:
        loaded = loader.load(session, loader.BUNDLED, now=utc_now())
        # A scheme names a framework and a charter that are published before it.
        for one in sorted(loaded, key=lambda one: one.kind == Kind.SCHEME):
            code, version = one.reference.code, one.reference.version
            if not _has_published(sessions, one.kind, code):
                service.publish(session, one.kind, code, version, now=utc_now())
                said.append(f"{one.kind} {code} {version}: published")
    return said


def _has_published(sessions: Sessions, kind: Kind, code: str) -> bool:
    with transaction(sessions) as session:
        try:
            queries.published(session, kind, code)
        except NothingPublished:
            return False
    return True
