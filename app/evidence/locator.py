"""Where in a file the proof stands: a page, a box in a page or picture, or a range of time."""

from __future__ import annotations

from typing import TypedDict

from app.kit.errors import Invalid


class Box(TypedDict):
    """A rectangle in a page or picture, from its upper left corner.

    All four are shares, from 0 to 1, of the width (x, width) or height (y, height) of what is shown
    upright; they are kept to four decimals.
    """

    x: float
    y: float
    width: float
    height: float


class LocatorOutOfPlace(Invalid):
    """A locator is a page, a box in a page or picture, or a time range, within the file."""


ROUNDING_MS = 1000
"""Players show whole seconds: an end read off one may lie up to a second behind the last sound."""

BOX_ROUNDING = 0.00015
"""Two numbers kept to four decimals may add up to a ten-thousandth more than one."""


def check(
    *,
    kind: str | None,
    page: int | None,
    box: Box | None = None,
    from_ms: int | None,
    to_ms: int | None,
    pages: int | None,
    duration_ms: int | None,
) -> None:
    """Refuse a locator that cannot be followed; pages count from 1, times in milliseconds.

    `kind` (document, image, audio, video), `pages` and `duration_ms` are the file's, None where
    unknown or without meaning.
    """
    timed = from_ms is not None or to_ms is not None
    if box is not None:
        _check_box(box, kind, page, timed=timed)
    if page is not None and timed:
        raise LocatorOutOfPlace("Give a page or a time range, not both.")
    if page is not None and kind not in (None, "document"):
        raise LocatorOutOfPlace("Only a document has pages.", kind=kind)
    if timed and kind not in (None, "audio", "video"):
        raise LocatorOutOfPlace("Only a recording has a time range.", kind=kind)
    if page is not None and pages is not None and page > pages:
        raise LocatorOutOfPlace(f"The document has {pages} pages.", pages=pages)
    if (from_ms is None) != (to_ms is None):
        raise LocatorOutOfPlace("A time range has a beginning and an end.")
    if from_ms is None or to_ms is None:
        return
    if from_ms >= to_ms:
        raise LocatorOutOfPlace("A time range ends after it begins.")
    if duration_ms is not None and to_ms > duration_ms + ROUNDING_MS:
        raise LocatorOutOfPlace("The recording is shorter than that.", duration_ms=duration_ms)


def _check_box(box: Box, kind: str | None, page: int | None, *, timed: bool) -> None:
    if timed or kind in ("audio", "video"):
        raise LocatorOutOfPlace("Only a page or a picture has a box.", kind=kind)
    if kind == "document" and page is None:
        raise LocatorOutOfPlace("Say on which page of the document the box is.")
    if min(box["x"], box["y"]) < 0 or min(box["width"], box["height"]) <= 0:
        raise LocatorOutOfPlace("A box has a place, a width and a height.")
    most = 1 + BOX_ROUNDING
    if box["x"] + box["width"] > most or box["y"] + box["height"] > most:
        raise LocatorOutOfPlace("A box lies within the page: x + width and y + height are up to 1.")


def fault(
    *,
    kind: str,
    page: int | None,
    box: Box | None = None,
    from_ms: int | None,
    to_ms: int | None,
    pages: int | None,
    duration_ms: int | None,
) -> str | None:
    """Return why a locator cannot be followed in a file that is known by now; None if it can."""
    try:
        check(
            kind=kind,
            page=page,
            box=box,
            from_ms=from_ms,
            to_ms=to_ms,
            pages=pages,
            duration_ms=duration_ms,
        )
    except LocatorOutOfPlace as refusal:
        return refusal.detail
    return None
