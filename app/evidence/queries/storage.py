"""Finding out how much room files take up."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from sqlalchemy import text

from app.evidence.quota import Limits, Use
from app.work import Work

LIMITS = text("SELECT per_person, per_tenant FROM storage_limit")
SET_LIMITS = text(
    "INSERT INTO storage_limit (tenant_id, per_person, per_tenant, changed_at)"
    " VALUES (:tenant, :person_bytes, :tenant_bytes, :now)"
    " ON CONFLICT (tenant_id) DO UPDATE SET per_person = excluded.per_person,"
    " per_tenant = excluded.per_tenant, changed_at = excluded.changed_at"
)
USE = text(
    "SELECT coalesce(sum(bytes) FILTER (WHERE person_id = :person), 0), coalesce(sum(bytes), 0)"
    " FROM storage_use"
)
USE_OF_ONE = text("SELECT coalesce(sum(bytes), 0), 0 FROM storage_use WHERE person_id = :person")
# Whoever comes later waits until the first has committed, and then reads the sum that is true.
WAIT_FOR_TURN = text("SELECT pg_advisory_xact_lock(hashtextextended(:whose, 0))")
DRIFT = text(
    "SELECT coalesce(u.person_id, t.person_id), coalesce(u.bytes, 0), coalesce(t.bytes, 0)"
    " FROM storage_use u FULL JOIN ("
    " SELECT p.candidate_id AS person_id, sum(storage_bytes(f.state, f.size)) AS bytes"
    " FROM evidence_file f JOIN portfolio p"
    " ON p.tenant_id = f.tenant_id AND p.id = f.portfolio_id GROUP BY p.candidate_id"
    ") t ON t.person_id = u.person_id"
    " WHERE coalesce(u.bytes, 0) <> coalesce(t.bytes, 0)"
)
HOLD = text("SELECT FROM storage_use WHERE person_id = :person FOR UPDATE")
PUT_RIGHT = text(
    "INSERT INTO storage_use AS u (tenant_id, person_id, bytes)"
    " SELECT :tenant, :person, coalesce(sum(storage_bytes(f.state, f.size)), 0)"
    " FROM evidence_file f JOIN portfolio p"
    " ON p.tenant_id = f.tenant_id AND p.id = f.portfolio_id WHERE p.candidate_id = :person"
    " ON CONFLICT (tenant_id, person_id) DO UPDATE SET bytes = excluded.bytes"
)


def limits(work: Work, usual: Limits) -> Limits:
    """Return what the certification body may keep: its own limits, else the installation's."""
    own = work.session.execute(LIMITS).one_or_none()
    if own is None:
        return usual
    per_person, per_tenant = own
    return Limits(
        usual.per_person if per_person is None else per_person,
        usual.per_tenant if per_tenant is None else per_tenant,
    )


def set_limits(work: Work, per_person: int | None, per_tenant: int | None) -> None:
    values = {
        "tenant": work.actor.tenant_id,
        "person_bytes": per_person,
        "tenant_bytes": per_tenant,
        "now": work.now,
    }
    work.session.execute(SET_LIMITS, values)


def use(work: Work, person_id: UUID, *, of_all: bool = True) -> Use:
    """Return how much room a person's files take up, and all files, unless told otherwise."""
    statement = USE if of_all else USE_OF_ONE
    person, tenant = work.session.execute(statement, {"person": person_id}).one()
    return Use(int(person), int(tenant))


def wait_for_turn(work: Work, whose: UUID) -> None:
    """Let nobody else hold room for the same person or body until the transaction ends."""
    work.session.execute(WAIT_FOR_TURN, {"whose": f"storage/{whose}"})


def drift(work: Work) -> Mapping[UUID, tuple[int, int]]:
    """Return the people whose room is counted wrongly: what is counted, and what is true."""
    rows = work.session.execute(DRIFT)
    return {person: (int(counted), int(true)) for person, counted, true in rows}


def put_right(work: Work, person_id: UUID) -> None:
    """Count anew how much room a person's files take up, while nobody changes it."""
    work.session.execute(HOLD, {"person": person_id})
    values = {"tenant": work.actor.tenant_id, "person": person_id}
    work.session.execute(PUT_RIGHT, values)
