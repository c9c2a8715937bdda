"""How the child confines itself: no network, nothing to write to, little time and memory.

The network, the other processes' memory and the privileges go first, while the process still has
one thread (the kernel asks for that); the limits follow once the reader's libraries are loaded.
"""

from __future__ import annotations

import ctypes
import resource
import sys
from contextlib import suppress
from typing import Final

NEW_USER: Final = 0x10000000
NEW_NETWORK: Final = 0x40000000
NEW_IPC: Final = 0x08000000
DIE_WITH_PARENT: Final = 1
NO_NEW_PRIVILEGES: Final = 38
KILL: Final = 9

PROCESSOR_SECONDS: Final = 30
OPEN_FILES: Final = 16


def leave_the_network() -> bool:
    """Move to a network namespace without interfaces; tell whether the system allowed it.

    Only Linux has them, and containers often forbid them. Everything else here confines the process
    all the same, so a refusal is no reason not to read; `mentorcert doctor` tells of it.
    """
    if sys.platform != "linux":
        return False
    kernel = ctypes.CDLL(None)
    kernel.prctl(DIE_WITH_PARENT, KILL, 0, 0, 0)
    kernel.prctl(NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    refused: int = kernel.unshare(NEW_USER | NEW_NETWORK | NEW_IPC)
    return not refused


def set_limits(memory: int) -> None:
    """Limit address space (bytes), processor time, open files, and forbid writing any file."""
    for limit, most in (
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_CPU, PROCESSOR_SECONDS),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NOFILE, OPEN_FILES),
        (resource.RLIMIT_CORE, 0),
    ):
        # Some systems (macOS for the address space) know a limit by name but do not set it.
        with suppress(ValueError, OSError):
            resource.setrlimit(limit, (most, most))


if __name__ == "__main__":
    sys.exit(0 if leave_the_network() else 1)
