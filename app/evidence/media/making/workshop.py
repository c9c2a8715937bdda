"""Starting the child that makes a rendition, hearing how far it is, and giving up on it in time."""

from __future__ import annotations

import json
import os
import selectors
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO, Final

from app.evidence.media.making.limits import Limits
from app.evidence.media.sandbox import ENVIRONMENT, end

LONGEST_LINE: Final = 8192
MOST_LINES: Final = 1_000
Told = Callable[[int], None]


STOPPING: Final = threading.Event()
"""Set while the worker ends: children are ended too, and their jobs are done again by the next."""


class BrokenOff(Exception):
    """The worker ends before a rendition is made."""


class CouldNotMake(Exception):
    """A rendition cannot be made of this file; the words say why, for people."""


class Hindered(Exception):
    """A rendition was not made for a reason that may pass; the words say which, for people."""


def make(
    original: Path,
    into: IO[bytes],
    task: Mapping[str, object],
    limits: Limits,
    told: Told = lambda percent: None,
) -> dict[str, object]:
    """Have a child do the task with the original, writing `into`; return the facts that it tells.

    Raises CouldNotMake for a file of which it cannot be made. `Hindered`, and an `OSError` (the
    file could not be opened or no child be started), mean: try again later.
    """
    asked = {
        **task,
        "out": into.fileno(),
        "memory": limits.memory,
        "seconds": limits.processor,
        "written": limits.written,
    }
    arguments = [sys.executable, "-P", "-m", "app.evidence.media.making.child", json.dumps(asked)]
    with original.open("rb") as file, start(arguments, file, into.fileno()) as child:
        try:
            return heard(child, time.monotonic() + limits.clock, told)
        finally:
            end(child)


def start(arguments: list[str], file: IO[bytes], out: int) -> subprocess.Popen[bytes]:
    # Never a shell; what varies is a task that the service itself put together.
    return subprocess.Popen(  # noqa: S603
        arguments,
        stdin=file,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=ENVIRONMENT,
        cwd="/",
        pass_fds=(out,),
        start_new_session=True,
    )


def heard(child: subprocess.Popen[bytes], until: float, told: Told) -> dict[str, object]:
    """Listen until the child says what it made; hand on how far it is."""
    for line in lines(child, until):
        match understood(line):
            case {"progress": int(percent), **rest} if not rest and 0 <= percent < 100:
                told(percent)
            case {"made": dict(facts), **rest} if not rest:
                return facts
            case {"failed": str(reason), **rest} if not rest and is_sentence(reason):
                raise CouldNotMake(reason)
            case {"hindered": str(reason), **rest} if not rest and is_sentence(reason):
                raise Hindered(reason)
            case _:
                raise CouldNotMake("its maker gave an answer that makes no sense")
    raise how_it_ended(child)


def lines(child: subprocess.Popen[bytes], until: float) -> Iterator[bytes]:
    output = child.stdout
    if output is None:
        return
    kept, count = b"", 0
    with selectors.DefaultSelector() as waiting:
        waiting.register(output, selectors.EVENT_READ)
        while (left := until - time.monotonic()) > 0:
            if STOPPING.is_set():
                raise BrokenOff
            if not waiting.select(min(left, 1.0)):
                continue
            said = os.read(output.fileno(), LONGEST_LINE)
            if not said:
                return
            *whole, kept = (kept + said).split(b"\n")
            count += len(whole)
            if len(kept) > LONGEST_LINE or count > MOST_LINES:
                raise CouldNotMake("its maker talks too much")
            yield from whole
    raise Hindered("it took too long")


def understood(line: bytes) -> object:
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return None


def is_sentence(words: str) -> bool:
    return 0 < len(words) <= 200 and words.isascii() and words.isprintable()


ENDINGS: Final[Mapping[int, tuple[type[Exception], str]]] = {
    -signal.SIGXCPU: (CouldNotMake, "it took too much processor time"),
    -signal.SIGXFSZ: (CouldNotMake, "it grew larger than it may"),
    # A system that runs out of memory ends whom it will.
    -signal.SIGKILL: (Hindered, "its maker was ended from outside"),
}


def how_it_ended(child: subprocess.Popen[bytes]) -> Exception:
    with suppress(subprocess.TimeoutExpired):
        child.wait(10)
    broke_down = (CouldNotMake, f"its maker broke down (status {child.returncode})")
    problem, words = ENDINGS.get(child.returncode, broke_down)
    return problem(words)
