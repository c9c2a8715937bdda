"""Telling one process from another that later got the same number."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Self

BOOT = Path("/proc/sys/kernel/random/boot_id")


@dataclass(frozen=True, slots=True)
class Life:
    """One process: its number, and when it started in the system's own words."""

    pid: int
    start: str | None

    @classmethod
    def of(cls, pid: int) -> Self:
        return cls(pid, start_of(pid))

    def goes_on(self) -> bool:
        """Say whether this very process still runs."""
        return self.start is not None and start_of(self.pid) == self.start


def start_of(pid: int) -> str | None:
    """Return when process `pid` started, None if there is none (a zombie has ended)."""
    return _start_on_linux(pid) if sys.platform == "linux" else _start_by_ps(pid)


def _start_on_linux(pid: int) -> str | None:
    try:
        line = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    # The name in parentheses may itself hold blanks and parentheses; fields 3 and 22 of proc(5).
    after_name = line.rpartition(")")[2].split()
    if after_name[0] in {"Z", "X"}:
        return None
    return f"{BOOT.read_text().strip()}:{after_name[19]}"


def _start_by_ps(pid: int) -> str | None:
    command = ["ps", "-o", "lstart=", "-p", str(pid)]
    answer = subprocess.run(command, capture_output=True, text=True)
    return answer.stdout.strip() or None
