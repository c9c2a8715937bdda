"""Reading plain text, Markdown and CSV: UTF-8, and nothing but text.

Other encodings are refused rather than guessed: a wrong guess would show a referent wrong letters,
and every editor and spreadsheet can save as UTF-8.
"""

from __future__ import annotations

import codecs
import os
from typing import BinaryIO, Final

from app.evidence.media.facts import Facts
from app.evidence.media.polyglot import refuse_zip_inside
from app.evidence.media.refusals import DamagedFile, FileBomb
from app.evidence.media.sniffing import is_text

MEMORY: Final = 256 << 20
LARGEST: Final = 100 << 20
CHUNK: Final = 1 << 18


def read(file: BinaryIO, media_type: str) -> Facts:
    """Refuse what is not UTF-8 text to its last byte."""
    check_text(file)
    refuse_zip_inside(file)
    return Facts()


def check_text(file: BinaryIO) -> None:
    """Refuse control characters and bytes that are not UTF-8; leave the file at its start."""
    if file.seek(0, os.SEEK_END) > LARGEST:
        raise FileBomb(reason="it is larger than any text that a person would read")
    file.seek(0)
    decoder = codecs.getincrementaldecoder("utf-8")()
    while chunk := file.read(CHUNK):
        if not is_text(chunk):
            raise DamagedFile(reason="it holds control characters, which text does not")
        decode(decoder, chunk)
    decode(decoder, b"", final=True)
    file.seek(0)


def decode(decoder: codecs.IncrementalDecoder, chunk: bytes, *, final: bool = False) -> None:
    try:
        decoder.decode(chunk, final)
    except UnicodeDecodeError:
        raise DamagedFile(reason="it is not UTF-8 text; save it as UTF-8 and try again") from None
