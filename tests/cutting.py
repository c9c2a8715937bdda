"""Cutting uploads off, and counting at the proxy what had to be sent again because of it."""

from __future__ import annotations

import fcntl
import json
import os
import re
import signal
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.fault_proxy import FaultProxy, Seen

PART_OF_FILE = re.compile(r"/([0-9a-f-]{36})\?.*partNumber=(\d+)")


@dataclass(frozen=True, slots=True)
class Sent:
    """What the proxy saw of one file: how often each part was begun, how often the store took it.

    `passed` are the bytes that went to the store, those of cut requests too.
    """

    begun: Counter[int]
    taken: Counter[int]
    passed: int

    @property
    def again(self) -> int:
        """Parts that were begun once more than needed."""
        return self.begun.total() - len(self.begun)


def sent(proxy: FaultProxy, file_id: str) -> Sent:
    """Return what the proxy saw of a file's parts."""
    parts = list(_parts(proxy, file_id))
    return Sent(
        Counter(number for number, _ in parts),
        Counter(number for number, one in parts if one.status == 200),
        sum(one.passed for _, one in parts),
    )


def _parts(proxy: FaultProxy, file_id: str) -> Iterator[tuple[int, Seen]]:
    for one in list(proxy.seen):
        found = PART_OF_FILE.search(one.path) if one.method == "PUT" else None
        if found is not None and found[1] == file_id:
            yield int(found[2]), one


@contextmanager
def store_away(var: Path) -> Iterator[None]:
    """End the embedded store as a power cut would, and keep it from coming back for the block.

    Its supervision starts it only once nobody holds its lock.
    """
    folder = var / "store"
    record = json.loads((folder / "process.json").read_text("utf-8"))
    held = os.open(folder / "process.lock", os.O_RDWR)
    try:
        os.kill(record["pid"], signal.SIGKILL)
        fcntl.flock(held, fcntl.LOCK_EX)
        yield
    finally:
        os.close(held)
