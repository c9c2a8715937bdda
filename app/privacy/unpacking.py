"""Reading an archive that somebody brings: nothing in it is believed, every byte is accounted for.

An archive is taken in only as the service makes it: members stored as they are, one after the other
from the first byte to the directory, each as long and with the digest that the manifest and the
checksums say. So nothing unfolds, nothing hides between members, and no name leads anywhere.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import struct
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, Final, cast
from uuid import UUID

from app.kit.canonical import canonical
from app.kit.errors import Invalid
from app.privacy.naming import is_member_name
from app.privacy.parcel import (
    CONTENT,
    FORMAT,
    MANIFEST,
    PAGES,
    RESULTS,
    SCHEMA_VERSION,
    SUMS,
    Member,
    sums,
)

Json = dict[str, object]

MOST_MEMBERS: Final = 20_000
LARGEST_DIRECTORY: Final = 8 << 20
LARGEST_DOCUMENT: Final = 32 << 20
"""Bytes of portfolio.json, which is read whole; of the manifest and the checksums as well."""
CHUNK: Final = 1 << 20

END: Final = struct.Struct("<L4H2LH")
LOCATOR: Final = struct.Struct("<2LQL")
END64: Final = struct.Struct("<LQ2H2L4Q")
LOCAL: Final = struct.Struct("<L5H3L2H")
SIZES64: Final = struct.Struct("<2H2Q")
IS_END, IS_LOCATOR, IS_END64, IS_MEMBER = 0x06054B50, 0x07064B50, 0x06064B50, 0x04034B50
OPEN_ENDED: Final = 0xFFFFFFFF
CERTIFICATE: Final = re.compile(r"certificate/[A-Z0-9-]{1,64}\.pdf")


class NotAnArchive(Invalid):
    """This is not an archive as the service makes them; `reason` says what is wrong with it."""

    def __init__(self, *, reason: str) -> None:
        super().__init__(f"{self.title()} Reason: {reason}.", reason=reason)


class ArchiveAltered(Invalid):
    """Something in the archive is not what its manifest and checksums say; `member` names it."""

    def __init__(self, *, member: str) -> None:
        super().__init__(f"{self.title()} It is {member}.", member=member)


class ArchiveFromElsewhere(Invalid):
    """The archive is written in a way that this service does not know; `schema_version` says it."""


@dataclass(frozen=True, slots=True)
class Unpacked:
    """An archive whose structure holds; `places` says where each member's bytes begin."""

    file: BinaryIO
    manifest: Json
    manifest_text: str
    members: dict[str, Member]
    places: dict[str, int]

    @property
    def portfolio_id(self) -> UUID:
        return UUID(str(self.manifest["portfolio"]))

    @property
    def files(self) -> dict[UUID, Member]:
        """The members that are evidence files, by the file's identifier."""
        return {UUID(one.file): one for one in self.members.values() if one.file is not None}

    def document(self, name: str) -> Json:
        """Return a member that is JSON, whole."""
        return _json(self.file, name, self.places[name], self.members[name].size)

    def chunks(self, member: Member) -> Iterator[bytes]:
        """Yield a member's bytes; raises ArchiveAltered at the end if their digest is another."""
        yield from _verified(self.file, member, self.places[member.name])


def unpacked(file: BinaryIO) -> Unpacked:
    """Open an archive, having looked at all of it but for the digests of its files."""
    entries = _entries(file)
    places = _places(file, entries)
    sizes = {entry.filename: entry.file_size for entry in entries}
    if missing := {MANIFEST, SUMS, CONTENT} - sizes.keys():
        raise NotAnArchive(reason=f"it has no {min(missing)}")
    text = _read(file, MANIFEST, places[MANIFEST], sizes[MANIFEST])
    manifest = _manifest(text)
    members = _members(manifest)
    told = {**{name: one.size for name, one in members.items()}, MANIFEST: len(text)}
    if different := {
        name for name in (told.keys() | sizes.keys()) - {SUMS} if told.get(name) != sizes.get(name)
    }:
        raise ArchiveAltered(member=_called(min(different)))
    listed = [*members.values(), Member(MANIFEST, len(text), hashlib.sha256(text).hexdigest())]
    if _read(file, SUMS, places[SUMS], sizes[SUMS]) != sums(listed):
        raise ArchiveAltered(member=SUMS)
    for one in members.values():
        if one.file is None:
            for _ in _verified(file, one, places[one.name]):
                pass
    return Unpacked(file, manifest, text.decode(), members, places)


def _entries(file: BinaryIO) -> list[zipfile.ZipInfo]:
    _check_directory(file)
    try:
        with zipfile.ZipFile(file) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, ValueError, struct.error, NotImplementedError):
        raise NotAnArchive(reason="its directory cannot be read") from None
    if len({entry.orig_filename.lower() for entry in entries}) != len(entries):
        raise NotAnArchive(reason="two of its members have the same name")
    for entry in entries:
        if not _is_known(entry.orig_filename) or entry.filename != entry.orig_filename:
            raise NotAnArchive(reason=f"it has a member called {_called(entry.orig_filename)}")
        if entry.flag_bits or entry.compress_type or entry.comment:
            raise NotAnArchive(reason=f"{_called(entry.filename)} is packed or encrypted")
        if entry.compress_size != entry.file_size:
            raise NotAnArchive(reason=f"{_called(entry.filename)} has two lengths")
    return entries


def _check_directory(file: BinaryIO) -> None:
    """Refuse a directory that is too large, or that does not end where the file ends."""
    size = file.seek(0, os.SEEK_END)
    end = _at(file, size - END.size, END)
    if end is None or end[0] != IS_END or end[7]:
        raise NotAnArchive(reason="it is no ZIP file, or something follows its end")
    entries, length, offset, closes = end[4], end[5], end[6], size - END.size
    if locator := _locator(file, closes):
        entries, length, offset, closes = _directory64(file, locator)
    if entries > MOST_MEMBERS or length > LARGEST_DIRECTORY:
        raise NotAnArchive(reason=f"it has more than {MOST_MEMBERS} members")
    if offset + length != closes:
        raise NotAnArchive(reason="its directory is not where it says")


def _locator(file: BinaryIO, end: int) -> int | None:
    """Return where a large archive's own record of its directory is; None for a small one."""
    locator = _at(file, end - LOCATOR.size, LOCATOR)
    if locator is None or locator[0] != IS_LOCATOR:
        return None
    if locator[2] != end - LOCATOR.size - END64.size:
        raise NotAnArchive(reason="its directory is not where it says")
    return locator[2]


def _directory64(file: BinaryIO, begins: int) -> tuple[int, int, int, int]:
    """Return entries, length and offset of a large archive's directory, and where it must end."""
    record = _at(file, begins, END64)
    if record is None or record[0] != IS_END64 or record[6] != record[7]:
        raise NotAnArchive(reason="its directory is not where it says")
    return record[7], record[8], record[9], begins


def _at(file: BinaryIO, offset: int, form: struct.Struct) -> tuple[int, ...] | None:
    if offset < 0:
        return None
    file.seek(offset)
    found = file.read(form.size)
    return form.unpack(found) if len(found) == form.size else None


def _places(file: BinaryIO, entries: list[zipfile.ZipInfo]) -> dict[str, int]:
    """Return where each member's bytes begin, having seen that they follow one another."""
    places, offset = {}, 0
    for entry in sorted(entries, key=lambda entry: entry.header_offset):
        if entry.header_offset != offset:
            raise NotAnArchive(reason="its members do not follow each other")
        places[entry.filename] = begins = _begins(file, entry)
        offset = begins + entry.file_size
    with zipfile.ZipFile(file) as archive:
        if archive.start_dir != offset:
            raise NotAnArchive(reason="its members do not lead up to its directory")
    return places


def _begins(file: BinaryIO, entry: zipfile.ZipInfo) -> int:
    """Return where a member begins whose own header says what the directory says."""
    header = _at(file, entry.header_offset, LOCAL)
    if header is None or header[0] != IS_MEMBER:
        raise NotAnArchive(reason=f"{_called(entry.filename)} is not where it should be")
    _, _, flags, method, _, _, crc, packed, size, name_length, extra_length = header
    name, extra = file.read(name_length), file.read(extra_length)
    if extra and len(extra) == SIZES64.size and (packed, size) == (OPEN_ENDED, OPEN_ENDED):
        kind, length, size, packed = SIZES64.unpack(extra)
        if (kind, length) != (1, 16):
            raise NotAnArchive(reason=f"{_called(entry.filename)} has an unknown header")
    elif extra:
        raise NotAnArchive(reason=f"{_called(entry.filename)} has an unknown header")
    said = (flags, method, crc, packed, size, name)
    sizes = (entry.compress_size, entry.file_size)
    if said != (0, 0, entry.CRC, *sizes, entry.filename.encode()):
        raise NotAnArchive(reason=f"{_called(entry.filename)} and the directory disagree")
    return entry.header_offset + LOCAL.size + name_length + extra_length


def _is_known(name: str) -> bool:
    fixed = {MANIFEST, SUMS, CONTENT, RESULTS, *PAGES.values()}
    return (
        name in fixed
        or CERTIFICATE.fullmatch(name) is not None
        or (name.startswith("files/") and is_member_name(name))
    )


def _manifest(text: bytes) -> Json:
    manifest = _parsed(text, MANIFEST)
    if manifest.get("format") != FORMAT:
        raise NotAnArchive(reason="its manifest is of another format")
    if manifest.get("schema_version") != SCHEMA_VERSION:
        raise ArchiveFromElsewhere(
            schema_version=str(manifest.get("schema_version"))[:40], known=SCHEMA_VERSION
        )
    return manifest


def _members(manifest: Json) -> dict[str, Member]:
    """Return the members that a manifest lists; the checksums stand beside it."""
    try:
        UUID(str(manifest["portfolio"]))
        listed = [
            Member(
                str(one["name"]),
                cast(int, one["size"]),
                str(one["sha256"]),
                None if "file" not in one else str(one["file"]),
            )
            for one in cast(list[Json], manifest["members"])
        ]
        for one in listed:
            if type(one.size) is not int or not re.fullmatch(r"[0-9a-f]{64}", one.sha256):
                raise ValueError
            if (one.file is not None) != one.name.startswith("files/"):
                raise ValueError
            if one.file is not None and one.name.split("/")[1] != str(UUID(one.file)):
                raise ValueError
    except (KeyError, TypeError, ValueError, AttributeError):
        raise NotAnArchive(reason="its manifest does not say what it must") from None
    if len({one.name for one in listed}) != len(listed) or len(
        {one.file for one in listed if one.file}
    ) != sum(one.file is not None for one in listed):
        raise NotAnArchive(reason="its manifest lists something twice")
    return {one.name: one for one in listed}


def _verified(file: BinaryIO, member: Member, begins: int) -> Iterator[bytes]:
    digest, left = hashlib.sha256(), member.size
    file.seek(begins)
    while left and (chunk := file.read(min(left, CHUNK))):
        digest.update(chunk)
        left -= len(chunk)
        yield chunk
    if left or digest.hexdigest() != member.sha256:
        raise ArchiveAltered(member=_called(member.name))


def _read(file: BinaryIO, name: str, begins: int, size: int) -> bytes:
    if size > LARGEST_DOCUMENT:
        raise NotAnArchive(reason=f"{name} is too large")
    file.seek(begins)
    return file.read(size)


def _json(file: BinaryIO, name: str, begins: int, size: int) -> Json:
    return _parsed(_read(file, name, begins, size), name)


def _parsed(text: bytes, name: str) -> Json:
    try:
        found = json.loads(text.decode())
        is_canonical = canonical(found) == text
    except (ValueError, RecursionError):
        raise NotAnArchive(reason=f"{name} is not JSON") from None
    # So nothing is said twice, and no number is beyond what every reader understands.
    if not is_canonical:
        raise NotAnArchive(reason=f"{name} is not in canonical form")
    if not isinstance(found, dict):
        raise NotAnArchive(reason=f"{name} is not a JSON object")
    return found


def _called(name: str) -> str:
    """Return how a refusal names a member: in ASCII, and never long."""
    return ascii(name[:60])[:120]
