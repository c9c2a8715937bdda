"""Asking a ClamAV daemon over its own protocol (clamd(8)): a command, and a line in answer.

A file is sent as a stream of chunks, each after its length, so that the daemon needs no access to
our files. It listens without any authentication: its address must be one that only we reach.
"""

from __future__ import annotations

import re
import select
import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final

from app.evidence.scanning.verdicts import ScanFailed, Scanned, Scanner, ScannerAway, Verdict

NAME: Final = "clamd"
CHUNK: Final = 1 << 18
CONNECTING: Final = 5.0
"""Seconds to wait for a connection, and for the answer to a question about itself."""

ANSWERING: Final = 300.0
"""Seconds to wait for a verdict; its own limit (MaxScanTime) is two minutes."""

LONGEST_ANSWER: Final = 4096
TOO_LARGE: Final = "INSTREAM size limit exceeded"
LIMIT_REACHED: Final = "Heuristics.Limits.Exceeded"
"""With `AlertExceedsMax yes` clamd says by this that it did not look at everything."""

VERSION: Final = re.compile(r"ClamAV (?P<version>[\w.~+-]{1,40})(?:/(?P<rules>[^\0\n]{1,99}))?")


def scanner(address: str) -> Scanner:
    """Return the daemon's version and signatures, or raise ScannerAway."""
    with _connected(address, CONNECTING) as daemon:
        daemon.sendall(b"zVERSION\0")
        answer = _answer(daemon)
    said = VERSION.match(answer)
    if not said:
        raise ScannerAway
    return Scanner(NAME, said["version"], said["rules"] or "own signatures only")


def scan(address: str, path: Path) -> Scanned:
    """Have the daemon scan a file."""
    about = scanner(address)
    with path.open("rb") as file, _connected(address, ANSWERING) as daemon:
        try:
            answer = _said_of(file, daemon)
        except OSError as broken:
            # It was there: whatever ends it now may be this file, and would end it every time.
            reason = f"clamd broke off over the file: {type(broken).__name__}"
            raise ScanFailed(reason) from None
    return verdict(about, answer)


def _said_of(file: BinaryIO, daemon: socket.socket) -> str:
    try:
        daemon.sendall(b"zINSTREAM\0")
        while chunk := file.read(CHUNK):
            if select.select([daemon], [], [], 0)[0]:
                break  # it has heard enough
            daemon.sendall(struct.pack(">I", len(chunk)) + chunk)
        else:
            daemon.sendall(struct.pack(">I", 0))
    except (BrokenPipeError, ConnectionResetError):
        pass  # it says why before it hangs up
    return _answer(daemon)


def verdict(about: Scanner, answer: str) -> Scanned:
    """Return what a line of the daemon means."""
    words = answer.removeprefix("stream: ")
    if words == "OK":
        return Scanned(about, Verdict.CLEAN)
    if TOO_LARGE in words or words.startswith(LIMIT_REACHED):
        return Scanned(about, Verdict.TOO_LARGE)
    if words.endswith(" FOUND"):
        return Scanned(about, Verdict.MALWARE, _printable(words.removesuffix(" FOUND")))
    raise ScanFailed(f"clamd could not scan the file: {_printable(words) or 'no answer'}")


def _printable(words: str) -> str:
    return "".join(c for c in words if c.isascii() and c.isprintable())[:120]


def _answer(daemon: socket.socket) -> str:
    answer = b""
    while b"\0" not in answer and len(answer) < LONGEST_ANSWER:
        more = daemon.recv(LONGEST_ANSWER)
        if not more:
            break
        answer += more
    return answer.partition(b"\0")[0].decode("utf-8", "replace").strip()


@contextmanager
def _connected(address: str, patience: float) -> Iterator[socket.socket]:
    """Connect to `host:port` or `unix:path`; whatever goes wrong on the way is ScannerAway."""
    try:
        with _socket(address) as daemon:
            daemon.settimeout(patience)
            yield daemon
    except (
        OSError,
        ValueError,
        OverflowError,
    ):  # an address that cannot be one is no answer either
        raise ScannerAway from None


def _socket(address: str) -> socket.socket:
    if address.startswith("unix:"):
        daemon = socket.socket(socket.AF_UNIX)
        try:
            daemon.settimeout(CONNECTING)
            daemon.connect(address.removeprefix("unix:"))
        except BaseException:
            daemon.close()
            raise
        return daemon
    host, _, port = address.rpartition(":")
    return socket.create_connection((host.strip("[]"), int(port)), CONNECTING)
