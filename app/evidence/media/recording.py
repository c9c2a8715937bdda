"""Probing audio and video: the container as declared, real streams, a first frame of each.

FFmpeg chooses a reader by content unless told which, and some of its readers follow addresses that
the file names (playlists, session descriptions). So the reader is always given, together with the
list of codecs that evidence may use, and bytes come from the open file alone.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import BinaryIO, Final

import av
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.stream import Disposition
from av.video.stream import VideoStream

from app.evidence.media import boxes, mpeg
from app.evidence.media.facts import Caution, Facts
from app.evidence.media.polyglot import refuse_zip_inside
from app.evidence.media.refusals import DamagedFile, FileBomb, WrongType

MEMORY: Final = 900 << 20
MOST_PIXELS: Final = 18_000_000
MOST_STREAMS: Final = 32
PACKETS_TO_TRY: Final = 600
PACKETS_TO_COUNT: Final = 1_500_000
LONGEST: Final = 48 * 3_600_000
"""Milliseconds; nothing that was recorded in one go is longer."""

CONTAINERS: Final[Mapping[str, str]] = {
    "audio/mpeg": "mp3",
    "audio/mp4": "mov",
    "audio/ogg": "ogg",
    "audio/wav": "wav",
    "audio/webm": "matroska",
    "audio/flac": "flac",
    "video/mp4": "mov",
    "video/quicktime": "mov",
    "video/webm": "matroska",
    "video/x-matroska": "matroska",
    "video/ogg": "ogg",
}
CODECS: Final = (
    "aac,aac_latm,ac3,eac3,alac,amrnb,amrwb,amr_nb,amr_wb,flac,mp2,mp2float,mp3,mp3float,opus,"
    "libopus,vorbis,libvorbis,speex,pcm_s16le,pcm_s16be,pcm_s24le,pcm_s24be,pcm_s32le,pcm_f32le,"
    "pcm_u8,pcm_s8,pcm_alaw,pcm_mulaw,adpcm_ima_wav,adpcm_ms,h263,h264,hevc,av1,libdav1d,mjpeg,"
    "mpeg1video,mpeg2video,mpeg4,prores,theora,vp8,vp9,libvpx,libvpx-vp9,png"
)


def read(file: BinaryIO, media_type: str) -> Facts:
    """Return the length, and for a video the size in pixels."""
    check_structure(file, media_type)
    refuse_zip_inside(file)
    with av.open(
        file,
        "r",
        format=CONTAINERS[media_type],
        options={"codec_whitelist": CODECS, "protocol_whitelist": "none"},
        metadata_errors="replace",
    ) as container:
        check_kind(container, media_type)
        check_playable(container)
        return facts_of(container)


def check_structure(file: BinaryIO, media_type: str) -> None:
    """Refuse a file that is cut off or carries something behind its end, where its form tells."""
    if CONTAINERS[media_type] == "mov":
        boxes.check_chain(file, b"moov")
    if media_type == "audio/wav":
        check_riff(file)
    if media_type == "audio/mpeg":
        mpeg.check_frames(file)
    file.seek(0)


def check_riff(file: BinaryIO) -> None:
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    header = file.read(8)
    said = int.from_bytes(header[4:8], "little")
    # Recorders that stream leave the length open; RF64 keeps it elsewhere.
    if header[:4] == b"RIFF" and said != 0xFFFFFFFF and abs(said + 8 - size) > 1:
        raise DamagedFile(reason="it ends too early, or something follows its end")


def pictures(container: InputContainer) -> list[VideoStream]:
    """Return the moving pictures; the cover of a sound recording is not one."""
    return [
        stream
        for stream in container.streams.video
        if not stream.disposition & Disposition.attached_pic
    ]


def check_kind(container: InputContainer, media_type: str) -> None:
    """Refuse a video declared as audio, and the other way round."""
    if len(container.streams) > MOST_STREAMS:
        raise FileBomb(reason=f"it has more than {MOST_STREAMS} streams")
    kind, _, name = media_type.partition("/")
    if kind == "video" and not pictures(container):
        found = {"quicktime": "mp4", "x-matroska": "x-matroska"}.get(name, name)
        raise WrongType(declared=media_type, found=f"audio/{found}")
    if kind == "audio" and pictures(container):
        raise WrongType(declared=media_type, found=f"video/{name}")
    if kind == "audio" and not container.streams.audio:
        raise DamagedFile(reason="it has no sound")


def check_playable(container: InputContainer) -> None:
    """Decode until each kind of stream gave one frame, or refuse the file."""
    waiting = {stream.index for stream in first_streams(container)}
    for number, packet in enumerate(container.demux(first_streams(container))):
        if packet.stream.index in waiting and packet.decode():
            waiting.discard(packet.stream.index)
        if not waiting:
            return
        if number > PACKETS_TO_TRY:
            break
    raise DamagedFile(reason="its picture or sound cannot be played")


def first_streams(container: InputContainer) -> list[VideoStream | AudioStream]:
    """Return the first moving picture and the first sound, prepared for decoding."""
    chosen: list[VideoStream | AudioStream] = []
    for picture in pictures(container)[:1]:
        if picture.width * picture.height > MOST_PIXELS:
            raise FileBomb(reason=f"its picture is {picture.width} x {picture.height} pixels")
        picture.thread_type = "NONE"
        chosen.append(picture)
    for sound in container.streams.audio[:1]:
        sound.codec_context.thread_type = "NONE"
        chosen.append(sound)
    return chosen


def facts_of(container: InputContainer) -> Facts:
    milliseconds = length(container)
    if not 0 <= milliseconds <= LONGEST:
        raise DamagedFile(reason="it says it lasts longer than any recording")
    picture = next(iter(pictures(container)), None)
    return Facts(
        milliseconds=milliseconds,
        width=picture.width if picture else None,
        height=picture.height if picture else None,
        cautions=(Caution.LOCATION,) if has_location(container) else (),
    )


def length(container: InputContainer) -> int:
    """Return the length in milliseconds, counted through where the file does not say it."""
    if container.duration is not None and container.duration > 0:
        return int(container.duration) // 1000
    # A browser's recorder writes as it goes and never comes back to enter the length.
    last = 0
    for number, packet in enumerate(container.demux()):
        if packet.pts is not None and packet.time_base is not None:
            end = (packet.pts + (packet.duration or 0)) * packet.time_base
            last = max(last, int(end * 1000))
        if number > PACKETS_TO_COUNT:
            raise FileBomb(reason="it would take too long to measure")
    return last


def has_location(container: InputContainer) -> bool:
    return any("location" in key.lower() for key in container.metadata)
