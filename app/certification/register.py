"""What the public register says about a certificate: facts and status, never reasons."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

Titles = Mapping[str, str]
"""The same title by language code: {"en": …, "fr": …}."""


class Status(StrEnum):
    """Where a certificate stands. All but `EXPIRED` are stored; that one follows from the dates."""

    ACTIVE = "active"
    SUSPENDED = "suspended"
    WITHDRAWN = "withdrawn"
    SURRENDERED = "surrendered"
    SUPERSEDED = "superseded"
    EXPIRED = "expired"


ENDED_BY_TIME = frozenset({Status.ACTIVE, Status.SUSPENDED})
"""What validity still limits: the other statuses are final and outlive it."""


def status_on(day: date, *, stored: Status, valid_until: date) -> Status:
    """Return the status to show on `day`; the last day of validity still counts as valid."""
    if day > valid_until and stored in ENDED_BY_TIME:
        return Status.EXPIRED
    return stored


@dataclass(frozen=True, slots=True)
class PublicCertificate:
    """What anyone who knows a certificate's number may learn about it."""

    number: str
    status: Status
    """As stored; `status_on` gives the one to show."""
    holder_name: str
    level: str
    level_title: Titles
    scheme_code: str
    scheme_title: Titles
    scheme_version: str
    framework_version: str
    issuer: str
    issued_on: date
    valid_until: date
    competences: Sequence[tuple[int, Titles]]
    """The competences won: their number in the framework, and their titles."""
    history: Sequence[tuple[Status, datetime]]
    """Every status it was given and when, oldest first."""
    evidence_damaged_on: date | None = None
    """The day on which evidence behind it failed its integrity check, while it does."""

    def status_on(self, day: date) -> Status:
        """Return the status to show on `day`."""
        return status_on(day, stored=self.status, valid_until=self.valid_until)
