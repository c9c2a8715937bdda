"""Recordings are made playable, seekable, and visible."""

from __future__ import annotations

import json
from io import BytesIO
from uuid import UUID

import pytest
from PIL import Image

from app.evidence.handlers import making
from tests.evidence.conftest import Shelves
from tests.evidence.made import (
    made,
    open_film,
    rendition,
    states,
    streams,
    worked,
)
from tests.evidence.samples import SAMPLES, recording
from tests.make import Person


def test_what_browsers_do_not_play_is_made_playable(amira: Person, item: UUID) -> None:
    film = recording("matroska", sight="mpeg4", sound="libmp3lame")
    file = worked(amira, item, film, "video/x-matroska")
    playable = rendition(amira, file, "playable")
    assert streams(playable) == [("video", "h264"), ("audio", "aac")]
    assert 0 < playable.find(b"moov") < playable.find(b"mdat")
    found = amira.get(f"/files/{file}").json()
    assert (found["video_codec"], found["audio_codec"]) == ("mpeg4", "mp3")
    assert made(amira, file)["playable"]["media_type"] == "video/mp4"


def test_a_film_that_only_has_the_wrong_wrapping_keeps_its_picture(
    amira: Person, item: UUID
) -> None:
    film = SAMPLES["video/quicktime"]()
    file = worked(amira, item, film, "video/quicktime")
    with open_film(film) as old, open_film(rendition(amira, file, "playable")) as new:
        assert [bytes(one) for one in old.demux(video=0)] == [
            bytes(one) for one in new.demux(video=0)
        ]


@pytest.mark.parametrize("media_type", ["video/webm", "audio/webm"])
def test_a_recording_without_a_length_is_written_anew_so_that_players_can_seek(
    amira: Person, item: UUID, media_type: str
) -> None:
    sight = "libvpx" if media_type.startswith("video") else None
    live = recording("webm", sight=sight, sound="libopus", live="1")
    with open_film(live) as old:
        assert old.duration is None
    file = worked(amira, item, live, media_type)
    playable = rendition(amira, file, "playable")
    with open_film(playable) as new, open_film(live) as old:
        assert new.duration is not None
        assert 1_900_000 < new.duration < 2_200_000
        sounds = [[bytes(one) for one in film.demux(audio=0)] for film in (old, new)]
        assert sounds[0] == sounds[1]
    assert b"\x1c\x53\xbb\x6b" in playable[:300_000], "it has an index to seek by"


def test_the_waveform_has_the_form_that_players_know(amira: Person, item: UUID) -> None:
    file = worked(amira, item, SAMPLES["audio/mpeg"](), "audio/mpeg")
    shape = json.loads(rendition(amira, file, "waveform"))
    data = shape.pop("data")
    length = shape.pop("length")
    assert shape == {
        "version": 2,
        "channels": 1,
        "sample_rate": 8_000,
        "samples_per_pixel": 400,
        "bits": 8,
    }
    assert len(data) == 2 * length
    assert 39 <= length <= 43
    assert min(data) < -20
    assert max(data) > 20


def test_a_silent_film_has_no_waveform(amira: Person, item: UUID) -> None:
    file = worked(amira, item, recording("mp4", sight="libx264"), "video/mp4")
    assert made(amira, file)["waveform"]["state"] == "not_needed"
    assert made(amira, file)["waveform"]["reason"] == "it has no sound"


def test_the_poster_shows_the_film(amira: Person, item: UUID) -> None:
    file = worked(amira, item, SAMPLES["video/mp4"](), "video/mp4")
    poster = Image.open(BytesIO(rendition(amira, file, "poster")))
    assert (poster.format, poster.size) == ("JPEG", (160, 90))


def test_a_recording_that_is_damaged_on_the_way_keeps_its_original_and_says_why(
    amira: Person, item: UUID, portfolio: UUID, shelves: Shelves
) -> None:
    film = bytearray(recording("matroska", sight="mpeg4", sound="libmp3lame"))
    film[len(film) // 2 :] = bytes(len(film) - len(film) // 2)
    file = worked(amira, item, bytes(film), "video/x-matroska")
    assert shelves.kept(portfolio) == {str(file): bytes(film)}
    assert amira.get(f"/files/{file}").json()["state"] == "available"
    for one in made(amira, file).values():
        assert one["state"] in ("made", "failed")
        assert (one["state"] == "failed") == (one["reason"] is not None)


def test_what_cannot_be_made_says_why_and_the_rest_is_made(
    amira: Person, item: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(making, "LONGEST", 1_000)
    film = recording("matroska", sight="mpeg4", sound="libmp3lame")
    file = worked(amira, item, film, "video/x-matroska")
    assert states(amira, file) == {"poster": "made", "waveform": "made", "playable": "failed"}
    assert made(amira, file)["playable"]["reason"] == "it lasts longer than six hours"
