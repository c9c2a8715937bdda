"""Recordings of any size to hand in: the same bytes for the same seed."""

from __future__ import annotations

import random
import struct

RATE = 48_000
FRAME = 4  # bytes: two channels of 16 bits


def recording(size: int, *, seed: int) -> bytes:
    """Return a WAV file of noise of about `size` bytes; it holds whole frames."""
    chance = random.Random(seed)  # noqa: S311 - a drawing of noise, no secret
    sound = chance.randbytes((size - 44) // FRAME * FRAME)
    return header(len(sound)) + sound


def header(length: int) -> bytes:
    """Return what stands before so many bytes of sound."""
    form = struct.pack("<HHIIHH", 1, 2, RATE, RATE * FRAME, FRAME, 16)
    return b"".join(
        (
            struct.pack("<4sI4s", b"RIFF", 36 + length, b"WAVE"),
            struct.pack("<4sI", b"fmt ", len(form)),
            form,
            struct.pack("<4sI", b"data", length),
        )
    )
