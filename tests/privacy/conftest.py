"""Archives of portfolios: asked for, made as the worker makes them, fetched and opened."""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import cast
from uuid import UUID

import pytest
import urllib3
from sqlalchemy import Engine, text
from starlette.testclient import TestClient

from app.actor import Role
from app.cli.installation import load_bundled
from app.cli.migrating import migrate
from app.embedded.services import Services
from app.kit.db import Sessions, make_sessions
from app.kit.ids import new_id
from app.kit.settings import Settings
from app.main import create_app
from app.privacy import handlers
from app.storage.s3 import S3Store
from tests import make
from tests.conftest import engine_of
from tests.make import Json, Person, Tenant


@dataclass(frozen=True, slots=True)
class Archive:
    """An archive as its owner fetched it."""

    content: bytes

    @property
    def members(self) -> dict[str, bytes]:
        with zipfile.ZipFile(BytesIO(self.content)) as opened:
            return {one.filename: opened.read(one) for one in opened.infolist()}

    def json(self, name: str) -> Json:
        return cast(Json, json.loads(self.members[name]))

    def rows(self, table: str) -> list[Json]:
        tables = cast(dict[str, list[Json]], self.json("portfolio.json")["tables"])
        return tables[table]

    def unpack(self, folder: Path) -> Path:
        with zipfile.ZipFile(BytesIO(self.content)) as opened:
            opened.extractall(folder)
        return folder


def asked(candidate: Person, portfolio_id: UUID) -> UUID:
    """Ask for an archive."""
    answer = candidate.post(f"/portfolios/{portfolio_id}/exports")
    assert answer.status_code == 202, answer.text
    return UUID(answer.json()["id"])


def fetched(candidate: Person, export_id: UUID) -> Archive:
    """Fetch an archive that was made."""
    url = link(candidate, export_id)
    response = urllib3.request("GET", url, retries=False, timeout=30)
    assert response.status == 200, response.data[:300]
    assert response.headers["content-type"] == "application/zip"
    assert response.headers["content-disposition"].startswith("attachment; ")
    return Archive(response.data)


def link(candidate: Person, export_id: UUID) -> str:
    """Return the address in the store that an archive is fetched from."""
    answer = candidate.tenant.browser.get(
        f"/api/v1/exports/{export_id}/content",
        headers={"authorization": f"Bearer {candidate.token}"},
        follow_redirects=False,
    )
    assert answer.status_code == 307, answer.text
    return str(answer.headers["location"])


def taken_along(candidate: Person, portfolio_id: UUID) -> Archive:
    """Have a portfolio's archive made and fetch it."""
    export_id = asked(candidate, portfolio_id)
    handlers.make_export(make.shift(candidate.tenant), export_id)
    return fetched(candidate, export_id)


@pytest.fixture(scope="session")
def elsewhere(
    services: Services, settings: Settings, superuser_engine: Engine
) -> Iterator[tuple[Sessions, S3Store, TestClient]]:
    """Another installation: a database and a bucket of its own, with the same reference data."""
    name = f"elsewhere_{new_id().hex}"
    with superuser_engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text(f"CREATE DATABASE {name} OWNER mentorcert_owner"))
    there = settings.changed(
        database_url=in_database(services.app_database_url, name),
        worker_database_url=in_database(services.worker_database_url, name),
        owner_database_url=in_database(services.owner_database_url, name),
        s3_bucket="elsewhere",
    )
    migrate(in_database(services.owner_database_url, name))
    store = S3Store.from_settings(there)
    store.make_bucket([there.public_url])
    service = create_app(there)
    with engine_of(there.worker_database_url) as engine, TestClient(service) as browser:
        sessions = make_sessions(engine)
        load_bundled(sessions)
        yield sessions, store, browser
        service.state.engine.dispose()


def in_database(url: str, name: str) -> str:
    return url.rpartition("/")[0] + f"/{name}"


@pytest.fixture
def tenant_elsewhere(elsewhere: tuple[Sessions, S3Store, TestClient]) -> Tenant:
    """A certification body of another installation."""
    return make.tenant(*elsewhere, name="Elsewhere")


@pytest.fixture
def aicha(tenant_elsewhere: Tenant) -> Person:
    """Amira, as another certification body knows her."""
    return make.person(tenant_elsewhere, "Aicha", Role.CANDIDATE)


def sent(candidate: Person, content: bytes, *, sha256: str | None = None) -> UUID:
    """Announce an archive, send it and say so; it waits to be taken in."""
    digest = sha256 or hashlib.sha256(content).hexdigest()
    answer = candidate.post("/imports", {"size": len(content), "sha256": digest})
    assert answer.status_code == 201, answer.text
    granted = answer.json()
    assert make.send(granted["request"], content) == 200
    id_ = UUID(granted["import"]["id"])
    assert candidate.post(f"/imports/{id_}/completion").status_code == 202
    return id_


def brought_in(candidate: Person, content: bytes) -> Json:
    """Bring an archive in and have the worker take it; return how the import ended."""
    id_ = sent(candidate, content)
    handlers.take_in(make.shift(candidate.tenant), id_)
    return cast(Json, candidate.get(f"/imports/{id_}").json())
