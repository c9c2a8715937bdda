"""Published documents as ready answers: bytes made once, sent without waking FastAPI.

A published version never changes, so that its answer in each language is computed when it is first
needed and kept on a `Shelf`. `PublishedDocuments` stands before the application and answers from
the shelf; what is not there yet goes through the ordinary routes, which put it there.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Self

from sqlalchemy.orm import Session
from starlette.types import ASGIApp, Receive, Scope, Send

from app.framework import queries, tree
from app.framework.content import DEFAULT_LANGUAGE, Kind
from app.framework.models import ReferenceVersion
from app.kit.canonical import Json
from app.kit.http import same_version

FOLDERS = {Kind.FRAMEWORK: "frameworks", Kind.SCHEME: "schemes", Kind.CHARTER: "charters"}
FOR_AN_HOUR = "public, max-age=3600"
"""Not "immutable": a newer release of the service may word the same content in more members."""

Headers = list[tuple[bytes, bytes]]

_CHOICE = re.compile(
    r"\s*(?P<language>\*|[A-Za-z]{1,8})(?:-[A-Za-z0-9-]*)?\s*(?:;\s*q\s*=\s*(?P<q>[01](?:\.\d*)?))?\s*"
)


def preferred(accept_language: str, offered: tuple[str, ...]) -> str:
    """Return the offered language a reader prefers (RFC 9110, 12.5.4), else the first one."""
    best, best_weight = offered[0], 0.0
    for choice in accept_language[:400].split(","):
        found = _CHOICE.fullmatch(choice)
        if found is None:
            continue
        language = found["language"].lower()
        language = offered[0] if language == "*" else language
        weight = float(found["q"] or 1)
        if language in offered and weight > best_weight:
            best, best_weight = language, weight
    return best


@dataclass(frozen=True, slots=True)
class Answer:
    """One body in one language, with its headers, whole and for "not modified"."""

    tag: str
    """A strong ETag, in its quotes."""
    body: bytes
    whole: Headers
    unchanged: Headers

    @classmethod
    def of(cls, content: Json, language: str, *, cache: str = FOR_AN_HOUR) -> Self:
        body = json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()
        tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
        both = {"etag": tag, "cache-control": cache, "vary": "Accept-Language"}
        whole = {
            **both,
            "content-type": "application/json",
            "content-length": str(len(body)),
            "content-language": language,
            "x-content-type-options": "nosniff",
        }
        return cls(tag, body, _raw(whole), _raw(both))

    def is_known_to(self, if_none_match: str | None) -> bool:
        """Tell whether a reader holds this body already."""
        return if_none_match == self.tag or same_version(if_none_match, self.tag)


@dataclass(frozen=True, slots=True)
class Answers:
    """The same document in each of its languages; the first is the one for all others."""

    by_language: Mapping[str, Answer]
    languages: tuple[str, ...]
    by_query: Mapping[bytes, Answer]

    @classmethod
    def of(cls, by_language: Mapping[str, Answer]) -> Self:
        # English first, where there is any: what a reader without a preference gets.
        languages = tuple(sorted(by_language, key=lambda one: one != DEFAULT_LANGUAGE))
        by_query = {f"lang={language}".encode(): one for language, one in by_language.items()}
        return cls(by_language, languages, by_query)

    def choose(self, lang: str | None, accept_language: str | None) -> Answer:
        """Return the answer in the language that was asked for, or that comes nearest.

        `lang` (from the address) goes before the header; a language that the document is not
        written in gives the first one.
        """
        return self.by_language[chosen(lang, accept_language, self.languages)]


def chosen(lang: str | None, accept_language: str | None, offered: tuple[str, ...]) -> str:
    """Return one of the offered languages for a reader; the first for a language not offered."""
    if lang is not None:
        language = lang.split("-")[0].lower()
        return language if language in offered else offered[0]
    return preferred(accept_language or "", offered)


class Shelf:
    """The answers made so far, by address."""

    def __init__(self, prefix: str = "/api/v1") -> None:
        self.prefix = prefix
        self.by_path: dict[str, Answers] = {}

    def fill(self, session: Session) -> None:
        """Make the answers of everything that has been published, for example at start-up."""
        for version in queries.frozen(session):
            self._put(session, version)

    def answers(self, session: Session, kind: Kind, code: str, version: str) -> Answers:
        """Return a document's answers, making them if need be; refuses what is not published."""
        ready = self.by_path.get(self._path(kind, code, version))
        return ready or self._put(session, queries.readable_by_all(session, kind, code, version))

    def _put(self, session: Session, version: ReferenceVersion) -> Answers:
        content = queries.content(session, version.id)
        answers = Answers.of(
            {
                language: Answer.of(
                    tree.document(content, version.content_hash, language), language
                )
                for language in content.languages
            }
        )
        self.by_path[self._path(version.kind, version.code, version.version)] = answers
        return answers

    def _path(self, kind: Kind, code: str, version: str) -> str:
        return f"{self.prefix}/{FOLDERS[kind]}/{code}/versions/{version}"


class PublishedDocuments:
    """Answers GET and HEAD of published documents from the shelf; all else goes to the app."""

    def __init__(self, app: ASGIApp, shelf: Shelf) -> None:
        self.app = app
        self.by_path = shelf.by_path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        found = self._found(scope)
        if found is None:
            await self.app(scope, receive, send)
            return
        answer, unchanged = found
        # A list of their own: whoever stands further out may add to it.
        headers = (answer.unchanged if unchanged else answer.whole).copy()
        status = 304 if unchanged else 200
        await send({"type": "http.response.start", "status": status, "headers": headers})
        body = b"" if unchanged or scope["method"] == "HEAD" else answer.body
        await send({"type": "http.response.body", "body": body})

    def _found(self, scope: Scope) -> tuple[Answer, bool] | None:
        """Return the ready answer to a request, and whether the reader holds it already."""
        if scope["type"] != "http" or scope["method"] not in ("GET", "HEAD"):
            return None
        answers = self.by_path.get(scope["path"])
        if answers is None:
            return None
        accept_language, if_none_match = b"", None
        for name, value in scope["headers"]:
            if name == b"accept-language":
                accept_language = value
            elif name == b"if-none-match":
                if_none_match = value.decode("latin-1")
        query = scope["query_string"]
        if not query:
            answer = answers.by_language[_preferred(accept_language, answers.languages)]
        elif query in answers.by_query:
            answer = answers.by_query[query]
        else:
            return None
        return answer, if_none_match is not None and answer.is_known_to(if_none_match)


@lru_cache(maxsize=512)
def _preferred(accept_language: bytes, offered: tuple[str, ...]) -> str:
    """Return the same as `preferred`, remembered by the bytes that browsers repeat."""
    return preferred(accept_language.decode("latin-1"), offered)


def _raw(headers: Mapping[str, str]) -> Headers:
    return [(name.encode(), value.encode()) for name, value in headers.items()]
