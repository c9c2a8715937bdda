"""The public pages: what they tell, to whom, in which language, and what they never tell."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from app.certification.numbers import certificate_number
from app.certification.register import PublicCertificate, Status
from app.web import assets as assets_module
from app.web.pages import mistyped_page, verification_page
from app.web.routes import certificate_finder, router
from app.web.texts import PHRASES, STATUS, in_language, preferred_language

NUMBER = "MC-S-2026-000123-33"
UNKNOWN = certificate_number(
    "MC-{letter}-{year}-{serial:06d}-{check:02d}", letter="M", year=2027, serial=7
)
NOON = datetime(2027, 3, 1, 12, 0, tzinfo=UTC)
CERTIFICATE = PublicCertificate(
    number=NUMBER,
    status=Status.ACTIVE,
    holder_name="Amira Haddad",
    level="senior",
    level_title={"en": "Senior business mentor", "fr": "Mentor d'entreprise senior"},
    scheme_code="MENTORCERT-BM",
    scheme_title={"en": "Certified business mentor", "fr": "Mentor d'entreprise certifié"},
    scheme_version="2020.1",
    framework_version="2020.2",
    issuer="Chamber of Mentors",
    issued_on=date(2026, 11, 21),
    valid_until=date(2029, 11, 20),
    competences=[(2, {"en": "Establish the relationship", "fr": "Établir la relation"})],
    history=[(Status.ACTIVE, datetime(2026, 11, 21, 9, 30, tzinfo=UTC))],
)


def page_of(
    certificate: PublicCertificate | None, *, language: str = "en", at: datetime = NOON
) -> str:
    return verification_page(
        certificate, number=NUMBER, issuer="MENTORCERT", language=language, checked_at=at
    )


def text_of(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


@pytest.fixture
def browser() -> TestClient:
    """A visitor of an installation whose register holds one certificate."""
    app = FastAPI()
    app.state.settings = SimpleNamespace(issuer="MENTORCERT")
    app.include_router(router)
    app.dependency_overrides[certificate_finder] = lambda: {NUMBER: CERTIFICATE}.get
    return TestClient(app, follow_redirects=False)


def test_a_certificate_shows_its_facts() -> None:
    text = text_of(page_of(CERTIFICATE))

    for fact in [
        f"Certificate {NUMBER}",
        "Active This certificate is valid today.",
        "Issued to Amira Haddad",
        "Senior business mentor",
        "Certified business mentor, version 2020.1",
        "Competence framework, version 2020.2",
        "Issued by Chamber of Mentors",
        "Issued on 21 November 2026",
        "Valid until 20 November 2029",
        "2 Establish the relationship",
        "Checked against the register on 1 March 2027 at 12:00 UTC",
    ]:
        assert fact in text
    assert f'href="/api/v1/certificates/{NUMBER}"' in page_of(CERTIFICATE)


def test_a_certificate_can_be_read_in_french() -> None:
    page = page_of(CERTIFICATE, language="fr")

    assert '<html lang="fr">' in page
    assert "Délivré le 21 novembre 2026" in text_of(page)
    assert "Mentor d&#39;entreprise senior" in page
    assert "Senior business mentor" not in page


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("status", list(Status))
def test_every_status_is_said_in_words(status: Status, language: str) -> None:
    word, sentence = STATUS[language][status]
    text = text_of(page_of(replace(CERTIFICATE, status=status), language=language))

    assert f"{word} {sentence}" in text.replace("&#39;", "'")


def test_a_certificate_past_its_last_day_is_shown_as_expired_and_since_when() -> None:
    last_evening = datetime(2029, 11, 20, 23, 59, tzinfo=UTC)
    next_morning = datetime(2029, 11, 21, 0, 0, tzinfo=UTC)

    assert "This certificate is valid today." in text_of(page_of(CERTIFICATE, at=last_evening))
    expired = text_of(page_of(CERTIFICATE, at=next_morning))
    assert "This certificate is past its last day of validity." in expired
    assert "21 November 2029 Expired 21 November 2026 Active" in expired


def test_the_history_tells_the_newest_change_first() -> None:
    suspended = replace(
        CERTIFICATE,
        status=Status.SUSPENDED,
        history=[*CERTIFICATE.history, (Status.SUSPENDED, datetime(2027, 2, 3, tzinfo=UTC))],
    )

    assert "3 February 2027 Suspended 21 November 2026 Active" in text_of(page_of(suspended))


def test_a_number_the_register_does_not_know_is_met_with_kind_words() -> None:
    page = page_of(None)

    assert "No certificate has this number" in text_of(page)
    assert f'value="{NUMBER}"' in page


def test_nothing_in_a_page_is_taken_for_markup() -> None:
    attack = '"><script>alert(1)</script>'
    pages = [
        page_of(replace(CERTIFICATE, holder_name=attack, issuer=attack)),
        mistyped_page(attack, issuer=attack, language="en"),
    ]

    for page in pages:
        assert "&lt;script&gt;alert(1)" in page
        assert "<script" not in page
        assert 'value="">' not in page


@pytest.mark.parametrize("path", ["/", "/verify", f"/verify/{NUMBER}", "/verify/nonsense"])
def test_every_page_forbids_scripts_frames_and_foreign_content(
    path: str, browser: TestClient
) -> None:
    answer = browser.get(path)

    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["content-security-policy"] == (
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self';"
        " frame-ancestors 'none'; base-uri 'none'"
    )
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert not re.search(r"<script|\sstyle=|\son[a-z]+=|https?://", answer.text)


@pytest.mark.parametrize(
    ("accepted", "language"),
    [("fr-BE,fr;q=0.9,en;q=0.8", "fr"), ("de,en;q=0.8,fr;q=0.7", "en"), ("hu", "en"), ("", "en")],
)
def test_a_page_speaks_the_language_the_browser_prefers(
    accepted: str, language: str, browser: TestClient
) -> None:
    answer = browser.get("/", headers={"Accept-Language": accepted})

    assert answer.headers["content-language"] == language
    assert f'<html lang="{language}">' in answer.text
    assert answer.headers["vary"] == "Accept-Language"


def test_the_language_asked_for_wins_over_the_browsers() -> None:
    assert preferred_language("fr", "en") == "fr"
    assert preferred_language("tlh", "fr;q=0.5, en;q=broken, en;q=0") == "fr"


@pytest.mark.parametrize("typed", [NUMBER, " mc s 2026 000123 33 ", "MCS202600012333"])
def test_the_form_leads_to_the_certificate_however_the_number_is_typed(
    typed: str, browser: TestClient
) -> None:
    answer = browser.get("/verify", params={"number": typed, "lang": "fr"})

    assert answer.status_code == 303
    assert answer.headers["location"] == f"/verify/{NUMBER}?lang=fr"


def test_a_loosely_written_address_leads_to_the_lasting_one(browser: TestClient) -> None:
    answer = browser.get("/verify/mcs202600012333")

    assert answer.status_code == 303
    assert answer.headers["location"] == f"/verify/{NUMBER}"


def test_a_known_certificate_is_found_and_an_unknown_one_is_not(browser: TestClient) -> None:
    found = browser.get(f"/verify/{NUMBER}")
    unknown = browser.get(f"/verify/{UNKNOWN}")

    assert found.status_code == 200
    assert "Amira Haddad" in found.text
    assert unknown.status_code == 404
    assert "No certificate has this number" in unknown.text


@pytest.mark.parametrize("path", ["/verify/MC-S-2026-000123-34", "/verify?number=MC-S-2026"])
def test_a_mistyped_number_is_explained_and_can_be_mended(path: str, browser: TestClient) -> None:
    answer = browser.get(path)

    assert answer.status_code == 422
    assert "This number contains a mistake" in answer.text
    assert 'value="MC-S-2026' in answer.text
    assert 'aria-invalid="true"' in answer.text


def test_the_style_sheet_may_be_kept_for_ever_under_its_name(browser: TestClient) -> None:
    sources = re.findall(r'(?:href|src)="(/static/[^"]+)"', browser.get("/").text)

    assert len(set(sources)) == 2
    for source in sources:
        answer = browser.get(source)
        assert answer.status_code == 200
        assert "immutable" in answer.headers["cache-control"]
    assert browser.get("/static/pages.css").status_code == 404
    assert browser.get("/static/..%2froutes.py").status_code == 404


def test_both_languages_say_the_same_things() -> None:
    assert PHRASES["en"].keys() == PHRASES["fr"].keys()
    assert STATUS["en"].keys() == STATUS["fr"].keys() == set(Status)


def test_a_title_that_is_not_translated_is_shown_in_a_language_there_is() -> None:
    assert in_language({"en": "Mentor", "hu": "Mentor HU"}, "fr") == "Mentor"
    assert in_language({"hu": "Mentor HU"}, "fr") == "Mentor HU"
    assert in_language({}, "fr") == ""


def palettes() -> list[dict[str, str]]:
    """Return the colours of the style sheet by name: light, dark."""
    css = (Path(assets_module.__file__).parent / "static" / "pages.css").read_text()
    roots = re.findall(r":root \{([^}]*)\}", css)
    return [dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", root)) for root in roots[:2]]


def luminance(colour: str) -> float:
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize(
    ("text", "ground", "least"),
    [
        *[
            (text, ground, 4.5)
            for text in ("ink", "quiet", "link")
            for ground in ("paper", "sheet")
        ],
        ("accent", "sheet", 4.5),
        ("on-button", "button", 4.5),
        ("good", "good-bed", 4.5),
        ("pause", "pause-bed", 4.5),
        ("bad", "bad-bed", 4.5),
        ("past", "past-bed", 4.5),
        ("edge", "sheet", 3.0),
        ("edge", "paper", 3.0),
        ("bad", "sheet", 3.0),
    ],
)
def test_colours_have_the_contrast_that_wcag_asks(text: str, ground: str, least: float) -> None:
    for palette in palettes():
        darker, lighter = sorted([luminance(palette[text]), luminance(palette[ground])])
        assert (lighter + 0.05) / (darker + 0.05) >= least
