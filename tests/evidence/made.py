"""Handing in a file, having its renditions made, and opening them."""

from __future__ import annotations

from io import BytesIO
from uuid import UUID

import av
import urllib3
from av.container import InputContainer
from PIL import Image
from reportlab.pdfgen.canvas import Canvas
from sqlalchemy import text

from app.evidence.handlers import renditions
from tests import make
from tests.evidence.samples import WORD, zipped
from tests.make import API, Json, Person

GPS = 0x8825


ORIENTATION = 0x0112


def made(person: Person, file: UUID) -> dict[str, Json]:
    """Return the renditions of a file by kind."""
    answer = person.get(f"/files/{file}")
    assert answer.status_code == 200, answer.text
    return {one["kind"]: one for one in answer.json()["renditions"]}


def states(person: Person, file: UUID) -> dict[str, object]:
    return {kind: one["state"] for kind, one in made(person, file).items()}


def worked(person: Person, item: UUID, content: bytes, media_type: str) -> UUID:
    """Hand a file in, have it checked, and have its renditions made."""
    file = make.file(person, item, content, media_type=media_type, name="evidence.bin")
    assert person.get(f"/files/{file}").json()["state"] == "available"
    make_all(person, file)
    return file


def make_all(person: Person, file: UUID) -> None:
    """Do both jobs about a file's renditions, as the worker does."""
    renditions.make_renditions(make.shift(person.tenant), file)
    renditions.make_playable(make.shift(person.tenant), file)


def fetch(address: str) -> urllib3.BaseHTTPResponse:
    return urllib3.request("GET", address, retries=False, timeout=30)


def content(person: Person, path: str) -> bytes:
    answer = person.tenant.browser.get(
        f"{API}{path}",
        headers={"authorization": f"Bearer {person.token}"},
        follow_redirects=False,
    )
    assert answer.status_code == 307, answer.text
    found = fetch(answer.headers["location"])
    assert found.status == 200
    return found.data


def rendition(person: Person, file: UUID, kind: str) -> bytes:
    return content(person, f"/files/{file}/renditions/{kind}")


def noted(person: Person, portfolio: UUID) -> list[str | None]:
    """Return which renditions others have opened, from the portfolio's journal."""
    entries = text(
        "SELECT body::json->'facts'->>'rendition' FROM journal_entry"
        " WHERE stream_id = :id AND action = 'evidence.file_read' ORDER BY seq"
    )
    with person.tenant.at_work() as work:
        return list(work.session.scalars(entries, {"id": portfolio}))


def printed(*pages: str) -> bytes:
    """Make a PDF with these words."""
    out = BytesIO()
    canvas = Canvas(out)
    for words in pages:
        canvas.drawString(72, 720, words)
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def photograph(*, form: str = "JPEG", orientation: int = 6, located: bool = True) -> bytes:
    """Make a photograph that lies on its side and tells where it was taken."""
    image = Image.linear_gradient("L").convert("RGB").resize((400, 300))
    exif = image.getexif()
    exif[ORIENTATION] = orientation
    exif[0x010F] = "A telephone of Amira's"
    if located:
        exif.get_ifd(GPS).update({1: "N", 2: (50.0, 51.0, 2.0), 3: "E", 4: (4.0, 21.0, 4.0)})
    out = BytesIO()
    image.save(out, form, exif=exif)
    return out.getvalue()


def open_film(content: bytes) -> InputContainer:
    return av.open(BytesIO(content), "r")


def streams(content: bytes) -> list[tuple[str, str]]:
    with open_film(content) as film:
        return [(one.type, one.codec_context.name) for one in film.streams]


def word_document(words: str, name: str = "word/document.xml") -> bytes:
    """Make a real Word document, as small as it can be."""
    main = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
    base = "http://schemas.openxmlformats.org"
    return zipped(
        {
            "[Content_Types].xml": f'<Types xmlns="{base}/package/2006/content-types">'
            '<Default Extension="rels" ContentType='
            '"application/vnd.openxmlformats-package.relationships+xml"/>'
            f'<Override PartName="/{name}" ContentType="{WORD}.main+xml"/></Types>',
            "_rels/.rels": f'<Relationships xmlns="{base}/package/2006/relationships">'
            f'<Relationship Id="r1" Type="{base}/officeDocument/2006/relationships/officeDocument"'
            f' Target="{name}"/></Relationships>',
            name: f'<w:document xmlns:w="{main}"><w:body><w:p><w:r><w:t>{words}</w:t></w:r></w:p>'
            "<w:p><w:r><w:t>Second paragraph</w:t></w:r></w:p></w:body></w:document>",
        }
    )
