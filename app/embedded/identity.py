"""As whom a service's program runs: PostgreSQL refuses root, so as root we step aside."""

from __future__ import annotations

import os
import pwd
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from app.embedded import launch
from app.embedded.errors import CannotStart

FALLBACK_ID = 65534  # what Linux shows for a user it cannot name


class Mode(StrEnum):
    SAME_USER = "same_user"
    NAMESPACE = "namespace"
    OTHER_USER = "other_user"


@dataclass(frozen=True, slots=True)
class Identity:
    mode: Mode = Mode.SAME_USER
    uid: int = 0
    gid: int = 0

    def command(self, death_signal: signal.Signals, program: Sequence[str]) -> list[str]:
        """Return the command that runs `program` as this identity, tied to our life."""
        step = [sys.executable, "-I", "-S", launch.__file__, str(os.getpid())]
        who = [str(int(death_signal)), self.mode.value, str(self.uid), str(self.gid)]
        return [*step, *who, *program]

    def give(self, folder: Path) -> None:
        """Make `folder` and all in it this identity's, if it is another user's than ours."""
        if self.mode is Mode.OTHER_USER:
            for path in (folder, *folder.rglob("*")):
                os.chown(path, self.uid, self.gid, follow_symlinks=False)


def unprivileged(program: Path, data: Path) -> Identity:
    """Return an identity that is not root, can run `program` and owns `data` if that exists.

    As root: a user namespace needs no other account and no change of owners; where the kernel
    forbids it, the user `nobody` does.
    """
    uid, gid = nobody()
    owner = data.stat().st_uid if data.exists() else os.geteuid()
    if owner not in {os.geteuid(), uid}:
        raise CannotStart(
            f"{data} belongs to user {owner}, and you are user {os.geteuid()}. Run this as the "
            "same user as before, or choose another folder with --var."
        )
    if os.geteuid() != 0:
        return Identity()
    modes = [Mode.NAMESPACE, Mode.OTHER_USER] if owner == 0 else [Mode.OTHER_USER]
    for mode in modes:
        identity = Identity(mode, uid, gid)
        if can_run(identity, program):
            return identity
    raise CannotStart(
        "PostgreSQL must not run as root, the kernel allows no user namespace here, and the user "
        f"'nobody' cannot run {program}. Run this as an ordinary user, or give the address of a "
        "PostgreSQL of your own with --database-url."
    )


def nobody() -> tuple[int, int]:
    try:
        entry = pwd.getpwnam("nobody")
    except KeyError:
        return FALLBACK_ID, FALLBACK_ID
    return entry.pw_uid, entry.pw_gid


def can_run(identity: Identity, program: Path) -> bool:
    command = identity.command(signal.SIGKILL, [str(program), "--version"])
    return subprocess.run(command, capture_output=True, timeout=30).returncode == 0
