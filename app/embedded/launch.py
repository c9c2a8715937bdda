"""The last step before a service's program runs: give up root, and die when our process dies.

This file is run as a script (standard library only) and replaces itself with the program. A step
of its own is used because Python code between fork and exec can hang in a process with threads.
"""

from __future__ import annotations

import ctypes
import os
import sys
from pathlib import Path

PR_SET_PDEATHSIG = 1  # linux/prctl.h
CLONE_NEWUSER = 0x10000000  # linux/sched.h


def enter_user_namespace(uid: int, gid: int) -> None:
    """Be `uid` and `gid` in a namespace of our own, where they stand for the present user."""
    libc = ctypes.CDLL(None, use_errno=True)
    outer_uid, outer_gid = os.geteuid(), os.getegid()
    if libc.unshare(CLONE_NEWUSER) != 0:
        raise OSError(ctypes.get_errno(), "this kernel allows no user namespace")
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{uid} {outer_uid} 1")
    Path("/proc/self/gid_map").write_text(f"{gid} {outer_gid} 1")
    os.setresgid(gid, gid, gid)
    os.setresuid(uid, uid, uid)


def become(uid: int, gid: int) -> None:
    """Be another user for good."""
    os.setgroups([])
    os.setresgid(gid, gid, gid)
    os.setresuid(uid, uid, uid)


def die_with_parent(parent: int, signal: int) -> None:
    """Have the kernel send `signal` when the thread that started us ends (Linux only).

    It comes after every change of user, because those reset it.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal)
    if os.getppid() != parent:
        raise SystemExit("the process that wanted this service is gone")


def main(arguments: list[str]) -> None:
    parent, signal, mode, uid, gid, program = arguments[:6]
    if mode == "namespace":
        enter_user_namespace(int(uid), int(gid))
    elif mode == "other_user":
        become(int(uid), int(gid))
    die_with_parent(int(parent), int(signal))
    os.execv(program, [program, *arguments[6:]])  # noqa: S606 - to replace this step is the point


if __name__ == "__main__":
    main(sys.argv[1:])
