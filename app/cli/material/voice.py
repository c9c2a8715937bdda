"""A conversation of two synthetic voices: speech-like syllables in turns, without words.

A voice is a train of pulses through the resonances of a mouth (formants), as in the first machines
that spoke. It needs no speech engine, gives waveforms and silences like talk, and names nobody.
"""

from __future__ import annotations

import math
import random
from array import array
from collections.abc import Iterator
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Final, TypeAlias

import av
from av.audio.stream import AudioStream
from av.container import OutputContainer

RATE: Final = 16_000
"""Samples per second at which the voices are made; one channel of 16 bits."""

STUDIO_RATE: Final = 48_000
PITCHES: Final = (112.0, 196.0)
"""Hertz, of the mentor and of the mentee."""

VOWELS: Final = ((730, 1090, 2440), (530, 1840, 2480), (270, 2290, 3010), (570, 840, 2410))
"""The three lowest resonances, in hertz, of a, e, i and o."""

BANDWIDTHS: Final = (80, 100, 140)
TAKES: Final = 3
"""How often each voice says each vowel differently."""

SYLLABLES_IN_TURN: Final = (8, 24)
BLOCK: Final = 16_384
PIECES: Final = {"aac": 1024, "libopus": 960}
"""Samples that an encoder takes at once, where it is particular."""

CODECS: Final = {".wav": ("wav", "pcm_s16le"), ".m4a": ("ipod", "aac"), ".ogg": ("ogg", "libopus")}

Sound: TypeAlias = "array[int]"


def conversation(milliseconds: int, seed: int) -> Sound:
    """Return a conversation of exactly this length, the same for the same seed."""
    chance = random.Random(seed)  # noqa: S311 - a drawing of sounds, no secret
    voices = [repertoire(pitch, chance) for pitch in PITCHES]
    wanted = RATE * milliseconds // 1000
    talk, turn = array("h"), 0
    while len(talk) < wanted:
        for _ in range(chance.randint(*SYLLABLES_IN_TURN)):
            talk.extend(chance.choice(voices[turn]))
            talk.extend(silence(chance.choice((0.01, 0.02, 0.12))))
        talk.extend(silence(chance.uniform(0.4, 1.1)))
        turn = 1 - turn
    return talk[:wanted]


def silence(seconds: float) -> Sound:
    return array("h", bytes(2 * int(RATE * seconds)))


def repertoire(pitch: float, chance: random.Random) -> list[Sound]:
    """Return the syllables that one voice will say over and over."""
    return [syllable(pitch, vowel, chance) for vowel in VOWELS for _ in range(TAKES)]


def syllable(pitch: float, vowel: tuple[int, int, int], chance: random.Random) -> Sound:
    """Return one syllable: a hiss, then a vowel whose pitch falls a little."""
    length = int(RATE * chance.uniform(0.14, 0.26))
    hiss = int(RATE * chance.choice((0.0, 0.03, 0.05)))
    source = list(breath(pitch * chance.uniform(0.92, 1.12), length, hiss, chance))
    for resonance, bandwidth in zip(vowel, BANDWIDTHS, strict=True):
        source = resonated(source, resonance, bandwidth)
    loudest = max(map(abs, source)) or 1.0
    swell = (math.sin(math.pi * (at + 1) / (length + 1)) ** 0.6 for at in range(length))
    return array("h", (int(11_000 * rise * s / loudest) for rise, s in zip(swell, source)))  # noqa: B905


def breath(pitch: float, length: int, hiss: int, chance: random.Random) -> Iterator[float]:
    """Yield what the throat gives the mouth: noise, then pulses."""
    phase = 0.0
    for at in range(length):
        if at < hiss:
            yield chance.gauss(0, 0.25)
            continue
        phase += pitch * (1.06 - 0.14 * at / length) / RATE
        if phase >= 1:
            phase -= 1
            yield 1.0
        else:
            yield chance.gauss(0, 0.004)


def resonated(source: list[float], resonance: int, bandwidth: int) -> list[float]:
    """Return the sound after one two-pole resonance."""
    radius = math.exp(-math.pi * bandwidth / RATE)
    turn, decay = 2 * radius * math.cos(2 * math.pi * resonance / RATE), radius * radius
    before = last = 0.0
    heard: list[float] = []
    for sample in source:
        before, last = last, sample + turn * last - decay * before
        heard.append(last)
    return heard


def frames(sound: Sound) -> Iterator[av.AudioFrame]:
    """Yield the sound in pieces that an encoder takes."""
    edges = [*range(0, len(sound), BLOCK), len(sound)]
    for start, end in pairwise(edges):
        frame = av.AudioFrame(format="s16", layout="mono", samples=end - start)
        frame.sample_rate = RATE
        frame.time_base = Fraction(1, RATE)
        frame.pts = start
        frame.planes[0].update(piece_for(frame, sound[start:end]))
        yield frame


def piece_for(frame: av.AudioFrame, piece: Sound) -> bytes:
    """Return the samples, filled up to the room that FFmpeg aligned for them."""
    return piece.tobytes().ljust(frame.planes[0].buffer_size, b"\0")


def write(path: Path, sound: Sound, *, studio: bool = False) -> None:
    """Write a recording in the format of its file name; `studio`: 48 kHz, two channels."""
    container_format, codec = CODECS[path.suffix]
    rate = STUDIO_RATE if studio or codec == "libopus" else RATE
    layout = "stereo" if studio else "mono"
    # The muxers would otherwise draw identifiers and name their own version.
    with av.open(str(path), "w", format=container_format, options={"fflags": "+bitexact"}) as file:
        stream = file.add_stream(codec, rate=rate, layout=layout)
        if isinstance(stream, AudioStream):
            encode(file, stream, sound)


def encode(file: OutputContainer, stream: AudioStream, sound: Sound) -> None:
    """Add the whole sound to a recording, in the stream's own rate, channels and pieces."""
    convert = av.AudioResampler(
        stream.format, stream.layout, stream.rate, frame_size=PIECES.get(stream.codec.name)
    )
    for frame in [*frames(sound), None]:
        for ready in convert.resample(frame):
            file.mux(stream.encode(ready))
    file.mux(stream.encode(None))
