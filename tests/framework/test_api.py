"""Frameworks, schemes and charters over HTTP, without a token."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from httpx2 import Response
from pydantic import BaseModel, TypeAdapter

from app.framework import api, service
from app.framework.content import Document, Kind
from app.framework.published import PublishedDocuments, Shelf
from app.framework.schemas import CharterOut, DifferencesOut, FrameworkOut, SchemeOut, VersionOut
from app.kit.canonical import Json
from app.kit.db import Sessions, transaction
from app.kit.http import add_problem_handlers
from app.kit.routing import mount

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
Make = Callable[..., Document]


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


@pytest.fixture
def app(sessions: Sessions, shelf: Shelf) -> FastAPI:
    versioned = FastAPI()
    versioned.state.sessions = sessions
    versioned.state.published = shelf
    add_problem_handlers(versioned)
    mount(versioned, api.routers)
    return versioned


@pytest.fixture
def client(app: FastAPI) -> Iterator[TestClient]:
    with TestClient(app) as client:
        yield client


@pytest.fixture
def published(worker_sessions: Sessions, make: Make) -> Mapping[Kind, Document]:
    """A framework, a charter and a scheme on them, published, under codes of this test's own."""
    made = {kind: make(kind) for kind in (Kind.FRAMEWORK, Kind.CHARTER, Kind.SCHEME)}
    publish(worker_sessions, *made.values())
    return made


def publish(sessions: Sessions, *documents: Document) -> None:
    with transaction(sessions) as session:
        service.load(session, documents, now=NOON)
        for one in documents:
            service.publish(session, one.kind, one.code, one.version, now=NOON)


def address(document: Document) -> str:
    return f"/api/v1/{document.kind}s/{document.code}/versions/{document.version}"


def as_described(response: Response, model: type[BaseModel]) -> Mapping[str, Json]:
    """Return the body, which must be exactly what the API describes."""
    body: dict[str, Json] = response.json()
    read = model.model_validate(body, strict=False)
    assert read.model_dump(mode="json", exclude_unset=True) == body
    return body


@pytest.mark.parametrize(
    ("kind", "model"),
    [(Kind.FRAMEWORK, FrameworkOut), (Kind.SCHEME, SchemeOut), (Kind.CHARTER, CharterOut)],
)
def test_each_document_is_what_the_api_describes(
    client: TestClient, published: Mapping[Kind, Document], kind: Kind, model: type[BaseModel]
) -> None:
    for language in ("en", "fr"):
        response = client.get(address(published[kind]), params={"lang": language})
        assert response.status_code == 200
        body = as_described(response, model)
        assert body["code"] == published[kind].code
        assert body["content_hash"] == published[kind].content_hash
        assert response.headers["content-language"] == language


def test_a_framework_is_read_as_a_tree_with_its_totals(
    client: TestClient, published: Mapping[Kind, Document]
) -> None:
    tree = client.get(address(published[Kind.FRAMEWORK])).json()
    assert tree["totals"] == {
        "phases": 4,
        "competences": 15,
        "indicators": 75,
        "evidence_examples": 60,
    }
    assert [len(phase["competences"]) for phase in tree["phases"]] == [5, 4, 4, 2]
    competence = tree["phases"][1]["competences"][1]
    assert (competence["number"], len(competence["indicators"])) == (7, 13)
    indicator = competence["indicators"][12]
    assert indicator["code"] == "7m"
    assert indicator["statement"]["lang"] == "en"
    assert "fallback" not in indicator["statement"]


def test_a_text_that_is_not_in_the_language_asked_for_says_so(
    client: TestClient, published: Mapping[Kind, Document]
) -> None:
    path = address(published[Kind.FRAMEWORK])
    tree = client.get(path, headers={"Accept-Language": "fr-FR, en;q=0.1"}).json()
    indicator = tree["phases"][0]["competences"][0]["indicators"][1]
    assert indicator["statement"]["lang"] == "fr"
    assert "fallback" not in indicator["statement"]
    [example] = indicator["evidence"]
    assert (example["text"]["lang"], example["text"]["fallback"]) == ("en", True)


def test_a_language_the_document_is_not_written_in_gives_english(
    client: TestClient, published: Mapping[Kind, Document]
) -> None:
    response = client.get(address(published[Kind.CHARTER]), params={"lang": "de"})
    assert (response.status_code, response.headers["content-language"]) == (200, "en")
    strange = client.get(address(published[Kind.CHARTER]), params={"lang": "no language"})
    assert strange.status_code == 422


def test_shares_come_out_as_they_were_written(
    client: TestClient, published: Mapping[Kind, Document]
) -> None:
    text = client.get(address(published[Kind.SCHEME])).text
    assert '"rule":"share_competent","value":0.75' in text
    assert '"rule":"min_rating","value":2}' in text


def test_what_a_reader_holds_is_not_sent_again(
    client: TestClient, published: Mapping[Kind, Document]
) -> None:
    for path in (address(published[Kind.FRAMEWORK]), "/api/v1/schemes"):
        first = client.get(path)
        again = client.get(path, headers={"If-None-Match": f'"x", {first.headers["etag"]}'})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == first.headers["etag"]
        assert again.headers["vary"] == "Accept-Language"
        assert client.get(path, headers={"If-None-Match": '"x"'}).content == first.content


def test_the_shelf_and_the_route_give_the_same_answer(
    app: FastAPI, shelf: Shelf, sessions: Sessions, published: Mapping[Kind, Document]
) -> None:
    before = TestClient(PublishedDocuments(app, shelf))
    for document in published.values():
        path = address(document)
        by_route = before.get(path, headers={"Accept-Language": "fr"})
        filled = Shelf()
        with transaction(sessions) as session:
            filled.fill(session)
        after = TestClient(PublishedDocuments(nobody, filled))
        by_shelf = after.get(path, headers={"Accept-Language": "fr"})
        assert by_shelf.content == by_route.content
        assert dict(by_shelf.headers) == dict(by_route.headers)
        assert path in shelf.by_path
        head = before.head(path)
        assert (head.status_code, head.content) == (200, b"")


async def nobody(*_: object) -> None:
    raise AssertionError("The shelf has the answer.")


def test_the_head_of_a_document_can_be_asked_for_before_it_is_on_the_shelf(
    client: TestClient, published: Mapping[Kind, Document]
) -> None:
    path = address(published[Kind.SCHEME])
    head = client.head(path)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == str(len(client.get(path).content))


def test_drafts_are_not_shown_to_anybody(
    client: TestClient, worker_sessions: Sessions, make: Make
) -> None:
    draft = make(Kind.FRAMEWORK)
    with transaction(worker_sessions) as session:
        service.load(session, [draft], now=NOON)
    response = client.get(address(draft))
    assert response.status_code == 404
    assert response.json()["type"] == "/problems/no-such-reference-version"
    assert draft.code not in client.get("/api/v1/frameworks").text
    publish(worker_sessions, draft)
    assert client.get(address(draft)).status_code == 200
    assert draft.code in client.get("/api/v1/frameworks").text


def test_a_superseded_version_stays_readable_and_is_listed_as_such(
    client: TestClient, worker_sessions: Sessions, make: Make
) -> None:
    first, second = make(Kind.CHARTER, "1"), make(Kind.CHARTER, "2")
    publish(worker_sessions, first, second)
    assert client.get(address(first)).status_code == 200
    response = client.get("/api/v1/charters", params={"lang": "fr"})
    rows = TypeAdapter(list[VersionOut]).validate_python(response.json())
    mine = [(one.version, one.state) for one in rows if one.code == first.code]
    assert mine == [("1", "superseded"), ("2", "published")]
    assert {one.title.lang for one in rows} == {"fr"}
    assert response.headers["cache-control"] == "public, no-cache"


def test_two_versions_of_a_framework_are_compared(
    client: TestClient, worker_sessions: Sessions, make: Make
) -> None:
    def reworded(data: dict[str, Json]) -> None:
        changed = copy.deepcopy(data["phases"])
        changed[0]["competences"][0]["indicators"][0]["statement"]["fr"] = "mieux dit"  # type: ignore[index,call-overload]
        data["phases"] = changed

    first = make(Kind.FRAMEWORK, "1")
    publish(worker_sessions, first, make(Kind.FRAMEWORK, "2", reworded))
    path = address(first) + "/diff/2"
    response = client.get(path, params={"lang": "fr"})
    body = as_described(response, DifferencesOut)
    assert body["counts"] == {
        "same": 74,
        "evidence_changed": 0,
        "reworded": 1,
        "moved": 0,
        "new": 0,
        "removed": 0,
    }
    [change] = [one for one in response.json()["indicators"] if one["change"] != "same"]
    assert change["after"]["statement"] == {"text": "mieux dit", "lang": "fr"}
    assert client.get(address(first) + "/diff/3").status_code == 404


def test_strange_names_are_refused_or_not_found(client: TestClient) -> None:
    for code, status in (("NOTHING", 404), ("%00", 422), ("a" * 500, 422), ("%F0%9F%8E%93", 422)):
        response = client.get(f"/api/v1/frameworks/{code}/versions/1")
        assert response.status_code == status
        assert response.headers["content-type"] == "application/problem+json"
