"""Reading what a store lists in XML, with the standard library's parser alone.

A document type is refused before anything in it unfolds: no list of a store has one.
"""

from __future__ import annotations

from base64 import b64decode
from binascii import Error as NotBase64
from dataclasses import dataclass, field
from xml.parsers import expat

from app.storage import HeldPart, StoreUnavailable

LONGEST = 4 * 1024 * 1024
"""Bytes: a thousand parts are listed in less than half a megabyte."""


@dataclass(slots=True)
class Parts:
    """One page of the parts of an upload; `next` is where the next page begins, None at the end."""

    held: list[HeldPart] = field(default_factory=list)
    next: int | None = None


def parts_of(document: bytes) -> Parts:
    """Read a `ListPartsResult`; StoreUnavailable if it is none."""
    page, more, following = Parts(), False, ""
    path: list[str] = []
    words: list[str] = []
    part: dict[str, str] = {}

    def begin(name: str, _: dict[str, str]) -> None:
        path.append(name.rpartition(" ")[2])
        words.clear()

    def end(_: str) -> None:
        nonlocal more, following
        said = "".join(words).strip()
        match path:
            case ["ListPartsResult", "Part"]:
                page.held.append(_part(part))
                part.clear()
            case ["ListPartsResult", "Part", name]:
                part[name] = said
            case ["ListPartsResult", "IsTruncated"]:
                more = said == "true"
            case ["ListPartsResult", "NextPartNumberMarker"]:
                following = said
        path.pop()
        words.clear()

    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = _refuse
    parser.StartElementHandler = begin
    parser.EndElementHandler = end
    parser.CharacterDataHandler = words.append
    if len(document) > LONGEST:
        raise StoreUnavailable("The store's list of parts is too long to be one.")
    try:
        parser.Parse(document, True)
        page.next = int(following) if more else None
    except (expat.ExpatError, KeyError, ValueError):
        raise StoreUnavailable("The store's list of parts cannot be read.") from None
    return page


def _part(said: dict[str, str]) -> HeldPart:
    return HeldPart(
        number=int(said["PartNumber"]),
        size=int(said["Size"]),
        etag=said["ETag"].strip('"'),
        sha256=_hexadecimal(said.get("ChecksumSHA256", "")),
    )


def _hexadecimal(base64: str) -> str | None:
    try:
        return b64decode(base64, validate=True).hex() or None
    except NotBase64:
        return None


def _refuse(*_: object) -> None:
    raise StoreUnavailable("The store's list of parts declares a document type.")
