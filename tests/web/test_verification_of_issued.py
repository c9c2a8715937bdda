"""The public page of a certificate that was really issued."""

from __future__ import annotations

from starlette.testclient import TestClient

from app.certification.numbers import certificate_number
from tests import assess, rules
from tests.make import Tenant
from tests.web.test_pages import text_of


def test_anyone_reads_the_register_entry_in_english_and_french(
    tenant: Tenant, browser: TestClient
) -> None:
    case, number = assess.certified(assess.panel(tenant))
    english = browser.get(f"/verify/{number}", headers={"accept-language": "en"})
    assert english.status_code == 200
    assert english.headers["content-language"] == "en"
    for fact in (number, case.amira.name, "Junior business mentor", "Certifiers", "Active"):
        assert fact in text_of(english.text)

    french = browser.get(f"/verify/{number}?lang=fr")
    assert french.headers["content-language"] == "fr"
    assert "Mentor d&#39;entreprise junior" in french.text or "entreprise junior" in french.text
    for secret in (case.portfolio_id, case.amira.id, tenant.id):
        assert str(secret) not in english.text


def test_a_typed_number_leads_to_the_entry_and_others_are_told_apart(
    tenant: Tenant, browser: TestClient
) -> None:
    _, number = assess.certified(assess.panel(tenant))
    typed = number.lower().replace("-", " ")
    answer = browser.get("/verify", params={"number": typed}, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/verify/{number}")

    unknown = certificate_number(
        rules.scheme().certificate.number_format, letter="J", year=2026, serial=999_998
    )
    assert browser.get(f"/verify/{unknown}").status_code == 404
    swapped = number[:-2] + number[-1] + number[-2]
    if swapped != number:
        assert browser.get(f"/verify/{swapped}").status_code == 422
    for odd in ("<script>alert(1)</script>", "%00", "x" * 3000):
        page = browser.get("/verify", params={"number": odd})
        assert page.status_code == 422
        assert "<script>" not in page.text
