"""A document is one archive to every program: the rules by which PyPI refuses wheels, and ours.

FAULTS 7. The five: framing that breaks off or lies, a name twice, headers and directory that
disagree, data behind the end or a second end, and large-file records that point elsewhere.
"""

from __future__ import annotations

import struct
import zipfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pytest

from app.evidence import media
from app.evidence.media.catalogue import OPEN_DOCUMENT
from app.kit.errors import Refusal
from tests.evidence.samples import SAMPLES, WORD

ALLOWED = {"document": [WORD, "application/pdf", f"{OPEN_DOCUMENT}.text"]}
END = struct.Struct("<4s4H2LH")
GOOD = SAMPLES[WORD]()


def outcome(path: Path, content: bytes) -> str:
    path.write_bytes(content)
    try:
        media.inspect(path, declared=WORD, allowed=ALLOWED)
    except Refusal as refusal:
        return refusal.slug()
    return "accepted"


@pytest.fixture(name="path")
def _path(tmp_path: Path) -> Path:
    return tmp_path / "evidence"


def ended(content: bytes, **changes: int) -> bytes:
    """Change what the record at the end says of the directory."""
    names = ("sign", "disk", "start", "here", "entries", "length", "offset", "comment")
    said = dict(zip(names, END.unpack(content[-END.size :]), strict=True))
    return content[: -END.size] + END.pack(*{**said, **changes}.values())


def with_extra(local: bytes = b"", listed: bytes = b"", name: str = "word/more.bin") -> bytes:
    """Add an entry whose header, or its place in the directory, carries an addition."""
    made = BytesIO(GOOD)
    with zipfile.ZipFile(made, "a") as archive:
        entry = zipfile.ZipInfo(name)
        entry.extra = local
        archive.writestr(entry, b"content")
        archive.infolist()[-1].extra = listed
    return made.getvalue()


def addition(kind: int, content: bytes) -> bytes:
    return struct.pack("<HH", kind, len(content)) + content


def unicode_name(name: bytes) -> bytes:
    return addition(0x7075, b"\x01" + bytes(4) + name)


def long_sizes(*sizes: int) -> bytes:
    return addition(1, struct.pack(f"<{len(sizes)}Q", *sizes))


def long_end(content: bytes) -> bytes:
    """Put records for large files before the end that lead to another directory."""
    body, end = content[: -END.size], content[-END.size :]
    record = struct.pack("<4sQ2H2L4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, 1, 1, 46, 0)
    return body + record + struct.pack("<4sLQL", b"PK\x06\x07", 0, len(body), 1) + end


def unlisted(content: bytes) -> bytes:
    """Leave an entry's bytes in place and take it out of the directory."""
    end = END.unpack(content[-END.size :])
    directory = content[end[6] : -END.size]
    second = directory.index(b"PK\x01\x02", 4)
    kept = directory[second:]
    said = END.pack(*end[:3], end[3] - 1, end[4] - 1, len(kept), end[6], 0)
    return content[: end[6]] + kept + said


BAD: dict[str, Callable[[], bytes]] = {
    "the end says fewer entries": lambda: ended(GOOD, here=2, entries=2),
    "the end says more entries": lambda: ended(GOOD, here=9, entries=9),
    "the end gives two counts": lambda: ended(GOOD, here=1),
    "the directory is elsewhere": lambda: ended(GOOD, offset=0),
    "the directory is shorter": lambda: ended(GOOD, length=10),
    "on several disks": lambda: ended(GOOD, disk=1, start=1),
    "a comment is announced": lambda: ended(GOOD, comment=4),
    "a comment follows": lambda: ended(GOOD, comment=4) + b"more",
    "something follows": lambda: GOOD + b"\0",
    "two archives": lambda: GOOD + GOOD,
    "a second end": lambda: GOOD + GOOD[-END.size :],
    "an end within a comment": lambda: ended(GOOD, comment=22) + GOOD[-END.size :],
    "large-file records that lead elsewhere": lambda: long_end(GOOD),
    "an entry that is not listed": lambda: unlisted(GOOD),
    "a name with a line break": lambda: with_extra(name="word/a\nb.bin"),
    "another name for some programs": lambda: with_extra(local=unicode_name(b"word/other.bin")),
    "another name in the directory": lambda: with_extra(
        listed=unicode_name(b"word/vbaProject.bin")
    ),
    "another size for some programs": lambda: with_extra(local=long_sizes(99, 99)),
    "two large sizes": lambda: with_extra(local=long_sizes(7, 7) + long_sizes(7, 7)),
    "an addition that breaks off": lambda: with_extra(local=b"\x99\x99\x50\0ab"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_document_that_two_programs_would_unpack_differently_is_refused(
    name: str, path: Path
) -> None:
    assert outcome(path, BAD[name]()) == "damaged-file"


GOOD_ADDITIONS = {
    "none": b"",
    # Word leaves room to grow; Unix programs note the time; large-file sizes may be spelt out.
    "room to grow": addition(0xA220, b"\x28\xa0" + bytes(98)),
    "a time": addition(0x5455, b"\x03" + bytes(8)),
    "zeros": bytes(3),
    "the same name": unicode_name(b"word/more.bin"),
    "the same sizes": long_sizes(7, 7),
}


@pytest.mark.parametrize("name", GOOD_ADDITIONS)
def test_what_honest_programs_add_to_a_header_is_accepted(name: str, path: Path) -> None:
    assert outcome(path, with_extra(local=GOOD_ADDITIONS[name])) == "accepted"
