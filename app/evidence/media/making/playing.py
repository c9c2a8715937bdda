"""Which renditions a file gets, and whether browsers play a recording as it is: pure decisions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from app.evidence.media.catalogue import READERS

LARGEST_PICTURE: Final = (1280, 720)
"""Pixels of the long and the short side of a playable rendition, at most."""

PLAIN_PIXELS: Final = frozenset({"yuv420p", "yuvj420p"})
"""How pictures must be sampled for every browser to show them; it is usual."""

NO_PICTURE: Final = ""
SILENT: Final = ""
OPUS_OR_VORBIS: Final = frozenset({"opus", "vorbis"})
PCM: Final = frozenset({"pcm_u8", "pcm_s16le", "pcm_s24le", "pcm_f32le"})

# Container to the picture and sound codecs that Chromium, Firefox and Safari all play in it.
# Ogg is missing: Safari learnt it only in 2025.
PICTURES: Final[Mapping[str, frozenset[str]]] = {
    "video/mp4": frozenset({"h264"}),
    "video/webm": frozenset({"vp8", "vp9"}),
}
SOUNDS: Final[Mapping[str, frozenset[str]]] = {
    "video/mp4": frozenset({"aac", "mp3", SILENT}),
    "video/webm": OPUS_OR_VORBIS | {SILENT},
    "audio/mpeg": frozenset({"mp3"}),
    "audio/mp4": frozenset({"aac"}),
    "audio/wav": PCM,
    "audio/webm": OPUS_OR_VORBIS,
    "audio/flac": frozenset({"flac"}),
}


@dataclass(frozen=True, slots=True)
class Probe:
    """What a recording is made of; sizes in pixels, length in milliseconds."""

    picture: str
    """The codec of its moving picture, or nothing."""
    sound: str
    pixels: str
    width: int
    height: int
    rotation: int
    milliseconds: int
    says_length: bool


@dataclass(frozen=True, slots=True)
class Route:
    """How a playable rendition is made: each stream copied or encoded anew, or left out."""

    media_type: str
    picture: str | None
    sound: str | None


def kinds_for(media_type: str) -> tuple[str, ...]:
    """Return what is made of a file of this type, the quickest first."""
    reader = READERS.get(media_type)
    if reader == "recording":
        video = media_type.startswith("video/")
        return ("poster", "waveform", "playable") if video else ("waveform", "playable")
    if reader == "image":
        return ("copy",)
    if reader in ("pdf", "office", "opendocument"):
        return ("text", "preview")
    return ("text",) if reader else ()


def route(media_type: str, probe: Probe, *, tells_place: bool = False) -> Route | None:
    """Return how to make a recording playable, or None if browsers play it and can seek in it.

    A recording that tells where it was made is always written anew, without saying so.
    """
    video = media_type.startswith("video/")
    if plays(media_type, probe):
        if probe.says_length and not tells_place:
            return None
        return Route(media_type, "copy" if video else None, "copy" if probe.sound else None)
    if not video:
        return Route("audio/mp4", None, "copy" if probe.sound == "aac" else "encode")
    fits = probe.picture == "h264" and probe.pixels in PLAIN_PIXELS and not is_large(probe)
    sound = None
    if probe.sound:
        sound = "copy" if probe.sound == "aac" else "encode"
    return Route("video/mp4", "copy" if fits else "encode", sound)


def plays(media_type: str, probe: Probe) -> bool:
    """Tell whether every browser plays the recording in its own container."""
    if probe.sound not in SOUNDS.get(media_type, frozenset()):
        return False
    if media_type.startswith("audio/"):
        return True
    return probe.picture in PICTURES.get(media_type, ()) and probe.pixels in PLAIN_PIXELS


def all_encoded(route: Route) -> Route:
    """Return the longer way to the same end, for streams that could not be copied."""
    video = route.media_type.startswith("video/")
    media_type = "video/mp4" if video else "audio/mp4"
    return Route(media_type, route.picture and "encode", route.sound and "encode")


def is_large(probe: Probe) -> bool:
    return (probe.width, probe.height) != fitted(probe.width, probe.height)


def fitted(width: int, height: int) -> tuple[int, int]:
    """Return the size, in even pixels, that fits into 1280 x 720 lying or standing."""
    long, short = LARGEST_PICTURE
    bounds = (long, short) if width >= height else (short, long)
    scale = min(1.0, bounds[0] / width, bounds[1] / height)
    return tuple(max(2, int(side * scale) // 2 * 2) for side in (width, height))  # type: ignore[return-value]
