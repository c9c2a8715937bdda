"""What a large file costs in memory while it passes: the client, the web process, the worker."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from app.cli.processes import PROJECT, environment
from app.client import Client
from app.client.uploads import SETTLED, settled
from app.kit.settings import Settings
from bench.cpu import children
from bench.plan import Plan
from bench.seed import row_id
from bench.servers import CannotMeasure, Server
from bench.uploads import ITEM

GIBIBYTE = 1 << 30
MEBIBYTE = 1 << 20
SMALL = MEBIBYTE
PAUSE = 0.05
"""Seconds between two looks."""

PATIENCE = 1800.0
HEADER = 44
SOUND = b"WAVEfmt \x10\0\0\0\x01\0\x02\0\x80\xbb\0\0\0\xee\x02\0\x04\0\x10\0data"
"""A recording of 48 kHz in two channels of 16 bits."""


@dataclass(frozen=True, slots=True)
class MemoryMeasured:
    """The most memory above idle, in MiB, while a file of so many GiB was handed in and checked."""

    gibibytes: float
    client: float
    web: float
    worker: float
    """The worker itself; what it confines to a child is limited there."""
    worker_children: float
    seconds: float


def measure(
    plan: Plan, server: Server, settings: Settings, folder: Path, gibibytes: float
) -> MemoryMeasured:
    """Hand in a small file, which warms all three up, and then a large one."""
    small = silence(folder / "small.wav", SMALL)
    large = silence(folder / "large.wav", int(gibibytes * GIBIBYTE))
    try:
        with _worker(settings, folder) as worker:
            idle = _Watch(server.pid, worker)
            idle.hand_in(plan, server, small)
            web, checking = anonymous(server.pid), anonymous(worker)
            began = time.monotonic()
            busy = _Watch(server.pid, worker)
            busy.hand_in(plan, server, large)
            return MemoryMeasured(
                gibibytes,
                client=(busy.client - idle.client) / MEBIBYTE,
                web=(busy.web - web) / MEBIBYTE,
                worker=(busy.worker - checking) / MEBIBYTE,
                worker_children=busy.children / MEBIBYTE,
                seconds=time.monotonic() - began,
            )
    finally:
        small.unlink()
        large.unlink()


class _Watch:
    """The most that each process held during one upload, in bytes."""

    def __init__(self, web: int, worker: int) -> None:
        self._pids = web, worker
        self.client = self.web = self.worker = self.children = 0

    def hand_in(self, plan: Plan, server: Server, path: Path) -> None:
        """Hand a file in by the command line, wait until it was checked, and look meanwhile."""
        address, token = f"http://127.0.0.1:{server.port}", plan.seeded.candidates[0]
        with Client(address, token) as client:
            self._wait(client, self._send(path, address, token))

    def _send(self, path: Path, address: str, token: str) -> str:
        command = [sys.executable, "-m", "app.cli", "evidence", "upload", str(path), "--json"]
        with subprocess.Popen(  # noqa: S603 - our own command
            [*command, "--evidence", str(row_id(ITEM, 0)), "--no-resume", "--no-wait"],
            env={
                "PATH": os.environ["PATH"],
                "PYTHONPATH": str(PROJECT),
                "MENTORCERT_SERVER": address,
                "MENTORCERT_TOKEN": token,
            },
            stdout=subprocess.PIPE,
            text=True,
        ) as client:
            until = time.monotonic() + PATIENCE
            while client.poll() is None:
                self._look(client.pid)
                if time.monotonic() > until:
                    client.kill()
                time.sleep(PAUSE)
            said = client.stdout.read() if client.stdout is not None else ""
        if client.returncode != 0:
            raise CannotMeasure(f"{path.name} did not arrive: {said}")
        return str(json.loads(said)["file_id"])

    def _wait(self, client: Client, file_id: str) -> None:
        until = time.monotonic() + PATIENCE
        while (state := settled(client, file_id, 0.0)["state"]) not in SETTLED:
            if time.monotonic() > until:
                break
            for _ in range(10):
                self._look(None)
                time.sleep(PAUSE)
        if state != "available":
            raise CannotMeasure(f"The file {file_id} is {state}.")

    def _look(self, client: int | None) -> None:
        web, worker = self._pids
        if client is not None:
            self.client = max(self.client, anonymous(client))
        self.web = max(self.web, anonymous(web))
        self.worker = max(self.worker, anonymous(worker))
        self.children = max(self.children, sum(map(anonymous, children(worker))))


def anonymous(pid: int) -> int:
    """Return the bytes that a process holds for itself; pages of files are not counted.

    Those the system takes back as it likes. 0 for a process that has ended.
    """
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    sizes = {line.split()[0]: int(line.split()[1]) for line in lines[1:]}
    return sizes["Anonymous:"] * 1024


def silence(path: Path, size: int) -> Path:
    """Write a recording of so many bytes that takes no room on the disk."""
    with path.open("wb") as file:
        file.write(b"RIFF" + (size - 8).to_bytes(4, "little") + SOUND)
        file.write((size - HEADER).to_bytes(4, "little"))
        file.truncate(size)
    return path


@contextmanager
def _worker(settings: Settings, folder: Path) -> Iterator[int]:
    with (folder / "worker.log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-c", "from app.worker import main; main()"],
            cwd=folder,
            env=environment(settings),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
        try:
            yield process.pid
        finally:
            # It may be in the middle of drawing two hours of silence, which nobody waits for.
            process.kill()
            process.wait()
