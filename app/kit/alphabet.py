"""Which characters a printed document can show: those that Roboto, its typeface, has.

Known here without the font, so that the web process can refuse a decision in time: the worker, who
draws, comes when it is signed.
"""

from __future__ import annotations

import unicodedata
from bisect import bisect_right

from app.kit.errors import Invalid

# Latin, Greek and Cyrillic with all accents, and signs; a test compares the ranges with the fonts.
# Format characters are left out though the fonts have some: on paper they only deceive.
COVERED = """
    0020-007E 00A0-00AC 00AE-0377 037A-037F 0384-038A 038C 038E-03A1 03A3-03E1 03F0-052F 1AB0-1ABE
    1D00-1DF5 1DFC-1F15 1F18-1F1D 1F20-1F45 1F48-1F4D 1F50-1F57 1F59 1F5B 1F5D 1F5F-1F7D 1F80-1FB4
    1FB6-1FC4 1FC6-1FD3 1FD6-1FDB 1FDD-1FEF 1FF2-1FF4 1FF6-1FFE 2000-200A 2010-2027 202F-205F
    2070-2071 2074-208E 2090-209C 20A0-20BE 20DB-20DC 20E8 20F0 2100-2101 2103 2105-2106 2109 2113
    2116-2117 211E-2123 2125-2126 212A-212B 212E 2132 213B 214D 214F-2189 2202 2206 220F 2211-2212
    221A 221E 222B 2248 2260 2264-2265 2423 25CA 27E6-27EF 2B4E-2B4F 2B5A-2B5F 2C60-2C7F 2DE0-2E42
    A640-A69D A69F A700-A7AD A7B0-A7B1 A7F7-A7FF A92E AB30-AB5F AB64-AB65 FB00-FB06 FE20-FE2D
    FFFC-FFFD 1F16A-1F16B
"""
RANGES = [range_.split("-") for range_ in COVERED.split()]
BOX = "\N{REPLACEMENT CHARACTER}"
FIRST = [int(ends[0], 16) for ends in RANGES]
LAST = [int(ends[-1], 16) for ends in RANGES]


class UndrawableText(Invalid):
    """The certificate's typeface has no shape for some of these characters."""


def drawable(text: str) -> str:
    """Return `text` composed (NFC), its white space tidied, ready to be drawn.

    Characters without a shape, and those that would change the reading order unseen, are refused
    with `UndrawableText`, which names each of them.
    """
    tidy = " ".join(unicodedata.normalize("NFC", text).split())
    if missing := [each for each in dict.fromkeys(tidy) if not has_shape(each)]:
        raise UndrawableText(
            f"{UndrawableText.title()} {', '.join(map(_called, missing))}",
            text=tidy,
            characters=[_called(each) for each in missing],
        )
    return tidy


def has_shape(character: str) -> bool:
    """Tell whether the typeface has a character, in each of its weights."""
    place = bisect_right(FIRST, ord(character)) - 1
    return place >= 0 and ord(character) <= LAST[place]


def drawn_as_far_as_possible(text: str) -> str:
    """Return `text` tidied like `drawable`, with a box for every character without a shape."""
    tidy = " ".join(unicodedata.normalize("NFC", text).split())
    return "".join(each if has_shape(each) else BOX for each in tidy)


def _called(character: str) -> str:
    name = unicodedata.name(character, "without a name")
    shown = "" if unicodedata.category(character).startswith(("C", "M")) else f"{character} "
    return f"{shown}(U+{ord(character):04X}, {name})"
