"""A picture of the first page of a PDF, and the words on each page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from io import BytesIO
from typing import BinaryIO, Final

import pypdfium2

from app.evidence.media.making.child import Facts, Tell
from app.evidence.media.making.output import Output

LONGEST_SIDE: Final = 1200
SMALLEST: Final = 1.0
"""Points; a page that says it is smaller has nothing on it."""


def preview(file: BinaryIO, out: Output, task: Mapping[str, object], tell: Tell) -> Facts:
    """Write the first page as PNG, at most 1200 pixels wide or high."""
    document = pypdfium2.PdfDocument(file)
    page = document[0]
    width, height = page.get_size()
    scale = LONGEST_SIDE / max(width, height, SMALLEST)
    image = page.render(scale=min(scale, 4.0)).to_pil().convert("RGB")
    image.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    made = BytesIO()
    image.save(made, "PNG", optimize=True)
    out.write(made.getvalue())
    return {"media_type": "image/png", "width": image.width, "height": image.height}


def pages(file: BinaryIO, tell: Tell) -> Iterator[tuple[int | None, str]]:
    """Yield each page's number and words."""
    document = pypdfium2.PdfDocument(file)
    for number in range(len(document)):
        page = document[number]
        words = page.get_textpage()
        yield number + 1, words.get_text_bounded()
        words.close()
        page.close()
        tell((number + 1) / len(document))
