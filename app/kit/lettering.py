"""Type for printed documents: the typefaces, and how text is fitted to its place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

from font_roboto import font_files
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont

from app.kit.errors import Invalid

LIGHT, REGULAR, MEDIUM = "Roboto-Light", "Roboto-Regular", "Roboto-Medium"
Sizes = Sequence[tuple[float, int]]
"""Type sizes in points to try in turn, each with the number of lines it may take."""

FILES = {LIGHT: "RobotoLight", REGULAR: "Roboto", MEDIUM: "RobotoMedium"}


class TextTooLong(Invalid):
    """This text does not fit in its place, not even in small type."""


@lru_cache(maxsize=1)
def typefaces() -> Mapping[str, TTFont]:
    """Make the typefaces known to reportlab, once in a process, and return them by name."""
    faces = {name: TTFont(name, font_files[file]) for name, file in FILES.items()}
    for face in faces.values():
        pdfmetrics.registerFont(face)
    return faces


def width(text: str, font: str, size: float) -> float:
    """Return how wide a line of text is, in points."""
    typefaces()
    return pdfmetrics.stringWidth(text, font, size)


def lines(text: str, font: str, size: float, measure: float) -> list[str]:
    """Break `text` into lines no wider than `measure` points, at spaces wherever possible."""
    broken = [""]
    for word in text.split(" "):
        longer = f"{broken[-1]} {word}".lstrip()
        if width(longer, font, size) <= measure:
            broken[-1] = longer
        else:
            broken.extend(_pieces(word, font, size, measure))
    return [line for line in broken if line]


def _pieces(word: str, font: str, size: float, measure: float) -> list[str]:
    """Cut a word that alone is too wide; one that fits stays whole."""
    pieces = [""]
    for character in word:
        if width(pieces[-1] + character, font, size) > measure:
            pieces.append("")
        pieces[-1] += character
    return pieces


def fitted(text: str, font: str, measure: float, sizes: Sizes) -> tuple[float, list[str]]:
    """Return the first of `sizes` (points, lines allowed) at which `text` fits, and its lines.

    Words are only cut at the last size. Text that does not fit even so is `TextTooLong`.
    """
    for size, allowed in sizes:
        found = lines(text, font, size, measure)
        whole = " ".join(found) == text or (size, allowed) == sizes[-1]
        if len(found) <= allowed and whole:
            return size, found
    raise TextTooLong(text=text)
