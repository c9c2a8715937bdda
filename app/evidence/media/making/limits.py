"""How much time, memory and room the making of one rendition may take: figures, by length."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

LONGEST: Final = 6 * 3_600_000
"""Milliseconds; a longer recording gets no playable rendition: encoding it would take all day."""

MEGABYTE: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Limits:
    """Processor seconds, seconds by the clock, bytes of memory, bytes that may be written."""

    processor: int
    clock: float
    memory: int
    written: int


def limits(kind: str, milliseconds: int, size: int) -> Limits:
    """Return what making this kind of rendition may take for a file so long and large (bytes).

    Encoding gets six seconds of processor time for each second of the recording, where one of 720p
    took half a second: larger pictures and slower machines have room. Reading alone gets a tenth.
    """
    seconds = milliseconds / 1000
    gigabytes = size / (1 << 30)
    if kind == "playable":
        processor = round(120 + 6 * seconds + 60 * gigabytes)
        written = round(64 * MEGABYTE + size + seconds * 500_000)
        return Limits(processor, 60 + 3 * processor, 2048 * MEGABYTE, written)
    if kind in ("waveform", "poster", "probe"):
        processor = round(60 + 0.6 * seconds + 60 * gigabytes)
        return Limits(processor, 60 + 3 * processor, 1536 * MEGABYTE, 16 * MEGABYTE)
    if kind == "office":
        return Limits(60, 120, 4096 * MEGABYTE, 128 * MEGABYTE)
    return Limits(60, 180, 1024 * MEGABYTE, 32 * MEGABYTE)
