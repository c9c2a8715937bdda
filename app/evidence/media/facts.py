"""What a reader finds out about one file, and the contract that every reader keeps."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import BinaryIO, Protocol


class Caution(StrEnum):
    """What a person should know before opening the file; none of it runs in this service."""

    ATTACHMENTS = "attachments"
    LAUNCH = "launch"
    LOCATION = "location"
    PARTLY_SCANNED = "partly_scanned"
    REMOTE_CONTENT = "remote_content"
    SCRIPT = "script"


@dataclass(frozen=True, slots=True)
class Facts:
    """Pages or slides, length in milliseconds, width and height in pixels: what applies."""

    pages: int | None = None
    milliseconds: int | None = None
    width: int | None = None
    height: int | None = None
    cautions: tuple[Caution, ...] = ()


class Reader(Protocol):
    """A module that reads files of some media types: `read`, and the memory it may take."""

    MEMORY: int
    """Address space in bytes that reading may use at most."""

    def read(self, file: BinaryIO, media_type: str) -> Facts:
        """Read a file of this type, or refuse it."""
