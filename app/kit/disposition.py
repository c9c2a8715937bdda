"""Telling a browser under which name a file is saved, or that it opens in place (RFC 6266)."""

from __future__ import annotations

import re
import unicodedata
from typing import Final
from urllib.parse import quote

LONGEST: Final = 200
"""Bytes of a name in UTF-8: file systems take 255, and browsers add a number to a name in use."""
LONGEST_ENDING: Final = 20

# What file systems, or the people who read a name, would take for something else: separators,
# wild cards, quotes, controls, and the marks that turn the direction of writing.
TELLING: Final = re.compile(r'[/\\:*?"<>|\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]')
UNREADABLE: Final = frozenset({"Cc", "Cs", "Cn", "Co", "Zl", "Zp"})
"""Unicode categories: controls, halves of characters, unassigned, private, breaks of lines."""

DEVICES: Final = frozenset(
    {"CON", "PRN", "AUX", "NUL"}
    | {f"{port}{number}" for port in ("COM", "LPT") for number in range(1, 10)}
)
"""What Windows takes for a device, with whatever ending."""


def content_disposition(name: str, *, inline: bool) -> str:
    """Return the value of a Content-Disposition header: one line of ASCII, whatever the name.

    A name that ASCII cannot say is given twice: for old clients with "_" for what they would not
    understand, and whole in UTF-8 (RFC 8187).
    """
    safe = safe_name(name)
    ascii_name = "".join(
        one if one.isascii() and (one.isalnum() or one in "._- ") else "_" for one in safe
    )
    value = f'{"inline" if inline else "attachment"}; filename="{ascii_name}"'
    return value if ascii_name == safe else f"{value}; filename*=UTF-8''{quote(safe, safe='')}"


def safe_name(name: str) -> str:
    """Return a name under which any system can keep a file, as near to `name` as that goes."""
    plain = "".join(
        "_" if unicodedata.category(one) in UNREADABLE or TELLING.match(one) else one
        for one in unicodedata.normalize("NFC", name)
    )
    plain = plain.lstrip(" .").rstrip(" .") or "file"
    stem, dot, ending = plain.rpartition(".")
    if not dot or len(ending.encode()) > LONGEST_ENDING:
        stem, dot, ending = plain, "", ""
    if plain.partition(".")[0].rstrip().upper() in DEVICES:
        stem = f"_{stem}"
    room = LONGEST - len((dot + ending).encode())
    return stem.encode()[:room].decode(errors="ignore") + dot + ending
