"""The boxes of which MP4, QuickTime and HEIC files consist: a chain that fills the file exactly."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import BinaryIO, Final

from app.evidence.media.refusals import DamagedFile, FileBomb

MOST_BOXES: Final = 200_000


def check_chain(file: BinaryIO, *required: bytes) -> None:
    """Refuse a file that ends inside a box, carries something after the last, or lacks one."""
    kinds = set(kinds_of(file))
    file.seek(0)
    if missing := [kind.decode() for kind in required if kind not in kinds]:
        raise DamagedFile(reason=f"its part {missing[0]} is missing")


def kinds_of(file: BinaryIO) -> Iterator[bytes]:
    """Yield the kind of each box at the top level, in order."""
    size, offset, seen = file.seek(0, os.SEEK_END), 0, 0
    while offset < size:
        kind, length = box_at(file, offset, size)
        yield kind
        offset += length
        seen += 1
        if seen > MOST_BOXES:
            raise FileBomb(reason=f"it has more than {MOST_BOXES} parts")


def box_at(file: BinaryIO, offset: int, size: int) -> tuple[bytes, int]:
    """Return kind and length in bytes of the box at this offset, which ends within the file."""
    file.seek(offset)
    header = file.read(16)
    length, kind, smallest = int.from_bytes(header[:4], "big"), header[4:8], 8
    if length == 1:
        length, smallest = int.from_bytes(header[8:16], "big"), 16
    elif length == 0:
        length = size - offset
    if length < smallest or offset + length > size or not is_kind(kind):
        raise DamagedFile(reason="it ends too early, or something else follows its end")
    return kind, length


def is_kind(kind: bytes) -> bool:
    return len(kind) == 4 and all(0x20 <= byte < 0x7F or byte == 0xA9 for byte in kind)
