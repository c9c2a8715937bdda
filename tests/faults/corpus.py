"""Ten thousand files made to break a reader, from a seed: the same ones every time.

Each is made when it is asked for, so that no more than one is in memory. A family is a way to spoil
a good file, or to make a bad one by hand; every family meets every type that can be checked.
"""

from __future__ import annotations

import random
import re
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from io import BytesIO
from typing import Final

import pikepdf
import pillow_heif
from PIL import Image

from app.evidence.media.catalogue import READERS
from tests.evidence.samples import MAIL, SAMPLES, located_photograph, recording, zipped

SEED: Final = 20261121
TEXTS: Final = frozenset({"text/plain", "text/markdown", "text/csv"})
EXTREMES: Final = (0, 1, 0x7F, 0xFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)
Chance = random.Random


@dataclass(frozen=True, slots=True)
class Case:
    """One malformed file; `never` says that it is surely not of the type it is declared as."""

    number: int
    family: str
    declared: str
    content: bytes
    never: bool = False


class Good:
    """Good files of each type, several where one type is written in several ways."""

    def __init__(self) -> None:
        pillow_heif.register_heif_opener()
        self.of = {name: [make()] for name, make in SAMPLES.items()}
        for name, more in _variants().items():
            self.of[name] += more

    def one(self, media_type: str, chance: Chance) -> bytes:
        return chance.choice(self.of[media_type])

    def other(self, media_type: str, chance: Chance) -> tuple[str, bytes]:
        """Return a file that is of another type than this, beyond doubt."""
        others = [name for name in self.of if not _may_be(name, media_type)]
        name = chance.choice(others)
        return name, self.one(name, chance)


def cases(good: Good, numbers: range, seed: int = SEED) -> Iterator[Case]:
    """Yield the malformed files with these numbers."""
    for number in numbers:
        yield case(good, number, seed)


def case(good: Good, number: int, seed: int = SEED) -> Case:
    """Return the malformed file of this number."""
    chance = random.Random(f"{seed}/{number}")  # noqa: S311 -- the same files every time
    families, names = list(FAMILIES), list(READERS)
    family = families[number % len(families)]
    declared = names[number // len(families) % len(names)]
    never, spoil = FAMILIES[family]
    return Case(number, family, declared, spoil(good, declared, chance), never)


def _may_be(found: str, declared: str) -> bool:
    """Say whether a good file of one type may be accepted as the other: all text is plain text."""
    return found == declared or (declared in TEXTS and found in {*TEXTS, "message/rfc822"})


def _variants() -> Mapping[str, list[bytes]]:
    image = Image.radial_gradient("L").resize((90, 60))
    return {
        "application/pdf": [_printed(pikepdf.ObjectStreamMode.generate), _printed(None)],
        "image/jpeg": [located_photograph(), _saved(image, "JPEG", progressive=True)],
        "image/png": [_saved(image.convert("P"), "PNG"), _saved(image, "PNG", bits=4)],
        "image/webp": [_saved(image.convert("RGB"), "WEBP", lossless=True)],
        "message/rfc822": [MAIL + b"\r\n" + b"More to say. \xc3\xa9\r\n" * 40],
        "video/webm": [recording("webm", sight="libvpx", sound="libopus", live="1")],
        "video/mp4": [recording("mp4", sight="libx264", movflags="frag_keyframe+empty_moov")],
        "audio/wav": [recording("wav", sound="pcm_alaw")],
    }


def _printed(mode: pikepdf.ObjectStreamMode | None) -> bytes:
    made = BytesIO()
    with pikepdf.new() as document:
        document.add_blank_page()
        page = document.pages[0]
        picture = document.make_stream(zlib.compress(bytes(3000)))
        picture.stream_dict = pikepdf.Dictionary(
            Type=pikepdf.Name.XObject,
            Subtype=pikepdf.Name.Image,
            Width=50,
            Height=20,
            ColorSpace=pikepdf.Name.DeviceRGB,
            BitsPerComponent=8,
            Filter=pikepdf.Name.FlateDecode,
        )
        page.Contents = document.make_stream(b"q 9 0 0 9 1 1 cm /A Do Q")
        page.Resources = pikepdf.Dictionary(XObject=pikepdf.Dictionary(A=picture))
        mode = mode or pikepdf.ObjectStreamMode.disable
        document.save(made, object_stream_mode=mode, deterministic_id=True)
    return made.getvalue()


def _saved(image: Image.Image, form: str, **options: object) -> bytes:
    made = BytesIO()
    image.save(made, form, **options)
    return made.getvalue()


def _flipped(good: Good, declared: str, chance: Chance) -> bytes:
    changed = bytearray(good.one(declared, chance))
    for _ in range(chance.choice((1, 2, 8, 40, 200))):
        changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
    return bytes(changed)


def _flipped_at_the_ends(good: Good, declared: str, chance: Chance) -> bytes:
    changed = bytearray(good.one(declared, chance))
    near = min(len(changed), 400)
    for _ in range(chance.randint(1, 12)):
        place = chance.randrange(near)
        changed[place if chance.random() < 0.6 else -1 - place] = chance.randrange(256)
    return bytes(changed)


def _cut(good: Good, declared: str, chance: Chance) -> bytes:
    whole = good.one(declared, chance)
    few = chance.random() < 0.3
    return whole[: -chance.randint(1, min(40, len(whole)))] if few else _start(whole, chance)


def _start(whole: bytes, chance: Chance) -> bytes:
    return whole[: chance.randrange(len(whole))]


def _beheaded(good: Good, declared: str, chance: Chance) -> bytes:
    return good.one(declared, chance)[chance.randint(1, 64) :]


def _stretches(whole: bytes, chance: Chance) -> tuple[int, int]:
    begin = chance.randrange(len(whole))
    return begin, min(len(whole), begin + chance.choice((1, 4, 16, 64, 512, 4096)))


def _lost(good: Good, declared: str, chance: Chance) -> bytes:
    whole = good.one(declared, chance)
    begin, end = _stretches(whole, chance)
    return whole[:begin] + whole[end:]


def _twice(good: Good, declared: str, chance: Chance) -> bytes:
    whole = good.one(declared, chance)
    begin, end = _stretches(whole, chance)
    times = 1 + chance.choice((1, 1, 2, 50))
    return whole[:begin] + whole[begin:end] * times + whole[end:]


def _swapped(good: Good, declared: str, chance: Chance) -> bytes:
    whole = good.one(declared, chance)
    first, second, third, fourth = sorted(chance.randrange(len(whole) + 1) for _ in range(4))
    return (
        whole[:first] + whole[third:fourth] + whole[second:third] + whole[first:second]
    ) + whole[fourth:]


def _overwritten(good: Good, declared: str, chance: Chance) -> bytes:
    whole = good.one(declared, chance)
    begin, end = _stretches(whole, chance)
    return whole[:begin] + chance.choice((bytes, chance.randbytes))(end - begin) + whole[end:]


def _lying_lengths(good: Good, declared: str, chance: Chance) -> bytes:
    """Say something extreme where a length may stand: beside the names of parts."""
    changed = bytearray(good.one(declared, chance))
    names = [at.start() for at in re.finditer(rb"[A-Za-z]{4}|PK\x01\x02|PK\x03\x04", changed)]
    for _ in range(chance.randint(1, 3)):
        place = chance.choice(names or [0]) + chance.choice((-4, 4, 8, 12, 18, 22, 26))
        form = chance.choice(("<I", ">I", "<H", ">H", "<Q", ">Q"))
        size = struct.calcsize(form)
        value = chance.choice(EXTREMES) & ((1 << 8 * size) - 1)
        if 0 <= place <= len(changed) - size:
            struct.pack_into(form, changed, place, value)
    return bytes(changed)


def _lying_numbers(good: Good, declared: str, chance: Chance) -> bytes:
    """Write other numbers where digits stand, as in a PDF's table or a document's XML."""
    whole = good.one(declared, chance)
    found = list(re.finditer(rb"\d+", whole))
    for at in sorted(chance.sample(found, min(len(found), 3)), key=lambda at: -at.start()):
        said = chance.choice((b"0", b"-1", b"99999999999", b"2147483648", b"1e9", b"7" * 300))
        whole = whole[: at.start()] + said + whole[at.end() :]
    return whole


def _followed(good: Good, declared: str, chance: Chance) -> bytes:
    return good.one(declared, chance) + good.other(declared, chance)[1]


def _preceded(good: Good, declared: str, chance: Chance) -> bytes:
    return good.other(declared, chance)[1] + good.one(declared, chance)


def _spliced(good: Good, declared: str, chance: Chance) -> bytes:
    begin, rest = good.one(declared, chance), good.other(declared, chance)[1]
    return _start(begin, chance) + rest[chance.randrange(len(rest)) :]


def _of_another_type(good: Good, declared: str, chance: Chance) -> bytes:
    return good.other(declared, chance)[1]


def _masked(good: Good, declared: str, chance: Chance) -> bytes:
    """Paste the first bytes of the declared type over a file of another."""
    length = chance.choice((4, 8, 12, 16, 32, 64))
    return good.one(declared, chance)[:length] + good.other(declared, chance)[1][length:]


def _noise(good: Good, declared: str, chance: Chance) -> bytes:
    """Keep the first bytes only, and go on with noise, zeros or one part for ever."""
    head = good.one(declared, chance)[: chance.choice((4, 12, 40, 200))]
    length = chance.choice((0, 10, 1000, 100_000))
    return head + chance.choice((chance.randbytes(length), bytes(length), head * 200))


def _pure_noise(good: Good, declared: str, chance: Chance) -> bytes:
    return chance.choice((b"", b"\0", chance.randbytes(chance.randint(1, 5000)), b"\xff" * 999))


def _in_an_archive(good: Good, declared: str, chance: Chance) -> bytes:
    """Pack a file into archives within archives."""
    content = good.one(declared, chance)
    for depth in range(chance.randint(1, 6)):
        name = chance.choice((f"{depth}.zip", "[Content_Types].xml", "mimetype", "word/a.docx"))
        content = _packed({name: content}, chance)
    return content


def _packed(parts: Mapping[str, bytes], chance: Chance) -> bytes:
    made = BytesIO()
    packing = chance.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED))
    with zipfile.ZipFile(made, "w", packing) as archive:
        for name, content in parts.items():
            archive.writestr(zipfile.ZipInfo(name), content, packing)
    return made.getvalue()


def _spoilt_within(good: Good, declared: str, chance: Chance) -> bytes:
    """Spoil what lies below checksums and compression, and make those right again."""
    whole = good.one(declared, chance)
    if whole.startswith(b"PK"):
        return _spoilt_part(whole, chance)
    if whole.startswith(b"\x89PNG"):
        return _spoilt_chunk(whole, chance)
    # Elsewhere: the words that name things, exchanged among each other.
    found = [at.span() for at in re.finditer(rb"[A-Za-z]{4}", whole)]
    changed = bytearray(whole)
    for _ in range(chance.randint(1, 4) if found else 0):
        (to, _), (begin, end) = chance.choice(found), chance.choice(found)
        changed[to : to + 4] = whole[begin:end]
    return bytes(changed)


def _spoilt_part(whole: bytes, chance: Chance) -> bytes:
    with zipfile.ZipFile(BytesIO(whole)) as archive:
        parts = {name: archive.read(name).decode() for name in archive.namelist()}
    name = chance.choice(list(parts))
    words = parts[name]
    at = chance.randrange(len(words))
    said = chance.choice(("<", "&", "\0", "]]>", "<a " * 9000, "&#0;", "<!DOCTYPE a>", "é", ""))
    parts[name] = words[:at] + said + words[at + chance.randint(0, 9) :]
    if chance.random() < 0.3:
        parts[chance.choice(("../up", "/etc/x", "a\\b", name.upper() + "x", "x" * 9999))] = "x"
    return zipped(parts, stored=("mimetype",))


def _spoilt_chunk(whole: bytes, chance: Chance) -> bytes:
    made, at = whole[:8], 8
    chosen = chance.randrange(4)
    while at < len(whole):
        length = int.from_bytes(whole[at : at + 4], "big")
        kind, data = whole[at + 4 : at + 8], bytearray(whole[at + 8 : at + 8 + length])
        if chosen == 0 and data:
            data[chance.randrange(len(data))] = chance.choice((0, 0x7F, 0xFF))
        chosen -= 1
        sum_ = zlib.crc32(kind + data)
        made += struct.pack(">I", len(data)) + kind + bytes(data) + struct.pack(">I", sum_)
        at += 12 + length
    return made


PLAYLISTS: Final = (
    b"ffconcat version 1.0\nfile secret.wav\n",
    b"#EXTM3U\n#EXTINF:1,\nhttp://127.0.0.1:9/1.ts\n",
    b"v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\nm=audio 9 RTP/AVP 0\r\n",
    b'<?xml version="1.0"?><MPD><BaseURL>http://127.0.0.1:9/</BaseURL></MPD>',
    b"<!DOCTYPE html><html><script>alert(1)</script></html>",
    b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
    b"<?php system($_GET['c']); ?>",
    b"#!/bin/sh\nid\n",
    b"MZ\x90\0" + bytes(200) + b"PE\0\0",
    b"\x7fELF\x02\x01\x01" + bytes(200),
)


def _by_hand(good: Good, declared: str, chance: Chance) -> bytes:
    return chance.choice((b"", b"\n\n", b"\xef\xbb\xbf")) + chance.choice(PLAYLISTS)


Spoil = Callable[[Good, str, Chance], bytes]
FAMILIES: Final[Mapping[str, tuple[bool, Spoil]]] = {
    "flipped": (False, _flipped),
    "flipped at the ends": (False, _flipped_at_the_ends),
    "cut": (False, _cut),
    "beheaded": (False, _beheaded),
    "lost": (False, _lost),
    "twice": (False, _twice),
    "swapped": (False, _swapped),
    "overwritten": (False, _overwritten),
    "lying lengths": (False, _lying_lengths),
    "lying numbers": (False, _lying_numbers),
    "followed": (False, _followed),
    "preceded": (False, _preceded),
    "spliced": (False, _spliced),
    "of another type": (True, _of_another_type),
    "masked": (False, _masked),
    "noise": (False, _noise),
    "pure noise": (False, _pure_noise),
    "in an archive": (False, _in_an_archive),
    "spoilt within": (False, _spoilt_within),
    "by hand": (True, _by_hand),
}
