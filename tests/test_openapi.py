"""The API's contract: what is committed is what the service does."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest

from app.cli.commands import openapi_text

COMMITTED = Path(__file__).resolve().parents[1] / "openapi" / "openapi.json"

Node = dict[str, object]


@pytest.fixture(scope="module")
def document() -> Node:
    return cast(Node, json.loads(openapi_text()))


def operations(document: Node) -> Iterator[tuple[str, Node]]:
    for path, methods in cast(dict[str, Node], document["paths"]).items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", cast(Node, operation)


def test_the_committed_document_is_the_service_s_own() -> None:
    assert COMMITTED.read_text("utf-8") == openapi_text(), (
        "run `mentorcert openapi --out openapi/openapi.json`"
    )


def test_it_is_openapi_3_1(document: Node) -> None:
    assert str(document["openapi"]).startswith("3.1.")


def test_every_operation_has_a_name_of_its_own_and_says_what_it_does(document: Node) -> None:
    found = [str(operation["operationId"]) for _, operation in operations(document)]
    assert len(found) == len(set(found))
    assert all(operation.get("description") for _, operation in operations(document))


def test_every_refusal_is_a_problem_document(document: Node) -> None:
    for name, operation in operations(document):
        for status, response in cast(dict[str, Node], operation["responses"]).items():
            if status >= "400":
                content = cast(Node, response["content"])
                assert list(content) == ["application/problem+json"], (name, status)


def test_every_text_that_a_client_sends_has_a_limit(document: Node) -> None:
    schemas = cast(dict[str, Node], cast(Node, document["components"])["schemas"])
    for name in sent(document, schemas):
        for member, shape in cast(dict[str, Node], schemas[name].get("properties", {})).items():
            for text in texts(shape):
                assert text.keys() & {"maxLength", "pattern", "format", "enum", "const"}, (
                    name,
                    member,
                )


def sent(document: Node, schemas: dict[str, Node]) -> set[str]:
    """Return the names of all schemas that request bodies are made of."""
    found: set[str] = set()
    waiting = [operation.get("requestBody") for _, operation in operations(document)]
    while waiting:
        for name in references(waiting.pop()):
            if name not in found:
                found.add(name)
                waiting.append(schemas[name])
    return found


def references(node: object) -> Iterator[str]:
    if isinstance(node, dict):
        if "$ref" in node:
            yield str(node["$ref"]).rsplit("/", 1)[1]
        for value in node.values():
            yield from references(value)
    elif isinstance(node, list):
        for value in node:
            yield from references(value)


def texts(shape: Node) -> Iterator[Node]:
    if shape.get("type") == "string":
        yield shape
    for key in ("anyOf", "allOf", "items", "additionalProperties"):
        inner = shape.get(key)
        for one in inner if isinstance(inner, list) else [inner]:
            if isinstance(one, dict):
                yield from texts(one)
