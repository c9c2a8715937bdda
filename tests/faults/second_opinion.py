"""What other programs would take an accepted file for: the judge of wrong acceptances.

Our own check is strict and knows what it looks for; this is lenient and asks other libraries, left
to guess, what they see. An accepted file must be confirmed as what it was declared as, and nobody
may open it as anything else.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from io import BytesIO
from typing import Final
from xml.etree import ElementTree

import av
import pillow_heif
import pypdfium2
from PIL import Image

from app.evidence.media.catalogue import READERS
from app.evidence.media.recording import CONTAINERS, pictures

IMAGES: Final = {
    "image/jpeg": {"JPEG", "MPO"},
    "image/png": {"PNG"},
    "image/webp": {"WEBP"},
    "image/heic": {"HEIF"},
}
# The tags by which browsers take a file for a web page (WHATWG MIME Sniffing, section 7.1).
PAGE: Final = re.compile(
    rb"[\t\n\x0c\r ]*<(?:!doctype html|html|head|script|iframe|h1|div|font|table|a|style|title|b"
    rb"|body|br|p)[ >]|[\t\n\x0c\r ]*<\?(?:xml|php)",
    re.I,
)
PROGRAM: Final = re.compile(rb"MZ|\x7fELF|#!|\xca\xfe\xba\xbe|\xcf\xfa\xed\xfe|%!PS|#EXTM3U|ffconc")


def objections(content: bytes, declared: str) -> list[str]:
    """Return why the file is not what it was accepted as, or is something else as well."""
    return [*_unconfirmed(content, declared), *_opened_as_another(content, declared)]


def _unconfirmed(content: bytes, declared: str) -> Iterator[str]:
    check = CHECKS[READERS[declared]]
    try:
        found = check(content, declared)
    except Exception as error:
        found = f"{type(error).__name__}: {error}"
    if found:
        yield f"no {declared} to others: {found}"


def _pdf(content: bytes, declared: str) -> str:
    document = pypdfium2.PdfDocument(content)
    return "" if len(document) else "no pages"


def _office(content: bytes, declared: str) -> str:
    with zipfile.ZipFile(BytesIO(content)) as archive:
        types = ElementTree.fromstring(archive.read("[Content_Types].xml"))  # noqa: S314 -- expat is confined here
    said = {element.get("ContentType") for element in types}
    return "" if f"{declared}.main+xml" in said else f"{sorted(map(str, said))}"


def _opendocument(content: bytes, declared: str) -> str:
    # The place at which the format itself asks programs to look.
    return "" if content[30:].startswith(b"mimetype" + declared.encode()) else "other mimetype"


def _image(content: bytes, declared: str) -> str:
    pillow_heif.register_heif_opener()
    with Image.open(BytesIO(content)) as picture:
        return "" if picture.format in IMAGES[declared] else str(picture.format)


def _recording(content: bytes, declared: str) -> str:
    with av.open(BytesIO(content), "r", metadata_errors="replace") as container:
        if CONTAINERS[declared] not in container.format.name.split(","):
            return str(container.format.name)
        moving = bool(pictures(container))
        return "" if moving == declared.startswith("video/") else f"moving pictures: {moving}"


def _text(content: bytes, declared: str) -> str:
    return "" if "\0" not in content.decode("utf-8") else "a control character"


def _letter(content: bytes, declared: str) -> str:
    # Mails of some programs hold the letters of their country's old encodings.
    return "" if re.match(rb"[!-9;-~]+:[^\0]*\Z", content) else "no header, or control characters"


def _rtf(content: bytes, declared: str) -> str:
    return "" if re.fullmatch(rb"\{\\rtf.*\}[\s\0]*", content, re.S) else "no group"


CHECKS: Final = {
    "pdf": _pdf,
    "office": _office,
    "opendocument": _opendocument,
    "image": _image,
    "recording": _recording,
    "plain": _text,
    "letter": _letter,
    "rtf": _rtf,
}


def _opened_as_another(content: bytes, declared: str) -> Iterator[str]:
    reader = READERS[declared]
    if reader not in ("office", "opendocument") and _unzips(content):
        yield "an archive to others"
    if reader != "pdf" and b"%PDF-" in content[:1024] and _opens_as_pdf(content):
        yield "a PDF to others"
    if reader != "image" and _is_picture(content):
        yield "a picture to others"
    if PAGE.match(content.removeprefix(b"\xef\xbb\xbf")):
        yield "a web page to others"
    if PROGRAM.match(content):
        yield "a program or playlist to others"


def _unzips(content: bytes) -> bool:
    try:
        return bool(zipfile.ZipFile(BytesIO(content)).infolist())
    except Exception:
        return False


def _opens_as_pdf(content: bytes) -> bool:
    try:
        return len(pypdfium2.PdfDocument(content)) > 0
    except Exception:
        return False


def _is_picture(content: bytes) -> bool:
    try:
        Image.open(BytesIO(content)).close()
    except Exception:
        return False
    return True
