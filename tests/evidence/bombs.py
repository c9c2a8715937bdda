"""Small files that would fill a machine when opened."""

from __future__ import annotations

import struct
import zipfile
import zlib
from collections.abc import Callable, Iterable
from io import BytesIO
from typing import Final

import pikepdf
from PIL import Image

from app.evidence.media.catalogue import OPEN_DOCUMENT
from tests.evidence.samples import MAIL, SAMPLES, WORD, opendocument

DOCUMENT: Final = f"{OPEN_DOCUMENT}.text"
LAUGHS: Final = (
    "<!DOCTYPE d ["
    + "<!ENTITY a0 'ha'>"
    + "".join(f"<!ENTITY a{n} '{f'&a{n - 1};' * 10}'>" for n in range(1, 10))
    + "]><d>&a9;</d>"
)


def with_parts(parts: Iterable[tuple[str, bytes]]) -> bytes:
    """Add entries to a good Word document."""
    made = BytesIO(SAMPLES[WORD]())
    with zipfile.ZipFile(made, "a", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts:
            archive.writestr(name, content)
    return made.getvalue()


def nested(depth: int, width: int) -> bytes:
    """Pack zeros into archives in archives (the way of 42.zip)."""
    content = bytes(10_000_000)
    for _ in range(depth):
        made = BytesIO()
        with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
            for number in range(width):
                archive.writestr(f"{number}.zip", content)
        content = made.getvalue()
    return content


def many_entries(count: int, said: int | None = None) -> bytes:
    """Make an archive of empty entries that says it has `said` of them."""
    entries, directory, name = [], [], 8
    for number in range(count):
        label = b"%08d" % number
        at = number * (30 + name)
        entries.append(
            struct.pack("<4s5H3L2H", b"PK\x03\x04", 20, 0, 0, 0, 33, 0, 0, 0, 8, 0) + label
        )
        directory.append(
            struct.pack(
                "<4s6H3L5H2L", b"PK\x01\x02", 20, 20, 0, 0, 0, 33, 0, 0, 0, 8, 0, 0, 0, 0, 0, at
            )
            + label
        )
    body, listed = b"".join(entries), b"".join(directory)
    shown = min(0xFFFF, count if said is None else said)
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, shown, shown, len(listed), len(body), 0)
    return body + listed + end


# Russ Cox's archive that holds itself ("Zip Files All The Way Down", 2010) needs its own generator;
# what matters here is that its one entry is an archive, whose entry is an archive, and so on.
def holding_itself(times: int = 40) -> bytes:
    """Make an archive of an archive of an archive, each as small as the one within."""
    content = b"r"
    for _ in range(times):
        made = BytesIO()
        with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(zipfile.ZipInfo("r/r.zip"), content, zipfile.ZIP_DEFLATED)
        content = made.getvalue()
    return content


def overlapping(count: int) -> bytes:
    """Make an archive whose many entries are all the same bytes (David Fifield's way, 2019)."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    zeros = packer.compress(bytes(20_000_000)) + packer.flush()
    sum_ = zlib.crc32(bytes(20_000_000))
    sizes = (sum_, len(zeros), 20_000_000, 4, 0)
    body = struct.pack("<4s5H3L2H", b"PK\x03\x04", 20, 0, 8, 0, 33, *sizes) + b"0000" + zeros
    listed = b"".join(
        struct.pack("<4s6H3L5H2L", b"PK\x01\x02", 20, 20, 0, 8, 0, 33, *sizes, 0, 0, 0, 0, 0)
        + b"%04d" % number
        for number in range(count)
    )
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, count, count, len(listed), len(body), 0)
    return body + listed + end


def png(*chunks: tuple[bytes, bytes], width: int = 60_000, height: int = 60_000) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    every = ((b"IHDR", header), *chunks, (b"IDAT", zlib.compress(bytes(100_000))), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in every
    )


def tiff() -> bytes:
    """Make a picture of 60,000 by 60,000 pixels in a few bytes."""
    tags = [
        (256, 60_000),
        (257, 60_000),
        (258, 8),
        (259, 8),
        (262, 1),
        (273, 8),
        (277, 1),
        (278, 60_000),
        (279, 100),
    ]
    rows = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags)
    return struct.pack("<2sHIH", b"II", 42, 8, len(tags)) + rows + bytes(4) + bytes(200)


def jpeg() -> bytes:
    """Make a JPEG say that it is 65,500 pixels wide and high."""
    made = BytesIO()
    Image.new("RGB", (16, 16)).save(made, "JPEG")
    whole = bytearray(made.getvalue())
    at = whole.index(b"\xff\xc0")
    whole[at + 5 : at + 9] = struct.pack(">HH", 65_500, 65_500)
    return bytes(whole)


def webp() -> bytes:
    """Make a WebP of 16,383 by 16,383 pixels of one colour."""
    whole = bytearray()
    made = BytesIO()
    Image.new("RGB", (8, 8)).save(made, "WEBP", lossless=True)
    whole += made.getvalue()
    at = whole.index(b"VP8L") + 9
    bits = int.from_bytes(whole[at : at + 4], "little") & ~0xFFFFFFF
    whole[at : at + 4] = (bits | 16_382 | 16_382 << 14).to_bytes(4, "little")
    return bytes(whole)


def object_stream(megabytes: int = 256, *, with_page_tree: bool = False) -> bytes:
    """Make a PDF with a stream of objects that unfolds to so many MiB, its page tree inside or not.

    A page tree inside is read with the document, anything else only by who asks for it.
    """
    packer = zlib.compressobj(9)
    packed = packer.compress(b"2 0 <</Type/Pages/Kids[5 0 R]/Count 1>>")
    packed += b"".join(packer.compress(b" " * (1 << 20)) for _ in range(megabytes))
    packed += packer.flush()
    plain = {
        1: b"<</Type/Catalog/Pages %d 0 R>>" % (2 if with_page_tree else 6),
        3: b"<</Type/ObjStm/N 1/First 4/Filter/FlateDecode/Length %d>>stream\n%s\nendstream"
        % (len(packed), packed),
        5: b"<</Type/Page/Parent 6 0 R/MediaBox[0 0 9 9]>>",
        6: b"<</Type/Pages/Kids[5 0 R]/Count 1>>",
    }
    body, rows = b"%PDF-1.5\n", {0: (0, 0, 255), 2: (2, 3, 0)}
    for number, content in plain.items():
        rows[number] = (1, len(body), 0)
        body += b"%d 0 obj%s\nendobj\n" % (number, content)
    rows[4] = (1, len(body), 0)
    table = b"".join(struct.pack(">BIB", *rows[number]) for number in range(7))
    return body + (
        b"4 0 obj<</Type/XRef/Size 7/W[1 4 1]/Root 1 0 R/Length %d>>stream\n%s\nendstream endobj\n"
        b"startxref\n%d\n%%%%EOF\n" % (len(table), table, len(body))
    )


def pdf_with(value: bytes) -> bytes:
    """Make a PDF with an object in its catalogue, unread by the program that makes it."""
    made = BytesIO()
    with pikepdf.new() as document:
        document.add_blank_page()
        document.Root["/X"] = pikepdf.Object.parse(b"(@@@@)")
        document.save(made, qdf=True)
    plain = made.getvalue().replace(b"(@@@@)", value)
    at = plain.index(b"\nxref\n") + 1
    head, _, tail = plain[:at], plain[at:], b""
    rows = {0: 0}
    place = 0
    for line in head.splitlines(keepends=True):
        if line.rstrip().endswith(b" 0 obj") and line[:1].isdigit():
            rows[int(line.split()[0])] = place
        place += len(line)
    count = max(rows) + 1
    table = b"xref\n0 %d\n0000000000 65535 f \n" % count + b"".join(
        b"%010d 00000 n \n" % rows[number] for number in range(1, count)
    )
    return (
        head
        + table
        + b"trailer <</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (count, at)
        + tail
    )


def kids(depth: int) -> bytes:
    """Make a PDF whose pages lie below very many nodes."""
    rows, body = [], b"%PDF-1.4\n"
    objects = [b"<</Type/Catalog/Pages 2 0 R>>"] + [
        b"<</Type/Pages/Count 1/Kids[%d 0 R]>>" % (number + 3) for number in range(depth)
    ]
    objects.append(b"<</Type/Page/MediaBox[0 0 9 9]>>")
    for number, content in enumerate(objects, 1):
        rows.append(len(body))
        body += b"%d 0 obj%s endobj\n" % (number, content)
    table = b"xref\n0 %d\n0000000000 65535 f \n" % (len(rows) + 1) + b"".join(
        b"%010d 00000 n \n" % at for at in rows
    )
    end = (len(rows) + 1, len(body))
    return body + table + b"trailer <</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % end


def parts_in_parts(depth: int) -> bytes:
    """Make a mail of parts within parts."""
    lines = [MAIL[: MAIL.index(b"\r\n\r\n")], b"MIME-Version: 1.0"]
    for number in range(depth):
        lines += [b"Content-Type: multipart/mixed; boundary=b%d" % number, b"", b"--b%d" % number]
    return b"\r\n".join([*lines, b"", b"end"])


BOMBS: Final[dict[str, tuple[str, Callable[[], bytes]]]] = {
    "document that unfolds": (WORD, lambda: with_parts([("word/a.xml", bytes(100_000_000))])),
    "document of many that unfold": (
        WORD,
        lambda: with_parts((f"word/{n}.bin", bytes(9_000_000)) for n in range(12)),
    ),
    "archives in archives": (WORD, lambda: with_parts([("word/a.docx", nested(4, 8))])),
    "only archives": (WORD, lambda: nested(3, 16)),
    "very many entries": (WORD, lambda: many_entries(300_000)),
    "very many entries, said to be few": (WORD, lambda: many_entries(300_000, said=9)),
    "archive that holds itself": (WORD, lambda: with_parts([("r/r.docx", holding_itself())])),
    "entries that overlap": (WORD, lambda: overlapping(3000)),
    "laughs in Word": (WORD, lambda: with_parts([("word/more.xml", LAUGHS.encode())])),
    "laughs in LibreOffice": (
        DOCUMENT,
        lambda: _laughing(),
    ),
    "depth in Word": (
        WORD,
        lambda: with_parts([("word/more.xml", b"<a>" * 1_000_000 + b"</a>" * 1_000_000)]),
    ),
    "objects of a PDF": ("application/pdf", object_stream),
    "depth in a PDF": ("application/pdf", lambda: pdf_with(b"[" * 200_000 + b"]" * 200_000)),
    "nodes of a PDF": ("application/pdf", lambda: kids(60_000)),
    "pixels of a PNG": ("image/png", png),
    "text of a PNG": (
        "image/png",
        lambda: png((b"zTXt", b"a\0\0" + zlib.compress(bytes(200_000_000), 9)), width=9, height=9),
    ),
    "colours of a PNG": (
        "image/png",
        lambda: png((b"iCCP", b"a\0\0" + zlib.compress(bytes(200_000_000), 9)), width=9, height=9),
    ),
    "pixels of a JPEG": ("image/jpeg", jpeg),
    "pixels of a WebP": ("image/webp", webp),
    "pixels of a TIFF": ("image/jpeg", tiff),
    "groups of an RTF": ("application/rtf", lambda: rb"{\rtf1" + b"{" * 900_000 + b"}" * 900_001),
    "parts of a mail": ("message/rfc822", lambda: parts_in_parts(3000)),
}


def _laughing() -> bytes:
    made = BytesIO(opendocument(DOCUMENT))
    with zipfile.ZipFile(made, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("styles.xml", LAUGHS)
    return made.getvalue()
