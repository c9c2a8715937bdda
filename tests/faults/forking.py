"""Reading very many files, each in a confined child of its own, without a program start for each.

The libraries are loaded once; a copy of the process is made for every file (`fork`), confines
itself exactly as `app.evidence.media.child` does, and reads. For tests only: the service starts a
fresh program for each file, so that nothing is in its memory that a file could read.
"""

from __future__ import annotations

import importlib
import os
import select
import signal
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, cast

from app.evidence.media import answer, child, confinement
from app.evidence.media.catalogue import READERS
from app.evidence.media.facts import Reader
from app.kit.errors import Refusal

DEADLINE: Final = 60.0


@dataclass(frozen=True, slots=True)
class Run:
    """How a copy of the process ended: what it said, by which signal, seconds, peak bytes."""

    said: bytes
    signal: int
    seconds: float
    processor: float
    peak: int


def load() -> None:
    """Load every reader with its libraries."""
    warnings.simplefilter("ignore")
    for name in set(READERS.values()):
        importlib.import_module(f"app.evidence.media.{name}")


def outcome(run: Run, declared: str) -> str:
    """Return `accepted` or the name of the rule that refuses, as the service would."""
    if run.signal:
        return f"signal {run.signal}"
    try:
        answer.understood(run.said, declared=declared)
    except Refusal as refusal:
        return type(refusal).__name__
    return "accepted"


def examined(content: bytes, declared: str) -> Run:
    """Have a confined copy of this process read the content as the declared type."""
    # All libraries are loaded here, those of other types too: they take space of their own.
    loaded = _space()

    def read() -> bytes:
        reader = cast(Reader, importlib.import_module(f"app.evidence.media.{READERS[declared]}"))
        confinement.set_limits(reader.MEMORY + loaded)
        with open(0, "rb", closefd=False) as file:
            return child.examine(reader, file, declared)

    return run(read, content)


def run(act: Callable[[], bytes], content: bytes) -> Run:
    """Run an act in a copy of this process, whose standard input is the content."""
    given = os.memfd_create("case")
    _write(given, content)
    os.lseek(given, 0, os.SEEK_SET)
    heard, said = os.pipe()
    began = time.monotonic()
    copy = os.fork()
    if copy == 0:
        _as_child(act, given, said)
    os.close(given)
    os.close(said)
    try:
        words = _heard(heard, copy, began + DEADLINE)
    finally:
        os.close(heard)
        _, status, used = os.wait4(copy, 0)
    return Run(
        words,
        os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0,
        time.monotonic() - began,
        used.ru_utime + used.ru_stime,
        used.ru_maxrss * 1024,
    )


def _as_child(act: Callable[[], bytes], given: int, said: int) -> None:
    try:
        os.dup2(given, 0)
        os.dup2(said, 1)
        os.closerange(3, 256)
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, 2)
        confinement.leave_the_network()
        confinement.keep_to_code()
        os.write(1, act())
    except BaseException:
        os._exit(1)
    os._exit(0)


def _heard(pipe: int, copy: int, until: float) -> bytes:
    words = b""
    while select.select([pipe], [], [], max(0.0, until - time.monotonic()))[0]:
        more = os.read(pipe, 65536)
        if not more:
            return words
        words += more
    os.kill(copy, signal.SIGKILL)
    return b""


def _write(file: int, content: bytes) -> None:
    with open(file, "wb", closefd=False) as target:
        target.write(content)


def _space() -> int:
    with open("/proc/self/statm", encoding="ascii") as said:
        return int(said.read().split()[0]) * os.sysconf("SC_PAGE_SIZE")
