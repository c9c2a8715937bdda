"""CPU time of processes, in seconds: what they have used, threads and ended children included.

Linux only. The clock of a whole process counts nanoseconds and keeps what its ended threads used;
what ended children used is known to ten milliseconds.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

TICK = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")
CPUCLOCK_SCHED = 2  # linux/posix-timers.h: user and system time of all threads of a process


def used_by(pid: int) -> float:
    """Return what a process itself has used."""
    return time.clock_gettime((~pid << 3) | CPUCLOCK_SCHED)


def used_by_family(pid: int) -> float:
    """Return what a process and its children have used, those that have ended too."""
    total = used_by(pid) + _ended_children(pid)
    for child in children(pid):
        try:
            total += used_by(child) + _ended_children(child)
        except (OSError, IndexError):  # ended since it was listed: counted the next time
            continue
    return total


def children(pid: int) -> list[int]:
    """Return the processes that a process has started and that still run."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                parent = int(_fields(int(entry.name))[1])
            except (OSError, IndexError):
                continue
            if parent == pid:
                found.append(int(entry.name))
    return found


def resident_bytes(pid: int) -> int:
    """Return the memory that a process holds now."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE


def parent_of(pid: int) -> int:
    return int(_fields(pid)[1])


def _ended_children(pid: int) -> float:
    fields = _fields(pid)
    return (int(fields[13]) + int(fields[14])) / TICK


def _fields(pid: int) -> list[str]:
    # The name stands in parentheses and can hold anything; what follows the last one is regular.
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
