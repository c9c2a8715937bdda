"""People around a portfolio."""

from __future__ import annotations

import pytest

from tests import assess
from tests.assess import Assessed, Panel


@pytest.fixture(scope="module")
def undecided(lasting_panel: Panel) -> Assessed:
    """A senior's portfolio, assessed and confirmed, granted by the rules: nothing decides on it."""
    return assess.verified(lasting_panel, level="senior")
