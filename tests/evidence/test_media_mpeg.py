"""An MP3 file is a chain of frames; bits that look like one frame are not enough."""

from __future__ import annotations

from io import BytesIO

import pytest

from app.evidence.media import DamagedFile, mpeg
from tests.evidence.samples import SAMPLES

FRAME = b"\xff\xfb\x90\x64" + bytes(413)
"""128 kbit/s at 44,100 Hz, MPEG 1 Layer III: 417 bytes."""

PADDED = b"\xff\xfb\x92\x64" + bytes(414)
SLOW = b"\xff\xf3\x40\xc4" + bytes(140)
"""32 kbit/s at 16,000 Hz would be 144; at 22,050 Hz it is 104."""


def tagged(length: int) -> bytes:
    size = bytes(length >> shift & 0x7F for shift in (21, 14, 7, 0))
    return b"ID3\x04\0\0" + size + bytes(length)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(FRAME * 30, id="many frames"),
        pytest.param(FRAME * 3, id="a few frames and nothing else"),
        pytest.param(FRAME + PADDED * 2 + FRAME, id="padded now and then"),
        pytest.param(tagged(5000) + FRAME * 30, id="after a cover"),
        pytest.param(tagged(10) + tagged(20) + FRAME * 30, id="after two tags"),
        pytest.param(FRAME * 3 + b"TAG" + bytes(125), id="before a closing tag"),
        pytest.param(bytes(700) + FRAME * 30, id="after silence that was cut"),
        pytest.param(FRAME * 30 + b"junk", id="with something behind"),
        pytest.param(SAMPLES["audio/mpeg"](), id="a recording"),
    ],
)
def test_a_chain_of_frames_is_sound(content: bytes) -> None:
    mpeg.check_frames(BytesIO(content))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xfb",
        tagged(100),
        tagged(100)[:50],
        bytes(5000),
        b"\xff" * 5000,
        FRAME * 3 + b"data" * 999,
        FRAME[:400] * 30,
        SLOW * 3 + bytes(99),
        tagged(20) + FRAME[:100] + SAMPLES["audio/wav"]()[:9000],
    ],
)
def test_what_is_no_chain_is_refused(content: bytes) -> None:
    with pytest.raises(DamagedFile):
        mpeg.check_frames(BytesIO(content))


@pytest.mark.parametrize(
    ("header", "length"),
    [
        ("fffb9064", 417),
        ("fffb9264", 418),
        ("fff340c4", 104),
        ("ffe340c4", 208),
        ("fffbf064", 0),
        ("fffb0064", 0),
        ("fffb9c64", 0),
        ("ffeb9064", 0),
        ("fffd9064", 0),
        ("fe", 0),
    ],
)
def test_the_length_of_a_frame_follows_from_its_header(header: str, length: int) -> None:
    assert mpeg.frame_length(bytes.fromhex(header)) == length
