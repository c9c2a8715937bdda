"""A service's program as a child of ours: started, waited for, brought back, stopped."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import BinaryIO

from app.embedded.errors import CannotStart
from app.embedded.identity import Identity
from app.embedded.installation import lock, wait_unlocked, write_private
from app.embedded.life import Life

FIRST_PAUSE = 0.1  # seconds before the first new start; each further failure doubles it
LONGEST_PAUSE = 4.0
STEADY = 1.0  # after so many seconds of good work, earlier failures are forgotten
GRACE = 20.0  # seconds from the stop signal until it is killed
LOCK, RECORD = "process.lock", "process.json"
LARGEST_LOG = 10 * 1024 * 1024  # bytes


@dataclass(frozen=True, slots=True)
class Program:
    """What to run, and how to tell that it works."""

    name: str
    command: Sequence[str]
    folder: Path
    """Its working directory; its lock and process record lie here."""
    log: Path
    answers: Callable[[], bool]
    identity: Identity = field(default_factory=Identity)
    environment: Mapping[str, str] = field(default_factory=dict)
    """All it is given: nothing of our own environment can change how a service runs."""
    stop_signal: signal.Signals = signal.SIGTERM

    @property
    def lock(self) -> Path:
        return self.folder / LOCK

    @property
    def record(self) -> Path:
        return self.folder / RECORD


def end_leftovers(folder: Path, name: str, stop_signal: signal.Signals) -> None:
    """Wait for the program of an earlier run to end, asking it to if it does not by itself.

    The program and all it starts hold its lock, so nobody holds it once they are really gone.
    """
    if wait_unlocked(folder / LOCK, 0.2):
        return
    for request, patience in ((stop_signal, GRACE), (signal.SIGKILL, 10.0)):
        _signal_recorded(folder / RECORD, request)
        if wait_unlocked(folder / LOCK, patience):
            return
    raise CannotStart(
        f"An earlier {name} still runs on {folder} and does not stop. End it by hand; "
        f"{folder / RECORD} has its number."
    )


def _signal_recorded(record: Path, request: signal.Signals) -> None:
    try:
        found = json.loads(record.read_text())
        earlier = Life(found["pid"], found["start"])
    except (OSError, ValueError, KeyError, TypeError):
        return
    if earlier.goes_on():
        os.kill(earlier.pid, request)


class Child:
    """One program under supervision. All of it is called from one thread, which must live on.

    (Linux ends a child when the thread that started it ends, not the process.)
    """

    def __init__(self, program: Program) -> None:
        self.program = program
        self.ready = False
        self.failures = 0
        self._process: subprocess.Popen[bytes] | None = None
        self._next_start = 0.0
        self._ready_at = 0.0

    def tend(self) -> None:
        """Start the program if it is due, notice that it answers, or that it ended."""
        now = time.monotonic()
        if self._process is None:
            if now >= self._next_start:
                self._start()
        elif self._process.poll() is not None:
            self._note_end(now)
        elif not self.ready and self.program.answers():
            self.ready, self._ready_at = True, time.monotonic()
        elif self.ready and now - self._ready_at > STEADY:
            self.failures = 0

    def _start(self) -> None:
        held = lock(self.program.lock)
        if held is None:
            # Something that the last one started is still ending.
            self._plan_next(time.monotonic())
            return
        program = self.program
        try:
            with open_log(program.log) as log:
                self._process = subprocess.Popen(
                    program.identity.command(program.stop_signal, program.command),
                    cwd=program.folder,
                    env=dict(program.environment),
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    pass_fds=[held],
                    process_group=0,  # Ctrl-C is for us; we then stop it in good order
                    umask=0o077,
                )
        finally:
            os.close(held)
        write_private(program.record, json.dumps(asdict(Life.of(self._process.pid))))

    def _note_end(self, now: float) -> None:
        self._process, self.ready = None, False
        self._plan_next(now)

    def _plan_next(self, now: float) -> None:
        self._next_start = now + min(LONGEST_PAUSE, FIRST_PAUSE * 2**self.failures)
        self.failures += 1

    def ask_to_stop(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(self.program.stop_signal)

    def wait_stopped(self) -> None:
        """Wait for the end; kill the program when its grace is over."""
        if self._process is None:
            return
        try:
            self._process.wait(GRACE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process, self.ready = None, False
        self.program.record.unlink(missing_ok=True)


def open_log(path: Path) -> BinaryIO:
    """Open a log for appending; one that has grown large is set aside first."""
    if path.exists() and path.stat().st_size > LARGEST_LOG:
        path.replace(path.with_suffix(".old.log"))
    return path.open("ab")


def last_words(log: Path, lines: int = 8) -> str:
    """Return the end of a log, for a person who must find out what went wrong."""
    try:
        return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])
    except OSError:
        return ""
