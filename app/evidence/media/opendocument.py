"""Reading LibreOffice documents (OpenDocument, ISO/IEC 26300)."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Mapping
from typing import BinaryIO, Final

from app.evidence.media import archive, xml
from app.evidence.media.catalogue import OPEN_DOCUMENT
from app.evidence.media.facts import Caution, Facts
from app.evidence.media.refusals import ActiveContent, DamagedFile, EncryptedFile, WrongType

MEMORY: Final = 400 << 20
MANIFEST: Final = "META-INF/manifest.xml"
PROGRAM: Final = re.compile(r"^(?:Scripts/.+|Basic/[^/]+/(?!script-lb\.xml$).+|.*\.(?:class|jar))$")
SLIDE: Final = "urn:oasis:names:tc:opendocument:xmlns:drawing:1.0 page"
XLINK: Final = "http://www.w3.org/1999/xlink href"
FETCHING: Final = (
    " image",
    " object",
    " plugin",
    " floating-frame",
    " section-source",
    " table-source",
)


def read(file: BinaryIO, media_type: str) -> Facts:
    """Check that the document is of its type; count the slides of a presentation."""
    with archive.opened(file) as document:
        check_type(document, media_type)
        if any(PROGRAM.match(name) for name in document.namelist()):
            raise ActiveContent(reason="it carries macros or programs")
        check_manifest(document, media_type)
        return read_parts(document, media_type)


def check_type(document: zipfile.ZipFile, media_type: str) -> None:
    """Refuse a document whose first entry, stored as it is, does not name its type."""
    first = min(document.infolist(), key=lambda entry: entry.header_offset, default=None)
    if first is None or first.filename != "mimetype" or first.compress_type or first.file_size > 99:
        raise WrongType(declared=media_type, found="application/zip")
    found = document.read(first).decode("ascii", "replace").strip()
    if found != media_type:
        ours = re.fullmatch(re.escape(OPEN_DOCUMENT) + r"\.[a-z-]+", found)
        raise WrongType(declared=media_type, found=found if ours else "application/zip")


def check_manifest(document: zipfile.ZipFile, media_type: str) -> None:
    """Refuse a document whose list of parts says otherwise, or says that parts are encrypted."""
    said: dict[str, str] = {}

    def element(name: str, values: Mapping[str, str]) -> None:
        plain = {key.rpartition(" ")[2]: value for key, value in values.items()}
        if name.endswith(" encryption-data"):
            raise EncryptedFile(reason="it is protected by a password")
        if "full-path" in plain:
            said[plain["full-path"]] = plain.get("media-type", "")

    if MANIFEST not in document.namelist() or "content.xml" not in document.namelist():
        raise DamagedFile(reason="its list of parts or its content is missing")
    xml.walk(document, MANIFEST, element)
    if said.get("/", media_type) != media_type:
        raise DamagedFile(reason="its list of parts names another type")


def read_parts(document: zipfile.ZipFile, media_type: str) -> Facts:
    """Read every XML part to its end."""
    slides, cautions = 0, set[Caution]()

    def element(name: str, values: Mapping[str, str]) -> None:
        nonlocal slides
        slides += name == SLIDE
        if name.endswith(FETCHING) and "://" in values.get(XLINK, ""):
            cautions.add(Caution.REMOTE_CONTENT)

    for name in filter(xml.is_xml, document.namelist()):
        xml.walk(document, name, element if name == "content.xml" else None)
    presentation = media_type.endswith(".presentation")
    return Facts(pages=slides if presentation else None, cautions=tuple(sorted(cautions)))
