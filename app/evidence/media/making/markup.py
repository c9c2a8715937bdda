"""The words in the XML of office documents: paragraph by paragraph, slide by slide."""

from __future__ import annotations

import posixpath
import re
import zipfile
from collections.abc import Callable, Iterator, Mapping
from typing import Final
from xml.parsers import expat

from app.evidence.media.refusals import ActiveContent

CHUNK: Final = 1 << 18
BREAKS: Final = frozenset({"p", "br", "h", "tr", "table-row", "row", "si", "line-break"})
SPACES: Final = frozenset({"tab", "tc", "table-cell", "c", "s"})
WORDS: Final = frozenset({"t"})
"""The elements that hold words in Word, PowerPoint and Excel."""


def pages(document: zipfile.ZipFile, media_type: str) -> Iterator[tuple[int | None, str]]:
    """Yield the words of a document, with the number of the slide where it has slides."""
    if ".oasis." in media_type:
        yield from of_open_document(document, slides="presentation" in media_type)
    elif "presentationml" in media_type:
        for number, slide in enumerate(slides_of(document), 1):
            yield number, "".join(words_in(document, slide, WORDS))
    elif "spreadsheetml" in media_type:
        for part in ("xl/sharedStrings.xml", *numbered(document, r"xl/worksheets/sheet(\d+)\.xml")):
            if part in document.namelist():
                yield None, "".join(words_in(document, part, WORDS))
    else:
        notes = (f"word/{name}.xml" for name in ("document", "footnotes", "endnotes"))
        for part in notes:
            if part in document.namelist():
                yield None, "".join(words_in(document, part, WORDS))


def of_open_document(
    document: zipfile.ZipFile, *, slides: bool
) -> Iterator[tuple[int | None, str]]:
    number, found = 0, list[str]()
    for piece in words_in(document, "content.xml", None, mark="page"):
        if piece != PAGE:
            found.append(piece)
            continue
        if slides and number:
            yield number, "".join(found)
            found = []
        number += 1
    yield (number or None) if slides else None, "".join(found)


def slides_of(document: zipfile.ZipFile) -> list[str]:
    """Return the parts of the slides in the order in which they are shown."""
    targets: dict[str, str] = {}
    order: list[str] = []

    def relationship(name: str, values: Mapping[str, str]) -> None:
        if values.get("Type", "").endswith("/slide"):
            targets[values.get("Id", "")] = values.get("Target", "")

    def listed(name: str, values: Mapping[str, str]) -> None:
        if name.endswith(" sldId"):
            order.extend(value for key, value in values.items() if key.endswith(" id"))

    there = set(document.namelist())
    for part, look in (
        ("ppt/_rels/presentation.xml.rels", relationship),
        ("ppt/presentation.xml", listed),
    ):
        if part in there:
            starts(document, part, look)
    known = [posixpath.normpath(posixpath.join("ppt", targets.get(id_, ""))) for id_ in order]
    shown = [part for part in known if part in there]
    return shown or numbered(document, r"ppt/slides/slide(\d+)\.xml")


def numbered(document: zipfile.ZipFile, pattern: str) -> list[str]:
    found = ((re.fullmatch(pattern, name), name) for name in document.namelist())
    return [name for _, name in sorted((int(match[1]), name) for match, name in found if match)]


PAGE: Final = "\f"
"""Stands where a new slide begins."""


def words_in(
    document: zipfile.ZipFile, part: str, within: frozenset[str] | None, *, mark: str = ""
) -> Iterator[str]:
    """Yield the words of one part: those `within` some elements, or all of them."""
    found: list[str] = []
    depth = 0

    def start(name: str, _: object) -> None:
        nonlocal depth
        plain = name.rpartition(" ")[2]
        depth += within is not None and plain in within
        if plain == mark:
            found.append(PAGE)
        elif plain in SPACES:
            found.append(" ")

    def end(name: str) -> None:
        nonlocal depth
        plain = name.rpartition(" ")[2]
        depth -= within is not None and plain in within
        if plain in BREAKS:
            found.append("\n")

    def words(data: str) -> None:
        if within is None or depth:
            found.append(data)

    parser = new_parser()
    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.CharacterDataHandler = words
    with document.open(part) as content:
        while chunk := content.read(CHUNK):
            parser.Parse(chunk, False)
            yield from found
            found.clear()
    parser.Parse(b"", True)
    yield from found


def starts(
    document: zipfile.ZipFile, part: str, look: Callable[[str, dict[str, str]], None]
) -> None:
    parser = new_parser()
    parser.StartElementHandler = look
    parser.Parse(document.read(part), True)


def new_parser() -> expat.XMLParserType:
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartDoctypeDeclHandler = refuse_document_type
    parser.buffer_text = True
    return parser


def refuse_document_type(*_: object) -> None:
    raise ActiveContent(reason="it declares a document type, which could unfold or fetch things")
