"""The two programs that are compared, each started as a process of its own."""

from __future__ import annotations

import contextlib
import http.client
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from app.cli.installation import Installation
from app.cli.processes import environment, start
from app.kit.settings import Settings

PATIENCE = 30.0
SERVICE, LIMIT = "app.main", "bench.limit"


class CannotMeasure(Exception):
    """What was to be measured does not run, or does not answer as it should."""


@dataclass(frozen=True, slots=True)
class Server:
    """A program that answers, and how long it took from its start to its first answer (seconds)."""

    module: str
    pid: int
    port: int
    started_in: float


@contextmanager
def server(module: str, here: Installation) -> Iterator[Server]:
    """Run one of the programs for the block, in the environment that production gives it."""
    folder = here.var.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / f"{module}.log").open("w") as log:
        began = time.perf_counter()
        process = subprocess.Popen(  # noqa: S603 - our own modules
            start(module, "127.0.0.1", here.port),
            cwd=folder,
            env=environment(here.settings),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
        try:
            _wait(process, here.port, Path(log.name))
            yield Server(module, process.pid, here.port, time.perf_counter() - began)
        finally:
            process.terminate()
            process.wait(PATIENCE)


def _wait(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    until = time.monotonic() + PATIENCE
    while not answers(port):
        if process.poll() is not None or time.monotonic() > until:
            raise CannotMeasure(f"It does not start:\n{log.read_text()[-3000:]}")
        time.sleep(0.005)


def answers(port: int) -> bool:
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=5)) as connection:
        try:
            connection.request("GET", "/healthz")
            return connection.getresponse().status == 200
        except OSError:
            return False


def on_free_port(settings: Settings, var: Path) -> Installation:
    """Return the installation with a port that nobody uses."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return Installation(settings.changed(public_url=f"http://localhost:{port}"), port, var)
