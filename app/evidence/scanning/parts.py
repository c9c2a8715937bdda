"""What lies within a file, so that it is scanned too: entries, attachments, streams.

The file has passed the reader of its type before, so its own structure holds and its sizes are
within bounds; what is read here is counted all the same. Of archives in it nobody has checked
anything: one that cannot be read to its end has not been scanned, and is refused.
"""

from __future__ import annotations

import email
import zipfile
import zlib
from collections.abc import Callable, Iterator
from io import BytesIO
from itertools import takewhile
from typing import BinaryIO, Final

import pikepdf

from app.evidence.media.refusals import DamagedFile, EncryptedFile, FileBomb

MOST_PARTS: Final = 500_000
MOST_BYTES: Final = 2 << 30
LARGEST: Final = 64 << 20
"""Bytes of one part that is looked into once more, as an archive in its turn."""

LARGEST_STREAM: Final = 160 << 20
"""Bytes to which a stream of a PDF may unfold: a page scanned in colour at 600 dpi has 100 MiB."""

DEEPEST: Final = 3
ENCRYPTED: Final = 0x1
"""The flag of an archive's entry that nobody reads without a password."""

UNREADABLE: Final = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError)
"""What `zipfile` raises for an archive that it cannot take apart, or packed in an unknown way."""

PICTURES: Final = frozenset(
    {"/DCTDecode", "/DCT", "/JPXDecode", "/JBIG2Decode", "/CCITTFaxDecode", "/CCF"}
)
"""Codings of a PDF's streams that a viewer unpacks to a picture, never to a file."""


def too_much() -> FileBomb:
    """Return the refusal of a file that could not be scanned whole."""
    return FileBomb(reason="there is more in it than a scan for malware goes through")


def of(file: BinaryIO, media_type: str) -> Iterator[BinaryIO]:
    """Yield each part of a file; what cannot be taken apart has none."""
    if unpack := UNPACKED.get(_form(media_type)):
        yield from _counted(unpack(file))


def _counted(parts: Iterator[BinaryIO]) -> Iterator[BinaryIO]:
    for number, part in enumerate(parts):
        if number > MOST_PARTS:
            raise too_much()
        yield part


def _form(media_type: str) -> str:
    if "officedocument" in media_type or "opendocument" in media_type:
        return "archive"
    return {"application/pdf": "pdf", "message/rfc822": "letter"}.get(media_type, "")


def _entries(file: BinaryIO, depth: int = 1) -> Iterator[BinaryIO]:
    """Yield the entries of an archive, and of archives among them."""
    with zipfile.ZipFile(file) as archive:
        for entry in archive.infolist():
            if entry.is_dir():
                continue
            if entry.flag_bits & ENCRYPTED:
                raise EncryptedFile(reason="an archive in it is protected by a password")
            with archive.open(entry) as part:
                begins = part.peek(4)[:4] if isinstance(part, zipfile.ZipExtFile) else b""
                yield part  # type: ignore[misc]
            if begins == b"PK\x03\x04" and depth < DEEPEST and entry.file_size <= LARGEST:
                yield from _entries(BytesIO(archive.read(entry)), depth + 1)


def _streams(file: BinaryIO) -> Iterator[BinaryIO]:
    """Yield what a PDF's objects say, and each stream of it as a viewer would unpack it."""
    pikepdf.settings.set_qpdf_limits(
        flate_max_memory=LARGEST_STREAM,
        png_max_memory=LARGEST_STREAM,
        tiff_max_memory=LARGEST_STREAM,
        run_length_max_memory=LARGEST_STREAM,
        doc_max_warnings=100,
    )
    with pikepdf.open(file, suppress_warnings=True, attempt_recovery=False) as document:
        for thing in document.objects:
            if isinstance(thing, pikepdf.Stream):
                yield BytesIO(thing.stream_dict.unparse(resolved=True))
                yield BytesIO(_unpacked(thing))
            elif isinstance(thing, pikepdf.Object):
                yield BytesIO(thing.unparse(resolved=True))


def _unpacked(stream: pikepdf.Stream) -> bytes:
    """Return what a viewer would unpack, but for a picture's own coding."""
    codings = _codings(stream)
    before = list(takewhile(lambda coding: coding not in PICTURES, codings))
    try:
        if before == codings:
            return stream.read_bytes(pikepdf.StreamDecodeLevel.specialized)
        with pikepdf.new() as apart:
            names = pikepdf.Array([pikepdf.Name(coding) for coding in before])
            picture = pikepdf.Stream(apart, stream.read_raw_bytes(), Filter=names)
            return picture.read_bytes(pikepdf.StreamDecodeLevel.specialized)
    except MemoryError:
        raise too_much() from None
    except pikepdf.PdfError as broken:
        if "memory limit" in str(broken):
            raise too_much() from None
        raise DamagedFile(reason="a stream in it cannot be unpacked") from None


def _codings(stream: pikepdf.Stream) -> list[str]:
    named = stream.stream_dict.get("/Filter")
    if named is None:
        return []
    return [str(one) for one in (named if isinstance(named, pikepdf.Array) else [named])]


def _attachments(file: BinaryIO) -> Iterator[BinaryIO]:
    """Yield the parts of a mail, decoded, and the entries of archives among them."""
    file.seek(0)
    for part in email.message_from_bytes(file.read()).walk():
        content = part.get_payload(decode=True)
        if isinstance(content, bytes) and content:
            yield BytesIO(content)
            if content.startswith(b"PK\x03\x04"):
                yield from _entries(BytesIO(content))


UNPACKED: Final[dict[str, Callable[[BinaryIO], Iterator[BinaryIO]]]] = {
    "archive": _entries,
    "pdf": _streams,
    "letter": _attachments,
}
