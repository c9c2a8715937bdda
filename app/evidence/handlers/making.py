"""Having one file's renditions made: which child does it, and what of its answer is believed."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Final

from app.evidence.derived import NO_OFFICE
from app.evidence.media.catalogue import READERS
from app.evidence.media.facts import Caution
from app.evidence.media.making import office, playing, workshop
from app.evidence.media.making.limits import LONGEST, limits
from app.evidence.media.making.playing import Probe, Route
from app.evidence.media.making.workshop import CouldNotMake
from app.evidence.models import Making

Told = Callable[[int], None]
PDF: Final = "application/pdf"
LONGEST_PASSAGE: Final = 4_000
MOST_PASSAGES: Final = 20_000
NOT_ALL: Final = "only the first two million characters are searched"

BEGINNINGS: Final = {
    "image/jpeg": b"\xff\xd8\xff",
    "image/png": b"\x89PNG\r\n\x1a\n",
    "application/json": b'{"version":2,',
    "video/webm": b"\x1aE\xdf\xa3",
    "audio/webm": b"\x1aE\xdf\xa3",
    "video/mp4": b"ftyp",
    "audio/mp4": b"ftyp",
}
"""What a rendition begins with; in MP4 the first four bytes say how long the first box is."""


@dataclass(frozen=True, slots=True)
class Original:
    """A file of which something is made; `size` in bytes."""

    media_type: str
    milliseconds: int
    size: int
    cautions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Made:
    """A rendition on this machine's disk, with the words in it where it has some."""

    path: Path
    media_type: str
    passages: list[tuple[int | None, str]] | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Unmade:
    """That there is none, which is no failure."""

    state: Making
    reason: str


class Maker:
    """Makes renditions of one original, which lies in `folder` with what is made of it."""

    def __init__(self, original: Original, path: Path, folder: Path) -> None:
        self._original, self._path, self._folder = original, path, folder
        self.probed: Probe | None = None

    def make(self, kind: str, told: Told) -> Made | Unmade:
        """Make one rendition. Raises CouldNotMake if it cannot be made of this file."""
        match kind:
            case "poster":
                return self._plain(kind, "image/jpeg", told)
            case "waveform":
                if not self._probe.sound:
                    return Unmade(Making.NOT_NEEDED, "it has no sound")
                return self._plain(kind, "application/json", told)
            case "playable":
                return self._playable(told)
            case "copy":
                facts, path = self._child(kind, told)
                png = facts.get("media_type") == "image/png"
                return checked(path, "image/png" if png else "image/jpeg")
            case "text":
                return self._text(told)
            case "preview":
                return self._preview(told)
        raise CouldNotMake(f"nobody knows how to make {kind}")

    @cached_property
    def _probe(self) -> Probe:
        facts, _ = self._child("probe", lambda _: None)
        try:
            found = Probe(**facts)  # type: ignore[arg-type]
        except TypeError:
            raise CouldNotMake("its maker told facts that make no sense") from None
        words, figures = (found.picture, found.sound, found.pixels), (found.width, found.height)
        numbers = (*figures, found.rotation, found.milliseconds)
        if not (
            all(type(word) is str and word.isascii() and len(word) < 40 for word in words)
            and all(type(number) is int and abs(number) < 10**9 for number in numbers)
        ):
            raise CouldNotMake("its maker told facts that make no sense")
        self.probed = found
        return found

    def _child(
        self,
        kind: str,
        told: Told,
        path: Path | None = None,
        more: Mapping[str, object] = MappingProxyType({}),
    ) -> tuple[dict[str, object], Path]:
        """Have a child do its part; return the facts it tells and where it wrote."""
        original = self._original
        into = self._folder / kind
        media_type = PDF if path else original.media_type
        task = {"kind": kind, "media_type": media_type, "milliseconds": original.milliseconds}
        bounds = limits(kind, original.milliseconds, original.size)
        with into.open("wb+") as out:
            facts = workshop.make(path or self._path, out, {**task, **more}, bounds, told)
        return facts, into

    def _plain(self, kind: str, media_type: str, told: Told) -> Made:
        _, path = self._child(kind, told)
        return checked(path, media_type)

    def _playable(self, told: Told) -> Made | Unmade:
        original, probe = self._original, self._probe
        hidden = Caution.LOCATION in original.cautions
        route = playing.route(original.media_type, probe, tells_place=hidden)
        if route is None:
            return Unmade(Making.NOT_NEEDED, "browsers play the original")
        if original.milliseconds > LONGEST:
            raise CouldNotMake("it lasts longer than six hours")
        try:
            return self._by(route, told)
        except CouldNotMake:
            longer = playing.all_encoded(route)
            if longer == route:
                raise
            return self._by(longer, told)

    def _by(self, route: Route, told: Told) -> Made:
        way = {
            "into": route.media_type,
            "picture": route.picture,
            "sound": route.sound,
            "rotation": self._probe.rotation,
        }
        _, path = self._child("playable", told, more=way)
        return checked(path, route.media_type)

    def _text(self, told: Told) -> Made | Unmade:
        facts, path = self._child("text", told)
        passages = list(believed(path))
        if not passages:
            return Unmade(Making.NOT_AVAILABLE, "it holds no words that can be read")
        text = self._folder / "words"
        text.write_text("\n\n".join(words for _, words in passages), "utf-8")
        note = None if facts.get("whole") is True else NOT_ALL
        return Made(text, "text/plain", passages, note)

    def _preview(self, told: Told) -> Made | Unmade:
        if READERS[self._original.media_type] == "pdf":
            return self._plain("preview", "image/png", told)
        if office.installed() is None:
            return Unmade(Making.NOT_AVAILABLE, NO_OFFICE)
        if Caution.REMOTE_CONTENT in self._original.cautions:
            return Unmade(Making.NOT_AVAILABLE, "it would fetch things from elsewhere when opened")
        try:
            page = office.first_page(self._path, self._folder, self._original.media_type)
        except office.NotHere as problem:
            return Unmade(Making.NOT_AVAILABLE, str(problem))
        _, path = self._child("preview", told, page)
        return checked(path, "image/png")


def checked(path: Path, media_type: str) -> Made:
    """Accept what a child wrote if it begins as its type does; the child read a stranger's file."""
    with path.open("rb") as file:
        head = file.read(16)
    begins = BEGINNINGS.get(media_type)
    if begins is None and media_type.startswith("audio/"):
        begins = b""  # remade in the form that it had, which its check had found sound
    at = 4 if begins == b"ftyp" else 0
    if not head or begins is None or not head[at:].startswith(begins):
        raise CouldNotMake("its maker wrote something else")
    return Made(path, media_type)


def believed(path: Path) -> Iterator[tuple[int | None, str]]:
    """Yield the passages that a child wrote, as far as they make sense."""
    with path.open("rb") as lines:
        for number, line in enumerate(lines):
            try:
                said = json.loads(line)
            except (ValueError, RecursionError):
                raise CouldNotMake("its maker wrote something else") from None
            match said:
                case [page, str(words)] if page is None or (type(page) is int and page > 0):
                    words = plain(words)
                    if words:
                        yield page, words
                case _:
                    raise CouldNotMake("its maker wrote something else")
            if number > MOST_PASSAGES:
                raise CouldNotMake("its maker wrote too much")


def plain(words: str) -> str:
    """Return words as the database can keep them."""
    whole = words.encode("utf-8", "ignore").decode("utf-8")
    return whole.replace("\0", " ")[:LONGEST_PASSAGE].strip()
