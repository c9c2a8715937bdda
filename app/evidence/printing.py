"""The receipt of a submission as a document: what was handed in, when, and how to check it.

The same receipt always gives the same bytes. A name is drawn as far as the typeface can.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from reportlab.pdfgen.canvas import Canvas

from app.kit.alphabet import drawn_as_far_as_possible
from app.kit.dates import written_date
from app.kit.lettering import LIGHT, MEDIUM, REGULAR, Sizes, fitted, lines
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
LEFT, RIGHT, FOOT = 56.0, PAGE_WIDTH - 56.0, 64.0
MEASURE, CODE = RIGHT - LEFT, 112.0
ROW, LEADING = 14.0, 1.36
NAME_SIZES: Sizes = ((22, 1), (19, 1), (16, 2), (12, 3), (9, 5), (6, 6))
BODY_SIZES: Sizes = ((11, 1), (9, 2), (7, 4), (6, 6))
FILE_COLUMN, SIZE_RIGHT, DIGEST_COLUMN = LEFT, LEFT + 296, LEFT + 312
DIGEST_SHOWN = 32
"""Characters of a file's digest on paper; the receipt as data has all 64."""

PHRASES: Mapping[str, Mapping[str, str]] = {
    "en": {
        "title": "Receipt of your submission",
        "received": "received from",
        "facts": "Submission {number} of the portfolio {portfolio}",
        "when": "Sealed on {date} at {time} UTC",
        "root": "Root of everything that was sealed (SHA-256, RFC 9162)",
        "manifest": "SHA-256 of the manifest, with {entries} entries",
        "versions": "Under these versions (SHA-256 of their content)",
        "framework": "Framework",
        "scheme": "Scheme",
        "charter": "Charter",
        "check": "How to check it",
        "check_1": "What you handed in was sealed: nobody can change a file, a claim or a"
        " date of it without changing the root above. Keep this page, or only the root.",
        "check_2": "Compute the SHA-256 of your own copy of a file and compare it with the list;"
        " the receipt as data has every digest in full.",
        "check_3": "Ask the service for the proof of an entry. With your copy and the proof anyone"
        " can compute the root again, without trusting the service.",
        "files": "Files ({count})",
        "file": "File",
        "size": "Bytes",
        "digest": "SHA-256, the first half",
        "no_files": "No file was handed in.",
        "page": "Submission {number} · {root} · page {page}",
        "scan": "The root, to scan",
    },
    "fr": {
        "title": "Reçu de votre dépôt",
        "received": "reçu de",
        "facts": "Dépôt {number} du portfolio {portfolio}",
        "when": "Scellé le {date} à {time} UTC",
        "root": "Racine de tout ce qui a été scellé (SHA-256, RFC 9162)",
        "manifest": "SHA-256 du manifeste, qui compte {entries} entrées",
        "versions": "Selon ces versions (SHA-256 de leur contenu)",
        "framework": "Référentiel",
        "scheme": "Programme",
        "charter": "Charte",
        "check": "Comment vérifier",
        "check_1": "Ce que vous avez déposé est scellé : personne ne peut en changer un fichier,"
        " une revendication ou une date sans changer la racine ci-dessus. Gardez cette page, ou"
        " seulement la racine.",
        "check_2": "Calculez le SHA-256 de votre copie d’un fichier et comparez-le à la liste ; le"
        " reçu sous forme de données donne chaque empreinte en entier.",
        "check_3": "Demandez au service la preuve d’une entrée. Avec votre copie et la preuve,"
        " chacun peut recalculer la racine, sans avoir à faire confiance au service.",
        "files": "Fichiers ({count})",
        "file": "Fichier",
        "size": "Octets",
        "digest": "SHA-256, la première moitié",
        "no_files": "Aucun fichier n’a été déposé.",
        "page": "Dépôt {number} · {root} · page {page}",
        "scan": "La racine, à scanner",
    },
}


@dataclass(frozen=True, slots=True)
class Listed:
    """A file on a receipt."""

    name: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class ReceiptFace:
    """Everything that is written on a receipt; `language` is "en" or "fr"."""

    issuer: str
    candidate: str
    portfolio: str
    number: int
    sealed_at: datetime
    root: str
    manifest_sha256: str
    entries: int
    versions: Mapping[str, str]
    """The digests of framework, scheme and charter, by these words."""
    files: Sequence[Listed]
    language: str


def draw(face: ReceiptFace) -> bytes:
    """Return the receipt as PDF: one page, and more if the files need them."""
    words = _words(face)
    file = io.BytesIO()
    canvas = blank(file, language=face.language)
    issuer = drawn_as_far_as_possible(face.issuer)
    canvas.setTitle(f"{words['title']} – {words['facts']}")
    canvas.setAuthor(issuer)
    canvas.setCreator(issuer)
    y = _head(canvas, face, words, issuer)
    y = _seals(canvas, face, words, y)
    y = _instructions(canvas, words, y)
    _files(canvas, face, words, y)
    canvas.save()
    return file.getvalue()


def _words(face: ReceiptFace) -> dict[str, str]:
    moment = face.sealed_at.astimezone(UTC)
    gaps = {
        "number": face.number,
        "portfolio": face.portfolio,
        "date": written_date(moment.date(), face.language),
        "time": f"{moment:%H:%M:%S}",
        "entries": face.entries,
        "count": len(face.files),
        "root": face.root[:16] + "…",
        "page": "{page}",
    }
    return {name: phrase.format_map(gaps) for name, phrase in PHRASES[face.language].items()}


def _head(canvas: Canvas, face: ReceiptFace, words: Mapping[str, str], issuer: str) -> float:
    y = _fitted(canvas, issuer, PAGE_HEIGHT - 66, MEDIUM, BODY_SIZES, LEFT, MEASURE)
    write(canvas, words["title"], LEFT, y - 34, LIGHT, 26, PETROL)
    write(canvas, words["received"], LEFT, y - 58, REGULAR, 10, QUIET)
    name = drawn_as_far_as_possible(face.candidate)
    y = _fitted(canvas, name, y - 80, MEDIUM, NAME_SIZES, LEFT, MEASURE)
    write(canvas, words["facts"], LEFT, y - 18, REGULAR, 9.5, INK)
    write(canvas, words["when"], LEFT, y - 32, MEDIUM, 9.5, INK)
    rule(canvas, y - 44, LEFT, RIGHT)
    return y - 44


def _seals(canvas: Canvas, face: ReceiptFace, words: Mapping[str, str], top: float) -> float:
    """Draw the root in full and as a code, then the digests of manifest and versions."""
    code(canvas, face.root, RIGHT - CODE, top - 14 - CODE, CODE)
    canvas.setFillColor(QUIET)
    canvas.setFont(REGULAR, 7)
    canvas.drawCentredString(RIGHT - CODE / 2, top - 26 - CODE, words["scan"])
    y = top - 22
    write(canvas, words["root"], LEFT, y, REGULAR, 8, QUIET)
    for part in (face.root[:32], face.root[32:]):
        y -= 17
        canvas.setFillColor(PETROL)
        canvas.setFont(MEDIUM, 13)
        canvas.drawString(LEFT, y, part, charSpace=0.6)
    y -= 20
    write(canvas, words["manifest"], LEFT, y, REGULAR, 8, QUIET)
    write(canvas, face.manifest_sha256, LEFT, y - 11, REGULAR, 7.6, INK)
    y -= 27
    write(canvas, words["versions"], LEFT, y, REGULAR, 8, QUIET)
    for name in ("framework", "scheme", "charter"):
        y -= 11
        write(canvas, words[name], LEFT, y, REGULAR, 7.6, QUIET)
        write(canvas, face.versions[name], LEFT + 52, y, REGULAR, 7.6, INK)
    y = min(y - 14, top - CODE - 38)
    rule(canvas, y, LEFT, RIGHT)
    return y


def _instructions(canvas: Canvas, words: Mapping[str, str], top: float) -> float:
    y = top - 20
    write(canvas, words["check"], LEFT, y, MEDIUM, 10, PETROL)
    y -= 16
    for number in (1, 2, 3):
        write(canvas, str(number), LEFT, y, MEDIUM, 8.6, BRASS)
        for line in lines(words[f"check_{number}"], REGULAR, 8.6, MEASURE - 16):
            write(canvas, line, LEFT + 16, y, REGULAR, 8.6, INK)
            y -= 8.6 * LEADING
        y -= 3
    rule(canvas, y + 2, LEFT, RIGHT)
    return y + 2


def _files(canvas: Canvas, face: ReceiptFace, words: Mapping[str, str], top: float) -> None:
    """List the files, on as many pages as they need, and end each page with its number."""
    page, y = 1, top - 20
    write(canvas, words["files"], LEFT, y, MEDIUM, 10, PETROL)
    y = _columns(canvas, words, y - 16)
    if not face.files:
        write(canvas, words["no_files"], LEFT, y, REGULAR, 8.6, QUIET)
    for file in face.files:
        if y < FOOT:
            _finish(canvas, words, page)
            page, y = page + 1, _columns(canvas, words, PAGE_HEIGHT - 66)
        _row(canvas, file, y)
        y -= ROW
    _finish(canvas, words, page)


def _columns(canvas: Canvas, words: Mapping[str, str], y: float) -> float:
    write(canvas, words["file"], FILE_COLUMN, y, REGULAR, 7.6, QUIET)
    canvas.drawRightString(SIZE_RIGHT, y, words["size"])
    write(canvas, words["digest"], DIGEST_COLUMN, y, REGULAR, 7.6, QUIET)
    return y - ROW


def _row(canvas: Canvas, file: Listed, y: float) -> None:
    name = drawn_as_far_as_possible(file.name)
    found = lines(name, REGULAR, 8.6, SIZE_RIGHT - FILE_COLUMN - 66)
    shown = found[0] if len(found) == 1 else f"{found[0]}…"
    write(canvas, shown, FILE_COLUMN, y, REGULAR, 8.6, INK)
    canvas.setFont(REGULAR, 8.6)
    canvas.drawRightString(SIZE_RIGHT, y, str(file.size))
    write(canvas, f"{file.sha256[:DIGEST_SHOWN]}…", DIGEST_COLUMN, y, REGULAR, 8, INK)


def _finish(canvas: Canvas, words: Mapping[str, str], page: int) -> None:
    write(canvas, words["page"].format(page=page), LEFT, 36, REGULAR, 7.6, QUIET)
    canvas.showPage()


def _fitted(
    canvas: Canvas, text: str, y: float, font: str, sizes: Sizes, x: float, measure: float
) -> float:
    """Write `text` as large as it fits, its first line at `y`; return the height of its last."""
    size, found = fitted(text, font, measure, sizes)
    for at, line in enumerate(found):
        write(canvas, line, x, y - at * size * LEADING, font, size, INK)
    return y - (len(found) - 1) * size * LEADING
