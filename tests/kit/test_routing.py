"""Finding the way to a route by the first word of its address."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from fastapi import FastAPI, Request, Response
from starlette.testclient import TestClient

from app.kit.http import add_problem_handlers
from app.kit.routing import PlainRoute, api_router, mount

things = api_router("/things", "Things")
more_things = api_router("/things", "Things")
plain = api_router("/thing", "Thing", PlainRoute)


@things.get("")
def all_things() -> list[str]:
    """List the things."""
    return ["one"]


@things.get("/{number}")
def one_thing(number: int) -> int:
    """Show a thing."""
    return number


@more_things.post("/{number}/parts")
def add_part(number: int) -> int:
    """Add a part to a thing."""
    return number + 1


@plain.get("/{name}", response_model=str)
def plainly(name: str, request: Request) -> Response:
    """Show a name as it came."""
    return Response(f"{request.method} {name}")


@pytest.fixture
def client() -> Iterator[TestClient]:
    app = FastAPI()
    add_problem_handlers(app)
    mount(app, (things, more_things, plain))
    with TestClient(app, root_path="/behind") as client:
        yield client


@pytest.mark.parametrize(
    ("method", "path", "answer"),
    [
        ("GET", "/api/v1/things", '["one"]'),
        ("GET", "/api/v1/things/7", "7"),
        ("POST", "/api/v1/things/7/parts", "8"),
        ("GET", "/api/v1/thing/some%20name", "GET some name"),
    ],
)
def test_each_route_is_found(client: TestClient, method: str, path: str, answer: str) -> None:
    response = client.request(method, path)
    assert (response.status_code, response.text) == (200, answer)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/api/v1", 404),
        ("GET", "/api/v1/", 404),
        ("GET", "/api/v1/thin", 404),
        ("GET", "/api/v1/things/7/parts/8", 404),
        ("GET", "/things", 404),
        ("POST", "/api/v1/things/7", 405),
        ("DELETE", "/api/v1/things", 405),
        ("GET", "/api/v1/things/seven", 422),
    ],
)
def test_what_is_not_there_is_refused(
    client: TestClient, method: str, path: str, status: int
) -> None:
    response = client.request(method, path)
    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"


def test_what_is_mounted_is_returned_for_its_description() -> None:
    routes = mount(FastAPI(), (things, more_things, plain))
    assert [route.path for route in routes] == [
        "/api/v1/things",
        "/api/v1/things/{number}",
        "/api/v1/things/{number}/parts",
        "/api/v1/thing/{name}",
    ]
