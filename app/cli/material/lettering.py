"""The one typeface of the demo's papers and drawings."""

from __future__ import annotations

from functools import cache
from typing import Final

from font_roboto import Roboto, RobotoBold
from PIL import ImageFont

REGULAR: Final = str(Roboto)
BOLD: Final = str(RobotoBold)
"""Paths of the two weights."""


@cache
def letters(size: int) -> ImageFont.FreeTypeFont:
    """Return the typeface for drawing, in pixels."""
    return ImageFont.truetype(REGULAR, size)
