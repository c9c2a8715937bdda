"""Reference data to read, to spoil, and to load under names of a test's own."""

from __future__ import annotations

import copy
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from uuid import uuid4

import pytest

from app.framework import loader
from app.framework.content import Charter, Document, Framework, Kind, Scheme, parse
from app.kit.canonical import Json

Make = Callable[..., Document]
Plain = dict[str, Json]


@pytest.fixture(scope="session")
def bundled() -> Mapping[Kind, Document]:
    """The three documents that come with the service."""
    return {document.kind: document for document in loader.read(loader.BUNDLED)}


@pytest.fixture(scope="session")
def framework(bundled: Mapping[Kind, Document]) -> Framework:
    found = parse(bundled[Kind.FRAMEWORK])
    assert isinstance(found, Framework)
    return found


@pytest.fixture(scope="session")
def scheme(bundled: Mapping[Kind, Document]) -> Scheme:
    found = parse(bundled[Kind.SCHEME])
    assert isinstance(found, Scheme)
    return found


@pytest.fixture(scope="session")
def charter(bundled: Mapping[Kind, Document]) -> Charter:
    found = parse(bundled[Kind.CHARTER])
    assert isinstance(found, Charter)
    return found


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the bundled files, to spoil."""
    for path in loader.BUNDLED.glob("*.yaml"):
        shutil.copy(path, tmp_path)
    return tmp_path


@pytest.fixture
def serial() -> str:
    """A word of this test's own: published versions stay in the database for ever."""
    return uuid4().hex[:12].upper()


@pytest.fixture
def make(bundled: Mapping[Kind, Document], serial: str) -> Make:
    """Write a version of a bundled document under a code of this test's own."""

    def document(
        kind: Kind, version: str = "1", change: Callable[[Plain], None] = lambda _: None
    ) -> Document:
        data: Plain = copy.deepcopy(dict(bundled[kind].data))
        head = data[kind.value]
        assert isinstance(head, dict)
        head.update(code=f"T-{serial}", version=version)
        for named in ("framework", "charter"):
            if kind is Kind.SCHEME:
                head[named] = {"code": f"T-{serial}", "version": version}
        change(data)
        return Document.of(data)

    return document
