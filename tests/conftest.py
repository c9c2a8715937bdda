"""What every test may ask for: the real database and store, the service, and people who use it.

The services are started once. Tests share one database and are kept apart as certification bodies
are: each has a tenant of its own, and row level security does the rest. Commits are real.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import hypothesis
import pytest
from fastapi import FastAPI
from sqlalchemy import Engine
from starlette.testclient import TestClient

from app.actor import Role
from app.cli.installation import load_bundled
from app.cli.migrating import migrate
from app.embedded.services import Services
from app.embedded.services import services as run_services
from app.kit.db import Sessions, make_engine, make_sessions, transaction
from app.kit.settings import Settings
from app.main import create_app
from app.storage.s3 import S3Store
from tests import assess, make
from tests.assess import Panel
from tests.make import Person, Tenant


def pytest_configure() -> None:
    """Let no test fail because the machine is busy."""
    hypothesis.settings.register_profile(
        "tests", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
    )
    hypothesis.settings.load_profile("tests")


@pytest.fixture(scope="session")
def services(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    """PostgreSQL and the object store, as the service brings them; empty at first."""
    with run_services(tmp_path_factory.mktemp("shared") / "var") as running:
        yield running


@pytest.fixture(scope="session")
def settings(services: Services) -> Settings:
    """An installation with the present schema, the reference data in force, and a bucket."""
    migrate(services.owner_database_url)
    settings = Settings(
        database_url=services.app_database_url,
        worker_database_url=services.worker_database_url,
        owner_database_url=services.owner_database_url,
        s3_endpoint=services.s3_endpoint,
        s3_access_key=services.s3_access_key,
        s3_secret_key=services.s3_secret_key,
        s3_bucket="tests",
    )
    with engine_of(settings.worker_database_url) as engine:
        load_bundled(make_sessions(engine))
    return settings


@pytest.fixture(scope="session")
def store(settings: Settings) -> S3Store:
    """The object store as the worker has it, with the tests' bucket."""
    store = S3Store.from_settings(settings)
    store.make_bucket([settings.public_url])
    return store


@pytest.fixture(scope="session")
def sessions(settings: Settings) -> Iterator[Sessions]:
    """Sessions in the role of the web process."""
    with engine_of(settings.database_url) as engine:
        yield make_sessions(engine)


@pytest.fixture(scope="session")
def worker_sessions(settings: Settings) -> Iterator[Sessions]:
    """Sessions in the role of the worker."""
    with engine_of(settings.worker_database_url) as engine:
        yield make_sessions(engine)


@pytest.fixture(scope="session")
def owner_engine(services: Services, settings: Settings) -> Iterator[Engine]:
    """The migrated database as the owner of its tables, who looks into the catalogue."""
    with engine_of(services.owner_database_url) as engine:
        yield engine


@pytest.fixture(scope="session")
def superuser_engine(services: Services, settings: Settings) -> Iterator[Engine]:
    """The migrated database as somebody whom nothing stops."""
    with engine_of(services.superuser_database_url) as engine:
        yield engine


@contextmanager
def engine_of(url: str) -> Iterator[Engine]:
    engine = make_engine(url)
    yield engine
    engine.dispose()


@pytest.fixture(scope="session")
def service(settings: Settings, store: S3Store) -> Iterator[FastAPI]:
    """The whole web application."""
    application = create_app(settings)
    with transaction(application.state.sessions) as session:
        application.state.published.fill(session)
    yield application
    application.state.engine.dispose()


@pytest.fixture(scope="session")
def browser(service: FastAPI) -> Iterator[TestClient]:
    """Somebody without a token."""
    with TestClient(service) as browser:
        yield browser


@pytest.fixture
def tenant(worker_sessions: Sessions, store: S3Store, browser: TestClient) -> Tenant:
    """A certification body that nobody else knows."""
    return make.tenant(worker_sessions, store, browser)


@pytest.fixture
def other_tenant(worker_sessions: Sessions, store: S3Store, browser: TestClient) -> Tenant:
    """Another certification body, whose people must not learn of the first."""
    return make.tenant(worker_sessions, store, browser, name="Elsewhere")


@pytest.fixture
def administrator(tenant: Tenant) -> Person:
    """The first administrator, who appoints everybody else."""
    return tenant.administrator


@pytest.fixture
def officer(tenant: Tenant) -> Person:
    """The certification officer, who also looks after the schemes."""
    return make.person(tenant, "Olga", Role.OFFICER, Role.SCHEME_MANAGER)


@pytest.fixture
def amira(tenant: Tenant) -> Person:
    """A candidate."""
    return make.person(tenant, "Amira", Role.CANDIDATE)


@pytest.fixture
def bruno(tenant: Tenant) -> Person:
    """A referent mentor."""
    return make.person(tenant, "Bruno", Role.REFERENT)


@pytest.fixture
def chloe(tenant: Tenant) -> Person:
    """A referent mentor."""
    return make.person(tenant, "Chloé", Role.REFERENT)


@pytest.fixture
def dario(tenant: Tenant) -> Person:
    """A referent mentor, the third when two disagree."""
    return make.person(tenant, "Dario", Role.REFERENT)


@pytest.fixture
def vera(tenant: Tenant) -> Person:
    """A verifier."""
    return make.person(tenant, "Vera", Role.VERIFIER)


@pytest.fixture
def diana(tenant: Tenant) -> Person:
    """A decision maker."""
    return make.person(tenant, "Diana", Role.DECISION_MAKER)


@pytest.fixture
def otto(other_tenant: Tenant) -> Person:
    """Officer and candidate of another certification body."""
    return make.person(other_tenant, "Otto", Role.OFFICER, Role.CANDIDATE)


@pytest.fixture
def panel(tenant: Tenant) -> Panel:
    """Everyone who has to do with portfolios."""
    return assess.panel(tenant)


@pytest.fixture(scope="module")
def lasting_panel(worker_sessions: Sessions, store: S3Store, browser: TestClient) -> Panel:
    """A panel for tests that leave everything as it was, because all that they ask is refused."""
    return assess.panel(make.tenant(worker_sessions, store, browser))


@pytest.fixture(scope="session")
def tool() -> Callable[[str], str]:
    """Return the path of a program; without it the test is skipped, or fails where all must run."""

    def path_of(name: str) -> str:
        if path := shutil.which(name):
            return path
        if os.environ.get("MENTORCERT_REQUIRE_TOOLS") == "1":
            pytest.fail(f"This test needs {name}, which is not installed.")
        pytest.skip(f"This test needs {name}, which is not installed.")

    return path_of


@pytest.fixture(scope="session")
def root() -> Path:
    """The project's own folder."""
    return Path(__file__).resolve().parents[1]
