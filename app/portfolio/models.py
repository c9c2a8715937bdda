"""The portfolio, its application, and the steps it has taken."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Mapped, mapped_column

from app.actor import Role
from app.kit.db import Table, TenantRow
from app.portfolio.access import Part
from app.portfolio.lifecycle import State, Step, steps_from


class Portfolio(TenantRow):
    """One candidate's case, pinned to the versions under which it was opened."""

    __tablename__ = "portfolio"

    candidate_id: Mapped[UUID]
    training_body_id: Mapped[UUID | None]
    framework_id: Mapped[UUID]
    scheme_id: Mapped[UUID]
    charter_id: Mapped[UUID]
    level: Mapped[str]
    state: Mapped[State] = mapped_column(default=State.DRAFT)
    # Grows with every change that the candidate can see, and with no other: a version that moved
    # with the referents' ratings would tell when they rate.
    version: Mapped[int] = mapped_column(default=1)
    opened_at: Mapped[datetime]
    state_since: Mapped[datetime]
    submitted_at: Mapped[datetime | None] = mapped_column(default=None)
    decided_at: Mapped[datetime | None] = mapped_column(default=None)

    @property
    def was_submitted(self) -> bool:
        """Whether it was submitted once, whatever became of it since."""
        return self.submitted_at is not None

    @property
    def open_steps(self) -> list[Step]:
        return steps_from(self.state)


class Application(Table):
    """What the candidate asked for; special arrangements are for the officer alone."""

    __tablename__ = "application"

    tenant_id: Mapped[UUID]
    portfolio_id: Mapped[UUID] = mapped_column(primary_key=True)
    charter_hash: Mapped[str]
    charter_language: Mapped[str]
    charter_accepted_at: Mapped[datetime]
    special_arrangements: Mapped[str | None]
    applied_at: Mapped[datetime]


class Prerequisite(Table):
    """One prerequisite: what the level requires, what was declared, what the officer found."""

    __tablename__ = "prerequisite"

    tenant_id: Mapped[UUID]
    portfolio_id: Mapped[UUID] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(primary_key=True)
    required: Mapped[int]
    declared: Mapped[int]
    statement: Mapped[str | None]
    met: Mapped[bool | None] = mapped_column(default=None)
    finding: Mapped[str | None] = mapped_column(default=None)
    checked_by: Mapped[UUID | None] = mapped_column(default=None)
    checked_at: Mapped[datetime | None] = mapped_column(default=None)


class Duty(Table):
    """The one part that a person has in a case; the key refuses a second one."""

    __tablename__ = "duty"

    tenant_id: Mapped[UUID]
    portfolio_id: Mapped[UUID] = mapped_column(primary_key=True)
    person_id: Mapped[UUID] = mapped_column(primary_key=True)
    duty: Mapped[Part]
    taken_at: Mapped[datetime]


class Transition(TenantRow):
    """One step of a portfolio: who took it, in what role, when, from, to, and why."""

    __tablename__ = "portfolio_transition"

    portfolio_id: Mapped[UUID]
    at: Mapped[datetime]
    actor_id: Mapped[UUID]
    role: Mapped[Role | None]
    step: Mapped[Step]
    from_state: Mapped[State]
    to_state: Mapped[State]
    reason: Mapped[str | None]
