"""Certificate numbers: made once by a scheme's format, then typed by people from paper.

A number such as MC-S-2026-000123-33 ends in two check digits (ISO/IEC 7064, MOD 97-10, over the
rest without hyphens, letters as A=10 … Z=35). With the place of letters and digits they reveal
every wrong character and every two neighbours that changed places.
"""

from __future__ import annotations

import re
import unicodedata

from app.kit.errors import Invalid

CHECK_FIELD = "{check:02d}"
LETTER, SERIAL = re.compile("[A-Z]"), range(1, 10**9)
CANONICAL = re.compile(r"[A-Z]{2}-[A-Z]-[0-9]{4}-[0-9]{6,9}-[0-9]{2}")
# A-Z and a-z are spelled out because upper() also turns ſ and ı into letters of a number.
TYPED = re.compile(r"([A-Za-z]{2})([A-Za-z])([0-9]{4})([0-9]{6,9})([0-9]{2})")
LONGEST_TYPED = 64


class MistypedNumber(Invalid):
    """This is not a certificate number: a character is wrong, missing or out of place."""


def certificate_number(number_format: str, *, letter: str, year: int, serial: int) -> str:
    """Return the number of the `serial`-th certificate, its check digits last.

    `number_format` and `letter` (of the level) come from the scheme. A format, letter, year or
    serial that would give a number nobody can check raises ValueError.
    """
    rest, field, after = number_format.partition(CHECK_FIELD)
    if not field or after:
        raise ValueError(f"The number format must end with {CHECK_FIELD}: {number_format!r}")
    if not LETTER.fullmatch(letter) or serial not in SERIAL:
        raise ValueError(f"No certificate number has letter {letter!r} and serial {serial}.")
    start = rest.format(letter=letter, year=year, serial=serial)
    number = f"{start}{check_digits(start):02d}"
    if not is_well_formed(number):
        raise ValueError(f"The number format gives {number!r}, which cannot be looked up.")
    return number


def check_digits(start: str) -> int:
    """Return the two check digits, 02 to 98, for what stands before them."""
    return 98 - _value(start) * 100 % 97


def is_well_formed(number: str) -> bool:
    """Say whether `number` is written as certificates print it and its check digits hold."""
    return CANONICAL.fullmatch(number) is not None and _value(number) % 97 == 1


def normalise(text: str) -> str:
    """Return the number that someone typed, as certificates print it.

    Small letters, spaces, and missing or typographic hyphens are forgiven; anything else that does
    not add up is refused with `MistypedNumber`.
    """
    found = TYPED.fullmatch(_without_separators(text)) if len(text) <= LONGEST_TYPED else None
    number = "-".join(found.groups()).upper() if found else ""
    if not is_well_formed(number):
        raise MistypedNumber(typed=text[:LONGEST_TYPED])
    return number


def _value(text: str) -> int:
    """Read letters as 10 to 35 and digits as themselves, side by side; hyphens count nothing."""
    return int("".join(str(int(character, 36)) for character in text if character != "-"))


def _without_separators(text: str) -> str:
    """Drop spaces and every kind of dash, minus signs and soft hyphens included."""
    return "".join(
        character
        for character in text
        if not character.isspace()
        and unicodedata.category(character) != "Pd"
        and character not in "\u2212\u00ad\u200b"
    )
