"""How long things are kept, what keeps them longer, and what went, over HTTP."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from app.evidence.retaining import LONGEST, SHORTEST, Ending, HoldKind, KeptAs
from app.kit.fields import Body, Out, Prose

Months = Annotated[int, Field(ge=SHORTEST, le=LONGEST)] | None
"""A period in months; null: for good."""


class PeriodsIn(Body):
    """Months to keep one class of things, by how the case ended; null: for good."""

    certified: Months
    not_certified: Months
    given_up: Months


class NewSchedule(Body):
    """The periods of each class: recordings, documents never submitted, and what was sealed."""

    recording: PeriodsIn
    document: PeriodsIn
    sealed: PeriodsIn


class PeriodsOut(Out):
    certified: int | None
    not_certified: int | None
    given_up: int | None


class ScheduleOut(Out):
    """The periods that hold; version 0 are those that come with the service."""

    version: int
    recording: PeriodsOut
    document: PeriodsOut
    sealed: PeriodsOut


class NewHold(Body):
    """Why nothing of a portfolio may go."""

    kind: HoldKind
    reason: Prose


class HoldOut(Out):
    """A hold; it is on until it is released."""

    id: UUID
    portfolio_id: UUID
    kind: HoldKind
    reason: str
    placed_at: datetime
    placed_by: UUID
    released_at: datetime | None
    released_by: UUID | None


class DisposalOut(Out):
    """A file that went when its retention ended; `sha256` says which bytes they were."""

    id: UUID
    portfolio_id: UUID
    file_id: UUID
    kept_as: KeptAs
    ending: Ending
    due_on: date
    schedule_version: int
    sealed: bool
    size: int
    sha256: str
    disposed_at: datetime
    cleared_at: datetime | None = Field(description="When its bytes had left the store.")


class DueFileOut(Out):
    """A file whose retention has ended and that goes the next night."""

    file_id: UUID
    portfolio_id: UUID
    kept_as: KeptAs
    ending: Ending
    due_on: date
    size: int
