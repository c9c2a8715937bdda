"""Reading RTF documents: one balanced group, no embedded objects."""

from __future__ import annotations

import os
import re
from typing import BinaryIO, Final

from app.evidence.media.facts import Caution, Facts
from app.evidence.media.polyglot import refuse_zip_inside
from app.evidence.media.refusals import ActiveContent, DamagedFile, FileBomb

MEMORY: Final = 512 << 20
LARGEST: Final = 64 << 20
DEEPEST: Final = 500
TOKEN: Final = re.compile(rb"\\bin(\d+) ?|\\[\\{}']|[{}]")
OBJECT: Final = re.compile(
    rb"\\obj(?:data|ect|ocx|emb|link|autlink|html|update)\b|\\ddeauto\b", re.I
)
TEMPLATE: Final = re.compile(rb"\\template\b|\\field\b[^{}]{0,99}INCLUDE", re.I)


def read(file: BinaryIO, media_type: str) -> Facts:
    """Refuse a document that breaks off, nests without end, or embeds what other programs run."""
    if file.seek(0, os.SEEK_END) > LARGEST:
        raise FileBomb(reason="it is larger than any letter or report")
    refuse_zip_inside(file)
    text = file.read()
    check_groups(text)
    if OBJECT.search(text):
        raise ActiveContent(reason="it embeds an object of another program")
    return Facts(cautions=(Caution.REMOTE_CONTENT,) if TEMPLATE.search(text) else ())


def check_groups(text: bytes) -> None:
    """Refuse text whose outermost group does not end exactly where the file does."""
    depth, at, end = 0, 0, None
    while found := TOKEN.search(text, at):
        token, at = found.group(), found.end()
        if end is not None:
            break
        if found.group(1):
            at += int(found.group(1)[:12])
        depth += (token == b"{") - (token == b"}")
        if depth > DEEPEST:
            raise FileBomb(reason="its groups are nested without end")
        end = at if depth == 0 else None
    if end is None or text[end:].strip(b"\r\n\0 \t"):
        raise DamagedFile(reason="it ends too early, or something follows its end")
    if b"\0" in text[:end] and b"\\bin" not in text:
        raise DamagedFile(reason="it holds control characters, which text does not")
