"""People around a portfolio."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient

from app.kit.db import Sessions
from app.storage.s3 import S3Store
from tests import assess, make
from tests.assess import Assessed, Panel
from tests.make import Tenant


@pytest.fixture
def panel(tenant: Tenant) -> Panel:
    return assess.panel(tenant)


@pytest.fixture(scope="module")
def lasting_panel(worker_sessions: Sessions, store: S3Store, browser: TestClient) -> Panel:
    """A panel for tests that leave everything as it was, because all that they ask is refused."""
    return assess.panel(make.tenant(worker_sessions, store, browser))


@pytest.fixture(scope="module")
def undecided(lasting_panel: Panel) -> Assessed:
    """A senior's portfolio, assessed and confirmed, granted by the rules: nothing decides on it."""
    return assess.verified(lasting_panel, level="senior")
