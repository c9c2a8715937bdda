"""Which recordings browsers play as they are, and how the others are made playable."""

from __future__ import annotations

import pytest

from app.evidence.media.catalogue import READERS
from app.evidence.media.making.limits import limits
from app.evidence.media.making.playing import (
    Probe,
    Route,
    all_encoded,
    fitted,
    kinds_for,
    plays,
    route,
)


def probe(picture: str = "h264", sound: str = "aac", **changes: str | int) -> Probe:
    known: dict[str, str | int] = {
        "pixels": "yuv420p",
        "width": 1280,
        "height": 720,
        "rotation": 0,
        "milliseconds": 60_000,
        "says_length": True,
        **changes,
    }
    return Probe(picture=picture, sound=sound, **known)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("media_type", "picture", "sound"),
    [
        ("video/mp4", "h264", "aac"),
        ("video/mp4", "h264", "mp3"),
        ("video/mp4", "h264", ""),
        ("video/webm", "vp8", "opus"),
        ("video/webm", "vp9", "vorbis"),
        ("audio/mpeg", "", "mp3"),
        ("audio/mp4", "", "aac"),
        ("audio/wav", "", "pcm_s16le"),
        ("audio/webm", "", "opus"),
        ("audio/flac", "", "flac"),
    ],
)
def test_what_every_browser_plays_is_left_as_it_is(
    media_type: str, picture: str, sound: str
) -> None:
    assert plays(media_type, probe(picture, sound))
    assert route(media_type, probe(picture, sound)) is None


@pytest.mark.parametrize(
    ("media_type", "picture", "sound", "how"),
    [
        ("video/quicktime", "h264", "aac", ("copy", "copy")),
        ("video/x-matroska", "h264", "opus", ("copy", "encode")),
        ("video/quicktime", "hevc", "aac", ("encode", "copy")),
        ("video/mp4", "hevc", "", ("encode", None)),
        ("video/mp4", "av1", "opus", ("encode", "encode")),
        ("video/webm", "av1", "opus", ("encode", "encode")),
        ("video/ogg", "theora", "vorbis", ("encode", "encode")),
    ],
)
def test_other_films_become_mp4_with_what_fits_copied(
    media_type: str, picture: str, sound: str, how: tuple[str | None, str | None]
) -> None:
    assert route(media_type, probe(picture, sound)) == Route("video/mp4", *how)


@pytest.mark.parametrize(
    ("media_type", "sound", "how"),
    [
        ("audio/ogg", "opus", "encode"),
        ("audio/mp4", "alac", "encode"),
        ("audio/wav", "adpcm_ms", "encode"),
        ("audio/wav", "aac", "copy"),
    ],
)
def test_other_sound_becomes_aac_in_mp4(media_type: str, sound: str, how: str) -> None:
    assert route(media_type, probe("", sound)) == Route("audio/mp4", None, how)


@pytest.mark.parametrize(
    "changes",
    [{"pixels": "yuv422p"}, {"pixels": "yuv420p10le"}, {"width": 3840, "height": 2160}],
)
def test_a_picture_that_is_unusual_or_too_large_is_encoded_anew(
    changes: dict[str, str | int],
) -> None:
    found = route("video/quicktime", probe("h264", "aac", **changes))
    assert found == Route("video/mp4", "encode", "copy")


def test_a_large_film_that_browsers_play_is_left_as_it_is() -> None:
    assert route("video/mp4", probe(width=1920, height=1080)) is None


@pytest.mark.parametrize(
    "changes", [({"says_length": False}, False), ({}, True), ({"says_length": False}, True)]
)
def test_without_length_or_with_a_place_it_is_written_anew_without_encoding(
    changes: tuple[dict[str, bool], bool],
) -> None:
    how, place = changes
    film = route("video/webm", probe("vp8", "opus", **how), tells_place=place)
    assert film == Route("video/webm", "copy", "copy")
    sound = route("audio/webm", probe("", "opus", **how), tells_place=place)
    assert sound == Route("audio/webm", None, "copy")


def test_where_copying_fails_everything_is_encoded() -> None:
    assert all_encoded(Route("video/webm", "copy", "copy")) == Route(
        "video/mp4", "encode", "encode"
    )
    assert all_encoded(Route("audio/webm", None, "copy")) == Route("audio/mp4", None, "encode")
    assert all_encoded(Route("video/mp4", "copy", None)) == Route("video/mp4", "encode", None)


@pytest.mark.parametrize(
    ("size", "fits"),
    [
        ((1280, 720), (1280, 720)),
        ((1920, 1080), (1280, 720)),
        ((1080, 1920), (720, 1280)),
        ((640, 481), (640, 480)),
        ((3000, 1000), (1280, 426)),
        ((1, 1), (2, 2)),
    ],
)
def test_a_picture_fits_into_720p_lying_or_standing(
    size: tuple[int, int], fits: tuple[int, int]
) -> None:
    assert fitted(*size) == fits


def test_every_type_that_can_be_handed_in_has_its_renditions() -> None:
    assert all(kinds_for(media_type) for media_type in READERS)
    assert kinds_for("application/zip") == ()


def test_the_longer_a_recording_the_more_time_its_making_may_take() -> None:
    minute, hour = (limits("playable", length, 10**8) for length in (60_000, 3_600_000))
    assert minute.processor < hour.processor < 7 * 3600
    assert limits("poster", 3_600_000, 10**8).processor < hour.processor
    assert limits("text", 0, 10**8).written <= 32 << 20
