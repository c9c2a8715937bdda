"""Frameworks, schemes and charters over HTTP: public, without a token."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from fastapi import Depends, Header, Path, Query, Request, Response
from sqlalchemy.orm import Session

from app.framework import queries, service, tree
from app.framework.content import DEFAULT_LANGUAGE, Kind
from app.framework.published import Answer, Shelf, chosen
from app.framework.queries import NoSuchReferenceVersion
from app.framework.schemas import CharterOut, DifferencesOut, FrameworkOut, SchemeOut, VersionOut
from app.kit.canonical import Json
from app.kit.db import Sessions, transaction
from app.kit.fields import Code
from app.kit.http import declared
from app.kit.routing import api_router

frameworks = api_router("/frameworks", "Reference data")
schemes = api_router("/schemes", "Reference data")
charters = api_router("/charters", "Reference data")
routers = (frameworks, schemes, charters)

ALWAYS_ASK = "public, no-cache"


def open_session(request: Request) -> Iterator[Session]:
    """Open a transaction for a reader whom nobody needs to know."""
    sessions: Sessions = request.app.state.sessions
    with transaction(sessions) as session:
        yield session


def shelf(request: Request) -> Shelf:
    found: Shelf = request.app.state.published
    return found


class Reader:
    """What a reader's request says about languages and about what it holds already."""

    def __init__(
        self,
        lang: Annotated[
            str | None,
            Query(
                pattern=r"^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,4}$",
                description="The language to read in; goes before Accept-Language. A text that is"
                ' not written in it comes in its own language, with `"fallback": true`.',
            ),
        ] = None,
        accept_language: Annotated[str | None, Header()] = None,
        if_none_match: Annotated[str | None, Header()] = None,
    ) -> None:
        self.lang = lang
        self.accept_language = accept_language
        self.if_none_match = if_none_match

    def language(self, *offered: str) -> str:
        return chosen(self.lang, self.accept_language, offered)

    def respond(self, answer: Answer) -> Response:
        """Send an answer, or "not modified" to a reader who holds it."""
        known = answer.is_known_to(self.if_none_match)
        response = Response(status_code=304) if known else Response(answer.body)
        response.raw_headers[:] = answer.unchanged if known else answer.whole
        return response


Public = Annotated[Session, Depends(open_session, scope="function")]
Shelved = Annotated[Shelf, Depends(shelf)]
Reading = Annotated[Reader, Depends()]
PathCode = Annotated[Code, Path()]

REFUSALS = declared(NoSuchReferenceVersion)
NOT_MODIFIED: dict[int | str, dict[str, object]] = {
    304: {"description": "What you hold (If-None-Match) is still what there is."}
}


def document(of: type) -> dict[int | str, dict[str, object]]:
    """Describe an answer that is sent as ready bytes."""
    return {200: {"model": of}, **NOT_MODIFIED, **REFUSALS}


def versions(session: Session, kind: Kind, reader: Reader) -> Response:
    """List what has been published of a kind, with the state of each version today."""
    held = [(one, queries.content(session, one.id)) for one in queries.frozen(session, kind)]
    offered = {language for _, content in held for language in content.languages}
    offered.discard(DEFAULT_LANGUAGE)
    language = reader.language(DEFAULT_LANGUAGE, *sorted(offered))
    rows: list[Json] = [
        {
            "id": str(version.id),
            "kind": version.kind,
            "code": version.code,
            "version": version.version,
            "state": version.state,
            "title": tree.render(content.title, language),
            "languages": list(content.languages),
            "content_hash": version.content_hash,
            "published_at": version.published_at.isoformat() if version.published_at else None,
        }
        for version, content in held
    ]
    return reader.respond(Answer.of(rows, language, cache=ALWAYS_ASK))


@frameworks.get("", operation_id="listFrameworks", responses=document(list[VersionOut]))
def list_frameworks(session: Public, reader: Reading) -> Response:
    """List the published versions of competence frameworks."""
    return versions(session, Kind.FRAMEWORK, reader)


@schemes.get("", operation_id="listSchemes", responses=document(list[VersionOut]))
def list_schemes(session: Public, reader: Reading) -> Response:
    """List the published versions of certification schemes."""
    return versions(session, Kind.SCHEME, reader)


@charters.get("", operation_id="listCharters", responses=document(list[VersionOut]))
def list_charters(session: Public, reader: Reading) -> Response:
    """List the published versions of ethics charters."""
    return versions(session, Kind.CHARTER, reader)


@frameworks.head("/{code}/versions/{version}", include_in_schema=False)
@frameworks.get(
    "/{code}/versions/{version}", operation_id="getFramework", responses=document(FrameworkOut)
)
def framework(
    code: PathCode, version: PathCode, session: Public, shelf: Shelved, reader: Reading
) -> Response:
    """Read a framework: phases, competences, indicators, and examples of evidence."""
    answers = shelf.answers(session, Kind.FRAMEWORK, code, version)
    return reader.respond(answers.choose(reader.lang, reader.accept_language))


@schemes.head("/{code}/versions/{version}", include_in_schema=False)
@schemes.get("/{code}/versions/{version}", operation_id="getScheme", responses=document(SchemeOut))
def scheme(
    code: PathCode, version: PathCode, session: Public, shelf: Shelved, reader: Reading
) -> Response:
    """Read a certification scheme: every figure and rule of certifying somebody."""
    answers = shelf.answers(session, Kind.SCHEME, code, version)
    return reader.respond(answers.choose(reader.lang, reader.accept_language))


@charters.head("/{code}/versions/{version}", include_in_schema=False)
@charters.get(
    "/{code}/versions/{version}", operation_id="getCharter", responses=document(CharterOut)
)
def charter(
    code: PathCode, version: PathCode, session: Public, shelf: Shelved, reader: Reading
) -> Response:
    """Read an ethics charter: values, conduct, commitments and sanctions."""
    answers = shelf.answers(session, Kind.CHARTER, code, version)
    return reader.respond(answers.choose(reader.lang, reader.accept_language))


@frameworks.get(
    "/{code}/versions/{version}/diff/{other}",
    operation_id="compareFrameworks",
    responses=document(DifferencesOut),
)
def compare(
    code: PathCode, version: PathCode, other: PathCode, session: Public, reader: Reading
) -> Response:
    """Compare a framework's version with another one, indicator by indicator."""
    for one in (version, other):
        queries.readable_by_all(session, Kind.FRAMEWORK, code, one)
    found = service.diff(session, code, version, other)
    later = queries.named(session, Kind.FRAMEWORK, code, other)
    language = reader.language(*queries.framework(session, later.id).languages)
    return reader.respond(Answer.of(tree.comparison(found, language), language))
