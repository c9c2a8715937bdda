"""One good file of every type that can be checked, made the way other programs make them."""

from __future__ import annotations

import random
import zipfile
from collections.abc import Callable, Iterator
from fractions import Fraction
from io import BytesIO

import av
import pikepdf
import pillow_heif
from av.audio.stream import AudioStream
from av.video.stream import VideoStream
from PIL import Image

from app.evidence.media.catalogue import OFFICE_OPEN, OPEN_DOCUMENT

PACKAGE = "http://schemas.openxmlformats.org/package/2006"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def pdf(pages: int = 3) -> bytes:
    made = BytesIO()
    with pikepdf.new() as document:
        for _ in range(pages):
            document.add_blank_page()
        # Scanners keep lengths and other numbers as objects of their own.
        document.Root["/Count"] = document.make_indirect(pikepdf.Object.parse(b"5"))
        document.save(made, deterministic_id=True)
    return made.getvalue()


def picture(form: str) -> bytes:
    pillow_heif.register_heif_opener()
    made = BytesIO()
    Image.radial_gradient("L").convert("RGB").resize((120, 80)).save(made, form)
    return made.getvalue()


def located_photograph() -> bytes:
    made = BytesIO()
    image = Image.new("RGB", (40, 30), "teal")
    exif = image.getexif()
    exif.get_ifd(0x8825)[1] = "N"
    image.save(made, "JPEG", exif=exif)
    return made.getvalue()


def zipped(parts: dict[str, str], *, stored: tuple[str, ...] = ()) -> bytes:
    made = BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            packing = zipfile.ZIP_STORED if name in stored else zipfile.ZIP_DEFLATED
            archive.writestr(zipfile.ZipInfo(name), content, packing)
    return made.getvalue()


def office(application: str, main: str, slides: int = 0) -> bytes:
    """Make a document of Word, PowerPoint or Excel: its main part and perhaps slides."""
    names = {f"ppt/slides/slide{number}.xml": "<s/>" for number in range(slides)}
    overrides = [f'<Override PartName="/{main}" ContentType="{application}.main+xml"/>'] + [
        f'<Override PartName="/{name}" ContentType="{OFFICE_OPEN}.presentationml.slide+xml"/>'
        for name in names
    ]
    return zipped(
        {
            "[Content_Types].xml": f'<Types xmlns="{PACKAGE}/content-types">'
            '<Default Extension="xml" ContentType="application/xml"/>'
            f"{''.join(overrides)}</Types>",
            "_rels/.rels": f'<Relationships xmlns="{PACKAGE}/relationships"><Relationship Id="r1" '
            f'Type="{OFFICE}/officeDocument" Target="{main}"/></Relationships>',
            main: "<d>Minutes of the first meeting</d>",
            **names,
        }
    )


def opendocument(media_type: str, slides: int = 0) -> bytes:
    page = "<draw:page/>" * slides
    return zipped(
        {
            "mimetype": media_type,
            "content.xml": '<o xmlns:draw="urn:oasis:names:tc:opendocument:xmlns:drawing:1.0">'
            f"{page}</o>",
            "META-INF/manifest.xml": '<m:manifest xmlns:m="urn:oasis:names:tc:opendocument:xmlns'
            f':manifest:1.0"><m:file-entry m:full-path="/" m:media-type="{media_type}"/>'
            "</m:manifest>",
        },
        stored=("mimetype",),
    )


def recording(
    container: str, *, sight: str | None = None, sound: str | None = None, **options: str
) -> bytes:
    """Make two seconds of grey picture and hiss."""
    made = BytesIO()
    exactly = {"fflags": "bitexact", **options}
    with av.open(made, "w", format=container, options=exactly) as file:
        streams = [
            *([file.add_stream(sight, rate=10)] if sight else []),
            *([file.add_stream(sound, rate=48_000, layout="mono")] if sound else []),
        ]
        for stream in streams:
            # Several threads do not always end with the same bytes.
            stream.codec_context.thread_count = 1
        for stream in streams:
            if isinstance(stream, VideoStream):
                stream.width, stream.height, stream.pix_fmt = 160, 90, "yuv420p"
                for frame in grey():
                    file.mux(stream.encode(frame))
                file.mux(stream.encode(None))
            elif isinstance(stream, AudioStream):
                convert = av.AudioResampler(stream.format, "mono", 48_000, frame_size=960)
                for hiss in hisses():
                    for ready in convert.resample(hiss):
                        file.mux(stream.encode(ready))
                file.mux(stream.encode(None))
    return made.getvalue()


def grey() -> Iterator[av.VideoFrame]:
    for number in range(20):
        frame = av.VideoFrame(160, 90, "gray8")
        frame.planes[0].update(bytes([number * 12]) * frame.planes[0].buffer_size)
        frame.pts, frame.time_base = number, Fraction(1, 10)
        yield frame.reformat(format="yuv420p")


def hisses() -> Iterator[av.AudioFrame]:
    noise = random.Random(1)  # noqa: S311 - the same noise every time
    for number in range(100):
        frame = av.AudioFrame(format="s16", layout="mono", samples=960)
        frame.sample_rate, frame.pts = 48_000, number * 960
        frame.time_base = Fraction(1, 48_000)
        frame.planes[0].update(noise.randbytes(frame.planes[0].buffer_size))
        yield frame


MAIL = (
    b"From: amira@example.org\r\nTo: bruno@example.org\r\n"
    b"Date: Tue, 4 Mar 2025 10:00:00 +0000\r\nSubject: Next meeting\r\n\r\nUntil Tuesday!\r\n"
)
WORD = f"{OFFICE_OPEN}.wordprocessingml.document"
SLIDES = f"{OFFICE_OPEN}.presentationml.presentation"
SHEET = f"{OFFICE_OPEN}.spreadsheetml.sheet"

SAMPLES: dict[str, Callable[[], bytes]] = {
    "application/pdf": pdf,
    WORD: lambda: office(WORD, "word/document.xml"),
    SLIDES: lambda: office(SLIDES, "ppt/presentation.xml", slides=4),
    SHEET: lambda: office(SHEET, "xl/workbook.xml"),
    f"{OPEN_DOCUMENT}.text": lambda: opendocument(f"{OPEN_DOCUMENT}.text"),
    f"{OPEN_DOCUMENT}.presentation": lambda: opendocument(f"{OPEN_DOCUMENT}.presentation", 5),
    f"{OPEN_DOCUMENT}.spreadsheet": lambda: opendocument(f"{OPEN_DOCUMENT}.spreadsheet"),
    "application/rtf": lambda: rb"{\rtf1\ansi Minutes {\b first meeting} \{draft\}}" + b"\r\n",
    "text/plain": lambda: "Élan, café, Σκοπός\n".encode(),
    "text/markdown": lambda: b"# Journal\n\n<!-- private -->\nToday I listened.\n",
    "text/csv": lambda: b"\xef\xbb\xbfquestion;answer\nclear aims;5\n",
    "message/rfc822": lambda: MAIL,
    "image/jpeg": lambda: picture("JPEG"),
    "image/png": lambda: picture("PNG"),
    "image/webp": lambda: picture("WEBP"),
    "image/heic": lambda: picture("HEIF"),
    "audio/mpeg": lambda: recording("mp3", sound="libmp3lame"),
    "audio/mp4": lambda: recording("ipod", sound="aac"),
    "audio/ogg": lambda: recording("ogg", sound="libopus"),
    "audio/wav": lambda: recording("wav", sound="pcm_s16le"),
    "audio/webm": lambda: recording("webm", sound="libopus"),
    "audio/flac": lambda: recording("flac", sound="flac"),
    "video/mp4": lambda: recording("mp4", sight="libx264", sound="aac"),
    "video/quicktime": lambda: recording("mov", sight="libx264", sound="aac"),
    "video/webm": lambda: recording("webm", sight="libvpx", sound="libopus"),
    "video/x-matroska": lambda: recording("matroska", sight="libx264", sound="aac"),
    "video/ogg": lambda: recording("ogg", sight="libvpx", sound="libopus"),
}
PAGES = {"application/pdf": 3, SLIDES: 4, f"{OPEN_DOCUMENT}.presentation": 5}
