"""Reading Word, PowerPoint and Excel documents (Office Open XML, ECMA-376)."""

from __future__ import annotations

import posixpath
import zipfile
from collections.abc import Mapping
from typing import BinaryIO, Final

from app.evidence.media import archive, xml
from app.evidence.media.catalogue import OFFICE_OPEN
from app.evidence.media.facts import Caution, Facts
from app.evidence.media.refusals import ActiveContent, DamagedFile, WrongType

MEMORY: Final = 400 << 20
TYPES: Final = "[Content_Types].xml"
SLIDE: Final = f"{OFFICE_OPEN}.presentationml.slide+xml"
PROGRAMS: Final = ("macroenabled", "vbaproject", "vbadata", "activex", "oleobject")
CLICKED: Final = "hyperlink"
"""The one kind of thing outside a document that is fetched only when somebody asks for it."""


def read(file: BinaryIO, media_type: str) -> Facts:
    """Check that the document is what its main part says; count the slides of a presentation."""
    with archive.opened(file) as document:
        names = set(document.namelist())
        if TYPES not in names:
            raise WrongType(declared=media_type, found="application/zip")
        types = content_types(document)
        refuse_programs(types, names)
        cautions = read_parts(document)
        check_main_part(document, types, media_type)
    slides = sum(part_type == SLIDE for part_type in types.values())
    return Facts(
        pages=slides if "presentationml" in media_type else None, cautions=tuple(sorted(cautions))
    )


def content_types(document: zipfile.ZipFile) -> Mapping[str, str]:
    """Return the type of each part that is named, and of each file ending (`*.xml`)."""
    types: dict[str, str] = {}

    def element(name: str, values: Mapping[str, str]) -> None:
        if "PartName" in values:
            types[values["PartName"].lstrip("/")] = values.get("ContentType", "")
        elif "Extension" in values:
            types[f"*.{values['Extension']}".lower()] = values.get("ContentType", "")

    xml.walk(document, TYPES, element)
    return types


def refuse_programs(types: Mapping[str, str], names: set[str]) -> None:
    # Some programs write a default type for macros into every document; a part counts, by its type
    # or by its name.
    telling = [f"{part} {media}" for part, media in types.items() if not part.startswith("*")]
    for text in (*telling, *names):
        if any(word in text.lower() for word in PROGRAMS):
            raise ActiveContent(reason="it carries macros, controls or embedded programs")


def read_parts(document: zipfile.ZipFile) -> set[Caution]:
    """Read every XML part to its end and name what the document would fetch when opened."""
    cautions: set[Caution] = set()

    def relationship(_: str, values: Mapping[str, str]) -> None:
        kind = posixpath.basename(values.get("Type", ""))
        if values.get("TargetMode") == "External" and kind != CLICKED:
            cautions.add(Caution.REMOTE_CONTENT)

    for name in filter(xml.is_xml, document.namelist()):
        xml.walk(document, name, relationship if name.lower().endswith(".rels") else None)
    return cautions


def check_main_part(document: zipfile.ZipFile, types: Mapping[str, str], media_type: str) -> None:
    """Refuse a document whose main part is of another application's type."""
    main: list[str] = []

    def relationship(_: str, values: Mapping[str, str]) -> None:
        if values.get("Type", "").endswith("/officeDocument"):
            main.append(values.get("Target", "").lstrip("/"))

    if "_rels/.rels" not in document.namelist():
        raise DamagedFile(reason="it does not say which part is the document")
    xml.walk(document, "_rels/.rels", relationship)
    if len(main) != 1 or main[0] not in document.namelist():
        raise DamagedFile(reason="its main part is missing")
    found = types.get(main[0]) or types.get(f"*{posixpath.splitext(main[0])[1]}".lower(), "")
    if found != f"{media_type}.main+xml":
        raise WrongType(declared=media_type, found=plain_type(found))


def plain_type(main: str) -> str:
    """Return a document's media type from that of its main part, as far as it is one of ours."""
    known = main.removesuffix(".main+xml")
    return known if known.startswith(OFFICE_OPEN) and known.islower() else "application/zip"
