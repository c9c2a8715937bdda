"""What a portfolio holds, read at one moment: rows, journal, versions, and what was released.

The rows are read by one statement made from the tables themselves, so that a column added tomorrow
goes along, and no row names another that is missing.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from typing import cast
from uuid import UUID

from sqlalchemy import text

from app.actor import Actor, Role
from app.framework import queries as reference
from app.kit.db import Table
from app.people.models import Person
from app.portfolio.access import may_read_reason
from app.portfolio.lifecycle import State, Step
from app.portfolio.models import Portfolio
from app.privacy import packing, queries
from app.privacy.access import KEPT_FROM_CANDIDATE, OPEN_TO_CANDIDATE
from app.work import Work

Json = dict[str, object]
Rows = dict[str, list[Json]]

IN_UTC = text("SELECT set_config('timezone', 'UTC', true)")

JOURNAL = """
    SELECT e.seq, e.at, e.action, e.subject_id, CAST(e.body AS json) -> 'facts' AS facts,
           CASE WHEN e.actor_id = :candidate THEN e.actor_id END AS actor_id
    FROM journal_entry e
    WHERE e.tenant_id = :tenant AND e.stream_id = :id AND NOT e.action LIKE ANY (:kept)
      AND (e.actor_id = :candidate OR e.action LIKE ANY (:open)) ORDER BY e.seq
"""


@dataclass(frozen=True, slots=True)
class Contents:
    """All that goes along of a portfolio, but for the bytes of its files and its results."""

    portfolio: Json
    candidate: Json
    tables: Rows
    journal: list[Json]
    imported: Json | None
    versions: list[Json]

    def document(self) -> Json:
        """Return what `portfolio.json` says."""
        return {
            "portfolio": self.portfolio,
            "candidate": self.candidate,
            "tables": self.tables,
            "journal": self.journal,
            "imported": self.imported,
        }


def contents(work: Work, portfolio_id: UUID) -> Contents:
    """Read a portfolio as its candidate may take it along."""
    portfolio = work.session.get_one(Portfolio, portfolio_id)
    person = work.session.get_one(Person, portfolio.candidate_id)
    work.session.execute(IN_UTC)
    found = work.session.execute(
        text(statement()),
        {
            "tenant": portfolio.tenant_id,
            "id": portfolio_id,
            "candidate": portfolio.candidate_id,
            "open": [f"{start}%" for start in OPEN_TO_CANDIDATE],
            "kept": [f"{start}%" for start in KEPT_FROM_CANDIDATE],
        },
    ).scalar_one()
    read = cast(dict[str, list[Json]], json.loads(found))
    journal = read.pop("journal")
    (own,) = read.pop("portfolio")
    _hide_reasons(read["portfolio_transition"], portfolio, str(own["state"]))
    imported = queries.imported_record(work, portfolio_id)
    return Contents(
        portfolio=own,
        candidate={"name": person.name, "email": person.email, "language": person.language},
        tables=read,
        journal=journal,
        imported=None
        if imported is None
        else {
            "imported_at": imported.imported_at.isoformat(),
            "manifest": json.loads(imported.manifest),
            "record": json.loads(imported.record),
        },
        versions=versions(work, portfolio),
    )


def versions(work: Work, portfolio: Portfolio) -> list[Json]:
    """Name the versions that a portfolio is pinned to, each with the digest of what it says."""
    pinned = (portfolio.framework_id, portfolio.scheme_id, portfolio.charter_id)
    found = [reference.version(work.session, id) for id in pinned]
    return [
        {
            "kind": one.kind,
            "code": one.code,
            "version": one.version,
            "content_sha256": one.content_hash,
        }
        for one in found
    ]


def as_candidate(work: Work, portfolio: Portfolio) -> Work:
    """Return the same work done as the candidate would: nothing more is shown than they may see."""
    actor = Actor(portfolio.tenant_id, portfolio.candidate_id, frozenset({Role.CANDIDATE}))
    return Work(work.session, actor, work.now, work.store)


def columns(table: str) -> list[str]:
    """Return the columns of a table that go along, in their order."""
    left = packing.LEFT_OUT.get(table, frozenset()) | {"tenant_id"}
    return [one.name for one in Table.metadata.tables[table].columns if one.name not in left]


@cache
def tables() -> list[str]:
    """Return the tables whose rows go along."""
    return [name for name in (*packing.WORKING, *packing.RECORD) if name in Table.metadata.tables]


@cache
def statement() -> str:
    """Return the one statement that reads every table that goes along."""
    read = {name: _rows(name) for name in tables()}
    members = ", ".join(
        f"'{name}', (SELECT coalesce(json_agg(x), '[]') FROM ({rows}) x)"  # noqa: S608 -- constants
        for name, rows in {**read, "journal": JOURNAL}.items()
    )
    return f"SELECT json_build_object({members})::text"


def _rows(name: str) -> str:
    table = Table.metadata.tables[name]
    own = "id" if name == "portfolio" else "portfolio_id"
    order = ", ".join(f't."{one.name}"' for one in table.primary_key)
    taken = ", ".join(f't."{one}"' for one in columns(name))
    return (
        f"SELECT {taken} FROM {name} t"  # noqa: S608 -- names of our own tables and columns
        f" WHERE t.tenant_id = :tenant AND t.{own} = :id ORDER BY {order}"
    )


def _hide_reasons(transitions: list[Json], portfolio: Portfolio, state: str) -> None:
    """Take out the reasons that a candidate reads only once it was decided."""
    actor = Actor(portfolio.tenant_id, portfolio.candidate_id, frozenset({Role.CANDIDATE}))
    for one in transitions:
        if not may_read_reason(
            actor, portfolio.candidate_id, State(state), Step(str(one["step"])), submitted=True
        ):
            one["reason"] = None
