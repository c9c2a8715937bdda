"""Reading photographs: decoded once in full, nothing hidden in or behind them."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import BinaryIO, Final

import pillow_heif
from PIL import Image

from app.evidence.media import boxes
from app.evidence.media.facts import Caution, Facts
from app.evidence.media.polyglot import refuse_page_inside, refuse_zip_inside
from app.evidence.media.refusals import DamagedFile, FileBomb, WrongType

MEMORY: Final = 640 << 20
MOST_PIXELS: Final = 50_000_000
LONGEST_SIDE: Final = 20_000
LARGEST_FILE: Final = 200 << 20
GPS: Final = 0x8825

FORMATS: Final = {
    "image/jpeg": "JPEG",
    "image/png": "PNG",
    "image/webp": "WEBP",
    "image/heic": "HEIF",
}


def read(file: BinaryIO, media_type: str) -> Facts:
    """Return the size in pixels of a picture that can be decoded to its last line."""
    if file.seek(0, os.SEEK_END) > LARGEST_FILE:
        raise FileBomb(reason="it is larger than any photograph")
    STRUCTURE[media_type](file)
    refuse_zip_inside(file)
    refuse_page_inside(file)
    return decoded(file, media_type)


def decoded(file: BinaryIO, media_type: str) -> Facts:
    file.seek(0)
    if media_type == "image/heic":
        pillow_heif.register_heif_opener()
    # Pillow's own limit would call a bomb an error among others.
    Image.MAX_IMAGE_PIXELS = None
    with Image.open(file, formats=[FORMATS[media_type]]) as picture:
        width, height = picture.size
        if width * height > MOST_PIXELS or max(width, height) > LONGEST_SIDE:
            raise FileBomb(reason=f"it would unfold to {width} x {height} pixels")
        picture.load()
        located = bool(picture.getexif().get_ifd(GPS))
    return Facts(width=width, height=height, cautions=(Caution.LOCATION,) if located else ())


def check_jpeg(file: BinaryIO) -> None:
    """Refuse a JPEG that breaks off.

    Phones put a second picture or a short film after the end of the first, so what follows is not
    refused as such; the searches for archives and web pages cover it.
    """
    file.seek(0)
    if b"\xff\xd9" not in file.read():
        raise DamagedFile(reason="its end is missing")


def check_png(file: BinaryIO) -> None:
    """Refuse a PNG whose chunks do not lead from its header to the end of the file."""
    size, offset, kind = file.seek(0, os.SEEK_END), 8, b""
    while offset < size and kind != b"IEND":
        file.seek(offset)
        header = file.read(8)
        kind = header[4:8]
        offset += 12 + int.from_bytes(header[:4], "big")
    if kind != b"IEND" or offset != size:
        raise DamagedFile(reason="it ends too early, or something follows its end")


def check_webp(file: BinaryIO) -> None:
    """Refuse a WebP that is shorter or longer than it says."""
    size = file.seek(0, os.SEEK_END)
    file.seek(4)
    if int.from_bytes(file.read(4), "little") + 8 != size:
        raise DamagedFile(reason="it ends too early, or something follows its end")


def check_heic(file: BinaryIO) -> None:
    """Refuse a HEIC whose boxes do not fill it, or whose pictures are coded as AVIF."""
    boxes.check_chain(file, b"ftyp", b"meta")
    file.seek(0)
    length = int.from_bytes(file.read(4), "big")
    brands = file.read(max(0, min(length, 256) - 4))
    if b"avif" in brands:
        raise WrongType(declared="image/heic", found="image/avif")


STRUCTURE: Final[Mapping[str, Callable[[BinaryIO], None]]] = {
    "image/jpeg": check_jpeg,
    "image/png": check_png,
    "image/webp": check_webp,
    "image/heic": check_heic,
}
