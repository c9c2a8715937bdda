"""A short film of a simulated meeting: a drawn scene that moves, a time code, two voices."""

from __future__ import annotations

import math
from fractions import Fraction
from pathlib import Path
from typing import Final

import av
from PIL import Image, ImageDraw

from app.cli.material import voice
from app.cli.material.lettering import letters

LENGTH: Final = 20_000
"""Milliseconds."""

RATE: Final = 15
"""Pictures per second."""

WIDTH: Final = 640
HEIGHT: Final = 360
WALL: Final = (233, 229, 219)
TABLE: Final = (150, 111, 81)
MENTOR: Final = (38, 92, 120)
MENTEE: Final = (178, 84, 60)
INK: Final = (45, 45, 50)
SCENES: Final = (
    "Opening: what brings you here today?",
    "Listening: let me repeat what I heard",
    "Options: which three ways do you see?",
    "Next step: who does what, and by when?",
)


def shoot(path: Path, sound: voice.Sound) -> None:
    """Write the film as MP4 (H.264 and AAC), ready to play while it loads."""
    options = {"movflags": "+faststart", "fflags": "+bitexact"}
    with av.open(str(path), "w", format="mp4", options=options) as film:
        picture = film.add_stream("libx264", rate=RATE, options={"preset": "veryfast"})
        picture.width, picture.height, picture.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        # The number of threads is written into the stream; one machine's must not differ.
        picture.codec_context.thread_count = 2
        heard = film.add_stream("aac", rate=voice.RATE, layout="mono")
        for number in range(LENGTH * RATE // 1000):
            frame = av.VideoFrame(WIDTH, HEIGHT, "rgb24")
            frame.planes[0].update(scene(number / RATE).tobytes())
            frame.pts, frame.time_base = number, Fraction(1, RATE)
            film.mux(picture.encode(frame))
        film.mux(picture.encode(None))
        voice.encode(film, heard, sound)


def scene(seconds: float) -> Image.Image:
    """Draw the meeting as it stands after so many seconds."""
    image = Image.new("RGB", (WIDTH, HEIGHT), WALL)
    draw = ImageDraw.Draw(image)
    part = min(len(SCENES) - 1, int(seconds * 1000 * len(SCENES) / LENGTH))
    chart(draw, seconds)
    person(draw, 150, MENTOR, nod=math.sin(seconds * 2.2) * 5)
    person(draw, 490, MENTEE, nod=math.sin(seconds * 2.9 + 1) * 6)
    draw.rectangle((60, 262, 580, 282), fill=TABLE)
    draw.text((WIDTH / 2, 312), SCENES[part], INK, font=letters(20), anchor="mm")
    draw.text((WIDTH - 16, 16), time_code(seconds), INK, font=letters(18), anchor="rt")
    return image


def person(draw: ImageDraw.ImageDraw, x: float, colour: tuple[int, int, int], nod: float) -> None:
    draw.rounded_rectangle((x - 48, 176, x + 48, 270), 26, fill=colour)
    draw.ellipse((x - 30, 112 + nod, x + 30, 172 + nod), fill=(222, 184, 150))
    draw.arc((x - 12, 140 + nod, x + 12, 160 + nod), 20, 160, fill=INK, width=2)


def chart(draw: ImageDraw.ImageDraw, seconds: float) -> None:
    """Draw a flip chart on which a curve grows."""
    draw.rectangle((255, 50, 385, 210), fill="white", outline=INK, width=2)
    drawn = int(110 * seconds * 1000 / LENGTH)
    curve = [(265 + x, 195 - 120 / (1 + math.exp((55 - x) / 14))) for x in range(drawn + 2)]
    draw.line(curve, fill=MENTOR, width=3)
    draw.ellipse((curve[-1][0] - 4, curve[-1][1] - 4, curve[-1][0] + 4, curve[-1][1] + 4), MENTEE)


def time_code(seconds: float) -> str:
    return f"{int(seconds // 60):02}:{int(seconds % 60):02}.{int(seconds * 10 % 10)}"
