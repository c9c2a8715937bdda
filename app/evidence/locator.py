"""Where in a file the proof stands: a page of a document, or a range of time in a recording."""

from __future__ import annotations

from app.kit.errors import Invalid


class LocatorOutOfPlace(Invalid):
    """A locator is a page of a document or a time range of a recording, within the file."""


ROUNDING_MS = 1000
"""Players show whole seconds: an end read off one may lie up to a second behind the last sound."""


def check(
    *,
    kind: str | None,
    page: int | None,
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


def fault(
    *,
    kind: str,
    page: int | None,
    from_ms: int | None,
    to_ms: int | None,
    pages: int | None,
    duration_ms: int | None,
) -> str | None:
    """Return why a locator cannot be followed in a file that is known by now; None if it can."""
    try:
        check(
            kind=kind, page=page, from_ms=from_ms, to_ms=to_ms, pages=pages, duration_ms=duration_ms
        )
    except LocatorOutOfPlace as refusal:
        return refusal.detail
    return None
