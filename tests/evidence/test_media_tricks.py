"""Files made to fool a reader are refused, each by the rule that it breaks."""

from __future__ import annotations

import socket
import struct
import wave
import zipfile
import zlib
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import av
import pikepdf
import pytest
from PIL import Image

from app.evidence import media
from app.evidence.media.archive import called
from app.evidence.media.catalogue import OFFICE_OPEN, OPEN_DOCUMENT
from app.evidence.media.facts import Caution
from app.kit.errors import Refusal
from tests.evidence.bombs import object_stream

WORD = f"{OFFICE_OPEN}.wordprocessingml.document"
SHEET = f"{OFFICE_OPEN}.spreadsheetml.sheet"
TEXT_DOCUMENT = f"{OPEN_DOCUMENT}.text"
ALLOWED = {
    "document": [
        "application/pdf",
        WORD,
        TEXT_DOCUMENT,
        "application/rtf",
        "text/plain",
        "text/csv",
        "message/rfc822",
    ],
    "image": ["image/jpeg", "image/png", "image/webp", "image/heic"],
    "audio": ["audio/mpeg", "audio/mp4", "audio/ogg", "audio/wav", "audio/webm"],
    "video": ["video/mp4", "video/quicktime", "video/webm"],
}
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PAGE = b"<!DOCTYPE html><html><script>fetch('/api/v1/tokens')</script></html>"


@pytest.fixture(name="evidence")
def _evidence(tmp_path: Path) -> Path:
    return tmp_path / "evidence"


def inspected(path: Path, content: bytes, declared: str) -> media.Inspection:
    path.write_bytes(content)
    return media.inspect(path, declared=declared, allowed=ALLOWED)


def refusal(path: Path, content: bytes, declared: str) -> tuple[type[Refusal], str]:
    """Return the rule that refuses the file, and what it says was found or wrong."""
    with pytest.raises(Refusal) as refused:
        inspected(path, content, declared)
    members = refused.value.members
    return type(refused.value), str(members.get("found") or members["reason"])


def pdf(catalogue: dict[str, pikepdf.Object] | None = None, **saving: object) -> bytes:
    made = BytesIO()
    with pikepdf.new() as document:
        document.add_blank_page()
        for name, value in (catalogue or {}).items():
            document.Root[name] = value
        protection = pikepdf.Encryption(owner="o", user="u") if saving.get("locked") else None
        document.save(made, encryption=protection)
    return made.getvalue()


def action(kind: str, **values: str) -> pikepdf.Object:
    entries = {f"/{name}": pikepdf.String(value) for name, value in values.items()}
    return pikepdf.Dictionary({"/S": pikepdf.Name(f"/{kind}"), **entries})


def picture(form: str) -> bytes:
    made = BytesIO()
    Image.new("RGB", (30, 20), "olive").save(made, form)
    return made.getvalue()


def zipped(parts: dict[str, bytes], packing: int = zipfile.ZIP_DEFLATED) -> bytes:
    made = BytesIO()
    with zipfile.ZipFile(made, "w", packing) as archive:
        for name, content in parts.items():
            stored = zipfile.ZIP_STORED if name == "mimetype" else packing
            archive.writestr(zipfile.ZipInfo(name), content, stored)
    return made.getvalue()


def word_parts(main_type: str = f"{WORD}.main+xml", override: str = "") -> dict[str, bytes]:
    return {
        "[Content_Types].xml": f'<Types xmlns="{PACKAGE}/content-types"><Override '
        f'PartName="/word/document.xml" ContentType="{main_type}"/>{override}</Types>'.encode(),
        "_rels/.rels": f'<Relationships xmlns="{PACKAGE}/relationships"><Relationship Id="r" '
        f'Type="{OFFICE}/officeDocument" Target="word/document.xml"/></Relationships>'.encode(),
        "word/document.xml": b"<d>Minutes</d>",
    }


def word(**more: bytes) -> bytes:
    """Make a Word document; in the names of further parts `__` stands for `/` and `_` for `.`."""
    named = {name.replace("__", "/").replace("_", "."): part for name, part in more.items()}
    return zipped({**word_parts(), **named})


def opendocument(**more: bytes) -> dict[str, bytes]:
    manifest = f'<m xmlns:f="urn:x"><e f:full-path="/" f:media-type="{TEXT_DOCUMENT}"/></m>'
    return {
        "mimetype": TEXT_DOCUMENT.encode(),
        "content.xml": b"<o/>",
        "META-INF/manifest.xml": manifest.encode(),
        **more,
    }


def movie(container: str, *, sight: bool) -> bytes:
    made = BytesIO()
    with av.open(made, "w", format=container) as file:
        if sight:
            stream = file.add_stream("libx264", rate=10)
            stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
            for number in range(5):
                frame = av.VideoFrame(64, 48, "yuv420p")
                frame.pts = number
                file.mux(stream.encode(frame))
            file.mux(stream.encode(None))
        else:
            sound = file.add_stream("aac", rate=48_000, layout="mono")
            for number in range(20):
                hiss = av.AudioFrame(format="fltp", layout="mono", samples=1024)
                hiss.sample_rate, hiss.pts = 48_000, number * 1024
                hiss.planes[0].update(bytes(hiss.planes[0].buffer_size))
                file.mux(sound.encode(hiss))
            file.mux(sound.encode(None))
    return made.getvalue()


def sound_wave() -> bytes:
    made = BytesIO()
    with wave.open(made, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(bytes(16_000))
    return made.getvalue()


@pytest.fixture(name="canary")
def _canary() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        yield listener


@pytest.mark.parametrize(
    ("playlist", "found"),
    [
        ("ffconcat version 1.0\nfile secret.wav\n", "text/x-ffconcat"),
        ("#EXTM3U\n#EXTINF:1,\nhttp://127.0.0.1:{port}/1.ts\n", "application/vnd.apple.mpegurl"),
        (
            "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\nc=IN IP4 127.0.0.1\r\nm=audio {port} RTP/AVP 0\r\n",
            "application/sdp",
        ),
        (
            '<?xml version="1.0"?><MPD><BaseURL>http://127.0.0.1:{port}/</BaseURL></MPD>',
            "application/dash+xml",
        ),
        ("rtsp://127.0.0.1:{port}/1\n", "text/plain"),
    ],
)
@pytest.mark.parametrize("declared", ["video/mp4", "audio/ogg"])
def test_a_playlist_posing_as_a_recording_is_refused_and_fetches_nothing(
    playlist: str, found: str, declared: str, evidence: Path, canary: socket.socket
) -> None:
    (evidence.parent / "secret.wav").write_bytes(sound_wave())
    content = playlist.replace("{port}", str(canary.getsockname()[1])).encode()
    assert refusal(evidence, content, declared) == (media.WrongType, found)
    with pytest.raises(BlockingIOError):
        canary.accept()


@pytest.mark.parametrize(
    ("content", "declared", "found"),
    [
        (pdf(), "image/png", "application/pdf"),
        (picture("PNG"), "image/jpeg", "image/png"),
        (picture("GIF"), "image/png", "image/gif"),
        (word(), "application/pdf", "application/zip"),
        (word(), "text/plain", "application/zip"),
        (sound_wave(), "audio/mpeg", "audio/wav"),
        (b"MZ\x90\0\x03" + bytes(99), "application/pdf", "application/x-msdownload"),
        (b"\n\n" + pdf(), "application/pdf", "text/plain"),
        (PAGE, "text/plain", "text/html"),
        (b"\xef\xbb\xbf  " + PAGE, "text/csv", "text/html"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "text/plain", "image/svg+xml"),
        (b"#!/bin/sh\nid\n", "text/csv", "application/x-shellscript"),
        (b"\n<?php phpinfo(); ?>", "text/plain", "application/x-php"),
        (b"Dear colleague, this is no mail.", "message/rfc822", "text/plain"),
        (b"Subject: without sender or date\n\nHello", "message/rfc822", "text/plain"),
        (zipped(opendocument()), WORD, "application/zip"),
        (zipped({"a.txt": b"a"}), TEXT_DOCUMENT, "application/zip"),
        (
            zipped({**opendocument(), "mimetype": f"{OPEN_DOCUMENT}.graphics".encode()}),
            TEXT_DOCUMENT,
            f"{OPEN_DOCUMENT}.graphics",
        ),
        (zipped(word_parts(f"{SHEET}.main+xml")), WORD, SHEET),
    ],
)
def test_a_file_of_another_type_is_refused_by_its_true_name(
    content: bytes, declared: str, found: str, evidence: Path
) -> None:
    assert refusal(evidence, content, declared) == (media.WrongType, found)


@pytest.mark.parametrize(
    ("container", "sight", "declared", "found"),
    [
        ("mp4", True, "audio/mp4", "video/mp4"),
        ("mp4", False, "video/mp4", "audio/mp4"),
        ("matroska", True, "video/webm", "video/x-matroska"),
        ("mov", True, "video/mp4", "video/quicktime"),
        ("mp4", True, "application/pdf", "video/mp4"),
    ],
)
def test_sound_and_picture_are_told_apart_by_their_streams(
    container: str, sight: bool, declared: str, found: str, evidence: Path
) -> None:
    content = movie(container, sight=sight)
    assert refusal(evidence, content, declared) == (media.WrongType, found)


ARCHIVE = zipped({"Main.class": b"\xca\xfe\xba\xbe"})


@pytest.mark.parametrize(
    ("content", "declared"),
    [
        (pdf() + ARCHIVE, "application/pdf"),
        (pdf() + b"\n" + PAGE, "application/pdf"),
        (pdf()[:-8] + ARCHIVE + b"\n%%EOF\n", "application/pdf"),
        (picture("PNG") + ARCHIVE, "image/png"),
        (picture("PNG") + b"more", "image/png"),
        (picture("JPEG") + ARCHIVE, "image/jpeg"),
        (picture("JPEG") + PAGE, "image/jpeg"),
        (
            b"\xff\xd8\xff\xfe" + struct.pack(">H", len(PAGE) + 2) + PAGE + picture("JPEG")[2:],
            "image/jpeg",
        ),
        (picture("WEBP") + b"more", "image/webp"),
        (sound_wave() + ARCHIVE, "audio/wav"),
        (movie("mp4", sight=True) + ARCHIVE, "video/mp4"),
        (b"plain words\n" * 400 + ARCHIVE, "text/plain"),
        (rb"{\rtf1 a}" + ARCHIVE, "application/rtf"),
    ],
)
def test_a_file_that_is_two_things_at_once_is_refused(
    content: bytes, declared: str, evidence: Path
) -> None:
    assert refusal(evidence, content, declared)[0] is media.DamagedFile


@pytest.mark.parametrize(
    ("content", "declared"),
    [
        (b"", "text/plain"),
        (pdf()[:-30], "application/pdf"),
        (b"%PDF-1.7\n%%EOF\n", "application/pdf"),
        (picture("JPEG")[:-40], "image/jpeg"),
        (picture("PNG")[:-20], "image/png"),
        (movie("mp4", sight=True)[:-100], "video/mp4"),
        (struct.pack(">I4s4sI", 16, b"ftyp", b"isom", 0), "video/mp4"),
        (sound_wave()[:5000], "audio/wav"),
        (b"OggS" + bytes(500), "audio/ogg"),
        (b"ID3\x04\0\0\0\0\0\0" + bytes(5000), "audio/mpeg"),
        (b"caf\xe9, in the letters of 1987", "text/plain"),
        (b"one;two\x00three", "text/csv"),
        (rb"{\rtf1 {\b never closed}", "application/rtf"),
        (word()[:-30], WORD),
    ],
)
def test_a_damaged_file_is_refused(content: bytes, declared: str, evidence: Path) -> None:
    rule, reason = refusal(evidence, content, declared)
    assert rule in (media.DamagedFile, media.WrongType)
    assert reason


def two_directories() -> bytes:
    """Hide a second document between the entries of the first and its directory."""
    inner, outer = word(), zipped(word_parts())
    end = struct.unpack("<4s4H2LH", outer[-22:])
    entries, directory = outer[: end[6]], outer[end[6] : -22]
    moved = struct.pack("<4s4H2LH", *end[:6], end[6] + len(inner), 0)
    return entries + inner + directory + moved


def renamed_locally() -> bytes:
    """Give an entry another name in its own header than in the directory."""
    return word().replace(b"word/document.xml", b"word/documemt.xml", 1)


def twice_the_same_name() -> bytes:
    content = word(word__documemt_xml=b"<d>Other minutes</d>")
    return content.replace(b"word/documemt.xml", b"word/document.xml")


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(two_directories(), id="two directories"),
        pytest.param(renamed_locally(), id="header and directory disagree"),
        pytest.param(word() + b"more", id="something behind"),
        pytest.param(zipped({**word_parts(), "../x": b"x"}), id="leads out"),
        pytest.param(zipped({**word_parts(), "word\\x": b"x"}), id="backslash"),
        pytest.param(zipped(word_parts(), zipfile.ZIP_BZIP2), id="other packing"),
        pytest.param(word(word__broken_xml=b"<d>"), id="xml breaks off"),
    ],
)
def test_a_document_that_two_programs_would_read_differently_is_refused(
    content: bytes, evidence: Path
) -> None:
    assert refusal(evidence, content, WORD)[0] is media.DamagedFile


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (
            renamed_locally(),
            "The file is damaged, incomplete or irregular and cannot be read safely."
            " Reason: its entry 'word/document.xml' and the directory disagree about a name.",
        ),
        (
            word(word__broken_xml=b"<d>"),
            "The file is damaged, incomplete or irregular and cannot be read safely."
            " Reason: its entry 'word/broken.xml' is not well-formed.",
        ),
        (
            PAGE,
            "The file is not of the type that it was announced as."
            f" Announced: {WORD}; found: text/html.",
        ),
    ],
)
def test_a_refusal_is_a_sentence_that_says_what_is_wrong_and_where(
    content: bytes, sentence: str, evidence: Path
) -> None:
    with pytest.raises(Refusal) as refused:
        inspected(evidence, content, WORD)
    assert refused.value.detail == sentence


def test_a_refused_type_is_named_beside_those_that_are_taken(evidence: Path) -> None:
    with pytest.raises(media.TypeNotAccepted) as refused:
        inspected(evidence, PAGE, "text/html")
    assert "Announced: text/html; accepted: application/pdf, " in refused.value.detail


def test_the_name_of_an_entry_is_plain_and_short_however_it_was_made() -> None:
    named = called(zipfile.ZipInfo("\u202e\n" + "é" * 65_000))
    assert named.isascii()
    assert named.isprintable()
    assert len(named) < 100


def test_a_document_with_two_entries_of_one_name_is_refused(evidence: Path) -> None:
    rule, reason = refusal(evidence, twice_the_same_name(), WORD)
    assert (rule, reason) == (media.DamagedFile, "two of its entries have the same name")


LAUGHS = b"<!DOCTYPE d [<!ENTITY a 'ha'><!ENTITY b '&a;&a;&a;'>]><d>&b;</d>"
FETCHES = b"<!DOCTYPE d [<!ENTITY x SYSTEM 'file:///etc/hostname'>]><d>&x;</d>"


@pytest.mark.parametrize(
    ("content", "declared"),
    [
        (word(word__vbaProject_bin=b"macro"), WORD),
        (zipped(word_parts("application/vnd.ms-word.document.macroEnabled.main+xml")), WORD),
        (word(word__embeddings__oleObject1_bin=b"program"), WORD),
        (word(word__more_xml=LAUGHS), WORD),
        (word(word__more_xml=FETCHES), WORD),
        (word(word__more_xml=LAUGHS.decode().encode("utf-16")), WORD),
        (zipped({**opendocument(), "Basic/Standard/Module1.xml": b"<m/>"}), TEXT_DOCUMENT),
        (zipped({**opendocument(), "Scripts/python/evil.py": b"pass"}), TEXT_DOCUMENT),
        (rb"{\rtf1 {\object\objemb{\*\objdata 0105}}}", "application/rtf"),
    ],
)
def test_a_document_that_carries_programs_is_refused(
    content: bytes, declared: str, evidence: Path
) -> None:
    assert refusal(evidence, content, declared)[0] is media.ActiveContent


def locked_word() -> bytes:
    """Make the beginning of what Word writes when a document gets a password."""
    return (
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(5000) + "EncryptedPackage".encode("utf-16-le")
    )


def flagged_as_encrypted() -> bytes:
    content = bytearray(word())
    content[6] |= 1
    return bytes(content)


LOCKED_MANIFEST = (
    b"<m xmlns:f='urn:x'><f:file-entry f:full-path='content.xml'><f:encryption-data/>"
    b"</f:file-entry></m>"
)


@pytest.mark.parametrize(
    ("content", "declared"),
    [
        (pdf(locked=True), "application/pdf"),
        (locked_word(), WORD),
        (flagged_as_encrypted(), WORD),
        (
            zipped({**opendocument(), "META-INF/manifest.xml": LOCKED_MANIFEST}),
            TEXT_DOCUMENT,
        ),
    ],
)
def test_a_protected_file_is_refused(content: bytes, declared: str, evidence: Path) -> None:
    assert refusal(evidence, content, declared)[0] is media.EncryptedFile


def pixel_flood() -> bytes:
    """Make a PNG of a few bytes that says it is 60,000 pixels wide and high."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    size = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    rows = zlib.compress(bytes(100_000))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", size) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("content", "declared"),
    [
        pytest.param(word(word__zeros_xml=bytes(20_000_000)), WORD, id="unfolds"),
        pytest.param(word(word__inner_zip=ARCHIVE), WORD, id="archive within"),
        pytest.param(
            word(word__a_docx=word(word__b_docx=word())),
            WORD,
            id="document in document in document",
        ),
        pytest.param(
            zipped({**word_parts(), **{f"x/{n}": b"" for n in range(10_001)}}),
            WORD,
            id="too many entries",
        ),
        pytest.param(pixel_flood(), "image/png", id="pixels"),
        pytest.param(object_stream(95, with_page_tree=False), "application/pdf", id="objects"),
        pytest.param(
            rb"{\rtf1 " + b"{" * 9999 + b"}" * 9999 + b"}", "application/rtf", id="groups"
        ),
    ],
)
def test_a_file_that_unfolds_without_measure_is_refused(
    content: bytes, declared: str, evidence: Path
) -> None:
    assert refusal(evidence, content, declared)[0] is media.FileBomb


def test_a_pdf_whose_pages_lie_in_what_unfolds_without_measure_is_refused(evidence: Path) -> None:
    content = object_stream(95, with_page_tree=True)
    assert refusal(evidence, content, "application/pdf")[0] is media.DamagedFile


def test_a_table_embedded_in_a_document_is_accepted(evidence: Path) -> None:
    content = word(word__embeddings__table_xlsx=zipped(word_parts(f"{SHEET}.main+xml")))
    assert inspected(evidence, content, WORD).kind == "document"


TEMPLATE = (
    f'<Relationships xmlns="{PACKAGE}/relationships"><Relationship Id="r1" TargetMode="External" '
    f'Type="{OFFICE}/attachedTemplate" Target="http://192.0.2.1/t.dotm"/></Relationships>'
).encode()
MAIL = (
    b"From: a@example.org\nDate: Tue, 4 Mar 2025 10:00:00 +0000\nMIME-Version: 1.0\n"
    b"Content-Type: application/pdf; name=x.pdf\n"
    b"Content-Disposition: attachment; filename=x.pdf\n\nAAAA\n"
)


@pytest.mark.parametrize(
    ("content", "declared", "caution"),
    [
        (
            pdf({"/OpenAction": action("JavaScript", JS="app.alert(1)")}),
            "application/pdf",
            Caution.SCRIPT,
        ),
        (pdf({"/OpenAction": action("Launch", F="calc.exe")}), "application/pdf", Caution.LAUNCH),
        (
            pdf({"/Names": pikepdf.Dictionary({"/EmbeddedFiles": pikepdf.Dictionary()})}),
            "application/pdf",
            Caution.ATTACHMENTS,
        ),
        (word(word___rels__settings_xml_rels=TEMPLATE), WORD, Caution.REMOTE_CONTENT),
        (MAIL, "message/rfc822", Caution.ATTACHMENTS),
    ],
)
def test_what_a_file_could_start_or_fetch_is_told_to_its_readers(
    content: bytes, declared: str, caution: Caution, evidence: Path
) -> None:
    assert inspected(evidence, content, declared).cautions == (caution,)
