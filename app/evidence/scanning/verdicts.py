"""What scanners say of a file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from app.evidence.media.refusals import Unacceptable
from app.kit.errors import Unavailable


class Verdict(StrEnum):
    CLEAN = "clean"
    MALWARE = "malware"
    TOO_LARGE = "too_large"
    FAILED = "failed"


class ScannerAway(Unavailable):
    """The malware scanner does not answer; the file waits until it does."""


class MalwareFound(Unacceptable):
    """Malware was found in the file, so it is not kept and nobody can open it."""

    def __init__(self, *, reason: str, scans: Sequence[Scanned] = ()) -> None:
        super().__init__(reason=reason)
        self.scans = scans


class ScanFailed(Exception):
    """A scanner that answers could not scan this file."""


@dataclass(frozen=True, slots=True)
class Scanner:
    """Who scans: by name and version, and with which rules or signatures."""

    name: str
    version: str
    rules: str


@dataclass(frozen=True, slots=True)
class Scanned:
    """One scanner's verdict on one file; `found` names what it found."""

    scanner: Scanner
    verdict: Verdict
    found: str | None = None
