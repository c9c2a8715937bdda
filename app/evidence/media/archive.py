"""Reading the ZIP files that office documents are: one directory, and every byte accounted for.

Two readers of one ZIP may see different files when its directory and its entries disagree, when it
has two directories, or when bytes lie between entries. So the entries must follow each other from
the first byte to the directory, each header must say what the directory says, and the directory's
end must be the end of the file. Sizes are added up before anything is unpacked.
"""

from __future__ import annotations

import os
import re
import struct
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import BinaryIO, Final

from app.evidence.media.refusals import DamagedFile, EncryptedFile, FileBomb

MOST_ENTRIES: Final = 10_000
MOST_UNPACKED: Final = 1 << 30
"""Bytes of all entries together; a presentation with embedded films may reach it."""

MOST_GROWTH: Final = 50
GROWTH_COUNTS_FROM: Final = 4 << 20
LARGEST_INNER: Final = 32 << 20
CHUNK: Final = 1 << 18

END: Final = struct.Struct("<4s4H2LH")
LOCAL: Final = struct.Struct("<4s5H3L2H")
ENCRYPTED: Final = 0x1
SIZES_FOLLOW: Final = 0x8
LONG_SIZES: Final = 0x0001
UNICODE_NAME: Final = 0x7075
LISTED: Final = struct.Struct("<4s24x3H12x")
OPEN_ENDED: Final = 0xFFFFFFFF
OFFICE_NAME: Final = re.compile(r"\.(?:docx|xlsx|pptx|odt|ods|odp)$", re.I)


@contextmanager
def opened(file: BinaryIO, *, inner: bool = False) -> Iterator[zipfile.ZipFile]:
    """Open an archive whose structure holds; `inner` says that it lies in another one already."""
    directory_at = directory_offset(file)
    with zipfile.ZipFile(file) as archive:
        entries = archive.infolist()
        check_names(entries)
        check_growth(entries, file.seek(0, os.SEEK_END))
        check_every_byte(file, entries, directory_at)
        check_contents(archive, inner=inner)
        yield archive


def directory_offset(file: BinaryIO) -> int:
    """Return where the only directory begins, having found its end at the end of the file."""
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - END.size))
    tail = file.read(END.size)
    if len(tail) < END.size or tail[:4] != b"PK\x05\x06":
        raise DamagedFile(reason="it ends too early, or something follows its end")
    _, disk, start_disk, here, entries, length, offset, comment = END.unpack(tail)
    if 0xFFFF in (here, entries) or entries > MOST_ENTRIES or OPEN_ENDED in (length, offset):
        raise FileBomb(reason=f"it has more than {MOST_ENTRIES} entries, or far too large ones")
    if disk or start_disk or comment or here != entries or offset + length + END.size != size:
        raise DamagedFile(reason="its directory is not where it says")
    check_count(file, entries, offset, offset + length)
    return int(offset)


def check_count(file: BinaryIO, entries: int, at: int, end: int) -> None:
    """Refuse a directory that lists other entries than as many as it says.

    Some programs go by its length, others by its count; and the library reads it all at once.
    """
    for _ in range(entries):
        file.seek(at)
        header = file.read(LISTED.size)
        if at + LISTED.size > end or len(header) < LISTED.size or header[:4] != b"PK\x01\x02":
            break
        _, name, extra, comment = LISTED.unpack(header)
        at += LISTED.size + name + extra + comment
    else:
        if at == end:
            return
    raise DamagedFile(reason="its directory lists other entries than it says")


def check_names(entries: list[zipfile.ZipInfo]) -> None:
    names = [entry.orig_filename for entry in entries]
    if len({name.lower() for name in names}) != len(names):
        raise DamagedFile(reason="two of its entries have the same name")
    if any(is_unsafe(name) for name in names):
        raise DamagedFile(reason="an entry has a name that leads out of the document")


def is_unsafe(name: str) -> bool:
    steps = name.split("/")
    return (
        not name
        or name.startswith("/")
        or ".." in steps
        or bool(re.search(r"[\\:\x00-\x1f\x7f]", name))
    )


def check_growth(entries: list[zipfile.ZipInfo], size: int) -> None:
    """Refuse an archive that unfolds to far more than documents do."""
    unpacked = sum(entry.file_size for entry in entries)
    if unpacked > MOST_UNPACKED:
        raise FileBomb(reason=f"it would unfold to {unpacked} bytes")
    if unpacked > GROWTH_COUNTS_FROM and unpacked > MOST_GROWTH * size:
        raise FileBomb(reason=f"it would unfold to {unpacked // size} times its size")


def check_every_byte(file: BinaryIO, entries: list[zipfile.ZipInfo], directory_at: int) -> None:
    """Refuse an archive with bytes that belong to no entry, or to two."""
    offset = 0
    for entry in sorted(entries, key=lambda entry: entry.header_offset):
        if entry.header_offset != offset:
            raise DamagedFile(reason="its entries do not follow each other")
        offset = end_of_entry(file, entry)
    if offset != directory_at:
        raise DamagedFile(reason="its entries do not lead up to its directory")


def end_of_entry(file: BinaryIO, entry: zipfile.ZipInfo) -> int:
    """Return the offset after an entry whose own header says what the directory says."""
    file.seek(entry.header_offset)
    header, named = file.read(LOCAL.size), called(entry)
    if len(header) < LOCAL.size:
        raise DamagedFile(reason=f"{named} is cut off")
    sign, _, flags, method, _, _, crc, packed, unpacked, name, extra = LOCAL.unpack(header)
    if (flags | entry.flag_bits) & ENCRYPTED:
        raise EncryptedFile(reason=f"{named} is encrypted")
    if (sign, method, flags) != (b"PK\x03\x04", entry.compress_type, entry.flag_bits):
        raise DamagedFile(reason=f"{named} and the directory disagree")
    if method not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise DamagedFile(reason=f"{named} is packed in a way that documents do not use")
    check_local_name(file.read(name), entry)
    for more in (file.read(extra), entry.extra):
        check_extra(more, entry, named)
    sizes = (entry.CRC, entry.compress_size, entry.file_size)
    after = entry.header_offset + LOCAL.size + int(name) + int(extra) + entry.compress_size
    if not flags & SIZES_FOLLOW:
        if sizes != (crc, packed, unpacked):
            raise DamagedFile(reason=f"{named} and the directory disagree")
        return after
    return after + descriptor_length(file, after, sizes, named)


def called(entry: zipfile.ZipInfo) -> str:
    """Return how a refusal names an entry: in ASCII, and never long."""
    return f"its entry {ascii(entry.orig_filename[:40])[:80]}"


def check_local_name(name: bytes, entry: zipfile.ZipInfo) -> None:
    # Bit 11: the name is UTF-8; without it the format's old code page.
    coding = "utf-8" if entry.flag_bits & 0x800 else "cp437"
    if name.decode(coding) != entry.orig_filename:
        raise DamagedFile(reason=f"{called(entry)} and the directory disagree about a name")


def check_extra(extra: bytes, entry: zipfile.ZipInfo, named: str) -> None:
    """Refuse additions to a header that give some programs another name or size than others."""
    seen: set[int] = set()
    while extra.strip(b"\0"):
        kind, length = struct.unpack("<HH", extra[:4]) if len(extra) >= 4 else (0, len(extra))
        content, extra = extra[4 : 4 + length], extra[4 + length :]
        if len(content) < length or kind in seen:
            raise DamagedFile(reason=f"{named} has a header that two programs read differently")
        if kind == UNICODE_NAME and content[5:] != entry.orig_filename.encode("utf-8", "replace"):
            raise DamagedFile(reason=f"{named} has two names")
        if kind == LONG_SIZES and set(long_sizes(content)) - {0, *sizes_of(entry)}:
            raise DamagedFile(reason=f"{named} has two sizes")
        seen.add(kind)


def long_sizes(content: bytes) -> tuple[int, ...]:
    """Return the sizes in an addition for large files (ZIP64), which a place may follow."""
    whole = content[: min(len(content), 16) // 8 * 8]
    return struct.unpack(f"<{len(whole) // 8}Q", whole)


def sizes_of(entry: zipfile.ZipInfo) -> tuple[int, int]:
    return entry.file_size, entry.compress_size


def descriptor_length(file: BinaryIO, offset: int, sizes: tuple[int, int, int], named: str) -> int:
    """Return how long the record after an entry is that repeats checksum and sizes."""
    file.seek(offset)
    found = file.read(24)
    for form in ("<4sLLL", "<4sLQQ"):
        whole = struct.pack(form, b"PK\x07\x08", *sizes)
        for record in (whole, whole[4:]):
            if found.startswith(record):
                return len(record)
    raise DamagedFile(reason=f"{named} and the directory disagree")


def check_contents(archive: zipfile.ZipFile, *, inner: bool) -> None:
    """Unpack every entry into nothing, checking its sum, and look into archives within."""
    for entry in archive.infolist():
        with archive.open(entry) as content:
            start = content.read(CHUNK)
            if start.startswith(b"PK\x03\x04"):
                check_inner(archive, entry, inner=inner)
            while content.read(CHUNK):
                pass


def check_inner(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, *, inner: bool) -> None:
    """Accept an office document in an office document (a chart's table), and nothing deeper."""
    if inner or not OFFICE_NAME.search(entry.filename):
        raise FileBomb(reason="it holds an archive within an archive")
    if entry.file_size > LARGEST_INNER:
        raise FileBomb(reason="a document within it is too large")
    with opened(BytesIO(archive.read(entry)), inner=True):
        pass
