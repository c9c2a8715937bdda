"""Films of telephones are held upright; their pictures come lying, with a note to turn them."""

from __future__ import annotations

import struct
import tempfile
from io import BytesIO

import av
import pytest
from PIL import Image

from app.evidence.media.making import recordings
from app.evidence.media.making.output import Output
from app.evidence.media.making.playable import playable
from tests.evidence.samples import recording


def left_half_white() -> bytes:
    """Make a film whose left half is white."""
    made = BytesIO()
    with av.open(made, "w", format="matroska") as film:
        stream = film.add_stream("mpeg4", rate=10)
        stream.width, stream.height, stream.pix_fmt = 160, 80, "yuv420p"
        for number in range(5):
            frame = av.VideoFrame(160, 80, "gray8")
            line = b"\xff" * 80 + bytes(frame.planes[0].line_size - 80)
            frame.planes[0].update(line * 80)
            frame.pts = number
            film.mux(stream.encode(frame.reformat(format="yuv420p")))
        film.mux(stream.encode(None))
    return made.getvalue()


def remade(film: bytes, rotation: int, sound: str | None = None) -> bytes:
    with tempfile.TemporaryFile() as out:
        task = {
            "media_type": "video/x-matroska",
            "milliseconds": 500,
            "into": "video/mp4",
            "picture": "encode",
            "sound": sound,
            "rotation": rotation,
        }
        playable(BytesIO(film), Output(out.fileno()), task, lambda share: None)
        out.seek(0)
        return out.read()


# Counter-clockwise, in degrees, to the edge at which the left half then lies.
@pytest.mark.parametrize(
    ("rotation", "size", "white"),
    [
        (0, (160, 80), "left"),
        (90, (80, 160), "bottom"),
        (-90, (80, 160), "top"),
        (180, (160, 80), "right"),
    ],
)
def test_a_film_is_turned_as_it_says(rotation: int, size: tuple[int, int], white: str) -> None:
    with av.open(BytesIO(remade(left_half_white(), rotation)), "r") as film:
        grey = next(film.decode(video=0)).reformat(format="gray8")
        plane = grey.planes[0]
        lines = bytes(plane)
        width, height = grey.width, grey.height
        assert (width, height) == size
        middle = {
            "left": (height // 2, width // 8),
            "right": (height // 2, width - width // 8),
            "top": (height // 8, width // 2),
            "bottom": (height - height // 8, width // 2),
        }
        bright = {edge for edge, (y, x) in middle.items() if lines[y * plane.line_size + x] > 200}
        assert white in bright
        assert {"left": "right", "right": "left", "top": "bottom", "bottom": "top"}[
            white
        ] not in bright


LYING = struct.pack(">9i", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
UPRIGHT = struct.pack(">9i", 0, 0x10000, 0, -0x10000, 0, 0, 0, 0, 0x40000000)
"""The matrix that a telephone held upright writes: what lies left is to be shown above."""


def test_a_telephone_s_film_is_seen_as_it_was_held() -> None:
    film = remade(left_half_white(), 0)
    # The first matrix is the whole film's, the second the picture's.
    at = film.index(LYING, film.index(b"tkhd"))
    held = film[:at] + UPRIGHT + film[at + len(UPRIGHT) :]
    task: dict[str, object] = {"media_type": "video/mp4"}
    with tempfile.TemporaryFile() as out:
        known = recordings.probe(BytesIO(held), Output(out.fileno()), task, lambda share: None)
        recordings.poster(BytesIO(held), Output(out.fileno()), task, lambda share: None)
        shown = Image.open(out).convert("L")
        assert shown.size == (80, 160)
        assert shown.getpixel((40, 20)) > 200  # type: ignore[operator]
        assert shown.getpixel((40, 140)) < 50  # type: ignore[operator]
    assert known["rotation"] == -90, "which is what the other test turns by"


def test_the_sound_goes_along() -> None:
    film = recording("matroska", sight="mpeg4", sound="libmp3lame")
    with av.open(BytesIO(remade(film, 0, "encode")), "r") as made:
        kinds = [one.type for one in made.streams]
        assert kinds == ["video", "audio"]
        assert made.duration is not None
        assert 1_900_000 < made.duration < 2_200_000
