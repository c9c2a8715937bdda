"""What is noted of an upload on disk, so that it can go on after its program was killed.

A note holds what finds the upload again: never a token, never a signed link.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self
from uuid import uuid4


class UploadUnderWay(Exception):
    """Another program is sending this very file for this piece of evidence."""


@dataclass(frozen=True, slots=True)
class Source:
    """The file to hand in as it was when its upload began, and what it is handed in for."""

    server: str
    evidence_id: str
    path: str
    media_type: str
    size: int
    modified_ns: int

    @classmethod
    def of(cls, path: Path, media_type: str, *, server: str, evidence_id: str) -> Self:
        about = path.stat()
        return cls(
            server, evidence_id, str(path.resolve()), media_type, about.st_size, about.st_mtime_ns
        )


@dataclass(frozen=True, slots=True)
class Note:
    """An upload that was begun."""

    source: Source
    key: str
    """The Idempotency-Key under which the file is announced."""
    file_id: str | None = None
    part_size: int | None = None

    @classmethod
    def new(cls, source: Source) -> Self:
        return cls(source, uuid4().hex)


class Notebook:
    """Where one note is kept: a file of its own, or nowhere (`place` is None)."""

    def __init__(self, place: Path | None) -> None:
        self._place = place

    def read(self) -> Note | None:
        """Return the note; one that cannot be read, by whatever accident, is none."""
        if self._place is None:
            return None
        try:
            found = json.loads(self._place.read_text("utf-8"))
            return Note(**{**found, "source": Source(**found["source"])})
        except (OSError, ValueError, TypeError, KeyError):
            return None

    def write(self, note: Note) -> None:
        """Replace the note in one go: a kill leaves the old one or the new one."""
        if self._place is None:
            return
        fresh = self._place.with_suffix(".new")
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            json.dump(asdict(note), file, indent=1)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self._place)

    def clear(self) -> None:
        """Forget an upload that has ended."""
        if self._place is not None:
            self._place.unlink(missing_ok=True)


@contextmanager
def notebook(place: Path | None) -> Iterator[Notebook]:
    """Open the notebook for one upload; raises UploadUnderWay if another program has it open."""
    if place is None:
        yield Notebook(None)
        return
    place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    lock = place.with_suffix(".lock")
    held = _locked(lock)
    try:
        yield Notebook(place)
    finally:
        lock.unlink(missing_ok=True)
        os.close(held)


def _locked(lock: Path) -> int:
    """Hold a lock that ends with this program, however it ends."""
    while True:
        held = os.open(lock, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(held)
            raise UploadUnderWay(f"Another program is sending {lock.stem} already.") from None
        # Whoever held it before removes it: then this one is no longer the file of that name.
        with suppress(FileNotFoundError):
            if os.fstat(held).st_ino == lock.stat().st_ino:
                return held
        os.close(held)
