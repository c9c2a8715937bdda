"""Documents are read for the search, and their first page is shown."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from typing import cast
from uuid import UUID

import pytest
from PIL import Image
from sqlalchemy import text

from app.evidence.handlers import renditions
from app.evidence.media import sandbox
from app.evidence.media.making import office
from tests import make
from tests.evidence.made import (
    made,
    printed,
    rendition,
    states,
    word_document,
    worked,
)
from tests.evidence.samples import SAMPLES, WORD, zipped
from tests.make import Person


def test_the_words_of_a_document_are_read_page_by_page(amira: Person, item: UUID) -> None:
    file = worked(amira, item, printed("The first meeting", "A roadmap"), "application/pdf")
    assert states(amira, file) == {"text": "made", "preview": "made"}
    assert rendition(amira, file, "text") == b"The first meeting\n\nA roadmap"
    with amira.tenant.at_work() as work:
        rows = work.session.execute(
            text("SELECT page, words FROM passage WHERE file_id = :file ORDER BY id"),
            {"file": file},
        ).all()
    assert [tuple(row) for row in rows] == [(1, "The first meeting"), (2, "A roadmap")]
    preview = Image.open(BytesIO(rendition(amira, file, "preview")))
    assert (preview.format, max(preview.size)) == ("PNG", 1200)


WORDS_IN = {
    "message/rfc822": "Next meeting\n\nUntil Tuesday!",
    "application/rtf": "Minutes first meeting {draft}",
    "text/plain": "Élan, café, Σκοπός",
    "text/csv": "question;answer\nclear aims;5",
}


@pytest.mark.parametrize("media_type", WORDS_IN)
def test_the_words_of_other_files_are_read_too(amira: Person, item: UUID, media_type: str) -> None:
    file = worked(amira, item, SAMPLES[media_type](), media_type)
    assert rendition(amira, file, "text").decode() == WORDS_IN[media_type]


def test_the_words_of_a_word_document_are_read(amira: Person, item: UUID) -> None:
    file = worked(amira, item, word_document("How we began"), WORD)
    assert rendition(amira, file, "text") == b"How we began\nSecond paragraph"


def test_an_office_document_is_shown_where_libreoffice_is_installed(
    amira: Person, item: UUID, tool: Callable[[str], str]
) -> None:
    tool(office.PROGRAM)
    file = worked(amira, item, word_document("How we began"), WORD)
    if not sandbox.loses_the_network():  # as in containers that forbid user namespaces
        assert states(amira, file) == {"text": "made", "preview": "not_available"}
        return
    assert states(amira, file) == {"text": "made", "preview": "made"}, made(amira, file)
    preview = Image.open(BytesIO(rendition(amira, file, "preview")))
    assert preview.format == "PNG"
    darkest, _ = preview.convert("L").getextrema()
    assert cast(int, darkest) < 100, "something is written on it"


def test_without_libreoffice_an_office_document_says_why_it_is_not_shown(
    amira: Person, item: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(office, "installed", lambda: None)
    file = worked(amira, item, word_document("How we began"), WORD)
    preview = made(amira, file)["preview"]
    assert (preview["state"], preview["reason"]) == (
        "not_available",
        "LibreOffice is not installed",
    )
    monkeypatch.setattr(office, "installed", lambda: "soffice")
    renditions.take_up(make.shift(amira.tenant))
    assert states(amira, file)["preview"] == "waiting"


def test_a_document_that_would_fetch_things_is_not_shown(
    amira: Person, item: UUID, tool: Callable[[str], str]
) -> None:
    tool(office.PROGRAM)
    fetching = zipped(
        {
            "mimetype": "application/vnd.oasis.opendocument.text",
            "content.xml": '<o xmlns:draw="urn:oasis:names:tc:opendocument:xmlns:drawing:1.0"'
            ' xmlns:xlink="http://www.w3.org/1999/xlink">'
            '<draw:image xlink:href="file:///etc/passwd"/>Words</o>',
            "META-INF/manifest.xml": '<m:manifest xmlns:m="urn:oasis:names:tc:opendocument:xmlns'
            ':manifest:1.0"/>',
        },
        stored=("mimetype",),
    )
    file = worked(amira, item, fetching, "application/vnd.oasis.opendocument.text")
    preview = made(amira, file)["preview"]
    assert preview["state"] == "not_available"
    assert "fetch" in str(preview["reason"])
