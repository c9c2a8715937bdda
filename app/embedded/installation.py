"""The folder `var/`: what one installation of the embedded services keeps between runs.

secrets.json   passwords and keys, made once, readable by their owner only
ports.json     the ports, chosen once
runtime.json   who runs the services now, and their addresses; readable by their owner only
postgres/  store/   the data and what belongs to it
log/           what the services say
"""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path

from app.embedded.errors import CannotStart
from app.embedded.life import Life


def _password() -> str:
    return secrets.token_urlsafe(24)


def _key() -> str:
    return secrets.token_hex(32)


@dataclass(frozen=True, slots=True)
class Secrets:
    """The passwords and keys of one installation; all are safe inside an URL."""

    superuser_password: str = field(default_factory=_password, repr=False)
    owner_password: str = field(default_factory=_password, repr=False)
    app_password: str = field(default_factory=_password, repr=False)
    worker_password: str = field(default_factory=_password, repr=False)
    s3_access_key: str = field(default_factory=lambda: secrets.token_hex(10).upper())
    s3_secret_key: str = field(default_factory=_password, repr=False)
    store_write_key: str = field(default_factory=_key, repr=False)
    store_read_key: str = field(default_factory=_key, repr=False)
    filer_write_key: str = field(default_factory=_key, repr=False)
    filer_read_key: str = field(default_factory=_key, repr=False)


@dataclass(frozen=True, slots=True)
class Installation:
    """The places inside one `var/` folder."""

    var: Path

    @property
    def secrets_file(self) -> Path:
        return self.var / "secrets.json"

    @property
    def ports_file(self) -> Path:
        return self.var / "ports.json"

    @property
    def runtime_file(self) -> Path:
        return self.var / "runtime.json"

    @property
    def supervisor_lock(self) -> Path:
        return self.var / "supervisor.lock"

    @property
    def logs(self) -> Path:
        return self.var / "log"

    @property
    def postgres(self) -> Path:
        return self.var / "postgres"

    @property
    def store(self) -> Path:
        return self.var / "store"

    def make(self) -> None:
        """Make the folders that are missing; the services' own are closed to other users."""
        try:
            self.var.mkdir(parents=True, exist_ok=True)
            for folder in (self.logs, self.postgres, self.store):
                folder.mkdir(mode=0o700, exist_ok=True)
        except OSError as problem:
            raise CannotStart(
                f"The folder {self.var} cannot be written ({problem.strerror}). Choose another "
                "with --var, or change its permissions."
            ) from problem
        for file in (self.supervisor_lock, self.secrets_file):
            if file.exists() and not os.access(file, os.R_OK | os.W_OK):
                raise CannotStart(
                    f"{file} belongs to another user. Run this as the same user as before, or "
                    "choose another folder with --var."
                )

    def secrets(self) -> Secrets:
        """Return the secrets, made on first use."""
        if not self.secrets_file.exists():
            write_private(self.secrets_file, json.dumps(asdict(Secrets()), indent=2))
        known = {each.name for each in fields(Secrets)}
        try:
            found = json.loads(self.secrets_file.read_text())
            return Secrets(**{name: found[name] for name in known})
        except (OSError, ValueError, KeyError, TypeError) as problem:
            raise CannotStart(
                f"{self.secrets_file} cannot be read or is damaged ({problem!r}). Bring it back "
                "from a backup: it holds the only copy of the services' passwords."
            ) from problem

    def running(self) -> dict[str, object] | None:
        """Return the addresses of the services that run now, None if none do."""
        try:
            found = json.loads(self.runtime_file.read_text())
            supervisor = Life(found["pid"], found["start"])
            addresses: dict[str, object] = dict(found["addresses"])
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return addresses if supervisor.goes_on() else None

    def announce(self, addresses: dict[str, object]) -> None:
        """Say that this process runs the services, and where."""
        me = Life.of(os.getpid())
        content = {"pid": me.pid, "start": me.start, "addresses": addresses}
        write_private(self.runtime_file, json.dumps(content, indent=2))

    def withdraw(self) -> None:
        self.runtime_file.unlink(missing_ok=True)


def write_private(path: Path, text: str) -> None:
    """Replace a file at once, readable and writable by its owner only."""
    draft = path.with_name(f"{path.name}.{os.getpid()}.new")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


@contextmanager
def locked(path: Path) -> Iterator[bool]:
    """Hold the lock `path` for the block if it is free; yields whether it was."""
    descriptor = lock(path)
    try:
        yield descriptor is not None
    finally:
        if descriptor is not None:
            os.close(descriptor)


def lock(path: Path) -> int | None:
    """Take the lock `path` and return its descriptor, None if someone else holds it.

    The lock lasts until the last process that has the descriptor closes it or ends.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor


def wait_unlocked(path: Path, seconds: float) -> bool:
    """Return whether nobody holds the lock `path` any more within `seconds`."""
    until = time.monotonic() + seconds
    while True:
        with locked(path) as free:
            if free:
                return True
        if time.monotonic() > until:
            return False
        time.sleep(0.05)
