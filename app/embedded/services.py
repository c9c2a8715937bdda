"""The entrance to the embedded services: use those that run for a `var/` folder, or run them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Self

from app.embedded import ports, postgres, seaweed
from app.embedded.errors import CannotStart
from app.embedded.identity import Identity, unprivileged
from app.embedded.installation import Installation, Secrets, locked
from app.embedded.ports import Ports
from app.embedded.postgres import APP, OWNER, SUPERUSER, WORKER, Postgres
from app.embedded.process import end_leftovers
from app.embedded.seaweed import Store
from app.embedded.supervision import Supervision

PATIENCE = 180.0  # seconds to wait for another process that is just starting the services
ATTEMPTS = 3  # another program may take a port between our choice and our start


@dataclass(frozen=True, slots=True)
class Services:
    """Where the embedded services are, and the keys to them."""

    owner_database_url: str = field(repr=False)
    app_database_url: str = field(repr=False)
    worker_database_url: str = field(repr=False)
    superuser_database_url: str = field(repr=False)
    s3_endpoint: str
    s3_access_key: str
    s3_secret_key: str = field(repr=False)
    web_port: int
    started: bool
    """False if they ran already, for another process, which will also stop them."""


@contextmanager
def services(var: Path) -> Iterator[Services]:
    """Lend the services of `var` for the block.

    If they run already, use them. Otherwise start them, bring back what crashes, and stop them
    at the end of the block. Of two processes that begin at once, one starts and the other uses.
    Raises CannotStart with a sentence for people.
    """
    installation = Installation(var.resolve())
    installation.make()
    until = time.monotonic() + PATIENCE
    while True:
        running = _running(installation)
        if running is not None:
            yield running
            return
        with locked(installation.supervisor_lock) as ours:
            # Asked again: another process may have announced them since.
            if ours and _running(installation) is None:
                with _run(installation) as started:
                    yield started
                return
        _check_patience(installation, until)
        time.sleep(0.1)


def _running(installation: Installation) -> Services | None:
    addresses = installation.running()
    try:
        return None if addresses is None else Services(**addresses, started=False)  # type: ignore[arg-type]
    except TypeError:
        return None


def _check_patience(installation: Installation, until: float) -> None:
    if time.monotonic() > until:
        raise CannotStart(
            f"Another process has been starting the services of {installation.var} for "
            f"{PATIENCE:.0f} seconds. Look for it, or wait and try again."
        )


@contextmanager
def _run(installation: Installation) -> Iterator[Services]:
    installation.withdraw()
    secrets = installation.secrets()
    parts = _Parts.found(installation.postgres / "data")
    end_leftovers(installation.postgres, postgres.NAME, postgres.STOP)
    end_leftovers(installation.store, seaweed.NAME, seaweed.STOP)
    supervision, database, store = parts.start(installation, secrets)
    try:
        database.prepare(secrets)
        here = _services(database, store, secrets)
        installation.announce(_addresses(here))
        yield here
    finally:
        installation.withdraw()
        supervision.stop()
        store.tidy()


@dataclass(frozen=True, slots=True)
class _Parts:
    """The programs, as found on this machine."""

    postgres: Path
    weed: Path
    identity: Identity

    @classmethod
    def found(cls, data: Path) -> Self:
        programs, weed = postgres.installed_programs(), seaweed.installed_program()
        return cls(programs, weed, unprivileged(programs / "postgres", data))

    def start(
        self, installation: Installation, secrets: Secrets
    ) -> tuple[Supervision, Postgres, Store]:
        """Start both on free ports; return once they answer."""
        for _ in range(ATTEMPTS - 1):
            chosen = ports.settle(installation.ports_file, seaweed.usable)
            try:
                return self._start_on(chosen, installation, secrets)
            except CannotStart:
                if not ports.taken(chosen, seaweed.usable):
                    raise
        chosen = ports.settle(installation.ports_file, seaweed.usable)
        return self._start_on(chosen, installation, secrets)

    def _start_on(
        self, chosen: Ports, installation: Installation, secrets: Secrets
    ) -> tuple[Supervision, Postgres, Store]:
        logs = installation.logs
        database = Postgres(
            self.postgres,
            installation.postgres,
            logs / "postgres.log",
            chosen.postgres,
            self.identity,
        )
        store = Store(self.weed, installation.store, logs / "store.log", chosen)
        database.create(secrets.superuser_password)
        store.configure(secrets)
        supervision = Supervision([database.program(), store.program()])
        supervision.start()
        return supervision, database, store


def _services(database: Postgres, store: Store, secrets: Secrets) -> Services:
    return Services(
        owner_database_url=database.url(OWNER, secrets.owner_password),
        app_database_url=database.url(APP, secrets.app_password),
        worker_database_url=database.url(WORKER, secrets.worker_password),
        superuser_database_url=database.url(SUPERUSER, secrets.superuser_password),
        s3_endpoint=store.endpoint,
        s3_access_key=secrets.s3_access_key,
        s3_secret_key=secrets.s3_secret_key,
        web_port=store.ports.web,
        started=True,
    )


def _addresses(here: Services) -> dict[str, object]:
    return {name: value for name, value in asdict(here).items() if name != "started"}
