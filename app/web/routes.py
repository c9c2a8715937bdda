"""The public pages over HTTP: the start page and the check of certificates."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from app.certification import public
from app.certification.numbers import MistypedNumber, normalise
from app.certification.register import PublicCertificate
from app.kit.clock import utc_now
from app.web import pages
from app.web.assets import assets
from app.web.texts import LANGUAGES, preferred_language

PAGE_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self';"
    " form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-cache",
    "Vary": "Accept-Language",
    # Whoever holds a number may check it; a search engine should not list the holders.
    "X-Robots-Tag": "noindex",
}
FOR_EVER = {"Cache-Control": "public, max-age=31536000, immutable"}

FindCertificate = Callable[[str], PublicCertificate | None]

router = APIRouter(include_in_schema=False)


def language_of(request: Request, lang: Annotated[str | None, Query()] = None) -> str:
    """Return the reader's language: `?lang=`, else what the browser prefers."""
    return preferred_language(lang, request.headers.get("accept-language", ""))


def issuer_of(request: Request) -> str:
    """Return the name this installation goes by."""
    issuer: str = request.app.state.settings.issuer
    return issuer


def certificate_finder(request: Request) -> FindCertificate:
    """Return the function that looks a number up in the public register."""
    return partial(public.public_certificate, request.app.state.sessions)


Language = Annotated[str, Depends(language_of)]
Issuer = Annotated[str, Depends(issuer_of)]
Find = Annotated[FindCertificate, Depends(certificate_finder)]


@router.get("/")
def start(issuer: Issuer, language: Language) -> Response:
    """Show what this service is."""
    return html(pages.start_page(issuer=issuer, language=language), language)


@router.get("/verify")
def look_up(
    request: Request, issuer: Issuer, language: Language, number: Annotated[str, Query()] = ""
) -> Response:
    """Ask for a number, or lead from the number typed to what the register says."""
    if not number.strip():
        return html(pages.lookup_page(issuer=issuer, language=language), language)
    try:
        return _to_certificate(request, normalise(number))
    except MistypedNumber:
        return _mistyped(number, issuer, language)


@router.get("/verify/{number}")
def verify(
    request: Request, number: str, issuer: Issuer, language: Language, find: Find
) -> Response:
    """Show what the register says about one certificate now."""
    try:
        known_as = normalise(number)
    except MistypedNumber:
        return _mistyped(number, issuer, language)
    if known_as != number:
        return _to_certificate(request, known_as)
    certificate = find(number)
    page = pages.verification_page(
        certificate, number=number, issuer=issuer, language=language, checked_at=utc_now()
    )
    return html(page, language, status=200 if certificate else 404)


@router.get("/static/{name}")
def asset(name: str) -> Response:
    """Serve a style sheet or drawing; its name changes with its content."""
    if name not in assets():
        return Response(status_code=404)
    body, media_type = assets()[name]
    return Response(
        body, media_type=media_type, headers=FOR_EVER | {"X-Content-Type-Options": "nosniff"}
    )


def _mistyped(typed: str, issuer: str, language: str) -> Response:
    page = pages.mistyped_page(typed[:64], issuer=issuer, language=language)
    return html(page, language, status=MistypedNumber.status)


def _to_certificate(request: Request, number: str) -> Response:
    """Lead to the page of `number`, keeping a language that was asked for."""
    lang = request.query_params.get("lang")
    query = f"?{urlencode({'lang': lang})}" if lang in LANGUAGES else ""
    return RedirectResponse(f"/verify/{number}{query}", status_code=303, headers=PAGE_HEADERS)


def html(
    text: str, language: str, *, status: int = 200, headers: Mapping[str, str] = PAGE_HEADERS
) -> Response:
    """Return a page with the headers that keep it to itself."""
    return HTMLResponse(text, status_code=status, headers={**headers, "Content-Language": language})
