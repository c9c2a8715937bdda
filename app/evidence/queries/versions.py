"""Finding the versions of a file: what it replaces, and what replaced it."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select

from app.evidence import access
from app.evidence.lifecycle import State
from app.evidence.models import File
from app.kit.errors import Conflict
from app.work import Work

GONE = (State.REJECTED, State.DELETED)


class NotReplaceable(Conflict):
    """Only a file that was accepted, and has no newer version yet, can be replaced."""


def check_replaceable(work: Work, item_id: UUID, id: UUID) -> None:
    """Refuse a new version of anything but an accepted file of the item, the newest of its kind."""
    file = work.session.get(File, id, populate_existing=True)
    if file is None or file.item_id != item_id or file.state == State.DELETED:
        raise access.NoSuchFile
    newer = newest_after(work, id)
    if file.state != State.AVAILABLE or newer is not None:
        raise NotReplaceable(state=file.state, replaced_by=newer and newer.id)


def newest_after(work: Work, id: UUID) -> File | None:
    """Return the file that replaces another, or is about to."""
    rows = select(File).where(File.replaces == id, File.state.not_in(GONE))
    return work.session.scalars(rows).one_or_none()


def version_before(work: Work, file: File) -> File | None:
    """Return the latest version before a file that is still there, if it is to be taken up again.

    One that is in use, or in quarantine, stands in the way of those before it.
    """
    seen = file
    while seen.replaces is not None:
        seen = work.session.get_one(File, seen.replaces)
        if seen.state not in GONE:
            return seen if seen.state == State.SUPERSEDED else None
    return None


def versions(work: Work, file: File) -> Sequence[File]:
    """Return a file with all that it replaced and all that replaced it, the oldest first."""
    rows = select(File).where(File.item_id == file.item_id).order_by(File.id)
    known = {one.id: one for one in work.session.scalars(rows)}
    related = {file.id}
    while True:
        more = {
            id
            for id, one in known.items()
            if one.replaces in related or any(known[r].replaces == id for r in related)
        }
        if more <= related:
            return [one for id, one in known.items() if id in related]
        related |= more
