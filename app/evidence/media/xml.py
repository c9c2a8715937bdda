"""Reading the XML parts of office documents without ever resolving anything they name."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Mapping
from typing import Final
from xml.parsers import expat

from app.evidence.media.archive import called
from app.evidence.media.refusals import ActiveContent, DamagedFile

CHUNK: Final = 1 << 18
Element = Callable[[str, Mapping[str, str]], None]


def walk(archive: zipfile.ZipFile, name: str, element: Element | None = None) -> None:
    """Read one part to its end, calling `element` with each start tag: `namespace name`, values.

    A document type is refused: documents have none, and entities unfold or fetch things.
    """
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartDoctypeDeclHandler = refuse_document_type
    if element:
        parser.StartElementHandler = element
    try:
        with archive.open(name) as part:
            while chunk := part.read(CHUNK):
                parser.Parse(chunk, False)
        parser.Parse(b"", True)
    except expat.ExpatError:
        raise DamagedFile(reason=f"{called(archive.getinfo(name))} is not well-formed") from None


def refuse_document_type(*_: object) -> None:
    raise ActiveContent(reason="it declares a document type, which could unfold or fetch things")


def is_xml(name: str) -> bool:
    return name.lower().endswith((".xml", ".rels"))
