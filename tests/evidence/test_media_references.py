"""What a file names is never fetched: playlists, outside tracks, templates, entities, actions.

FAULTS 8 and 9. Each file names an address at which a test listens, and a file in the test's own
folder; the one hears nothing and the other is not read, by reader and scanner alike.
"""

from __future__ import annotations

import os
import socket
import struct
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import pikepdf
import pytest

from app.evidence import media, reading
from app.evidence.media.catalogue import OFFICE_OPEN, OPEN_DOCUMENT, READERS
from app.evidence.media.facts import Caution
from app.evidence.models import File
from app.evidence.scanning import builtin
from app.kit.errors import Refusal
from tests.evidence.samples import OFFICE, PACKAGE, SAMPLES, WORD, recording, zipped

SHEET = f"{OFFICE_OPEN}.spreadsheetml.sheet"
TEXT_DOCUMENT = f"{OPEN_DOCUMENT}.text"
ALLOWED = {"document": list(READERS)}
LONG_AGO = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Canary:
    """Notices whether somebody connects to it, or reads its file."""

    listener: socket.socket
    file: Path

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.listener.getsockname()[1]}"

    def is_silent(self) -> bool:
        """Say that nobody came."""
        with pytest.raises(BlockingIOError):
            self.listener.accept()
        return int(self.file.stat().st_atime) == LONG_AGO


@pytest.fixture(name="canary")
def _canary(tmp_path: Path) -> Iterator[Canary]:
    secret = tmp_path / "secret.wav"
    secret.write_bytes(SAMPLES["audio/wav"]())
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        canary = Canary(listener, secret)
        # A first read after a change is noted on every file system but those mounted `noatime`.
        os.utime(secret, (LONG_AGO, LONG_AGO))
        yield canary


def looked_at(content: bytes, declared: str, canary: Canary) -> list[Caution] | str:
    """Have a file read, and scanned if it is accepted; return its cautions or the refusing rule."""
    path = canary.file.parent / "evidence.mp4"
    path.write_bytes(content)
    try:
        cautions = list(media.inspect(path, declared=declared, allowed=ALLOWED).cautions)
    except Refusal as refusal:
        return refusal.slug()
    assert builtin.scan(path, declared).found is None
    return cautions


PLAYLISTS = {
    "ffconcat": "ffconcat version 1.0\nfile {file}\n",
    "concat by name": "ffconcat version 1.0\nfile secret.wav\n",
    "HLS": "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nhttp://{address}/1.ts\n",
    "HLS of a file": "#EXTM3U\n#EXTINF:1,\nfile://{file}\n",
    "DASH": '<?xml version="1.0"?><MPD><BaseURL>http://{address}/</BaseURL></MPD>',
    "SDP": "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\nc=IN IP4 127.0.0.1\r\nm=audio 9 RTP/AVP 0\r\n",
    "RTSP text": "rtsp://{address}/1\n",
    "reference": "RTSPtext\r\nrtsp://{address}/1\n",
    "ASX": '<asx version="3.0"><entry><ref href="http://{address}/a"/></entry></asx>',
    "subtitles": "DEFAULTPATH file://{file}\n",
}


@pytest.mark.parametrize("name", PLAYLISTS)
def test_a_playlist_posing_as_a_recording_is_refused_and_fetches_nothing(
    name: str, canary: Canary
) -> None:
    """FAULTS 8."""
    words = PLAYLISTS[name].format(address=canary.address, file=canary.file)
    assert looked_at(words.encode(), "video/mp4", canary) == "wrong-type"
    assert canary.is_silent()


@pytest.mark.parametrize("name", PLAYLISTS)
def test_a_playlist_behind_the_first_bytes_of_a_recording_fetches_nothing(
    name: str, canary: Canary
) -> None:
    """FAULTS 8."""
    words = PLAYLISTS[name].format(address=canary.address, file=canary.file).encode()
    for declared in ("video/mp4", "audio/ogg"):
        masked = SAMPLES[declared]()[:32] + words
        assert looked_at(masked, declared, canary) == "damaged-file"
    assert canary.is_silent()


def with_outside_track(address: str) -> bytes:
    """Make a film whose pictures and sound are said to lie elsewhere."""
    film = recording("mp4", sight="libx264", sound="aac")
    location = struct.pack(">I4sI", 12 + len(address) + 1, b"url ", 0) + address.encode() + b"\0"
    own = struct.pack(">I4sI", 12, b"url ", 1)
    assert own in film
    while own in film:
        at = film.index(own)
        longer = len(location) - len(own)
        film = film[:at] + location + film[at + len(own) :]
        for kind in (b"dref", b"dinf", b"minf", b"mdia", b"trak", b"moov"):
            place = film.rindex(kind, 0, at) - 4
            size = int.from_bytes(film[place : place + 4], "big") + longer
            film = film[:place] + struct.pack(">I", size) + film[place + 4 :]
    return film


@pytest.mark.parametrize("form", ["http://{address}/track", "file://{file}", "{file}"])
def test_a_film_whose_tracks_lie_elsewhere_fetches_nothing(form: str, canary: Canary) -> None:
    """FAULTS 8."""
    named = form.format(address=canary.address, file=canary.file)
    looked_at(with_outside_track(named), "video/mp4", canary)
    assert canary.is_silent()


def related(kind: str, target: str) -> str:
    return (
        f'<Relationships xmlns="{PACKAGE}/relationships"><Relationship Id="r9" '
        f'TargetMode="External" Type="{OFFICE}/{kind}" Target="{target}"/></Relationships>'
    )


def office_with(media_type: str, name: str, content: str) -> bytes:
    made = BytesIO(SAMPLES[media_type]())
    with zipfile.ZipFile(made, "a") as archive:
        archive.writestr(name, content)
    return made.getvalue()


ENTITIES = '<!DOCTYPE d [<!ENTITY x SYSTEM "{where}">]><d>&x;</d>'


@pytest.mark.parametrize("where", ["http://{address}/x.dtd", "file://{file}"])
@pytest.mark.parametrize("media_type", [WORD, SHEET, TEXT_DOCUMENT])
def test_an_entity_that_lies_elsewhere_is_not_fetched(
    media_type: str, where: str, canary: Canary
) -> None:
    """FAULTS 9."""
    named = where.format(address=canary.address, file=canary.file)
    content = office_with(media_type, "more.xml", ENTITIES.format(where=named))
    assert looked_at(content, media_type, canary) == "active-content"
    assert canary.is_silent()


@pytest.mark.parametrize(
    ("media_type", "part", "kind"),
    [
        (WORD, "word/_rels/settings.xml.rels", "attachedTemplate"),
        (WORD, "word/_rels/document.xml.rels", "image"),
        (WORD, "word/_rels/document.xml.rels", "aFChunk"),
        (SHEET, "xl/externalLinks/_rels/externalLink1.xml.rels", "externalLinkPath"),
        (SHEET, "xl/_rels/connections.xml.rels", "oleObject"),
    ],
)
def test_what_a_document_would_fetch_is_told_and_not_fetched(
    media_type: str, part: str, kind: str, canary: Canary
) -> None:
    """FAULTS 9."""
    content = office_with(media_type, part, related(kind, f"http://{canary.address}/t.dotm"))
    assert looked_at(content, media_type, canary) == [Caution.REMOTE_CONTENT]
    assert canary.is_silent()


def test_what_a_libreoffice_document_would_fetch_is_told_and_not_fetched(canary: Canary) -> None:
    """FAULTS 9."""
    names = 'xmlns:d="urn:x" xmlns:xlink="http://www.w3.org/1999/xlink"'
    content = zipped(
        {
            "mimetype": TEXT_DOCUMENT,
            "content.xml": f'<o {names}><d:image xlink:href="http://{canary.address}/i"/></o>',
            "META-INF/manifest.xml": "<m/>",
        },
        stored=("mimetype",),
    )
    assert looked_at(content, TEXT_DOCUMENT, canary) == [Caution.REMOTE_CONTENT]
    assert canary.is_silent()


def pdf(action: str = "", *, attached: bool = False, locked: bool = False) -> bytes:
    made = BytesIO()
    with pikepdf.new() as document:
        document.add_blank_page()
        if action:
            document.Root.OpenAction = pikepdf.Object.parse(action.encode())
        if attached:
            document.attachments["a.txt"] = b"Minutes"
        protection = pikepdf.Encryption(owner="o", user="") if locked else None
        document.save(made, encryption=protection)
    return made.getvalue()


@pytest.mark.parametrize(
    ("content", "cautions"),
    [
        (pdf("<</S/JavaScript/JS(app.alert\\(1\\))>>"), [Caution.SCRIPT]),
        (pdf("<</S/Launch/F(notes.txt)>>"), [Caution.LAUNCH]),
        (pdf("<</S/GoToR/F(http://192.0.2.1/a.pdf)/D[0/Fit]>>"), [Caution.LAUNCH]),
        (pdf("<</S/SubmitForm/F(http://192.0.2.1/a)>>"), [Caution.REMOTE_CONTENT]),
        (pdf("<</S/URI/URI(http://192.0.2.1/a)>>"), [Caution.REMOTE_CONTENT]),
        (
            pdf("<</S/GoTo/D[0/Fit]/Next<</S/URI/URI(http://192.0.2.1/a)>>>>"),
            [Caution.REMOTE_CONTENT],
        ),
        (pdf(attached=True), [Caution.ATTACHMENTS]),
        (pdf(locked=True), "encrypted-file"),
        (pdf(), []),
    ],
)
def test_what_a_pdf_would_do_is_told(
    content: bytes, cautions: list[Caution] | str, canary: Canary
) -> None:
    """FAULTS 9."""
    assert looked_at(content, "application/pdf", canary) == cautions
    assert canary.is_silent()


@pytest.mark.parametrize(
    ("media_type", "kind", "cautions", "shown"),
    [
        ("application/pdf", "document", [], "inline"),
        ("application/pdf", "document", ["script"], "attachment"),
        ("application/pdf", "document", ["attachments"], "attachment"),
        (WORD, "document", [], "attachment"),
        ("text/plain", "document", [], "attachment"),
        ("image/png", "image", [], "inline"),
    ],
)
def test_what_could_do_something_is_saved_and_not_opened_in_place(
    media_type: str, kind: str, cautions: list[str], shown: str
) -> None:
    """FAULTS 9."""
    file = File(name="minutes", media_type=media_type, kind=kind, cautions=cautions)
    assert reading.disposition(file).startswith(f"{shown};")
