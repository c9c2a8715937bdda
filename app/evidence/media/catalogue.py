"""The media types that can be checked, by which reader, and the other names browsers give them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from app.evidence.media.refusals import TypeNotAccepted

OFFICE_OPEN: Final = "application/vnd.openxmlformats-officedocument"
OPEN_DOCUMENT: Final = "application/vnd.oasis.opendocument"

READERS: Final[Mapping[str, str]] = {
    "application/pdf": "pdf",
    f"{OFFICE_OPEN}.wordprocessingml.document": "office",
    f"{OFFICE_OPEN}.presentationml.presentation": "office",
    f"{OFFICE_OPEN}.spreadsheetml.sheet": "office",
    f"{OPEN_DOCUMENT}.text": "opendocument",
    f"{OPEN_DOCUMENT}.presentation": "opendocument",
    f"{OPEN_DOCUMENT}.spreadsheet": "opendocument",
    "application/rtf": "rtf",
    "text/plain": "plain",
    "text/markdown": "plain",
    "text/csv": "plain",
    "message/rfc822": "letter",
    "image/jpeg": "image",
    "image/png": "image",
    "image/webp": "image",
    "image/heic": "image",
    "audio/mpeg": "recording",
    "audio/mp4": "recording",
    "audio/ogg": "recording",
    "audio/wav": "recording",
    "audio/webm": "recording",
    "audio/flac": "recording",
    "video/mp4": "recording",
    "video/quicktime": "recording",
    "video/webm": "recording",
    "video/x-matroska": "recording",
    "video/ogg": "recording",
}

# What browsers on other systems call the same types; the service keeps the scheme's name.
OTHER_NAMES: Final[Mapping[str, str]] = {
    "application/ogg": "audio/ogg",
    "audio/m4a": "audio/mp4",
    "audio/mp3": "audio/mpeg",
    "audio/vnd.wave": "audio/wav",
    "audio/wave": "audio/wav",
    "audio/x-flac": "audio/flac",
    "audio/x-m4a": "audio/mp4",
    "audio/x-wav": "audio/wav",
    "image/heif": "image/heic",
    "image/jpg": "image/jpeg",
    "text/rtf": "application/rtf",
    "text/x-markdown": "text/markdown",
    "video/matroska": "video/x-matroska",
    "video/x-m4v": "video/mp4",
}


def plain_name(declared: str) -> str:
    """Return a media type in lower case, without parameters, by the name that schemes use."""
    name = declared.partition(";")[0].strip().lower()
    return OTHER_NAMES.get(name, name)


def accepted(declared: str, allowed: Mapping[str, Sequence[str]]) -> tuple[str, str]:
    """Return the kind and the plain name of a type that the scheme accepts, or refuse it.

    `allowed` is the scheme's `evidence_rules.media_types`: kind (document, image, …) to types.
    """
    name = plain_name(declared)
    for kind, types in allowed.items():
        if name in types and name in READERS:
            return kind, name
    raise TypeNotAccepted(
        media_type=name, accepted=sorted(name for types in allowed.values() for name in types)
    )
