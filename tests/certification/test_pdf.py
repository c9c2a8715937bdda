"""The printed certificate: what it shows, that it can be checked, that it is always the same."""

from __future__ import annotations

import re
import subprocess
import sys
import unicodedata
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import pikepdf
import pytest

from app.certification.face import CertificateFace
from app.certification.pdf import draw
from app.kit.alphabet import UndrawableText, drawable, has_shape
from app.kit.dates import written_date
from app.kit.lettering import TextTooLong, fitted, typefaces

Tool = Callable[[str], str]

FACE = CertificateFace(
    number="MC-S-2026-000123-33",
    holder_name="Amira Haddad",
    level_title="Senior business mentor",
    scheme_title="Certified business mentor",
    scheme_version="2020.1",
    framework_title="Business mentor competence framework",
    framework_version="2020.1",
    issuer="Chamber of Mentors",
    issued_on=date(2026, 6, 1),
    valid_until=date(2029, 5, 31),
    competences=[(number, f"Competence that is number {number}") for number in range(1, 16)],
    labels=["FinTech", "Tourism"],
    verification_url="https://register.example/verify/MC-S-2026-000123-33",
    language="en",
)
LONGEST_NAME = 200
"""In characters: `app.kit.fields.Line`."""
LONG_NAME = "Prof. Dr. María de los Ángeles Fernández-Villaverde y Rodríguez de la Fuente"
NAMES = [
    "Amira Haddad",
    "Szőkéné Győrffy Tünde Űrsula",
    "Ștefan Țepeș",
    "Ελένη Παπαδοπούλου",
    "Дмитрий Шевченко Їжак",
    "Nguyễn Thị Ánh",
    LONG_NAME,
]


def written(face: CertificateFace, folder: Path) -> Path:
    file = folder / "certificate.pdf"
    file.write_bytes(draw(face))
    return file


def output(*command: str | Path) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def text_of(face: CertificateFace, folder: Path, tool: Tool) -> str:
    text = output(tool("pdftotext"), "-layout", written(face, folder), "-")
    return " ".join(text.split())


@pytest.mark.parametrize("name", NAMES)
def test_the_holders_name_can_be_read_back_in_any_european_script(
    name: str, tmp_path: Path, tool: Tool
) -> None:
    assert name in text_of(replace(FACE, holder_name=name), tmp_path, tool)


def test_everything_that_matters_stands_on_one_page(tmp_path: Path, tool: Tool) -> None:
    text = text_of(FACE, tmp_path, tool)

    for fact in [
        "Senior business mentor",
        "Certified business mentor, certification scheme version 2020.1",
        "Sector labels: FinTech · Tourism",
        "MC-S-2026-000123-33",
        "1 June 2026",
        "31 May 2029",
        "Competence that is number 15",
        "Business mentor competence framework, version 2020.1",
        "Chamber of Mentors attests that",
        FACE.verification_url,
    ]:
        assert fact in text
    assert len(pikepdf.open(tmp_path / "certificate.pdf").pages) == 1


def test_no_accreditation_is_claimed(tmp_path: Path, tool: Tool) -> None:
    for language in ("en", "fr"):
        text = text_of(replace(FACE, language=language), tmp_path, tool)
        assert not re.search(r"accr[eé]dit|17024|approved|agréé", text, re.IGNORECASE)


def test_a_french_certificate_speaks_french(tmp_path: Path, tool: Tool) -> None:
    text = text_of(replace(FACE, language="fr"), tmp_path, tool)

    assert "Le présent certificat atteste que Amira Haddad est titulaire" in text
    assert "1er juin 2026" in text
    assert "31 mai 2029" in text
    assert "Labels sectoriels : FinTech · Tourism" in text


def test_competences_that_do_not_fit_go_to_further_pages(tmp_path: Path, tool: Tool) -> None:
    many = [(number, f"Competence that is number {number}") for number in range(1, 151)]
    text = text_of(replace(FACE, competences=many), tmp_path, tool)

    assert len(pikepdf.open(tmp_path / "certificate.pdf").pages) == 3
    assert "listed on the following page" in text
    assert text.count("MC-S-2026-000123-33 · Amira Haddad · continued") == 2
    assert all(f"{number} Competence that is number {number} " in text for number, _ in many)


def test_a_certificate_without_labels_or_competences_is_still_whole(
    tmp_path: Path, tool: Tool
) -> None:
    text = text_of(replace(FACE, labels=[], competences=[]), tmp_path, tool)

    assert "Sector labels" not in text
    assert "Amira Haddad" in text


@pytest.mark.parametrize("name", NAMES)
def test_every_font_is_embedded(name: str, tmp_path: Path, tool: Tool) -> None:
    rows = output(tool("pdffonts"), written(replace(FACE, holder_name=name), tmp_path))
    fonts = [row.split() for row in rows.splitlines()[2:]]

    assert fonts
    assert all("Roboto" in font[0] for font in fonts)
    # The last columns: embedded, subset, unicode, object number, generation.
    assert all(font[-5:-2] == ["yes", "yes", "yes"] for font in fonts)


@pytest.mark.parametrize("url", [FACE.verification_url, f"https://{'a' * 60}.example/verify/MC"])
def test_the_code_leads_to_the_register(url: str, tmp_path: Path, tool: Tool) -> None:
    file = written(replace(FACE, verification_url=url), tmp_path)
    output(tool("pdftoppm"), "-r", "150", "-png", "-singlefile", file, tmp_path / "page")

    read = output(tool("zbarimg"), "--quiet", "--raw", tmp_path / "page.png")

    assert read.strip() == url


def test_the_same_face_always_gives_the_same_bytes() -> None:
    first = draw(FACE)
    other = draw(replace(FACE, holder_name="Ελένη Παπαδοπούλου"))

    assert draw(FACE) == first
    assert other != first


def test_a_name_in_decomposed_letters_gives_the_same_certificate() -> None:
    name = "Szőkéné Győrffy"
    decomposed = unicodedata.normalize("NFD", f"  {name}\u00a0")

    assert draw(replace(FACE, holder_name=decomposed)) == draw(replace(FACE, holder_name=name))


def test_the_document_says_what_it_is_and_in_which_language(tmp_path: Path) -> None:
    with pikepdf.open(written(replace(FACE, language="fr"), tmp_path)) as pdf:
        assert str(pdf.docinfo["/Title"]) == "Certificat MC-S-2026-000123-33 – Amira Haddad"
        assert str(pdf.docinfo["/Author"]) == "Chamber of Mentors"
        assert str(pdf.Root["/Lang"]) == "fr"
        assert bool(pdf.Root["/ViewerPreferences"]["/DisplayDocTitle"])


@pytest.mark.parametrize(
    ("name", "character"),
    [
        ("Amira 李", "李 (U+674E, CJK UNIFIED IDEOGRAPH-674E)"),
        ("أميرة", "أ (U+0623, ARABIC LETTER ALEF WITH HAMZA ABOVE)"),
        ("Amira \u202eHaddad", "(U+202E, RIGHT-TO-LEFT OVERRIDE)"),
        ("Amira\u200bHaddad", "(U+200B, ZERO WIDTH SPACE)"),
        ("Amira\0", "(U+0000, without a name)"),
    ],
)
def test_a_name_that_cannot_be_drawn_is_refused_character_by_character(
    name: str, character: str
) -> None:
    with pytest.raises(UndrawableText) as refused:
        draw(replace(FACE, holder_name=name))

    assert refused.value.status == 422
    assert character in refused.value.detail
    characters = refused.value.members["characters"]
    assert isinstance(characters, list)
    assert characters[0] == character


def test_the_characters_known_to_have_a_shape_are_those_of_every_font() -> None:
    everything = [chr(code) for code in range(sys.maxunicode + 1)]
    known = {character for character in everything if has_shape(character)}
    shapes = [face.face.charToGlyph for face in typefaces().values()]
    assert len(shapes) == 3
    assert known == {
        character
        for character in everything
        if all(ord(character) in glyphs for glyphs in shapes)
        and not unicodedata.category(character).startswith("C")
    }


def test_the_web_process_refuses_a_name_without_loading_what_draws() -> None:
    asked = (
        "import sys, app.main;"
        "print('app.kit.alphabet' in sys.modules,"
        " sorted({'reportlab', 'font_roboto', 'app.kit.lettering'} & set(sys.modules)))"
    )
    assert output(sys.executable, "-c", asked).split() == ["True", "[]"]


def letters(*scripts: str) -> list[str]:
    """Return every letter and mark of these scripts, composed, that people write names with."""
    blocks = [range(0x41, 0x250), range(0x300, 0x530), range(0x1E00, 0x2000)]
    found = [unicodedata.normalize("NFC", chr(code)) for block in blocks for code in block]
    return [one for one in found if unicodedata.name(one[0], "").startswith(scripts)]


@pytest.mark.parametrize("script", ["LATIN", "GREEK", "CYRILLIC", "COMBINING"])
def test_no_letter_or_accent_of_a_european_script_is_missing(script: str) -> None:
    words = [unicodedata.normalize("NFC", f"A{one}") for one in letters(f"{script} ")]
    assert len(words) > 100
    assert [drawable(word) for word in words] == words


@pytest.mark.parametrize(
    "name",
    [
        *NAMES,
        "Seán O’Brien-D'Arcy",
        "Kaʻahumanu Hawaiʼi ʽAlī",
        "Jean\u2010Luc Anne\u2011Marie Saint\u2013Exupéry",
        "A. B. Smith, Jr.",
        "Łukasz Żółć-Ğül İstanbullu Ɓaɗo",
        "Ἀλέξανδρος ὁ Μέγας",
        "Ѓорѓи Ќосев Ӯзбек",
        "R\u0325ta M\u0302ba",
    ],
)
@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_a_name_is_drawable_however_its_accents_are_written(name: str, form: str) -> None:
    written = unicodedata.normalize(form, name)  # type: ignore[arg-type]
    assert drawable(written.replace(" ", "\u00a0")) == unicodedata.normalize("NFC", name)


@pytest.mark.parametrize("widest", ["W", "Щ", "⸻"])
def test_any_name_that_can_be_entered_fits(widest: str) -> None:
    assert draw(replace(FACE, holder_name=widest * LONGEST_NAME, issuer=widest * LONGEST_NAME))


def test_a_long_name_shrinks_then_wraps_and_is_never_cut_off() -> None:
    sizes = ((36, 1), (18, 2), (12, 3))

    assert fitted("Amira Haddad", "Roboto-Light", 460, sizes) == (36, ["Amira Haddad"])
    assert fitted(LONG_NAME, "Roboto-Light", 460, sizes)[0] == 18
    size, found = fitted("Wolfeschlegelsteinhausen" * 5, "Roboto-Light", 460, sizes)
    assert size == 12
    assert "".join(found) == "Wolfeschlegelsteinhausen" * 5


def test_a_name_beyond_all_measure_is_refused() -> None:
    with pytest.raises(TextTooLong):
        draw(replace(FACE, holder_name="Amira " * 200))


def test_dates_are_written_in_words() -> None:
    assert written_date(date(2027, 8, 1), "fr") == "1er août 2027"
    assert written_date(date(2027, 8, 11), "fr") == "11 août 2027"
    assert written_date(date(2027, 8, 1), "en") == "1 August 2027"
