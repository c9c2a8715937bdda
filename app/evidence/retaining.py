"""How long evidence is kept, as rules: from what day on a file may go, and what keeps it longer.

Every figure is data: `framework_data/retention.yaml`, or the certification body's own schedule.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from app.kit.dates import months_after
from app.portfolio.lifecycle import DECIDED, UNDECIDED, State


class KeptAs(StrEnum):
    """The class of a thing that is kept for a time; receipts and the journal stay for good."""

    RECORDING = "recording"
    DOCUMENT = "document"
    SEALED = "sealed"


class Ending(StrEnum):
    """How a case came to its end."""

    CERTIFIED = "certified"
    NOT_CERTIFIED = "not_certified"
    GIVEN_UP = "given_up"


class HoldKind(StrEnum):
    LEGAL = "legal"
    APPEAL = "appeal"


class HoldInStore(StrEnum):
    """What an object store that locks was told of a hold."""

    PLACED = "placed"
    RELEASED = "released"


RECORDED = frozenset({"audio", "video"})
SHORTEST, LONGEST = 3, 600
"""Months that a period may have. The shortest outlasts every time in which one may appeal."""

Periods = Mapping[KeptAs, Mapping[Ending, int | None]]
"""Months for each class and ending; None: it stays for good."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """The periods that hold, and their version: 0 for those that come with the service."""

    version: int
    periods: Periods


@dataclass(frozen=True, slots=True)
class Case:
    """Where a portfolio stands, as far as retention asks."""

    state: State
    state_since: datetime
    decided_at: datetime | None
    certified_until: date | None
    """The last day of its certificate's validity; None without a certificate."""
    held: bool


@dataclass(frozen=True, slots=True)
class Due:
    """From which day on a thing may go, and for what ending of its case."""

    on: date
    ending: Ending


def kept_as(kind: str, *, sealed: bool) -> KeptAs:
    """Return the class of a file: recordings are a class of their own, submitted or not."""
    if kind in RECORDED:
        return KeptAs.RECORDING
    return KeptAs.SEALED if sealed else KeptAs.DOCUMENT


def due(case: Case, thing: KeptAs, periods: Periods) -> Due | None:
    """Return from when on a thing may go; None while its case is open or held, or for good.

    A recording's period counts from the decision, so that the voices of others are not kept for as
    long as a certificate runs; all else that a certificate rests on outlives the certificate.
    """
    if case.held or case.state in UNDECIDED:
        return None
    ending, begins = _end(case, thing)
    months = periods[thing][ending]
    return None if months is None else Due(months_after(begins, months), ending)


def _end(case: Case, thing: KeptAs) -> tuple[Ending, date]:
    if case.state not in DECIDED or case.decided_at is None:
        return Ending.GIVEN_UP, case.state_since.date()
    decided_on = case.decided_at.date()
    if case.certified_until is None:
        return Ending.NOT_CERTIFIED, decided_on
    if thing is KeptAs.SEALED:
        return Ending.CERTIFIED, max(decided_on, case.certified_until)
    return Ending.CERTIFIED, decided_on


def periods_of(written: Mapping[str, Mapping[str, int | None]]) -> Periods:
    """Return periods as they are written in data; every class has every ending."""
    return {
        thing: {ending: written[thing.value][ending.value] for ending in Ending} for thing in KeptAs
    }


def written(periods: Periods) -> dict[str, dict[str, int | None]]:
    """Return periods as data."""
    return {
        thing.value: {ending.value: months for ending, months in by_ending.items()}
        for thing, by_ending in periods.items()
    }
