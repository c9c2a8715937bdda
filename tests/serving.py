"""The web process, the worker and the command line as processes that can be killed."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from app.cli.processes import WEB, answers, environment, start
from app.kit.settings import Settings
from tests.make import Person

ROOT = Path(__file__).resolve().parents[1]
PATIENCE = 180.0


@contextmanager
def web_process(settings: Settings, log: Path) -> Iterator[str]:
    """Run the web process for the block and return its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    here = settings.changed(public_url=address)
    with process(start(WEB, "127.0.0.1", port), here, log) as web:
        until = time.monotonic() + PATIENCE
        while not answers(port):
            assert web.poll() is None, log.read_text()
            assert time.monotonic() < until, log.read_text()
            time.sleep(0.05)
        yield address


@contextmanager
def worker_process(settings: Settings, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run a worker for the block."""
    command = [sys.executable, "-c", "from app.worker import main; main()"]
    with process(command, settings, log) as worker:
        yield worker


@contextmanager
def process(command: list[str], settings: Settings, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("ab") as written:
        running = subprocess.Popen(
            command,
            cwd=log.parent,
            env=dict(environment(settings)),
            stdin=subprocess.DEVNULL,
            stdout=written,
            stderr=written,
        )
        try:
            yield running
        finally:
            running.terminate()
            running.wait(PATIENCE)


def upload_command(
    server: str, person: Person, state: Path, item: str, *words: str
) -> subprocess.Popen[str]:
    """Start `mentorcert evidence upload` as a person's own process."""
    command = [sys.executable, "-m", "app.cli", "evidence", "upload", *words]
    given = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
        "XDG_STATE_HOME": str(state),
        "MENTORCERT_SERVER": server,
        "MENTORCERT_TOKEN": person.token,
    }
    return subprocess.Popen(
        [*command, "--evidence", item],
        env=given,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
