"""Looking for malware in a file before it counts as evidence, and again when the rules change.

The built-in rules always scan; a ClamAV daemon scans too where the installation names one. A file
that one of them could not scan is not accepted: it waits. Importing this package is light: the
scanner itself is loaded by the confined child alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from app.evidence.scanning import builtin, clamd
from app.evidence.scanning.verdicts import (
    MalwareFound,
    ScanFailed,
    Scanned,
    Scanner,
    ScannerAway,
    Verdict,
)

__all__ = [
    "MalwareFound",
    "ScanFailed",
    "Scanned",
    "Scanner",
    "ScannerAway",
    "Scanners",
    "Verdict",
    "malware_in",
]


@dataclass(frozen=True, slots=True)
class Scanners:
    """The scanners of this installation; `clamd_address` is `host:port` or `unix:path`."""

    clamd_address: str | None = None

    def present(self) -> list[Scanner]:
        """Return each scanner with its present rules, or raise ScannerAway."""
        daemon = [clamd.scanner(self.clamd_address)] if self.clamd_address else []
        return [builtin.scanner(), *daemon]

    def scan(self, path: Path, media_type: str) -> list[Scanned]:
        """Return what each scanner says of a file; raises ScannerAway or ScanFailed.

        A file in which the rules find malware may break the daemon; it is malware all the same.
        Raises FileBomb or DamagedFile for what the rules cannot see all of.
        """
        said = [builtin.scan(path, media_type)]
        if self.clamd_address:
            try:
                said.append(clamd.scan(self.clamd_address, path))
            except (ScannerAway, ScanFailed):
                if not malware_in(said):
                    raise
        return said


def malware_in(scans: Sequence[Scanned]) -> str | None:
    """Return by which names malware was found, and by whom; None if there is none."""
    found = [f"{one.found} ({one.scanner.name})" for one in scans if one.found]
    return "; ".join(found) or None
