"""People around a portfolio."""

from __future__ import annotations

from uuid import UUID

import pytest

from tests import assess, make
from tests.assess import Panel
from tests.make import Person


@pytest.fixture(scope="module")
def unmoved(lasting_panel: Panel) -> tuple[Person, UUID]:
    """Bruno and his assessment, in progress, for tests of what is refused."""
    portfolio = make.submitted_portfolio(lasting_panel.candidate())
    id = assess.taken_on(lasting_panel.officer, portfolio, lasting_panel.bruno)
    return lasting_panel.bruno, id
