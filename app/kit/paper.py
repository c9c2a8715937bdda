"""Drawing on paper: the page and its colours, lines of text, rules, and a code to scan.

Everything is vector and every font is embedded; the same calls always give the same bytes.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from itertools import groupby

import segno
from reportlab.lib.colors import Color, HexColor
from reportlab.lib.pagesizes import A4
from reportlab.pdfgen.canvas import Canvas

from app.kit.lettering import REGULAR, typefaces

# Lengths are in points, from the page's left foot.
PAGE_WIDTH, PAGE_HEIGHT = A4
INK, QUIET, BLACK = HexColor(0x17212B), HexColor(0x4C5965), HexColor(0x000000)
PETROL, BRASS, LINE = HexColor(0x0E4A5A), HexColor(0x8F6F2E), HexColor(0xC9D2D6)


def blank(file: io.BytesIO, *, language: str) -> Canvas:
    """Return a canvas for a document of A4 pages in a language."""
    typefaces()
    canvas = Canvas(
        file,
        pagesize=A4,
        invariant=1,
        pageCompression=1,
        # Without it reportlab mentions Helvetica, which would not be embedded.
        initialFontName=REGULAR,  # type: ignore[arg-type]  # the stubs say float
        lang=language,
    )
    canvas.setViewerPreference("DisplayDocTitle", "true")
    return canvas


def write(
    canvas: Canvas, text: str, x: float, y: float, font: str, size: float, colour: Color
) -> None:
    canvas.setFont(font, size)
    canvas.setFillColor(colour)
    canvas.drawString(x, y, text)


def rule(canvas: Canvas, y: float, left: float, right: float) -> None:
    canvas.setLineWidth(0.5)
    canvas.setStrokeColor(LINE)
    canvas.line(left, y, right, y)


def code(canvas: Canvas, content: str, x: float, y: float, side: float) -> None:
    """Draw the QR code of `content` as one filled path, `side` wide, its left foot at x, y."""
    rows = list(segno.make(content, error="q", micro=False).matrix)
    module = side / len(rows)
    path = canvas.beginPath()
    for down, row in enumerate(rows, start=1):
        for start, length in _dark_runs(row):
            path.rect(x + start * module, y + side - down * module, length * module, module)
    canvas.setFillColor(BLACK)
    canvas.drawPath(path, stroke=0, fill=1)


def _dark_runs(row: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Yield where each run of dark modules starts, and how long it is."""
    at = 0
    for dark, run in groupby(row):
        length = len(list(run))
        if dark:
            yield at, length
        at += length
