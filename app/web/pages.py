"""The public pages as HTML: facts in, text out; no request, no database, no script."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from functools import lru_cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from app.certification.register import PublicCertificate, Status
from app.kit.dates import written_date
from app.web.assets import MARK, STYLE, address
from app.web.texts import LANGUAGES, PHRASES, STATUS, in_language, written_moment

FRAMEWORK_ADDRESS = "/api/v1/frameworks"
API_ADDRESS = "/api/v1/openapi.json"
JSON_ADDRESS = "/api/v1/certificates/{number}"


@dataclass(frozen=True, slots=True)
class Change:
    """One line of a certificate's history."""

    status: Status
    at: datetime


def start_page(*, issuer: str, language: str) -> str:
    """Return the page that says what this service is and lets anyone check a certificate."""
    return render(
        "start.html",
        language,
        issuer=issuer,
        path="/",
        framework_address=FRAMEWORK_ADDRESS,
        api_address=API_ADDRESS,
    )


def lookup_page(*, issuer: str, language: str) -> str:
    """Return the page that asks for a certificate number."""
    return render("lookup.html", language, issuer=issuer, path="/verify", found=None, typed="")


def mistyped_page(typed: str, *, issuer: str, language: str) -> str:
    """Return the page for a number whose check digits do not add up, ready to be mended."""
    return render(
        "lookup.html", language, issuer=issuer, path="/verify", found="mistyped", typed=typed
    )


def verification_page(
    certificate: PublicCertificate | None,
    *,
    number: str,
    issuer: str,
    language: str,
    checked_at: datetime,
) -> str:
    """Return what the register says about `number` at `checked_at` (UTC), if it knows it."""
    path = f"/verify/{number}"
    if certificate is None:
        return render(
            "lookup.html", language, issuer=issuer, path=path, found="unknown", typed=number
        )
    return render(
        "certificate.html",
        language,
        issuer=issuer,
        path=path,
        certificate=certificate,
        status=certificate.status_on(checked_at.date()),
        history=history(certificate, checked_at),
        json_address=JSON_ADDRESS.format(number=number),
        checked_at=checked_at,
        typed="",
    )


def history(certificate: PublicCertificate, checked_at: datetime) -> Sequence[Change]:
    """Return every change of status, newest first, with the expiry that nobody recorded."""
    changes = [Change(status, at) for status, at in certificate.history]
    if certificate.status_on(checked_at.date()) is Status.EXPIRED:
        day = certificate.valid_until + timedelta(days=1)
        changes.append(Change(Status.EXPIRED, datetime.combine(day, time.min, UTC)))
    return changes[::-1]


def render(template: str, language: str, **facts: object) -> str:
    """Return a page from its template, with the words and addresses that every page has."""
    return (
        _templates()
        .get_template(template)
        .render(
            facts,
            language=language,
            languages=LANGUAGES,
            say=PHRASES[language],
            status_words=STATUS[language],
            style=address(STYLE),
            mark=address(MARK),
            title_of=lambda titles: in_language(titles, language),
            date_of=lambda day: written_date(day, language),
            moment_of=lambda moment: written_moment(moment, language),
        )
    )


@lru_cache(maxsize=1)
def _templates() -> Environment:
    return Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
