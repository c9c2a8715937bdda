"""What a recording is made of, a picture of it, and the shape of its sound."""

from __future__ import annotations

import json
from array import array
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from io import BytesIO
from typing import BinaryIO, Final

import av
from av.audio.resampler import AudioResampler
from av.container import InputContainer
from av.video.frame import VideoFrame
from PIL import Image

from app.evidence.media import recording
from app.evidence.media.making.child import Facts, Tell
from app.evidence.media.making.output import Output
from app.evidence.media.making.playing import Probe
from app.evidence.media.refusals import DamagedFile

POSTER_SIDE: Final = 1280
POSTER_FROM: Final = 10_000
"""Milliseconds: the poster shows what is seen after a tenth of the film, at most so far in."""

MOST_FAULTS: Final = 100
HEARD_AT: Final = 8_000
"""Samples a second at which loudness is looked at."""

POINTS_PER_SECOND: Final = 20
MOST_POINTS: Final = 18_000
"""Of a recording longer than a quarter of an hour the points lie further apart."""


def opened(file: BinaryIO, media_type: str) -> InputContainer:
    """Open a recording as what it was checked to be, and as nothing else."""
    return av.open(
        file,
        "r",
        format=recording.CONTAINERS[media_type],
        options={"codec_whitelist": recording.CODECS, "protocol_whitelist": "none"},
        metadata_errors="replace",
    )


def probe(file: BinaryIO, out: Output, task: Mapping[str, object], tell: Tell) -> Facts:
    """Return the facts of a `Probe`."""
    with opened(file, str(task["media_type"])) as container:
        picture = next(iter(recording.pictures(container)), None)
        sound = next(iter(container.streams.audio), None)
        microseconds = container.duration or 0
        first = next(iter(frames(container)), None) if picture else None
        found = Probe(
            picture=picture.codec_context.name if picture else "",
            sound=sound.codec_context.name if sound else "",
            pixels=(picture.pix_fmt or "") if picture else "",
            width=picture.width if picture else 0,
            height=picture.height if picture else 0,
            rotation=first.rotation if first else 0,
            milliseconds=max(0, microseconds // 1000),
            says_length=microseconds > 0,
        )
    return {**asdict(found), "picture": plain(found.picture), "sound": plain(found.sound)}


DECODERS: Final = {
    "libdav1d": "av1",
    "libvpx": "vp8",
    "libvpx-vp9": "vp9",
    "libopus": "opus",
    "libvorbis": "vorbis",
    "mp3float": "mp3",
    "mp2float": "mp2",
}


def plain(codec: str) -> str:
    """Return a codec's name, where the decoder goes by another."""
    return DECODERS.get(codec, codec)


def frames(container: InputContainer) -> Iterator[VideoFrame]:
    """Yield the pictures, leaving out what is damaged as long as it is little."""
    picture = recording.pictures(container)[0]
    picture.thread_type = "AUTO"
    faults = 0
    for packet in container.demux(picture):
        try:
            yield from packet.decode()
        except av.error.InvalidDataError:
            faults += 1
            if faults > MOST_FAULTS:
                raise DamagedFile(reason="its picture is damaged") from None


def poster(file: BinaryIO, out: Output, task: Mapping[str, object], tell: Tell) -> Facts:
    """Write a picture of the film as JPEG, upright, at most 1280 pixels wide or high."""
    with opened(file, str(task["media_type"])) as container:
        shown = early(container)
        image: Image.Image = shown.to_image()  # type: ignore[no-untyped-call]
        # The film says by how much it is to be turned; cameras are held upright, sensors are not.
        image = image.rotate(shown.rotation, expand=True) if shown.rotation else image
    image.thumbnail((POSTER_SIDE, POSTER_SIDE), Image.Resampling.LANCZOS)
    made = BytesIO()
    image.convert("RGB").save(made, "JPEG", quality=82)
    out.write(made.getvalue())
    return {"width": image.width, "height": image.height}


def early(container: InputContainer) -> VideoFrame:
    """Return a frame from soon after the beginning, which is often black."""
    length = (container.duration or 0) // 1000
    wanted = min(length // 10, POSTER_FROM)
    if wanted:
        container.seek(wanted * 1000)
    shown = None
    for shown in frames(container):
        if shown.time is None or shown.time * 1000 >= wanted:
            break
    if shown is None:
        raise DamagedFile(reason="it shows no picture")
    return shown


def waveform(file: BinaryIO, out: Output, task: Mapping[str, object], tell: Tell) -> Facts:
    """Write the peaks of the sound as JSON, in the form of audiowaveform (version 2, 8 bits)."""
    milliseconds = int(str(task["milliseconds"]))
    per_point = max(
        HEARD_AT // POINTS_PER_SECOND, -(-milliseconds * HEARD_AT // 1000 // MOST_POINTS)
    )
    peaks: list[int] = []
    waiting = array("h")
    with opened(file, str(task["media_type"])) as container:
        for samples, seconds in heard(container):
            waiting.extend(samples)
            at = 0
            while len(waiting) - at >= per_point:
                peaks += peak(waiting[at : at + per_point])
                at += per_point
            del waiting[:at]
            tell(seconds * 1000 / milliseconds if milliseconds else 0)
            if len(peaks) > 4 * MOST_POINTS:
                raise DamagedFile(reason="it lasts longer than it says")
    if waiting:
        peaks += peak(waiting)
    shape = {
        "version": 2,
        "channels": 1,
        "sample_rate": HEARD_AT,
        "samples_per_pixel": per_point,
        "bits": 8,
        "length": len(peaks) // 2,
        "data": peaks,
    }
    out.write(json.dumps(shape, separators=(",", ":")).encode())
    return {"points": len(peaks) // 2}


def heard(container: InputContainer) -> Iterator[tuple[array[int], float]]:
    """Yield the first sound as samples of 16 bits, all channels in one, with the second reached."""
    sound = container.streams.audio[0]
    into_one = AudioResampler(format="s16", layout="mono", rate=HEARD_AT)
    faults = 0
    for packet in container.demux(sound):
        try:
            decoded = packet.decode()
        except av.error.InvalidDataError:
            faults += 1
            if faults > MOST_FAULTS:
                raise DamagedFile(reason="its sound is damaged") from None
            continue
        for frame in decoded:
            for part in into_one.resample(frame):
                samples = array("h", bytes(part.planes[0])[: part.samples * 2])
                yield samples, frame.time or 0.0


def peak(samples: array[int]) -> tuple[int, int]:
    return min(samples) >> 8, max(samples) >> 8
