"""Where in a file the proof stands."""

from __future__ import annotations

import pytest

from app.evidence.locator import LocatorOutOfPlace, check, fault


def place(
    *,
    kind: str | None = None,
    page: int | None = None,
    from_ms: int | None = None,
    to_ms: int | None = None,
    pages: int | None = None,
    duration_ms: int | None = None,
) -> None:
    check(kind=kind, page=page, from_ms=from_ms, to_ms=to_ms, pages=pages, duration_ms=duration_ms)


def refusal_of(**given: int | str | None) -> str:
    with pytest.raises(LocatorOutOfPlace) as refusal:
        place(**given)  # type: ignore[arg-type]
    return refusal.value.detail


def test_a_claim_may_speak_of_a_whole_file() -> None:
    for kind in (None, "document", "image", "audio", "video"):
        place(kind=kind)


def test_a_page_lies_within_the_document() -> None:
    place(kind="document", page=3, pages=3)
    assert refusal_of(kind="document", page=4, pages=3) == "The document has 3 pages."


def test_a_page_of_a_document_without_known_pages_is_taken_at_its_word() -> None:
    place(kind="document", page=400)


def test_only_a_document_has_pages() -> None:
    for kind in ("image", "audio", "video"):
        assert refusal_of(kind=kind, page=1) == "Only a document has pages."


def test_only_a_recording_has_a_time_range() -> None:
    place(kind="audio", from_ms=0, to_ms=1)
    place(kind="video", from_ms=0, to_ms=1)
    for kind in ("document", "image"):
        assert refusal_of(kind=kind, from_ms=0, to_ms=1) == "Only a recording has a time range."
        assert refusal_of(kind=kind, to_ms=1) == "Only a recording has a time range."


def test_a_place_is_a_page_or_a_time_range_and_not_both() -> None:
    both = "Give a page or a time range, not both."
    assert refusal_of(page=1, from_ms=0, to_ms=1) == both
    assert refusal_of(page=1, from_ms=0) == both
    assert refusal_of(page=1, to_ms=1) == both


def test_a_time_range_has_both_ends() -> None:
    assert refusal_of(from_ms=5) == "A time range has a beginning and an end."
    assert refusal_of(to_ms=5) == "A time range has a beginning and an end."


@pytest.mark.parametrize("to_ms", [0, 4_999, 5_000])
def test_a_time_range_ends_after_it_begins(to_ms: int) -> None:
    assert refusal_of(from_ms=5_000, to_ms=to_ms) == "A time range ends after it begins."


def test_a_time_range_lies_within_the_recording_to_the_second() -> None:
    place(kind="audio", from_ms=0, to_ms=24_000, duration_ms=24_000)
    place(kind="audio", from_ms=0, to_ms=25_000, duration_ms=24_000)
    shorter = "The recording is shorter than that."
    assert refusal_of(kind="audio", from_ms=0, to_ms=25_001, duration_ms=24_000) == shorter
    assert refusal_of(kind="audio", from_ms=30_000, to_ms=31_000, duration_ms=24_000) == shorter


def test_a_recording_of_unknown_length_is_taken_at_its_word() -> None:
    place(kind="video", from_ms=10_000_000, to_ms=10_000_001)


@pytest.mark.parametrize(
    ("page", "wrong"), [(3, None), (None, None), (900, "The document has 3 pages.")]
)
def test_a_locator_that_cannot_be_followed_any_more_is_told_why(
    page: int | None, wrong: str | None
) -> None:
    found = fault(kind="document", page=page, from_ms=None, to_ms=None, pages=3, duration_ms=None)
    assert found == wrong
