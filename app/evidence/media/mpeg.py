"""The frames of which MP3 files consist: several in a row, each where the last one ends.

FFmpeg looks for the bits of a frame's header anywhere, and finds them in files of any type.
"""

from __future__ import annotations

from typing import BinaryIO, Final

from app.evidence.media.refusals import DamagedFile

SEARCHED: Final = 1 << 18
"""Bytes after the tags in which the first frame must begin."""

IN_A_ROW: Final = 20
"""Half a second of sound."""

CLOSING_TAGS: Final = (b"TAG", b"APETAGEX", b"LYRICSBEGIN", b"ID3")
MPEG_1: Final = 3
# Kilobits and samples per second, by their number in the header (ISO/IEC 11172-3 and 13818-3).
FAST: Final = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
SLOW: Final = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
SAMPLES: Final = {
    3: (44_100, 48_000, 32_000),
    2: (22_050, 24_000, 16_000),
    0: (11_025, 12_000, 8_000),
}


def check_frames(file: BinaryIO) -> None:
    """Refuse a file in which frames do not follow each other, as far as its sound goes."""
    file.seek(tag_length(file))
    content = file.read(SEARCHED)
    at = content.find(b"\xff")
    while at >= 0:
        if follow_each_other(content, at):
            return
        at = content.find(b"\xff", at + 1)
    raise DamagedFile(reason="no sound begins in it")


def tag_length(file: BinaryIO) -> int:
    """Return where the sound may begin: after the tags with title and cover, if there are any."""
    end = 0
    while True:
        file.seek(end)
        header = file.read(10)
        if header[:3] != b"ID3" or len(header) < 10 or max(header[6:]) > 0x7F:
            return end
        # Seven bits of each byte count, so that no tag holds the bits of a frame.
        length = header[6] << 21 | header[7] << 14 | header[8] << 7 | header[9]
        end += 10 + length


def follow_each_other(content: bytes, at: int) -> bool:
    """Say whether frames stand in a row here: enough of them, or all of a short sound."""
    begun = at
    for _ in range(IN_A_ROW):
        length = frame_length(content[at : at + 4])
        if not length:
            ended = at >= len(content) or content.startswith(CLOSING_TAGS, at)
            return begun == 0 and at > 0 and ended
        at += length
    return True


def frame_length(header: bytes) -> int:
    """Return the length in bytes of the frame with this header, 0 if it is none of Layer III."""
    if len(header) < 4 or header[0] != 0xFF or header[1] & 0xE6 != 0xE2:
        return 0
    version, rate, frequency = header[1] >> 3 & 3, header[2] >> 4, header[2] >> 2 & 3
    if version == 1 or not 0 < rate < 15 or frequency == 3:
        return 0
    kilobits, factor = (FAST, 144) if version == MPEG_1 else (SLOW, 72)
    padding = header[2] >> 1 & 1
    return factor * kilobits[rate] * 1000 // SAMPLES[version][frequency] + padding
