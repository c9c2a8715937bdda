"""Making of a recording one that every browser plays, seeks in, and begins before it has it all.

Each stream is copied as it is or encoded anew (H.264 and AAC), as the route says. Nothing else of
the original goes along: no place, no names, no second sound, no data.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import TYPE_CHECKING, BinaryIO, Final, Protocol

import av
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import InputContainer, OutputContainer
from av.filter import Graph
from av.packet import Packet as AnyPacket
from av.stream import Stream
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from app.evidence.media import recording
from app.evidence.media.making.child import Facts, Tell
from app.evidence.media.making.output import Output
from app.evidence.media.making.playing import fitted
from app.evidence.media.making.recordings import MOST_FAULTS, opened
from app.evidence.media.refusals import DamagedFile

MOST_PER_SECOND: Final = 30
CLOCK: Final = Fraction(1, 90_000)
HEARD_AT: Final = 48_000

# Measured (`python -m bench.renditions`): "veryfast" takes half a second of processor time for each
# second of 720p, "medium" more than twice that for no fewer bytes; "superfast" saves a third of the
# time and takes half as many bytes again.
PICTURE: Final = {
    "preset": "veryfast",
    "crf": "23",
    "maxrate": "2500k",
    "bufsize": "5000k",
    "g": "60",
    "profile": "high",
}
FORMS: Final = {
    "video/mp4": ("mp4", {"movflags": "+faststart"}),
    "audio/mp4": ("mp4", {"movflags": "+faststart"}),
    "video/webm": ("webm", {"cues_to_front": "1", "reserve_index_space": "200k"}),
    "audio/webm": ("webm", {"cues_to_front": "1", "reserve_index_space": "200k"}),
    "audio/mpeg": ("mp3", {}),
    "audio/wav": ("wav", {}),
    "audio/flac": ("flac", {}),
}


if TYPE_CHECKING:  # the class itself takes no types
    Packet = AnyPacket[Stream] | AnyPacket[VideoStream] | AnyPacket[AudioStream]


class Line(Protocol):
    """One stream on its way from the original into the rendition."""

    def passed(self, packet: Packet) -> Iterator[Packet]:
        """Yield what of the rendition follows from a packet of the original."""

    def ended(self) -> Iterator[Packet]:
        """Yield what was still held back."""


def playable(file: BinaryIO, out: Output, task: Mapping[str, object], tell: Tell) -> Facts:
    """Write the rendition by the route in the task."""
    form, options = FORMS[str(task["into"])]
    length = int(str(task["milliseconds"])) / 1000
    with (
        opened(file, str(task["media_type"])) as source,
        av.open(
            out,
            "w",
            format=form,
            options={**options, "fflags": "+bitexact"},
            io_open=out.again,
        ) as film,
    ):
        lines = laid(source, film, task)
        for packet in source.demux([source.streams[index] for index in lines]):
            for made in lines[packet.stream.index].passed(packet):
                film.mux(made)
            if packet.pts is not None and packet.time_base is not None and length:
                tell(float(packet.pts * packet.time_base) / length)
        for line in lines.values():
            for made in line.ended():
                film.mux(made)
    return {"media_type": str(task["into"])}


def laid(
    source: InputContainer, film: OutputContainer, task: Mapping[str, object]
) -> dict[int, Line]:
    """Return the lines by the index of the original's stream."""
    lines: dict[int, Line] = {}
    if how := task["picture"]:
        picture = recording.pictures(source)[0]
        turned = int(str(task["rotation"]))
        lines[picture.index] = (
            Copied(picture, film) if how == "copy" else Pictures(picture, film, turned)
        )
    if how := task["sound"]:
        sound = source.streams.audio[0]
        lines[sound.index] = Copied(sound, film) if how == "copy" else Sound(sound, film)
    return lines


class Copied:
    """A stream that goes over as it is."""

    def __init__(self, stream: VideoStream | AudioStream, film: OutputContainer) -> None:
        self._stream = film.add_stream_from_template(stream)
        self._stream.metadata.clear()

    def passed(self, packet: Packet) -> Iterator[Packet]:
        if packet.size:  # one without anything in it tells decoders that the stream has ended
            packet.stream = self._stream
            yield packet

    def ended(self) -> Iterator[Packet]:
        yield from ()


class Decoded:
    """What the lines that encode anew have in common: damage is passed over while it is little."""

    def __init__(self) -> None:
        self._faults = 0

    def frames(self, packet: Packet) -> list[VideoFrame | AudioFrame]:
        try:
            found = packet.decode()
            return [one for one in found if isinstance(one, VideoFrame | AudioFrame)]
        except av.error.InvalidDataError:
            self._faults += 1
            if self._faults > MOST_FAULTS:
                raise DamagedFile(reason="the recording is damaged on the way") from None
            return []


class Pictures(Decoded):
    """The moving picture: upright, at most 720p and thirty a second."""

    def __init__(self, stream: VideoStream, film: OutputContainer, rotation: int) -> None:
        super().__init__()
        stream.thread_type = "AUTO"
        self._size = fitted(stream.width, stream.height)
        self._turning = TURNS.get(rotation % 360)
        rate = min(stream.average_rate or Fraction(25), Fraction(MOST_PER_SECOND))
        self._made = film.add_stream("libx264", rate=rate, options=PICTURE)
        width, height = self._size
        lying = rotation % 180 == 0
        self._made.width, self._made.height = (width, height) if lying else (height, width)
        self._made.pix_fmt = "yuv420p"
        self._made.codec_context.time_base = CLOCK
        self._graph: Graph | None = None
        self._next, self._last = float("-inf"), -1

    def passed(self, packet: Packet) -> Iterator[Packet]:
        for frame in self.frames(packet):
            if isinstance(frame, VideoFrame):
                yield from self._encoded(frame)

    def ended(self) -> Iterator[Packet]:
        yield from self._made.encode(None)

    def _encoded(self, frame: VideoFrame) -> Iterator[Packet]:
        if frame.time is None or frame.time < self._next - 0.002:
            return
        self._next = max(self._next, frame.time - 1 / MOST_PER_SECOND) + 1 / MOST_PER_SECOND
        at = round(frame.time / CLOCK)
        if at <= self._last:
            return
        self._last = at
        width, height = self._size
        shown = self._turned(frame.reformat(width, height, "yuv420p"))
        shown.pts, shown.time_base = at, CLOCK
        shown.pict_type = 0
        yield from self._made.encode(shown)

    def _turned(self, frame: VideoFrame) -> VideoFrame:
        if self._turning is None:
            return frame
        if self._graph is None:
            self._graph = turning(frame, self._turning)
        self._graph.push(frame)
        turned = self._graph.pull()
        if not isinstance(turned, VideoFrame):
            raise TypeError("a picture stays one when it is turned")
        return turned


# Counter-clockwise, as films say it.
TURNS: Final = {90: ("transpose", "cclock"), 180: ("rotate", "PI"), 270: ("transpose", "clock")}


def turning(frame: VideoFrame, how: tuple[str, str]) -> Graph:
    graph = Graph()
    given = graph.add_buffer(
        width=frame.width, height=frame.height, format=frame.format, time_base=CLOCK
    )
    turned = graph.add(*how)
    shown = graph.add("buffersink")
    given.link_to(turned)
    turned.link_to(shown)
    graph.configure()
    return graph


class Sound(Decoded):
    """The sound, as AAC in one channel or two."""

    def __init__(self, stream: AudioStream, film: OutputContainer) -> None:
        super().__init__()
        alone = stream.channels == 1
        self._made = film.add_stream("aac", rate=HEARD_AT, layout="mono" if alone else "stereo")
        self._made.bit_rate = 96_000 if alone else 128_000

    def passed(self, packet: Packet) -> Iterator[Packet]:
        for frame in self.frames(packet):
            if isinstance(frame, AudioFrame):
                yield from self._made.encode(frame)

    def ended(self) -> Iterator[Packet]:
        yield from self._made.encode(None)
