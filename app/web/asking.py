"""The pages for invited persons as HTML: facts in, text out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from app.evidence.evaluation import questions
from app.evidence.models import InvitationKind, TestimonyForm
from app.evidence.queries.invitations import Asked
from app.web.asking_texts import ASK, DONE_WORDS
from app.web.pages import render

DONE = frozenset(DONE_WORDS["en"])
"""What can come of an answer."""


@dataclass(frozen=True, slots=True)
class Filled:
    """What a person has filled in, and what of it is to be mended."""

    name: str = ""
    words: str = ""
    scope: str = ""
    answers: Mapping[str, int] = field(default_factory=dict)
    missing: frozenset[str] = frozenset()


def asking_page(
    asked: Asked,
    filled: Filled,
    *,
    path: str,
    issuer: str,
    language: str,
    indicators: Sequence[tuple[str, str]],
) -> str:
    """Return the page that says what is asked, with the form to answer it."""
    invitation = asked.invitation
    kind = str(invitation.kind)
    if invitation.kind == InvitationKind.TESTIMONY:
        kind = str(invitation.form)
    return render(
        "asking.html",
        language,
        issuer=issuer,
        path=path,
        ask=ASK[language],
        kind=kind,
        asked=asked,
        filled=filled,
        indicators=indicators,
        evaluation=questions() if invitation.form == TestimonyForm.EVALUATION else None,
    )


def closed_page(*, issuer: str, language: str) -> str:
    """Return the page for every link that is not good, whatever the reason."""
    return render("closed.html", language, issuer=issuer, path="", ask=ASK[language])


def done_page(what: str, *, issuer: str, language: str) -> str:
    """Return the page that says an answer was kept."""
    title, text = DONE_WORDS[language][what]
    return render(
        "done.html", language, issuer=issuer, path=f"/i/done/{what}", heading=title, text=text
    )
