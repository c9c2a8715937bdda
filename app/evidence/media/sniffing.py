"""What the first bytes of a file say it is, before any library reads it.

A signature never admits a file; it decides that the file is worth showing to the reader of its
declared type, which then checks the structure.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import BinaryIO, Final

import puremagic

from app.evidence.media.catalogue import READERS
from app.evidence.media.refusals import DamagedFile, EncryptedFile, WrongType

HEAD: Final = 4096
CHUNK: Final = 1 << 20
UNKNOWN: Final = "application/octet-stream"
OLE: Final = "application/x-ole-storage"
ENCRYPTED_PACKAGE: Final = "EncryptedPackage".encode("utf-16-le")
"""The stream in which Word, Excel and PowerPoint keep a document that a password protects."""

TEXT: Final = "text/plain"

SIGNATURES: Final = (
    (b"%PDF-", "application/pdf"),
    (b"PK\x03\x04", "application/zip"),
    (b"PK\x05\x06", "application/zip"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", OLE),
    (b"{\\rtf", "application/rtf"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"BM", "image/bmp"),
    (b"II*\0", "image/tiff"),
    (b"MM\0*", "image/tiff"),
    (b"OggS", "application/ogg"),
    (b"fLaC", "audio/flac"),
    (b"ID3", "audio/mpeg"),
    (b"MZ", "application/x-msdownload"),
    (b"\x7fELF", "application/x-executable"),
    (b"#!", "application/x-shellscript"),
    (b"%!PS", "application/postscript"),
)
RIFF: Final = {
    b"WAVE": "audio/wav",
    b"WEBP": "image/webp",
    b"AVI ": "video/x-msvideo",
}
BRANDS: Final = {
    **dict.fromkeys((b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx"), "image/heic"),
    **dict.fromkeys((b"mif1", b"msf1"), "image/heic"),
    **dict.fromkeys((b"avif", b"avis"), "image/avif"),
    **dict.fromkeys((b"M4A ", b"M4B ", b"M4P "), "audio/mp4"),
    b"qt  ": "video/quicktime",
    b"jp2 ": "image/jp2",
    b"crx ": "image/x-canon-cr3",
}
QUICKTIME_BOXES: Final = frozenset({b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot"})
POSING_AS_TEXT: Final = (
    (re.compile(rb"#EXTM3U", re.ASCII), "application/vnd.apple.mpegurl"),
    (re.compile(rb"ffconcat\b"), "text/x-ffconcat"),
    (re.compile(rb"v=0\r?\n"), "application/sdp"),
    (re.compile(rb"(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*<svg[\s>]", re.I | re.S), "image/svg+xml"),
    (re.compile(rb"(?:<\?xml[^>]*>\s*)?<MPD[\s>]", re.S), "application/dash+xml"),
    (
        re.compile(
            rb"<!doctype\s+html|<(?:html|head|body|script|iframe|style|title|table|object|embed"
            rb"|form|meta|link|base|frameset|template|math)[\s>/]",
            re.I,
        ),
        "text/html",
    ),
    (re.compile(rb"<\?xml|<!doctype|<!entity", re.I), "text/xml"),
    (re.compile(rb"<\?php", re.I), "application/x-php"),
    (re.compile(rb"#!\s*/"), "application/x-shellscript"),
)

MP4_FAMILY: Final = frozenset({"audio/mp4", "video/mp4"})
ALSO_BEGINS_AS: Final[Mapping[str, frozenset[str]]] = {
    **{name: frozenset({"application/zip"}) for name in READERS if ".openxml" in name},
    **{name: frozenset({"application/zip"}) for name in READERS if ".oasis." in name},
    **dict.fromkeys(("text/plain", "text/markdown", "text/csv"), frozenset({TEXT})),
    "message/rfc822": frozenset({TEXT}),
    # An m4a and an mp4 are told apart by their streams, not by their first bytes.
    **dict.fromkeys(MP4_FAMILY, MP4_FAMILY),
    **dict.fromkeys(("audio/ogg", "video/ogg"), frozenset({"application/ogg"})),
    "audio/webm": frozenset({"video/webm"}),
}


def check(file: BinaryIO, media_type: str) -> None:
    """Refuse a file whose first bytes are another type's; leave it at its start."""
    head = file.read(HEAD)
    file.seek(0)
    if not head:
        raise DamagedFile(reason="it is empty")
    found = looks_like(head)
    if found not in ALSO_BEGINS_AS.get(media_type, frozenset({media_type})):
        if found == OLE and contains(file, ENCRYPTED_PACKAGE):
            raise EncryptedFile(reason="it is protected by a password")
        raise WrongType(declared=media_type, found=found)


def contains(file: BinaryIO, wanted: bytes) -> bool:
    kept = b""
    while chunk := file.read(CHUNK):
        if wanted in kept + chunk:
            return True
        kept = chunk[-len(wanted) :]
    return False


def looks_like(head: bytes) -> str:
    """Return the media type that the first bytes of a file speak for."""
    for signature, media_type in SIGNATURES:
        if head.startswith(signature) and not (len(signature) < 3 and is_text(head)):
            return media_type
    return of_container(head) or of_text(head) or as_others_name_it(head)


def of_container(head: bytes) -> str | None:
    if head[:4] in (b"RIFF", b"RF64"):
        return RIFF.get(head[8:12], UNKNOWN)
    if head[:4] == b"\x1aE\xdf\xa3":
        return "video/webm" if b"webm" in head[:64] else "video/x-matroska"
    if head[4:8] == b"ftyp":
        return of_brand(head[8:12])
    if head[4:8] in QUICKTIME_BOXES:
        return "video/quicktime"
    # An MPEG audio frame: eleven bits set, then layer III.
    if len(head) > 2 and head[0] == 0xFF and head[1] & 0xE6 == 0xE2:
        return "audio/mpeg"
    return None


def of_brand(brand: bytes) -> str:
    if brand.startswith(b"3g"):
        return "video/3gpp"
    return BRANDS.get(brand, "video/mp4")


def of_text(head: bytes) -> str | None:
    if not is_text(head):
        return None
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    for pattern, media_type in POSING_AS_TEXT:
        if pattern.match(start):
            return media_type
    return TEXT


def is_text(head: bytes) -> bool:
    """Say whether no byte is a control character that text has no use for."""
    return not re.search(rb"[\x00-\x08\x0b\x0e-\x1f]", head)


def as_others_name_it(head: bytes) -> str:
    """Return puremagic's name for a file we do not take, so that the refusal can say it."""
    try:
        guesses = puremagic.magic_string(head)
    except Exception:  # puremagic's own error, and whatever its deeper checks trip over
        return UNKNOWN
    names = [guess.mime_type.lower() for guess in guesses if guess.mime_type]
    known = [name for name in names if re.fullmatch(r"[a-z]+/[a-z0-9][a-z0-9.+-]*", name)]
    # It must never say that the file is of the declared type: that is for our signatures alone.
    return next((name for name in known if name not in READERS), UNKNOWN)
