"""The pages behind a one-time link: somebody without an account reads, and answers once.

A GET never changes anything, for mail scanners open every link. A link that is unknown, used,
expired or taken back looks the same. The secret in the address is what lets an answer in; that the
form was sent from our own page is checked beside it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import RedirectResponse, Response

from app.evidence import consenting, invitations, testimony
from app.evidence.evaluation import AnswersMissing, questions
from app.evidence.invitations import LinkNotOpen
from app.evidence.models import ConsentScope, Invitation, InvitationKind, TestimonyForm
from app.evidence.queries.invitations import asked
from app.framework import queries as reference
from app.kit.db import transaction
from app.kit.errors import Forbidden
from app.portfolio import queries as portfolios
from app.web.asking import DONE, Filled, asking_page, closed_page, done_page
from app.web.routes import PAGE_HEADERS, Issuer, html, language_of
from app.web.texts import LANGUAGES
from app.work import Work

HEADERS = PAGE_HEADERS | {"Cache-Control": "no-store"}
LONGEST_NAME, LONGEST_TEXT = 200, 10_000

router = APIRouter(include_in_schema=False, prefix="/i")


class SentFromElsewhere(Forbidden):
    """This answer was not sent from the page that the link leads to."""


async def form_of(request: Request) -> Mapping[str, str]:
    """Return the form's fields as text; an upload in their place counts as nothing."""
    form = await request.form()
    return {name: value for name, value in form.items() if isinstance(value, str)}


def check_same_site(request: Request) -> None:
    """Refuse a form that another site sent.

    Browsers say where it came from in Sec-Fetch-Site; older ones in Origin, which is "null" for
    ours too, because pages under these links name no referrer.
    """
    site = request.headers.get("sec-fetch-site")
    origin = request.headers.get("origin", "null")
    if site is not None:
        if site != "same-origin":
            raise SentFromElsewhere
    elif origin != "null" and urlsplit(origin).netloc != request.headers.get("host"):
        raise SentFromElsewhere


Fields = Annotated[Mapping[str, str], Depends(form_of)]


@router.get("/done/{what}")
def done(
    what: str, request: Request, issuer: Issuer, lang: Annotated[str | None, Query()] = None
) -> Response:
    """Say that an answer was kept; this page is the same for everybody."""
    language = language_of(request, lang)
    if what not in DONE:
        return _closed(issuer, language)
    return html(done_page(what, issuer=issuer, language=language), language, headers=HEADERS)


@router.get("/{secret}")
def show(
    secret: str, request: Request, issuer: Issuer, lang: Annotated[str | None, Query()] = None
) -> Response:
    """Show what is asked; nothing changes."""
    state = request.app.state
    try:
        with transaction(state.sessions) as session:
            work, invitation = invitations.enter(session, secret, state.store)
            return _page(work, invitation, secret, issuer, lang, Filled())
    except LinkNotOpen:
        return _closed(issuer, language_of(request, lang))


@router.post("/{secret}", dependencies=[Depends(check_same_site)])
def answer(
    secret: str,
    request: Request,
    issuer: Issuer,
    fields: Fields,
    lang: Annotated[str | None, Query()] = None,
) -> Response:
    """Take the one answer, and lead on to a page that can be read again without sending it."""
    state = request.app.state
    try:
        with transaction(state.sessions) as session:
            work, invitation = invitations.enter(session, secret, state.store)
            filled = _filled(invitation, fields)
            if filled.missing:
                return _page(work, invitation, secret, issuer, lang, filled)
            what = _keep(work, invitation, fields, filled)
            language = _language(invitation, lang)
    except LinkNotOpen:
        return _closed(issuer, language_of(request, lang))
    return RedirectResponse(f"/i/done/{what}?lang={language}", 303, HEADERS)


def _keep(work: Work, invitation: Invitation, fields: Mapping[str, str], filled: Filled) -> str:
    if invitation.kind == InvitationKind.WITHDRAWAL:
        consenting.withdraw_by_link(work, invitation)
        return "withdrawn"
    if fields.get("answer") == "decline":
        act = consenting if invitation.kind == InvitationKind.CONSENT else testimony
        act.decline(work, invitation)
        return "declined"
    if invitation.kind == InvitationKind.CONSENT:
        consenting.give(work, invitation, name=filled.name, scope=ConsentScope(filled.scope))
        return "consented"
    testimony.give(work, invitation, name=filled.name, words=filled.words, answers=filled.answers)
    return "testified"


def _filled(invitation: Invitation, fields: Mapping[str, str]) -> Filled:
    """Read the form; an answer that needs no words needs no name either."""
    if invitation.kind == InvitationKind.WITHDRAWAL or fields.get("answer") == "decline":
        return Filled()
    name = _line(fields.get("name", ""))
    words = _prose(fields.get("words", ""))
    scope, missing = fields.get("scope", ""), set()
    given: dict[str, int] = {}
    if not name:
        missing.add("name")
    if invitation.kind == InvitationKind.CONSENT:
        allowed = {ConsentScope.ASSESSMENT.value, str(invitation.scope)}
        if scope not in allowed or fields.get("agree") != "yes":
            missing.add("agree")
    else:
        if not words:
            missing.add("words")
        if invitation.form == TestimonyForm.EVALUATION:
            given = _answers(fields)
            try:
                questions().check(given)
            except AnswersMissing:
                missing.add("answers")
    return Filled(name, words, scope, given, frozenset(missing))


def _answers(fields: Mapping[str, str]) -> dict[str, int]:
    found = {one.code: fields.get(f"q-{one.code}", "") for one in questions().questions}
    return {code: int(value) for code, value in found.items() if value in set("0123456789")}


def _line(words: str) -> str:
    plain = " ".join(_prose(words).split())
    return plain if len(plain) <= LONGEST_NAME and plain.isprintable() else ""


def _prose(words: str) -> str:
    """Return what can be kept of a text, or nothing; line ends are one character everywhere."""
    plain = words.replace("\r\n", "\n").strip()
    if len(plain) > LONGEST_TEXT or "\x00" in plain:
        return ""
    return "" if any("\ud800" <= one <= "\udfff" for one in plain) else plain


def _page(
    work: Work,
    invitation: Invitation,
    secret: str,
    issuer: str,
    lang: str | None,
    filled: Filled,
) -> Response:
    language = _language(invitation, lang)
    page = asking_page(
        asked(work, invitation),
        filled,
        path=f"/i/{secret}",
        issuer=issuer,
        language=language,
        indicators=_indicators(work, invitation, language),
    )
    return html(page, language, status=422 if filled.missing else 200, headers=HEADERS)


def _language(invitation: Invitation, lang: str | None) -> str:
    """Return the language asked for, else the one that the person was invited in."""
    return lang if lang is not None and lang in LANGUAGES else invitation.language


def _indicators(work: Work, invitation: Invitation, language: str) -> list[tuple[str, str]]:
    """Return the indicators that a testimony is to speak about, in words."""
    if not invitation.indicators:
        return []
    portfolio = portfolios.portfolio_to_read_for_duty(work, invitation.portfolio_id)
    known = reference.framework(work.session, portfolio.framework_id).indicators
    return [
        (code, known[code].statement.in_language(language)[0])
        for code in invitation.indicators
        if code in known
    ]


def _closed(issuer: str, language: str) -> Response:
    page = closed_page(issuer=issuer, language=language)
    return html(page, language, status=404, headers=HEADERS)
