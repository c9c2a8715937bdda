"""Reading PDF documents: whole, unprotected, and with what they could start named."""

from __future__ import annotations

import os
import re
from typing import BinaryIO, Final, TypeGuard

import pikepdf

from app.evidence.media.facts import Caution, Facts
from app.evidence.media.polyglot import refuse_zip_inside
from app.evidence.media.refusals import DamagedFile, EncryptedFile, FileBomb

MEMORY: Final = 512 << 20
LARGEST_STREAM: Final = 64 << 20
"""Bytes to which one compressed stream of the file's structure may grow."""

MOST_OBJECTS: Final = 500_000
MOST_PAGES: Final = 20_000
MOST_ACTS: Final = 10
"""Acts of a chain that are looked at; a viewer does the next when the last one is done."""

TAIL: Final = 1024
END_OF_FILE: Final = re.compile(rb"%%EOF[\s\0]*\Z")
SIGNS: Final = (
    (re.compile(rb"/(?:JavaScript|JS|RichMedia|XFA)\b"), Caution.SCRIPT),
    (re.compile(rb"/(?:Launch|GoToR|ImportData)\b"), Caution.LAUNCH),
    (re.compile(rb"/(?:EmbeddedFiles?|FileAttachment)\b"), Caution.ATTACHMENTS),
    (re.compile(rb"/(?:SubmitForm|GoToE)\b"), Caution.REMOTE_CONTENT),
)


def read(file: BinaryIO, media_type: str) -> Facts:
    """Count the pages and name what a viewer could be asked to run or open."""
    check_ends(file)
    refuse_zip_inside(file)
    pikepdf.settings.set_qpdf_limits(
        flate_max_memory=LARGEST_STREAM,
        png_max_memory=LARGEST_STREAM,
        tiff_max_memory=LARGEST_STREAM,
        run_length_max_memory=LARGEST_STREAM,
        doc_max_warnings=100,
    )
    try:
        with pikepdf.open(file, suppress_warnings=True, attempt_recovery=False) as document:
            return facts_of(document)
    except pikepdf.PasswordError:
        raise EncryptedFile(reason="it asks for a password") from None


def check_ends(file: BinaryIO) -> None:
    """Refuse a file with anything before its header or after its end."""
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - TAIL))
    if not END_OF_FILE.search(file.read()):
        raise DamagedFile(reason="its end is missing, or something follows it")


def facts_of(document: pikepdf.Pdf) -> Facts:
    if document.is_encrypted:
        raise EncryptedFile(reason="it is protected against changes or copying")
    if len(document.objects) > MOST_OBJECTS:
        raise FileBomb(reason=f"it has more than {MOST_OBJECTS} objects")
    pages = len(document.pages)
    if not 0 < pages <= MOST_PAGES:
        raise DamagedFile(reason="it has no pages, or impossibly many")
    cautions = cautions_of(document)
    # qpdf leaves out what grows too large, and only warns.
    if any("memory limit" in str(warning) for warning in document.get_warnings()):
        raise FileBomb(reason="a part of it unfolds to far more than its size")
    return Facts(pages=pages, cautions=cautions)


def cautions_of(document: pikepdf.Pdf) -> tuple[Caution, ...]:
    found: set[Caution] = set()
    for thing in document.objects:
        written = written_out(thing)
        found |= {caution for sign, caution in SIGNS if sign.search(written)}
        if opens_address(thing):
            found.add(Caution.REMOTE_CONTENT)
    return tuple(sorted(found))


def opens_address(thing: object) -> bool:
    """Say whether an object has its viewer open an address unasked; a link that waits is none."""
    if not isinstance(thing, pikepdf.Dictionary):
        return False
    more = thing.get("/AA")
    first = [thing.get("/OpenAction"), *(more.values() if is_dictionary(more) else [])]
    acts = [act for act in first if is_dictionary(act)]
    for _ in range(MOST_ACTS):
        if any(act.get("/S") == pikepdf.Name.URI for act in acts):
            return True
        acts = [later for act in acts for later in followers(act) if is_dictionary(later)]
    return False


def followers(act: pikepdf.Dictionary) -> list[object]:
    """Return what a viewer does after an act: one more, or several."""
    more = act.get("/Next")
    return list(more) if isinstance(more, pikepdf.Array) else [more]


def is_dictionary(thing: object) -> TypeGuard[pikepdf.Dictionary]:
    return isinstance(thing, pikepdf.Dictionary)


def written_out(thing: object) -> bytes:
    """Return an object's own text, with every name spelt plainly (`/J#53` as `/JS`)."""
    if isinstance(thing, pikepdf.Stream):
        return thing.stream_dict.unparse(resolved=True)
    if isinstance(thing, pikepdf.Object):
        return thing.unparse(resolved=True)
    return b""  # a number, a truth value or nothing, which pikepdf gives as Python's own
