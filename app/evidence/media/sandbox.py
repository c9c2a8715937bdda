"""Starting the confined child, and giving up on it in time.

The child is handed the open file and nothing else: no path, no environment, no other descriptor.
It confines itself (see `confinement`) before it reads the first byte.
"""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import IO, Final

import app
from app.evidence.media.refusals import CouldNotCheck

DEADLINE: Final = 60.0
"""Seconds of real time after which a child is killed; its processor time ends sooner."""

LONGEST_ANSWER: Final = 8192
READER: Final = "app.evidence.media.child"
ROOT: Final = Path(app.__file__).resolve().parent.parent
ENVIRONMENT: Final = {"PYTHONPATH": str(ROOT), "LANG": "C.UTF-8"}


def read_apart(path: Path, media_type: str, *, deadline: float = DEADLINE) -> bytes:
    """Have a child read the file as this type and return its answer, or refuse the file.

    An `OSError` means that the file could not be opened or no child be started: try again later.
    """
    return answer_of(READER, path, media_type, deadline=deadline)


def answer_of(program: str, path: Path, media_type: str, *, deadline: float) -> bytes:
    """Have a module that confines itself look at the file, and return what it says of it."""
    with path.open("rb") as file, start(program, file, media_type) as child:
        try:
            answer = what_it_says(child, time.monotonic() + deadline)
        finally:
            end(child)
    if child.returncode != 0:
        raise CouldNotCheck(reason=f"the reader ended with status {child.returncode}")
    return answer


def loses_the_network() -> bool:
    """Try out, with a child that reads nothing, whether this system lets it leave the network.

    An `OSError` means that no child could be started.
    """
    tried = subprocess.run(
        [sys.executable, "-P", "-m", "app.evidence.media.confinement"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=ENVIRONMENT,
        cwd="/",
        timeout=DEADLINE,
        check=False,
    )
    return tried.returncode == 0


def start(program: str, file: IO[bytes], media_type: str) -> subprocess.Popen[bytes]:
    # Never a shell; the one argument that varies is a key of the catalogue.
    return subprocess.Popen(  # noqa: S603
        [sys.executable, "-P", "-m", program, media_type],
        stdin=file,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=ENVIRONMENT,
        cwd="/",
        start_new_session=True,
    )


def what_it_says(child: subprocess.Popen[bytes], until: float) -> bytes:
    """Return all that the child writes, unless it writes too much or for too long."""
    answer = b""
    output = child.stdout
    if output is None:
        raise CouldNotCheck(reason="the reader cannot be heard")
    with selectors.DefaultSelector() as waiting:
        waiting.register(output, selectors.EVENT_READ)
        while waiting.select(max(0.0, until - time.monotonic())):
            heard = os.read(output.fileno(), LONGEST_ANSWER)
            if not heard:
                wait_until(child, until)
                return answer
            answer += heard
            if len(answer) > LONGEST_ANSWER:
                raise CouldNotCheck(reason="the reader talks too much")
    raise CouldNotCheck(reason="the reader took too long")


def wait_until(child: subprocess.Popen[bytes], until: float) -> None:
    try:
        child.wait(max(0.1, until - time.monotonic()))
    except subprocess.TimeoutExpired:
        raise CouldNotCheck(reason="the reader took too long") from None


def end(child: subprocess.Popen[bytes]) -> None:
    """Kill the child and whatever it started, unless it has ended by itself."""
    if child.poll() is None:
        with suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        child.wait()
