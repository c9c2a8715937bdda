"""Who has opened the files of a portfolio, from its journal."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Row, and_, select, true

from app.actor import Role
from app.evidence.models import File
from app.journal.models import Entry
from app.kit.paging import MalformedCursor, Page, pack, unpack
from app.people.models import Person
from app.portfolio.access import Part
from app.portfolio.models import Duty
from app.work import Work

READ = "evidence.file_read"


@dataclass(frozen=True, slots=True)
class FileReading:
    """That somebody opened a file; `file_name` is its present one."""

    seq: int
    at: datetime
    file_id: UUID
    file_name: str | None
    rendition: str | None
    """What made of the file was opened (`preview`, `poster`, …); None for the file itself."""
    role: Role | None
    """None for a member of the staff of whom the role was not noted."""
    person_id: UUID | None
    person_name: str | None


def place(cursor: str | None) -> int | None:
    """Return the entry before which a page begins, or refuse the cursor."""
    if cursor is None:
        return None
    (seq,) = unpack(cursor, 1)
    if not (seq.isascii() and seq.isdecimal() and len(seq) < 19):
        raise MalformedCursor
    return int(seq)


def readings(work: Work, portfolio_id: UUID, limit: int, before: int | None) -> Page[FileReading]:
    """Return a page of the readings by anyone but the candidate, the newest first."""
    rows = (
        select(
            Entry.seq,
            Entry.at,
            Entry.subject_id,
            File.name,
            Entry.body,
            Duty.duty,
            Entry.actor_id,
            Person.name,
        )
        .outerjoin(File, File.id == Entry.subject_id)
        .outerjoin(Person, Person.id == Entry.actor_id)
        .outerjoin(
            Duty, and_(Duty.portfolio_id == Entry.stream_id, Duty.person_id == Entry.actor_id)
        )
        .where(
            Entry.tenant_id == work.actor.tenant_id,
            Entry.stream_id == portfolio_id,
            Entry.action == READ,
            true() if before is None else Entry.seq < before,
        )
        .order_by(Entry.seq.desc())
        .limit(limit + 1)
    )
    found = [_reading(row) for row in work.session.execute(rows)]
    if len(found) <= limit:
        return Page(found, None)
    return Page(found[:limit], pack(str(found[limit - 1].seq)))


def _reading(row: Row[int, datetime, UUID, str, str, Part, UUID, str]) -> FileReading:
    seq, at, file_id, file_name, body, part, person_id, person_name = row
    facts = json.loads(body)["facts"]
    role = Role(facts["role"]) if "role" in facts else AS_PART.get(part)
    rendition = facts.get("rendition")
    return FileReading(seq, at, file_id, file_name, rendition, role, person_id, person_name)


# Entries of before roles were noted: whoever had a part in the case read in that part.
AS_PART = {
    Part.REFERENT: Role.REFERENT,
    Part.MODERATOR: Role.REFERENT,
    Part.VERIFIER: Role.VERIFIER,
    Part.DECISION_MAKER: Role.DECISION_MAKER,
}
