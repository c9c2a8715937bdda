"""The demo's documents: a client file as PDF, a testimony as Word document, a journal, a survey."""

from __future__ import annotations

import csv
import zipfile
from pathlib import Path
from typing import Final
from xml.sax.saxutils import escape

from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import (
    BaseDocTemplate,
    Flowable,
    PageBreak,
    Paragraph,
    SimpleDocTemplate,
    Spacer,
    Table,
    TableStyle,
)

from app.cli.material import client_case
from app.cli.material.lettering import BOLD, REGULAR

PAGES: Final = len(client_case.PAGES) + 1
INK: Final = colors.HexColor("#1f2a33")
RULE: Final = colors.HexColor("#b9c2c9")
SHADE: Final = colors.HexColor("#eef2f4")
TITLE: Final = ParagraphStyle("title", fontName="Demo-Bold", fontSize=26, leading=32, textColor=INK)
HEADING: Final = ParagraphStyle(
    "heading", fontName="Demo-Bold", fontSize=16, leading=22, spaceAfter=5 * mm, textColor=INK
)
BODY: Final = ParagraphStyle(
    "body", fontName="Demo", fontSize=11, leading=16.5, spaceAfter=3.5 * mm, textColor=INK
)
CELL: Final = ParagraphStyle("cell", parent=BODY, fontSize=9.5, leading=13, spaceAfter=0)
RULED: Final = TableStyle(
    [
        ("GRID", (0, 0), (-1, -1), 0.5, RULE),
        ("BACKGROUND", (0, 0), (-1, 0), SHADE),
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
    ]
)


def client_file(path: Path) -> None:
    """Write the mentor's file of one client as PDF, the same bytes every time."""
    pdfmetrics.registerFont(TTFont("Demo", REGULAR))
    pdfmetrics.registerFont(TTFont("Demo-Bold", BOLD))
    paper = SimpleDocTemplate(
        str(path),
        pagesize=A4,
        title=f"Mentoring file, {client_case.CASE}",
        author="A candidate mentor",
        invariant=1,
        initialFontName="Demo",
        leftMargin=24 * mm,
        rightMargin=24 * mm,
        topMargin=24 * mm,
        bottomMargin=24 * mm,
    )
    story = cover()
    for page in client_case.PAGES:
        story += [PageBreak(), *laid_out(page)]
    paper.build(story, onFirstPage=footer, onLaterPages=footer)


def cover() -> list[Flowable]:
    return [
        Spacer(1, 70 * mm),
        Paragraph("Mentoring file", TITLE),
        Spacer(1, 6 * mm),
        Paragraph(client_case.CASE, HEADING),
        Paragraph(client_case.SECTOR, BODY),
        Paragraph("March 2025 to March 2026, eleven meetings", BODY),
        Paragraph("Names, places and figures have been changed.", BODY),
    ]


def laid_out(page: client_case.Page) -> list[Flowable]:
    story: list[Flowable] = [Paragraph(escape(page.heading), HEADING)]
    story += [Paragraph(escape(text), BODY) for text in page.paragraphs]
    if page.table:
        rows = [[Paragraph(escape(cell), CELL) for cell in row] for row in page.table]
        story += [Spacer(1, 3 * mm), Table(rows, style=RULED, hAlign="LEFT", repeatRows=1)]
    return story


def footer(canvas: Canvas, paper: BaseDocTemplate) -> None:
    canvas.setFont("Demo", 8.5)
    canvas.drawString(24 * mm, 14 * mm, client_case.CASE)
    canvas.drawRightString(A4[0] - 24 * mm, 14 * mm, f"{paper.page} / {PAGES}")


PACKAGE: Final = "http://schemas.openxmlformats.org/package/2006"
OFFICE: Final = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
WORD: Final = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
WORD_TYPE: Final = "application/vnd.openxmlformats-officedocument.wordprocessingml"
DECLARATION: Final = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
TYPES: Final = (
    f'<Types xmlns="{PACKAGE}/content-types">'
    '<Default Extension="rels" '
    'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    f'<Override PartName="/word/document.xml" ContentType="{WORD_TYPE}.document.main+xml"/>'
    f'<Override PartName="/word/styles.xml" ContentType="{WORD_TYPE}.styles+xml"/></Types>'
)
ROOT_LINKS: Final = (
    f'<Relationships xmlns="{PACKAGE}/relationships"><Relationship Id="rId1" '
    f'Type="{OFFICE}/officeDocument" Target="word/document.xml"/></Relationships>'
)
WORD_LINKS: Final = (
    f'<Relationships xmlns="{PACKAGE}/relationships"><Relationship Id="rId1" '
    f'Type="{OFFICE}/styles" Target="styles.xml"/></Relationships>'
)
STYLES: Final = (
    f'<w:styles xmlns:w="{WORD}"><w:style w:type="paragraph" w:default="1" w:styleId="Normal">'
    '<w:name w:val="Normal"/><w:pPr><w:spacing w:after="160" w:line="276" w:lineRule="auto"/>'
    '</w:pPr><w:rPr><w:sz w:val="22"/></w:rPr></w:style>'
    '<w:style w:type="paragraph" w:styleId="Heading1"><w:name w:val="heading 1"/>'
    '<w:basedOn w:val="Normal"/><w:next w:val="Normal"/><w:rPr><w:b/><w:sz w:val="32"/></w:rPr>'
    "</w:style></w:styles>"
)


def testimony(path: Path) -> None:
    """Write the mentee's testimony as a Word document."""
    paragraphs = [word_paragraph("Testimony of a mentee", "Heading1")]
    paragraphs += [word_paragraph(text, "Normal") for text in client_case.TESTIMONY]
    page = '<w:sectPr><w:pgSz w:w="11906" w:h="16838"/></w:sectPr>'
    body = f'<w:document xmlns:w="{WORD}"><w:body>{"".join(paragraphs)}{page}</w:body></w:document>'
    parts = {
        "[Content_Types].xml": TYPES,
        "_rels/.rels": ROOT_LINKS,
        "word/document.xml": body,
        "word/styles.xml": STYLES,
        "word/_rels/document.xml.rels": WORD_LINKS,
    }
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as document:
        for name, part in parts.items():
            # An entry described by hand carries a fixed date.
            entry = zipfile.ZipInfo(name)
            document.writestr(entry, DECLARATION + part, zipfile.ZIP_DEFLATED)


def word_paragraph(text: str, style: str) -> str:
    return (
        f'<w:p><w:pPr><w:pStyle w:val="{style}"/></w:pPr><w:r><w:t>{escape(text)}</w:t></w:r></w:p>'
    )


def journal(path: Path) -> None:
    """Write the mentor's journal as Markdown."""
    entries = [
        f"## {day}\n\n{happened}\n\n**What I take from it.** {lesson}\n"
        for day, happened, lesson in client_case.JOURNAL
    ]
    title = f"# Reflective journal, {client_case.CASE.lower()}\n"
    path.write_text("\n".join([title, *entries]), encoding="utf-8")


def survey(path: Path) -> None:
    """Write both parties' answers as CSV."""
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(client_case.SURVEY)
