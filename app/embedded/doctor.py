"""What is right and wrong with this machine and this `var/` folder, in plain words."""

from __future__ import annotations

import os
import shutil
import socket
import stat
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from app.embedded import ports, postgres, seaweed
from app.embedded.errors import CannotStart
from app.embedded.identity import Mode, unprivileged
from app.embedded.installation import Installation, locked
from app.embedded.postgres import SHARED_MEMORY

OLDEST_PYTHON = (3, 11)
LEAST_SPACE = 2 * 1024**3  # bytes; below it the store soon stops taking uploads


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at: how it is, and what to do if that is not right."""

    ok: bool
    subject: str
    sentence: str
    remedy: str | None = None


def findings(var: Path) -> list[Finding]:
    """Look at everything that the embedded services need. Changes and starts nothing."""
    place = Installation(var.resolve())
    found = [_look(subject, place) for subject in LOOKS]
    return [*found, *_ports(place), *_services(place)]


def _look(subject: str, place: Installation) -> Finding:
    try:
        return LOOKS[subject](subject, place)
    except CannotStart as problem:
        return Finding(False, subject, str(problem))
    except OSError as problem:
        return Finding(False, subject, f"It cannot be looked at: {problem}.")


def _python(subject: str, place: Installation) -> Finding:
    version = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info >= OLDEST_PYTHON:
        return Finding(True, subject, f"Python {version} will do.")
    return Finding(False, subject, f"Python {version} is too old.", "Install Python 3.11 or newer.")


def _postgres_program(subject: str, place: Installation) -> Finding:
    programs = postgres.installed_programs()
    return _executable(subject, [programs / "postgres", programs / "initdb"])


def _store_program(subject: str, place: Installation) -> Finding:
    return _executable(subject, [seaweed.installed_program()])


def _executable(subject: str, programs: list[Path]) -> Finding:
    for program in programs:
        if not os.access(program, os.X_OK):
            remedy = (
                "Delete .venv and set the project up again; check that its disk allows programs."
            )
            return Finding(False, subject, f"{program} may not be executed.", remedy)
    return Finding(True, subject, f"{programs[0]} is there and may be executed.")


def _folder(subject: str, place: Installation) -> Finding:
    nearest = next(p for p in (place.var, *place.var.parents) if p.exists())
    if os.access(nearest, os.W_OK | os.X_OK):
        return Finding(True, subject, f"{place.var} can be written.")
    remedy = "Choose another folder with --var, or change its permissions."
    return Finding(False, subject, f"{nearest} cannot be written.", remedy)


def _space(subject: str, place: Installation) -> Finding:
    nearest = next(p for p in (place.var, *place.var.parents) if p.exists())
    free = shutil.disk_usage(nearest).free
    sentence = f"{free / 1024**3:.1f} GiB are free at {nearest}."
    if free >= LEAST_SPACE:
        return Finding(True, subject, sentence)
    return Finding(False, subject, sentence, "Free some space: evidence needs at least 2 GiB.")


def _secrets(subject: str, place: Installation) -> Finding:
    if not place.secrets_file.exists():
        return Finding(True, subject, "None yet; they are made at the first start.")
    mode = stat.S_IMODE(place.secrets_file.stat().st_mode)
    if mode & 0o077:
        sentence = f"{place.secrets_file} can be read by others (mode {mode:o})."
        return Finding(False, subject, sentence, f"chmod 600 {place.secrets_file}")
    place.secrets()
    return Finding(True, subject, "They are complete, and only their owner can read them.")


def _data_version(subject: str, place: Installation) -> Finding:
    data = place.postgres / "data"
    if not data.exists():
        return Finding(True, subject, "There is no data directory yet; the first start makes it.")
    version = postgres.major_version(postgres.installed_programs())
    postgres.check_version(data, version)
    return Finding(True, subject, f"The data directory is PostgreSQL {version}'s, as installed.")


def _user(subject: str, place: Installation) -> Finding:
    programs = postgres.installed_programs()
    identity = unprivileged(programs / "postgres", place.postgres / "data")
    how = {
        Mode.SAME_USER: "PostgreSQL runs as you.",
        Mode.NAMESPACE: "You are root; PostgreSQL runs in a user namespace, where it is not.",
        Mode.OTHER_USER: "You are root; PostgreSQL runs as the user 'nobody'.",
    }
    return Finding(True, subject, how[identity.mode])


def _shared_memory(subject: str, place: Installation) -> Finding:
    if sys.platform != "linux" or os.access(SHARED_MEMORY, os.W_OK):
        return Finding(True, subject, "Shared memory can be used.")
    # Not a failure: PostgreSQL is then told to use files instead.
    return Finding(True, subject, f"{SHARED_MEMORY} cannot be used; files are used instead.")


def _runtime(subject: str, place: Installation) -> Finding:
    running = place.running() is not None
    if not place.supervisor_lock.exists():
        return Finding(True, subject, "The services have not run here yet.")
    with locked(place.supervisor_lock) as free:
        held = not free
    if running and held:
        return Finding(True, subject, "The services run.")
    if held:
        remedy = "Wait a minute; if it stays so, look for another mentorcert process and end it."
        return Finding(False, subject, "Another process is starting or stopping them.", remedy)
    if running:
        sentence = f"They run, but {place.supervisor_lock} was replaced under them."
        return Finding(False, subject, sentence, "Stop the services and start them again.")
    if place.runtime_file.exists():
        return Finding(True, subject, "They do not run; the last run was cut short, which is fine.")
    return Finding(True, subject, "The services do not run.")


LOOKS: dict[str, Callable[[str, Installation], Finding]] = {
    "Python": _python,
    "PostgreSQL's programs": _postgres_program,
    "SeaweedFS's program": _store_program,
    "Folder": _folder,
    "Disk": _space,
    "Secrets": _secrets,
    "Database files": _data_version,
    "User": _user,
    "Shared memory": _shared_memory,
    "Runtime": _runtime,
}


def _ports(place: Installation) -> Iterator[Finding]:
    chosen = ports.remembered(place.ports_file)
    if chosen is None:
        yield Finding(True, "Ports", "None chosen yet; the first start chooses free ones.")
        return
    if place.running() is not None:
        yield Finding(True, "Ports", "They are in use by these services.")
        return
    taken = ports.taken(chosen, seaweed.usable)
    listed = ", ".join(f"{port} ({name})" for name, port in taken.items())
    sentence = f"Taken by another program: {listed}." if taken else "All are free."
    # The services choose others by themselves, so this is worth a word, not a failure.
    yield Finding(True, "Ports", sentence)
    yield _web_port(chosen.web)


def _web_port(port: int) -> Finding:
    if ports.is_free(port):
        return Finding(True, "Web port", f"{port} is free.")
    remedy = "End that program, or set another port with --port."
    return Finding(False, "Web port", f"Another program uses {port}.", remedy)


def _services(place: Installation) -> Iterator[Finding]:
    chosen = ports.remembered(place.ports_file)
    if place.running() is None or chosen is None:
        return
    for subject, port in {"Database": chosen.postgres, "Object store": chosen.s3}.items():
        if _connects(port):
            yield Finding(True, subject, f"It answers on port {port}.")
        else:
            remedy = f"It is being started again; if it stays so, read {place.logs}."
            yield Finding(False, subject, f"It does not answer on port {port}.", remedy)


def _connects(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=2).close()
    except OSError:
        return False
    return True
