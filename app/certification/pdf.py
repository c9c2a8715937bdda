"""The certificate as a document: one calm page in A4 that can be checked without trusting it.

The same face always gives the same bytes, so that a lost file can be drawn again and compared.
Everything is vector and every font is embedded; sealing and signing come after.
"""

from __future__ import annotations

import io
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from reportlab.lib.colors import Color
from reportlab.pdfgen.canvas import Canvas

from app.certification.face import CertificateFace, sentences
from app.kit.alphabet import drawable
from app.kit.dates import written_date
from app.kit.lettering import (
    LIGHT,
    MEDIUM,
    REGULAR,
    Sizes,
    fitted,
    lines,
)
from app.kit.paper import (
    BRASS,
    INK,
    PAGE_HEIGHT,
    PAGE_WIDTH,
    PETROL,
    QUIET,
    blank,
    code,
    rule,
    write,
)

# Lengths are in points, from the page's left foot.
LEFT, RIGHT = 66.0, PAGE_WIDTH - 66.0
MEASURE = RIGHT - LEFT
COLUMN = MEASURE / 2 + 8
FRAME, BAND, CODE = 30.0, 44.0, 100.0
FOOT = 226.0
HEADING = 54.0
ENTRY_SIZE, ENTRY_LEADING, ENTRY_GAP = 9.2, 11.6, 4.6
STRANDS, LEADING = 12, 1.28

NAME_SIZES: Sizes = (
    (36, 1),
    (33, 1),
    (30, 1),
    (27, 1),
    (24, 2),
    (21, 2),
    (18, 2),
    (15, 3),
    (12, 4),
    # Down to here, any name of 200 characters fits.
    (9, 5),
    (6, 6),
)
TITLE_SIZES: Sizes = ((20, 1), (18, 1), (16, 2), (12, 3))
ISSUER_SIZES: Sizes = ((12.5, 1), (11, 2), (9, 3), (6, 6))
FRAMEWORK_SIZES: Sizes = ((8, 1), (7, 2), (6, 3))


@dataclass(frozen=True, slots=True)
class Entry:
    """One competence, broken into the lines of its column."""

    number: int
    lines: Sequence[str]

    @property
    def height(self) -> float:
        return ENTRY_LEADING * len(self.lines) + ENTRY_GAP


def draw(face: CertificateFace) -> bytes:
    """Return the certificate as PDF: one page, and more only if the competences need them.

    Text that the typeface cannot draw is refused with `UndrawableText`, text that fits in no size
    with `TextTooLong`.
    """
    face = _drawable(face)
    words = sentences(face)
    file = io.BytesIO()
    canvas = _canvas(file, face, words)
    _frame(canvas)
    top = _statement(canvas, face, words)
    _foot(canvas, face, words)
    entries = _entries(face.competences)
    if _height_of_columns(entries) <= top - FOOT - HEADING:
        _competences(canvas, words, top, entries)
        canvas.showPage()
    else:
        _paragraph(canvas, words["overleaf"], top - 22, REGULAR, 9.5, QUIET)
        canvas.showPage()
        _following_pages(canvas, words, entries)
    canvas.save()
    return file.getvalue()


def _drawable(face: CertificateFace) -> CertificateFace:
    """Check and tidy every text of the face."""
    return replace(
        face,
        holder_name=drawable(face.holder_name),
        level_title=drawable(face.level_title),
        scheme_title=drawable(face.scheme_title),
        scheme_version=drawable(face.scheme_version),
        framework_title=drawable(face.framework_title),
        framework_version=drawable(face.framework_version),
        issuer=drawable(face.issuer),
        competences=[(number, drawable(title)) for number, title in face.competences],
        labels=[drawable(label) for label in face.labels],
    )


def _canvas(file: io.BytesIO, face: CertificateFace, words: Mapping[str, str]) -> Canvas:
    canvas = blank(file, language=face.language)
    canvas.setTitle(f"{words['certificate']} {face.number} – {face.holder_name}")
    canvas.setAuthor(face.issuer)
    canvas.setSubject(f"{face.level_title} – {words['scheme']}")
    canvas.setCreator(face.issuer)
    canvas.setKeywords(face.number)
    return canvas


def _statement(canvas: Canvas, face: CertificateFace, words: Mapping[str, str]) -> float:
    """Draw who is certified as what; return the height of the line that closes it."""
    y = _fitted(canvas, face.issuer, PAGE_HEIGHT - 62, MEDIUM, ISSUER_SIZES, PETROL)
    _guilloche(canvas, y - 26)
    _spaced(canvas, words["certificate"].upper(), y - 104, 11, BRASS)
    y = _paragraph(canvas, words["certifies"], y - 140, REGULAR, 11, QUIET)
    y = _fitted(canvas, face.holder_name, y - 4, LIGHT, NAME_SIZES, INK)
    y = _paragraph(canvas, words["holds"], y - 36, REGULAR, 11, QUIET)
    y = _fitted(canvas, face.level_title, y - 1, MEDIUM, TITLE_SIZES, PETROL)
    y = _paragraph(canvas, words["scheme"], y - 23, REGULAR, 10, INK)
    if face.labels:
        y = _paragraph(canvas, words["labels"], y - 3, MEDIUM, 10, INK)
    rule(canvas, y - 8, LEFT, RIGHT)
    return y - 8


def _entries(competences: Sequence[tuple[int, str]]) -> list[Entry]:
    """Break each competence into the lines of half the page's width."""
    return [
        Entry(number, lines(title, REGULAR, ENTRY_SIZE, COLUMN - 36))
        for number, title in competences
    ]


def _balanced(entries: Sequence[Entry]) -> tuple[Sequence[Entry], Sequence[Entry]]:
    """Split the entries, in their order, where the taller of two columns is lowest."""
    cut = min(
        range(len(entries) + 1),
        key=lambda cut: max(_height(entries[:cut]), _height(entries[cut:])),
    )
    return entries[:cut], entries[cut:]


def _height(entries: Sequence[Entry]) -> float:
    return sum(entry.height for entry in entries)


def _height_of_columns(entries: Sequence[Entry]) -> float:
    return max(map(_height, _balanced(entries)))


def _competences(
    canvas: Canvas, words: Mapping[str, str], top: float, entries: Sequence[Entry]
) -> None:
    write(canvas, words["competences"], LEFT, top - 20, MEDIUM, 10, PETROL)
    _fitted(canvas, words["framework"], top - 26, REGULAR, FRAMEWORK_SIZES, QUIET)
    for column, part in enumerate(_balanced(entries)):
        y = top - HEADING
        for entry in part:
            y = _entry(canvas, entry, LEFT + column * COLUMN, y)


def _entry(canvas: Canvas, entry: Entry, x: float, y: float) -> float:
    canvas.setFillColor(BRASS)
    canvas.setFont(MEDIUM, ENTRY_SIZE)
    canvas.drawRightString(x + 10.5, y, str(entry.number))
    for at, line in enumerate(entry.lines):
        write(canvas, line, x + 18, y - at * ENTRY_LEADING, REGULAR, ENTRY_SIZE, INK)
    return y - entry.height


def _following_pages(canvas: Canvas, words: Mapping[str, str], entries: Sequence[Entry]) -> None:
    """List the competences on pages of their own, as many as they need."""
    top = PAGE_HEIGHT - 56
    while entries:
        fitting = len(entries)
        while fitting > 1 and _height_of_columns(entries[:fitting]) > top - HEADING - 66:
            fitting -= 1
        _frame(canvas)
        _competences(canvas, words, top, entries[:fitting])
        write(canvas, words["continued"], LEFT, 48, REGULAR, 8, QUIET)
        canvas.showPage()
        entries = entries[fitting:]


def _foot(canvas: Canvas, face: CertificateFace, words: Mapping[str, str]) -> None:
    """Draw number and dates, the code, what the certificate attests and how to check it."""
    rule(canvas, FOOT, LEFT, RIGHT)
    facts = (
        (LEFT, words["number"], face.number),
        (LEFT + 196, words["issued"], written_date(face.issued_on, face.language)),
        (LEFT + 336, words["valid"], written_date(face.valid_until, face.language)),
    )
    for x, label, value in facts:
        write(canvas, label, x, FOOT - 17, REGULAR, 8, QUIET)
        write(canvas, value, x, FOOT - 33, MEDIUM, 11.5, INK)
    rule(canvas, FOOT - 46, LEFT, RIGHT)
    code(canvas, face.verification_url, RIGHT - CODE, FOOT - 60 - CODE, CODE)
    _small_print(canvas, face, words, FOOT - 67)


def _small_print(canvas: Canvas, face: CertificateFace, words: Mapping[str, str], y: float) -> None:
    measure = MEASURE - CODE - 28
    for part in ("attests", "check"):
        write(canvas, words[f"{part}_title"], LEFT, y, MEDIUM, 8.4, PETROL)
        y = _paragraph(canvas, words[part], y - 11.5, REGULAR, 8, QUIET, measure) - 4
    for line in lines(face.verification_url, MEDIUM, 8.4, measure):
        write(canvas, line, LEFT, y, MEDIUM, 8.4, PETROL)
        y -= 11
    # Flag 4 (print): archival PDF asks it of every link.
    canvas.linkURL(face.verification_url, (LEFT, y + 8, LEFT + measure, y + 20), F=4)


def _guilloche(canvas: Canvas, top: float) -> None:
    """Draw a band of interwoven fine lines below `top`, as on notes of value."""
    middle, steps = top - BAND / 2, 180
    canvas.setLineWidth(0.35)
    for strand in range(STRANDS):
        phase = 2 * math.pi * strand / STRANDS
        path = canvas.beginPath()
        for step in range(steps + 1):
            along = step / steps
            turn = 2 * math.pi * along
            swing = BAND / 2 * (0.55 + 0.45 * math.cos(3 * turn + phase))
            point = (LEFT + along * MEASURE, middle + swing * math.sin(5 * turn + phase))
            (path.lineTo if step else path.moveTo)(*point)
        canvas.setStrokeColor(PETROL if strand % 3 else BRASS, alpha=1)
        canvas.drawPath(path, stroke=1, fill=0)


def _frame(canvas: Canvas) -> None:
    for inset, thickness, colour in ((FRAME, 1.1, PETROL), (FRAME + 4, 0.35, BRASS)):
        canvas.setLineWidth(thickness)
        canvas.setStrokeColor(colour)
        canvas.rect(inset, inset, PAGE_WIDTH - 2 * inset, PAGE_HEIGHT - 2 * inset)


def _spaced(canvas: Canvas, text: str, y: float, size: float, colour: Color) -> None:
    """Write a heading in widely spaced letters."""
    canvas.setFillColor(colour)
    canvas.setFont(MEDIUM, size)
    canvas.drawString(LEFT, y, text, charSpace=size * 0.28)


def _paragraph(
    canvas: Canvas,
    text: str,
    y: float,
    font: str,
    size: float,
    colour: Color,
    measure: float = MEASURE,
) -> float:
    """Write `text` from the line at `y` down; return the height of the line after it."""
    for line in lines(text, font, size, measure):
        write(canvas, line, LEFT, y, font, size, colour)
        y -= size * LEADING
    return y


def _fitted(canvas: Canvas, text: str, top: float, font: str, sizes: Sizes, colour: Color) -> float:
    """Write `text` as large as it fits below `top`; return the height of its last line."""
    size, found = fitted(text, font, MEASURE, sizes)
    y = top - size * 0.75  # about the height of capitals
    for at, line in enumerate(found):
        write(canvas, line, LEFT, y - at * size * LEADING, font, size, colour)
    return y - (len(found) - 1) * size * LEADING
