"""Making an archive: what a portfolio holds, put into one ZIP on disk, then into the store.

One file's chunk is in memory at a time. What was read is one moment's truth; when a file is gone
from the store by the time its turn comes, all is read again: either it was deleted meanwhile, or it
is lost, and the archive says so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import cast
from uuid import UUID

from app.evidence.lifecycle import State
from app.framework import queries as reference
from app.jobs.shift import Shift
from app.kit.canonical import canonical
from app.portfolio.models import Portfolio
from app.privacy import contents, overview, released
from app.privacy.contents import Contents, Json
from app.privacy.naming import member_name
from app.privacy.overview import Pages
from app.privacy.parcel import CONTENT, RESULTS, Packer
from app.privacy.released import Released
from app.storage import ObjectMissing
from app.work import Work

GOES_ALONG = frozenset({State.AVAILABLE, State.SUPERSEDED})
"""States of files whose bytes go along: a quarantined one does not leave, the others have none."""


class FileLost(Exception):
    """A file's bytes are not there, or are not those that were handed in."""

    def __init__(self, file_id: str, found: str) -> None:
        super().__init__(file_id, found)
        self.file_id, self.found = file_id, found


@dataclass(frozen=True, slots=True)
class Packed:
    """What is needed to make an archive while no transaction is open."""

    contents: Contents
    results: Released | None
    pages: Pages
    asked_at: str
    keys: dict[str, str]
    """Where the bytes of each file lie in the store, by the file's identifier."""
    lost: Mapping[str, str]
    """Files that should be in the store and are not, with what was found."""

    @property
    def bytes_total(self) -> int:
        return sum(int(str(one["size"])) for one in self.files)

    @property
    def readable(self) -> set[UUID]:
        """The files that may leave, lost ones too: what was said in them is in the archive."""
        return {UUID(id) for id in _readable(self.contents)}

    @property
    def files(self) -> list[Json]:
        return [one for one in self.contents.tables["evidence_file"] if one["id"] in self.keys]


def gather(work: Work, portfolio_id: UUID, asked_at: str, lost: Mapping[str, str]) -> Packed:
    """Read all that goes along, in the transaction of `work`; the bytes of `lost` files cannot.

    Whoever changes a portfolio holds its row: while it is held here, all that is read is of one
    moment.
    """
    portfolio = work.session.get_one(Portfolio, portfolio_id, with_for_update=True)
    found = contents.contents(work, portfolio_id)
    readable = _readable(found)
    keys = {id: f"evidence/{portfolio_id}/{id}" for id in readable if id not in lost}
    # What was said in a recording leaves no more than the recording does.
    captions = found.tables["captions"]
    found.tables["captions"] = [one for one in captions if one["file_id"] in readable]
    framework = reference.framework(work.session, portfolio.framework_id)
    scheme = reference.scheme(work.session, portfolio.scheme_id)
    results = released.released(work, portfolio)
    told = None if results is None else results.document
    pages = overview.pages(framework, scheme, found, told, names(found, keys))
    return Packed(found, results, pages, asked_at, keys, lost)


def _readable(found: Contents) -> set[str]:
    files = found.tables["evidence_file"]
    return {str(one["id"]) for one in files if one["state"] in GOES_ALONG}


def names(found: Contents, keys: dict[str, str]) -> dict[str, str]:
    """Return the name in the archive of each file that goes along, by its identifier."""
    return {
        str(one["id"]): member_name(UUID(str(one["id"])), str(one["name"]), str(one["media_type"]))
        for one in found.tables["evidence_file"]
        if one["id"] in keys
    }


def write(shift: Shift, packed: Packed, path: Path, done: Callable[[int], None]) -> None:
    """Write the archive; `done` is told how many bytes of files are in it, after each.

    Raises FileLost for a file that is no longer there, or is another.
    """
    called = names(packed.contents, packed.keys)
    with Packer(path) as packer:
        for name, page in packed.pages.items():
            packer.add_bytes(name, page)
        packer.add_bytes(CONTENT, canonical(packed.contents.document()))
        if packed.results is not None:
            packer.add_bytes(RESULTS, canonical(packed.results.document))
            _add_certificate(shift, packer, packed.results)
        written = 0
        for file in packed.files:
            id, size = str(file["id"]), cast(int, file["size"])
            chunks = _limited(shift.store.read(packed.keys[id]), id, size)
            added = packer.add(called[id], chunks, size=size, file=id)
            if (added.size, added.sha256) != (size, file["sha256"]):
                raise FileLost(id, "digest")
            written += size
            done(written)
        packer.close_with(_head(packed))


def _limited(chunks: Iterator[bytes], file_id: str, size: int) -> Iterator[bytes]:
    """Pass chunks on until there is one byte too many, which is enough to know."""
    passed = 0
    try:
        for chunk in chunks:
            passed += len(chunk)
            if passed > size:
                raise FileLost(file_id, "size")
            yield chunk
    except ObjectMissing:
        raise FileLost(file_id, "missing") from None


def _add_certificate(shift: Shift, packer: Packer, results: Released) -> None:
    if results.pdf_key is not None:
        pdf = b"".join(shift.store.read(results.pdf_key))
        packer.add_bytes(f"certificate/{results.certificate_number}.pdf", pdf)


def _head(packed: Packed) -> Json:
    left = [
        {"file": one["id"], "state": one["state"], "found": packed.lost.get(str(one["id"]))}
        for one in packed.contents.tables["evidence_file"]
        if one["id"] not in packed.keys
    ]
    return {
        "portfolio": packed.contents.portfolio["id"],
        "asked_at": packed.asked_at,
        "versions": packed.contents.versions,
        "without_bytes": left,
    }
