"""Writing the archive: one ZIP, nothing packed, every byte accounted for.

Its members are stored as they are, in one order and under one date, so that the same content gives
the same archive and that an importer need not unpack anything to know how large it is.
"""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from app.kit.canonical import canonical

FORMAT: Final = "mentorcert-portfolio"
SCHEMA_VERSION: Final = 1
MANIFEST, SUMS, CONTENT, RESULTS = (
    "manifest.json",
    "SHA256SUMS",
    "portfolio.json",
    "results.json",
)
PAGES: Final = {"en": "index.html", "fr": "index.fr.html"}

SAME_DAY: Final = (1980, 1, 1, 0, 0, 0)
READABLE: Final = 0o100644 << 16


@dataclass(frozen=True, slots=True)
class Member:
    """One file of an archive: its name, bytes and SHA-256; `file` is the evidence file it is."""

    name: str
    size: int
    sha256: str
    file: str | None = None


class Packer:
    """Writes an archive, noting each member; `close_with` ends it."""

    def __init__(self, path: Path) -> None:
        self._zip = zipfile.ZipFile(path, "x", zipfile.ZIP_STORED, allowZip64=True)
        self.members: list[Member] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._zip.close()

    def add(
        self, name: str, chunks: Iterable[bytes], *, size: int, file: str | None = None
    ) -> Member:
        """Add a member of a known size, chunk by chunk; return it with the digest of what came."""
        info = zipfile.ZipInfo(name, SAME_DAY)
        info.create_system, info.external_attr, info.file_size = 3, READABLE, size
        digest, written = hashlib.sha256(), 0
        with self._zip.open(info, "w") as member:
            for chunk in chunks:
                digest.update(chunk)
                written += len(chunk)
                member.write(chunk)
        added = Member(name, written, digest.hexdigest(), file)
        self.members.append(added)
        return added

    def add_bytes(self, name: str, content: bytes) -> Member:
        return self.add(name, [content], size=len(content))

    def close_with(self, head: dict[str, object]) -> bytes:
        """Add the manifest (what `head` says, and every member so far) and the checksums."""
        listed = [
            {
                "name": one.name,
                "size": one.size,
                "sha256": one.sha256,
                **({} if one.file is None else {"file": one.file}),
            }
            for one in self.members
        ]
        manifest = canonical(
            {"format": FORMAT, "schema_version": SCHEMA_VERSION, **head, "members": listed}
        )
        self.add_bytes(MANIFEST, manifest)
        self.add_bytes(SUMS, sums(self.members))
        return manifest


def sums(members: Iterable[Member]) -> bytes:
    """Return the checksums as `sha256sum -c` reads them."""
    return "".join(f"{one.sha256}  {one.name}\n" for one in members).encode()
