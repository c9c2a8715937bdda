"""The web process and the worker as children of the command: started, watched, stopped."""

from __future__ import annotations

import json
import os
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import fields, replace
from pathlib import Path

from app.cli.installation import Installation
from app.embedded.life import Life
from app.embedded.process import Program
from app.embedded.supervision import Supervision
from app.kit.settings import Settings

PROJECT = Path(__file__).resolve().parents[2]
WEB = "app.main"
KEPT = ("PATH", "HOME", "LANG", "TMPDIR", "SYSTEMROOT")


@contextmanager
def running(here: Installation, host: str = "127.0.0.1") -> Iterator[bool]:
    """Run the web process and the worker for the block, unless they run already.

    Yields False if they did: then whoever started them stops them.
    """
    if _runs_already(here):
        yield False
        return
    programs = [_web(here, host), _worker(here)]
    for program in programs:
        for folder in (program.folder, program.log.parent):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    supervision = Supervision(programs)
    supervision.start()
    try:
        yield True
    finally:
        supervision.stop()


def _runs_already(here: Installation) -> bool:
    """Tell whether the web process of this very installation runs, for another command."""
    try:
        life = Life(**json.loads(_web(here, "").record.read_text("utf-8")))
    except (OSError, ValueError, TypeError):
        return False
    return life.goes_on() and answers(here.port)


def answers(port: int) -> bool:
    """Tell whether a web process answers on this port of the machine itself."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=2) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _web(here: Installation, host: str) -> Program:
    return Program(
        name="web",
        command=start(WEB, host, here.port),
        folder=here.var.resolve() / "web",
        log=here.var.resolve() / "log" / "web.log",
        answers=lambda: answers(here.port),
        # Only the worker sends mail; the mail server's password is for nobody else.
        environment=environment(replace(here.settings, smtp_url=None)),
    )


def start(module: str, host: str, port: int) -> list[str]:
    """Return the command that serves a module's `main` on an address."""
    # Nothing is garbage while modules load; the collector starts with the service.
    return [
        sys.executable,
        "-c",
        f"import gc; gc.disable(); from {module} import main; main()",
        host,
        str(port),
    ]


def _worker(here: Installation) -> Program:
    return Program(
        name="worker",
        command=[sys.executable, "-c", "from app.worker import main; main()"],
        folder=here.var.resolve() / "worker",
        log=here.var.resolve() / "log" / "worker.log",
        answers=lambda: True,
        environment=environment(here.settings),
    )


def environment(settings: Settings) -> Mapping[str, str]:
    """Return the environment in which a process reads these settings again."""
    known = {name: os.environ[name] for name in KEPT if name in os.environ}
    given = {
        f"MENTORCERT_{one.name.upper()}": str(value)
        for one in fields(settings)
        if (value := getattr(settings, one.name)) is not None
        # The owner of the tables is for migrations only; no serving process gets its key.
        and one.name != "owner_database_url"
    }
    return {**known, **given, "PYTHONPATH": str(PROJECT), "PYTHONUNBUFFERED": "1"}
