"""The status that the public register shows."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from app.certification.register import Status, status_on

LAST_DAY = date(2029, 11, 20)
NEXT_DAY = LAST_DAY + timedelta(days=1)


def test_a_certificate_is_valid_through_its_last_day_and_expired_the_day_after() -> None:
    assert status_on(LAST_DAY, stored=Status.ACTIVE, valid_until=LAST_DAY) is Status.ACTIVE
    assert status_on(NEXT_DAY, stored=Status.ACTIVE, valid_until=LAST_DAY) is Status.EXPIRED


def test_a_suspended_certificate_expires_like_any_other() -> None:
    assert status_on(LAST_DAY, stored=Status.SUSPENDED, valid_until=LAST_DAY) is Status.SUSPENDED
    assert status_on(NEXT_DAY, stored=Status.SUSPENDED, valid_until=LAST_DAY) is Status.EXPIRED


@pytest.mark.parametrize("final", [Status.WITHDRAWN, Status.SURRENDERED, Status.SUPERSEDED])
def test_a_final_status_outlives_the_validity(final: Status) -> None:
    assert status_on(NEXT_DAY, stored=final, valid_until=LAST_DAY) is final
