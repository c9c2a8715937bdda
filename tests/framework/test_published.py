"""Ready answers, sent before FastAPI is asked."""

from __future__ import annotations

import asyncio
import json

import pytest
from starlette.types import Message, Receive, Scope, Send

from app.framework.content import Framework
from app.framework.published import Answer, Answers, PublishedDocuments, Shelf, chosen, preferred
from app.framework.tree import document

PATH = "/api/v1/frameworks/MENTORCERT/versions/2020.1"


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", "en"),
        ("fr", "fr"),
        ("fr-CA", "fr"),
        ("FR", "fr"),
        ("de", "en"),
        ("de, fr;q=0.5", "fr"),
        ("en;q=0.4, fr;q=0.9", "fr"),
        ("fr;q=0, en;q=0.1", "en"),
        ("fr;q=0", "en"),
        ("*", "en"),
        ("*;q=0.5, fr", "fr"),
        ("fr;q=loud, en", "en"),
        (";;;,,\x00", "en"),
        ("x" * 10_000 + ", fr", "en"),
    ],
)
def test_a_reader_gets_the_language_they_prefer(header: str, language: str) -> None:
    assert preferred(header, ("en", "fr")) == language


def test_the_address_goes_before_the_header() -> None:
    assert chosen("fr-BE", "en", ("en", "fr")) == "fr"
    assert chosen("de", "fr", ("en", "fr")) == "en"
    assert chosen(None, None, ("en", "fr")) == "en"


@pytest.fixture
def shelf(framework: Framework) -> Shelf:
    shelf = Shelf()
    shelf.by_path[PATH] = Answers.of(
        {
            language: Answer.of(document(framework, "0" * 64, language), language)
            for language in ("fr", "en")
        }
    )
    return shelf


class Reply:
    def __init__(self, messages: list[Message]) -> None:
        start, self.last = messages[0], messages[-1]
        self.status: int = start["status"]
        self.headers = {name.decode(): value.decode() for name, value in start["headers"]}
        self.body = b"".join(message.get("body", b"") for message in messages[1:])


def ask(
    shelf: Shelf, path: str = PATH, *, method: str = "GET", query: str = "", **headers: str
) -> Reply | None:
    """Send a request; None says that it went through to the application."""
    sent: list[Message] = []

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        assert scope["path"] == path

    async def receive() -> Message:
        raise AssertionError("A published document needs no body.")

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "query_string": query.encode(),
        "headers": [(b"host", b"localhost")]
        + [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()],
    }
    asyncio.run(PublishedDocuments(application, shelf)(scope, receive, send))
    return Reply(sent) if sent else None


def answered(shelf: Shelf, **asked: str) -> Reply:
    reply = ask(shelf, **asked)
    assert reply is not None
    return reply


def test_a_published_framework_is_answered_whole(shelf: Shelf) -> None:
    reply = answered(shelf)
    assert reply.status == 200
    assert json.loads(reply.body)["totals"]["indicators"] == 75
    assert reply.headers["content-length"] == str(len(reply.body))
    assert reply.headers["content-type"] == "application/json"
    assert reply.headers["content-language"] == "en"
    assert reply.headers["vary"] == "Accept-Language"
    assert reply.headers["cache-control"] == "public, max-age=3600"
    assert reply.headers["etag"].startswith('"')


def test_each_language_has_an_answer_and_a_tag_of_its_own(shelf: Shelf) -> None:
    english, french = answered(shelf), answered(shelf, accept_language="fr, en;q=0.5")
    assert french.headers["content-language"] == "fr"
    assert json.loads(french.body)["title"]["text"].startswith("Référentiel")
    assert french.headers["etag"] != english.headers["etag"]
    assert answered(shelf, query="lang=fr", accept_language="en").body == french.body


def test_what_a_reader_holds_is_not_sent_again(shelf: Shelf) -> None:
    tag = answered(shelf).headers["etag"]
    for held in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        reply = answered(shelf, if_none_match=held)
        assert (reply.status, reply.body) == (304, b"")
        assert reply.headers == {
            "etag": tag,
            "cache-control": "public, max-age=3600",
            "vary": "Accept-Language",
        }
    for other in ('"other"', tag.strip('"'), ""):
        assert answered(shelf, if_none_match=other).status == 200
    assert answered(shelf, if_none_match=tag, accept_language="fr").status == 200


def test_the_head_alone_can_be_asked_for(shelf: Shelf) -> None:
    whole, head = answered(shelf), answered(shelf, method="HEAD")
    assert (head.status, head.body, head.headers) == (200, b"", whole.headers)


def test_everything_else_goes_to_the_application(shelf: Shelf) -> None:
    assert ask(shelf, method="POST") is None
    assert ask(shelf, query="lang=de") is None
    assert ask(shelf, query="lang=fr&x=1") is None
    assert ask(shelf, path=PATH + "/diff/2021.1") is None
    assert ask(shelf, path="/api/v1/frameworks/MENTORCERT/versions/2021.1") is None


def test_headers_added_further_out_stay_with_their_request(shelf: Shelf) -> None:
    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        raise AssertionError("The shelf has the answer.")

    async def outer(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"].append((b"x-request-id", b"1"))

    async def receive() -> Message:
        raise AssertionError("A published document needs no body.")

    scope = {"type": "http", "method": "GET", "path": PATH, "query_string": b"", "headers": []}
    asyncio.run(PublishedDocuments(application, shelf)(scope, receive, outer))
    assert "x-request-id" not in answered(shelf).headers
