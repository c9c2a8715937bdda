"""Candidates who use the Python client; the way to the store leads through a proxy."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import UUID

import pytest
from starlette.testclient import TestClient

from app.client import Client
from app.evidence import uploads
from app.evidence.handlers import arrival
from app.kit.db import transaction
from app.kit.settings import Settings
from app.main import create_app
from app.storage.s3 import S3Store
from tests import make
from tests.fault_proxy import FaultProxy
from tests.make import Person
from tests.wav import recording

PIECE = 5 * 1024 * 1024
"""Bytes: S3 takes no smaller part but the last."""

MakeClient = Callable[..., Client]


@pytest.fixture
def proxy(settings: Settings, store: S3Store) -> Iterator[FaultProxy]:
    with FaultProxy(settings.s3_endpoint) as proxy:
        yield proxy


@pytest.fixture
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every file beyond 5 MiB go in parts of 5 MiB."""
    monkeypatch.setattr(uploads, "LARGEST_SINGLE", PIECE)
    monkeypatch.setattr(uploads, "PART_SIZE", PIECE)


@pytest.fixture
def client_of(settings: Settings, proxy: FaultProxy) -> Iterator[MakeClient]:
    """Make a client for a person."""
    application = create_app(settings.changed(s3_public_endpoint=proxy.endpoint))
    with transaction(application.state.sessions) as session:
        application.state.published.fill(session)

    def make_client(person: Person, patience: float = 20.0) -> Client:
        client = Client("http://testserver", patience=patience)
        client.http.close()
        client.http = TestClient(
            application,
            base_url="http://testserver/api/v1",
            headers={"authorization": f"Bearer {person.token}"},
        )
        return client

    yield make_client
    application.state.engine.dispose()


@pytest.fixture
def item(amira: Person) -> str:
    """A piece of evidence, without files."""
    return str(make.item(amira, make.portfolio(amira)))


@pytest.fixture
def session(tmp_path: Path) -> Path:
    """A recording of four parts and a bit."""
    path = tmp_path / "session.wav"
    path.write_bytes(recording(4 * PIECE + 70_000, seed=7))
    return path


@pytest.fixture
def note(tmp_path: Path) -> Path:
    return tmp_path / "state" / "session.json"


def check(person: Person, file_id: object) -> str:
    """Have the worker check a file and return its state."""
    arrival.check_file(make.shift(person.tenant), UUID(str(file_id)))
    return str(person.get(f"/files/{file_id}").json()["state"])
