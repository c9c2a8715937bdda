"""The words of documents are read in their order, slide by slide where there are slides."""

from __future__ import annotations

import zipfile
from io import BytesIO

import pytest

from app.evidence.media.catalogue import OPEN_DOCUMENT
from app.evidence.media.making import markup, words
from app.evidence.media.refusals import ActiveContent
from tests.evidence.samples import SHEET, SLIDES, WORD, zipped

DRAWING = "http://schemas.openxmlformats.org/drawingml/2006/main"
RELATION = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def pages(parts: dict[str, str], media_type: str) -> list[tuple[int | None, str]]:
    with zipfile.ZipFile(BytesIO(zipped(parts))) as document:
        found = markup.pages(document, media_type)
        return [(page, words.tidy(said)) for page, said in found if words.tidy(said)]


def slide(said: str) -> str:
    return f'<p xmlns:a="{DRAWING}"><a:p><a:r><a:t>{said}</a:t></a:r></a:p></p>'


def test_slides_are_numbered_as_they_are_shown() -> None:
    listed = "".join(f'<p:sldId id="25{n}" r:id="r{n}"/>' for n in (3, 1, 2))
    targets = "".join(
        f'<Relationship Id="r{n}" Type="{RELATION}/slide" Target="slides/slide{n}.xml"/>'
        for n in (1, 2, 3)
    )
    parts = {
        "ppt/presentation.xml": f'<p:presentation xmlns:p="p" xmlns:r="{RELATION}">'
        f"<p:sldIdLst>{listed}</p:sldIdLst></p:presentation>",
        "ppt/_rels/presentation.xml.rels": f"<Relationships>{targets}</Relationships>",
        **{f"ppt/slides/slide{n}.xml": slide(f"Slide {n}") for n in (1, 2, 3)},
    }
    assert pages(parts, SLIDES) == [(1, "Slide 3"), (2, "Slide 1"), (3, "Slide 2")]


def test_slides_that_nothing_lists_are_numbered_by_their_names() -> None:
    parts = {f"ppt/slides/slide{n}.xml": slide(f"Slide {n}") for n in (10, 2, 1)}
    assert [said for _, said in pages(parts, SLIDES)] == ["Slide 1", "Slide 2", "Slide 10"]


def test_words_of_a_letter_stand_paragraph_by_paragraph() -> None:
    def run(said: str) -> str:
        return f"<w:p><w:r><w:t>{said}</w:t></w:r></w:p>"

    parts = {
        "word/document.xml": f'<w:d xmlns:w="w">{run("First")}{run("Second")}'
        "<w:instrText>HYPERLINK</w:instrText></w:d>",
        "word/footnotes.xml": f'<w:f xmlns:w="w">{run("A note")}</w:f>',
    }
    assert pages(parts, WORD) == [(None, "First\nSecond"), (None, "A note")]


def test_words_of_a_table_are_read_once() -> None:
    parts = {
        "xl/sharedStrings.xml": "<sst><si><t>Question</t></si><si><t>Answer</t></si></sst>",
        "xl/worksheets/sheet1.xml": "<w><row><c><v>0</v></c><c><is><t>in place</t></is></c></row>"
        "</w>",
    }
    assert pages(parts, SHEET) == [(None, "Question\nAnswer"), (None, "in place")]


def test_words_of_open_documents_are_read() -> None:
    names = 'xmlns:text="t" xmlns:draw="d"'
    text = f"<o {names}><text:p>First</text:p><text:p>Sec<text:span>ond</text:span></text:p></o>"
    assert pages({"content.xml": text}, f"{OPEN_DOCUMENT}.text") == [(None, "First\nSecond")]
    shown = "".join(f"<draw:page><text:p>Slide {n}</text:p></draw:page>" for n in (1, 2))
    slides = {"content.xml": f"<o {names}>{shown}</o>"}
    assert pages(slides, f"{OPEN_DOCUMENT}.presentation") == [(1, "Slide 1"), (2, "Slide 2")]


def test_a_document_type_is_refused_here_too() -> None:
    billion = '<!DOCTYPE x [<!ENTITY a "aa"><!ENTITY b "&a;&a;">]><w:d xmlns:w="w">&b;</w:d>'
    with pytest.raises(ActiveContent):
        pages({"word/document.xml": billion}, WORD)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (rb"{\rtf1\ansi Minutes {\b first meeting} \{draft\}}", "Minutes first meeting {draft}"),
        (
            rb"{\rtf1 {\fonttbl{\f0 Arial;}}{\*\generator x;}Caf\'e9\par \u337?r}",
            "Café\nőr"[:4] + "\nőr",
        ),
        (rb"{\rtf1 \u-10179?\u-8704? smile}", "😀 smile"),
    ],
)
def test_words_of_rich_text_are_read_without_its_machinery(content: bytes, said: str) -> None:
    assert words.tidy(words.rtf(content)) == said


def test_a_mail_in_html_is_read_without_what_it_hides() -> None:
    mail = (
        b"From: a@example.org\r\nDate: x\r\nSubject: =?utf-8?q?R=C3=A9union?=\r\n"
        b"Content-Type: text/html; charset=utf-8\r\n\r\n"
        b"<html><head><style>p{}</style></head><body><p>Until <b>Tuesday</b></p>"
        b"<script>alert(1)</script></body></html>\r\n"
    )
    assert words.tidy(words.letter(mail)) == "Réunion\n\nUntil Tuesday"


def test_long_pages_are_kept_in_pieces_cut_between_words() -> None:
    long = " ".join(f"word{number}" for number in range(2_000))
    pieces = list(words.parts(long))
    assert len(pieces) > 3
    assert max(map(len, pieces)) <= words.LONGEST_PASSAGE
    assert " ".join(pieces) == long


def test_control_characters_are_left_out() -> None:
    assert words.tidy("a\x00b\x07c \ud800 d\n\n\n\ne") == "a b c d\n\ne"
