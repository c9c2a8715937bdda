"""People around a portfolio."""

from __future__ import annotations

from uuid import UUID

import pytest
from starlette.testclient import TestClient

from app.kit.db import Sessions
from app.storage.s3 import S3Store
from tests import assess, make
from tests.assess import Panel
from tests.make import Person, Tenant


@pytest.fixture
def panel(tenant: Tenant) -> Panel:
    return assess.panel(tenant)


@pytest.fixture(scope="module")
def lasting_panel(worker_sessions: Sessions, store: S3Store, browser: TestClient) -> Panel:
    """A panel for tests that leave everything as it was, because all that they ask is refused."""
    return assess.panel(make.tenant(worker_sessions, store, browser))


@pytest.fixture(scope="module")
def unmoved(lasting_panel: Panel) -> tuple[Person, UUID]:
    """Bruno and his assessment, in progress, for tests of what is refused."""
    portfolio = make.submitted_portfolio(lasting_panel.candidate())
    id = assess.taken_on(lasting_panel.officer, portfolio, lasting_panel.bruno)
    return lasting_panel.bruno, id
