"""One long-lived thread that starts the programs, brings back what crashed, and stops all."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence

from app.embedded.errors import CannotStart
from app.embedded.process import Child, Program, last_words

PAUSE = 0.02  # seconds between two looks while something is starting
WATCH = 0.2  # seconds between two looks while all is well
FAILURES_ALLOWED = 6  # at the first start, about 6 seconds in all; later it goes on trying
FIRST_START = 120.0  # seconds; a database may have much to recover after a power cut


class Supervision:
    """Keeps `programs` running from `start` to `stop`."""

    def __init__(self, programs: Sequence[Program]) -> None:
        self._children = [Child(program) for program in programs]
        self._stop = threading.Event()
        self._settled = threading.Event()
        self._problem: CannotStart | None = None
        self._thread = threading.Thread(target=self._run, name="embedded", daemon=True)

    def start(self) -> None:
        """Return once every program answers; raises CannotStart, with nothing left running."""
        self._thread.start()
        try:
            self._settled.wait()
        except BaseException:  # Ctrl-C, say: nothing may stay behind
            self.stop()
            raise
        if self._problem is not None:
            self._thread.join()
            raise self._problem

    def stop(self) -> None:
        """Stop every program and return when all have ended."""
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        try:
            self._bring_up()
            self._settled.set()
            self._watch()
        except Exception as problem:  # the caller of `start` must hear of it, whatever it is
            self._problem = _as_cannot_start(problem)
        finally:
            self._end_all()
            self._settled.set()

    def _bring_up(self) -> None:
        until = time.monotonic() + FIRST_START
        while not all(child.ready for child in self._children) and not self._stop.is_set():
            for child in self._children:
                child.tend()
                _check_start(child, until)
            self._stop.wait(PAUSE)

    def _watch(self) -> None:
        while not self._stop.wait(WATCH if all(c.ready for c in self._children) else PAUSE):
            for child in self._children:
                self._tend_patiently(child)

    def _tend_patiently(self, child: Child) -> None:
        try:
            child.tend()
        except OSError:
            # No memory or no file handle left, say: the next look may find it better.
            self._stop.wait(WATCH)

    def _end_all(self) -> None:
        for child in self._children:
            child.ask_to_stop()
        for child in self._children:
            child.wait_stopped()


def _check_start(child: Child, until: float) -> None:
    if child.failures <= FAILURES_ALLOWED and time.monotonic() < until:
        return
    program = child.program
    raise CannotStart(
        f"{program.name} does not start. The end of {program.log}:\n{last_words(program.log)}"
    )


def _as_cannot_start(problem: Exception) -> CannotStart:
    if isinstance(problem, CannotStart):
        return problem
    return CannotStart(f"An embedded service cannot be started: {problem!r}")
