"""The confined scanner: applies the built-in rules to the file given as its standard input.

Started by `builtin` as a program of its own, as the readers are; says on its standard output which
rules fire.
"""

from __future__ import annotations

import io
import json
import os
import sys
from typing import BinaryIO, Final

import yara_x

from app.evidence.media import answer, confinement
from app.evidence.media.refusals import DamagedFile, Unacceptable
from app.evidence.scanning import parts, rules

MEMORY: Final = 1 << 30
PROCESSOR_SECONDS: Final = 240
"""Five gibibytes of film, on a slow machine."""

WINDOW: Final = 16 << 20
OVERLAP: Final = 64 << 10
"""What a rule looks for is shorter, so that it lies whole in one window or the next."""


class Scanner:
    """The built-in rules, and how much they may still be applied to."""

    def __init__(self) -> None:
        compiler = yara_x.Compiler()
        for name in ("start", "inside"):
            compiler.define_global(name, False)
        for text in rules.texts().values():
            compiler.add_source(text)
        self._scanner = yara_x.Scanner(compiler.build())
        self._scanner.set_timeout(PROCESSOR_SECONDS)
        self._left = parts.MOST_BYTES

    def fired(self, file: BinaryIO, *, inside: bool) -> set[str]:
        """Return the rules that fire anywhere in a file or part of one."""
        found: set[str] = set()
        self._scanner.set_global("inside", inside)
        kept, start = b"", True
        while chunk := file.read(WINDOW):
            if inside:
                self._count(len(chunk))
            self._scanner.set_global("start", start)
            results = self._scanner.scan(kept + chunk)
            found |= {rule.identifier for rule in results.matching_rules}
            kept, start = chunk[-OVERLAP:], False
        return found

    def _count(self, size: int) -> None:
        self._left -= size
        if self._left < 0:
            raise parts.too_much()


def main(media_type: str) -> None:
    """Scan standard input and write which rules fire."""
    confinement.leave_the_network()
    confinement.keep_to_code()
    scanner = Scanner()
    confinement.set_limits(MEMORY, seconds=PROCESSOR_SECONDS)
    with io.open(0, "rb", closefd=False) as file:  # noqa: UP020
        said = scanned(scanner, file, media_type)
    os.write(1, said)
    os._exit(0)


def scanned(scanner: Scanner, file: BinaryIO, media_type: str) -> bytes:
    """Return the answer for a file and all that lies within it."""
    fired = scanner.fired(file, inside=False)
    file.seek(0)
    try:
        for part in parts.of(file, media_type):
            fired |= scanner.fired(part, inside=True)
    except (Unacceptable, *parts.UNREADABLE) as broken:
        # What was found before it broke off says more than that it did.
        if not fired:
            unread = DamagedFile(reason="an archive in it cannot be read")
            return answer.of_refusal(broken if isinstance(broken, Unacceptable) else unread)
    return json.dumps({"fired": sorted(fired)}).encode()


if __name__ == "__main__":
    main(sys.argv[1])
