"""The photograph of a flip chart: a hand-drawn model, slightly askew, under a lamp."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Final

from PIL import Image, ImageDraw, ImageFilter

from app.cli.material.lettering import letters

SIZE: Final = (1600, 1200)
PAPER: Final = (246, 244, 238)
WALL: Final = (173, 167, 158)
BLUE: Final = (28, 60, 130)
RED: Final = (176, 40, 38)
BUBBLES: Final = (
    ((430, 330), "Who pays?\n40 local restaurants"),
    ((1120, 330), "What for?\nherbs cut the same morning"),
    ((430, 800), "How?\nweekly box, fixed price"),
    ((1120, 800), "What it costs\n2 people, 1 van, heating"),
)
MIDDLE: Final = ((775, 570), "VALUE\n= time saved in the kitchen")


def draw(path: Path) -> None:
    """Write the photograph as JPEG."""
    hand = random.Random(3)  # noqa: S311 - a trembling hand, no secret
    sheet = Image.new("RGB", SIZE, PAPER)
    pen = ImageDraw.Draw(sheet)
    pen.text((800, 90), "Third meeting: where does the value come from?", BLUE, letters(52), "mm")
    for place, text in BUBBLES:
        arrow(pen, place, MIDDLE[0], hand)
        bubble(pen, place, text, BLUE, hand)
    bubble(pen, *MIDDLE, RED, hand)
    pen.text((800, 1110), "next step: ask five cooks before the 14th", RED, letters(40), "mm")
    photographed(sheet).save(path, "JPEG", quality=88)


def arrow(
    pen: ImageDraw.ImageDraw, start: tuple[int, int], end: tuple[int, int], hand: random.Random
) -> None:
    steps = [n / 20 for n in range(21)]
    line = [
        (
            start[0] + (end[0] - start[0]) * n + hand.uniform(-4, 4),
            start[1] + (end[1] - start[1]) * n + hand.uniform(-4, 4),
        )
        for n in steps
    ]
    pen.line(line, fill=BLUE, width=6, joint="curve")


def bubble(
    pen: ImageDraw.ImageDraw,
    place: tuple[int, int],
    text: str,
    colour: tuple[int, int, int],
    hand: random.Random,
) -> None:
    x, y = place
    for _ in range(2):
        a, b = hand.randint(-8, 8), hand.randint(-8, 8)
        pen.ellipse((x - 290 + a, y - 125 + b, x + 290 + a, y + 125 + b), PAPER, colour, 5)
    pen.multiline_text(place, text, colour, letters(38), "mm", align="center", spacing=12)


def photographed(sheet: Image.Image) -> Image.Image:
    """Return the sheet as a telephone sees it: askew, darker towards a corner, a little soft."""
    askew = sheet.rotate(1.6, Image.Resampling.BICUBIC, fillcolor=WALL)
    light = Image.linear_gradient("L").resize(SIZE).point(lambda level: 255 - level // 5)
    shaded = Image.composite(askew, Image.new("RGB", SIZE, (90, 80, 66)), light)
    return shaded.filter(ImageFilter.GaussianBlur(0.8))
