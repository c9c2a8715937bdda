"""How the child confines itself: no network, nothing to write to, little time and memory.

The network, the other processes' memory and the privileges go first, while the process still has
one thread (the kernel asks for that); the limits follow once the reader's libraries are loaded.
"""

from __future__ import annotations

import ctypes
import os
import resource
import struct
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
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


def set_limits(
    memory: int,
    *,
    seconds: int = PROCESSOR_SECONDS,
    written: int = 0,
    files: int = OPEN_FILES,
) -> None:
    """Limit address space (bytes), processor time, open files, and what any file may grow to.

    Unless told otherwise, no file may be written at all.
    """
    for limit, most, at_last in (
        (resource.RLIMIT_AS, memory, memory),
        # The first signal is of its own, so that it is not taken for a system short of memory.
        (resource.RLIMIT_CPU, seconds, seconds + 1),
        (resource.RLIMIT_FSIZE, written, written),
        (resource.RLIMIT_NOFILE, files, files),
        (resource.RLIMIT_CORE, 0, 0),
    ):
        # Some systems (macOS for the address space) know a limit by name but do not set it.
        with suppress(ValueError, OSError):
            resource.setrlimit(limit, (most, at_last))


CREATE_RULESET: Final = 444
ADD_RULE: Final = 445
RESTRICT_SELF: Final = 446
READ_AND_RUN: Final = 0b1101
WRITE: Final = 0b1_1111_1111_0010
"""Landlock's rights: writing a file, and making or removing anything in a folder."""

CODE: Final = (
    str(Path(__file__).resolve().parents[2]),
    sys.prefix,
    sys.base_prefix,
    *("/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib", "/usr/share/zoneinfo"),
    *("/dev/urandom", "/dev/random"),
)
"""What a reader may still load: this program, Python, the system's libraries, and chance."""

OF_ONE_FILE: Final = 0b111 | 1 << 14
"""Those of Landlock's rights that a rule on a file, not a folder, can give."""

SINCE: Final = {2: 1 << 13, 3: 1 << 14}
"""Version of Landlock to a right that it brought: moving between folders, and shortening a file."""


FONTS: Final = (
    *("/usr/share/fonts", "/usr/local/share/fonts"),
    *("/usr/share/X11/fonts/Type1", "/usr/share/X11/fonts/TTF"),
)
"""Where one who draws a page looks for the letters that its file does not bring along."""


def keep_to_folders(readable: Sequence[str], writable: Sequence[str]) -> bool:
    """Hide all files but those below these folders; tell whether the system can."""
    rights = dict.fromkeys(readable, READ_AND_RUN) | dict.fromkeys(writable, READ_AND_RUN | WRITE)
    return _keep_to(READ_AND_RUN | WRITE, rights)


def keep_to_code(*more: str) -> bool:
    """Hide all files but Python, libraries, this program and `more`; tell whether the system can.

    A reader that a file has taken over must find no secrets, and no other evidence: its answer
    reaches the one who sent the file. What is open already stays so; nothing else can be written.
    Linux has it from 5.13 on (Landlock).
    """
    return keep_to_folders([*CODE, *more], [])


def _keep_to(handled: int, rights: Mapping[str, int]) -> bool:
    if sys.platform != "linux":
        return False
    kernel = ctypes.CDLL(None)
    version: int = kernel.syscall(CREATE_RULESET, None, 0, 1)
    later = sum(right for first, right in SINCE.items() if first <= version)
    asked = ctypes.c_uint64(handled | later)
    rules: int = kernel.syscall(CREATE_RULESET, ctypes.byref(asked), 8, 0)
    if rules < 0:
        return False
    for folder, allowed in rights.items():
        with suppress(OSError):
            opened = os.open(folder, os.O_PATH | os.O_CLOEXEC)
            allowed |= later if allowed & WRITE else 0
            allowed &= ~0 if os.path.isdir(folder) else OF_ONE_FILE
            rule = struct.pack("=Qi", allowed, opened)
            kernel.syscall(ADD_RULE, rules, 1, rule, 0)
            os.close(opened)
    kernel.prctl(NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    refused: int = kernel.syscall(RESTRICT_SELF, rules, 0)
    os.close(rules)
    return not refused


if __name__ == "__main__":
    sys.exit(0 if leave_the_network() else 1)
