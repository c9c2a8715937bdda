"""What the files of an archive are called: safe on every system, and never opened as a program.

The name that a candidate gave is in `portfolio.json`. In the archive a file ends as its checked
type does, whatever its name said: a page that calls itself `minutes.html` but was accepted as plain
text is `minutes.html.txt`, which no browser runs.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final
from uuid import UUID

OFFICE: Final = "application/vnd.openxmlformats-officedocument"
OPEN: Final = "application/vnd.oasis.opendocument"

ENDINGS: Final[Mapping[str, tuple[str, ...]]] = {
    "application/pdf": ("pdf",),
    f"{OFFICE}.wordprocessingml.document": ("docx",),
    f"{OFFICE}.presentationml.presentation": ("pptx",),
    f"{OFFICE}.spreadsheetml.sheet": ("xlsx",),
    f"{OPEN}.text": ("odt",),
    f"{OPEN}.presentation": ("odp",),
    f"{OPEN}.spreadsheet": ("ods",),
    "application/rtf": ("rtf",),
    # Browsers look into files whose ending they do not know: Markdown and letters are text to them.
    "text/plain": ("txt",),
    "text/markdown": ("txt",),
    "message/rfc822": ("txt",),
    "text/csv": ("csv",),
    "image/jpeg": ("jpg", "jpeg"),
    "image/png": ("png",),
    "image/webp": ("webp",),
    "image/heic": ("heic", "heif"),
    "audio/mpeg": ("mp3",),
    "audio/mp4": ("m4a", "mp4"),
    "audio/ogg": ("ogg", "oga", "opus"),
    "audio/wav": ("wav",),
    "audio/webm": ("weba", "webm"),
    "audio/flac": ("flac",),
    "video/mp4": ("mp4", "m4v"),
    "video/quicktime": ("mov",),
    "video/webm": ("webm",),
    "video/x-matroska": ("mkv",),
    "video/ogg": ("ogv", "ogg"),
}
"""Endings of each media type, the usual one first; what is not here ends in `.bin`."""

LONGEST: Final = 80
RESERVED: Final = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)", re.IGNORECASE)
MEMBER: Final = re.compile(r"[a-z]+/[0-9a-f-]{36}/[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}")


def member_name(file_id: UUID, name: str, media_type: str) -> str:
    """Return where a file lies in the archive."""
    endings = ENDINGS.get(media_type, ("bin",))
    safe = re.sub(r"[^A-Za-z0-9._-]+", "_", name).strip("._-") or "file"
    safe = re.sub(r"\.{2,}", ".", safe)
    stem, _, ending = safe.rpartition(".")
    if not stem or ending.lower() not in endings:
        stem, ending = safe, endings[0]
    stem = stem[:LONGEST].rstrip(".")
    if RESERVED.match(stem):
        stem = f"_{stem}"
    return f"files/{file_id}/{stem}.{ending}"


def is_member_name(name: str) -> bool:
    """Tell whether a name could be that of a file in an archive that the service made."""
    return MEMBER.fullmatch(name) is not None and ".." not in name
