"""Sending a large file in parts: which are granted, which have arrived, which are missing.

A part that the store holds is not granted again: SeaweedFS 4.48 may lose one that is sent twice.
The store is asked only when a part is asked for once more, so that the first way through a file
costs no question. A part that was granted before and has not arrived is granted again: it may still
be under way in a connection that its sender has given up, which only the sender can know.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from app.evidence import access, queries
from app.evidence.lifecycle import State, Step, after
from app.evidence.models import File
from app.evidence.queries import uploads as known
from app.evidence.queries.uploads import UnderWay
from app.evidence.service import check_open_to, move
from app.kit.errors import Conflict, Invalid
from app.portfolio.lifecycle import check_evidence_open
from app.portfolio.models import Portfolio
from app.portfolio.service import touch
from app.storage import HeldPart, Part, SignedRequest
from app.work import Work

GRANT_LIFE = timedelta(hours=1)
SENDING = frozenset({State.ANNOUNCED, State.UPLOADING})
NAMED = 100
"""How many missing parts a refusal names: as many as can be asked for at once."""


class NotInParts(Conflict):
    """This file is sent in one request, not in parts."""


class PartsMissing(Conflict):
    """Not every part has arrived; `missing` names the first that have not: send those."""


class PartsOutOfRange(Invalid):
    """A part has a number from 1 to the number of parts, and the length that follows from it."""


@dataclass(frozen=True, slots=True)
class GrantedParts:
    """Leave to send some parts; `held` are those asked for that have arrived already."""

    parts: Sequence[Part]
    requests: Sequence[SignedRequest]
    held: Sequence[int]
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Progress:
    """Where an upload in parts stands: `size` of a part in bytes, the last one may be shorter."""

    count: int
    size: int
    held: Sequence[HeldPart]
    missing: Sequence[int]
    expires_at: datetime


def grant_parts(work: Work, id: UUID, parts: Sequence[Part]) -> GrantedParts:
    """Sign the upload of some parts; their length and checksum are part of the signature."""
    numbers = [part.number for part in parts]
    file = known.take_parts(work, id, numbers)
    if file is None:
        file = _begin_upload(work, id, numbers)
    else:
        access.check_may_change(work.actor, work.actor.person_id)
        check_evidence_open(file.portfolio_state)
    count = part_count(file.size, file.part_size)
    last = file.size - (count - 1) * file.part_size
    for part in parts:
        expected = last if part.number == count else file.part_size
        if not 1 <= part.number <= count or part.size != expected:
            raise PartsOutOfRange(parts=count, part_size=file.part_size, number=part.number)
    held: list[int] = []
    if file.again:
        arrived = work.store.list_parts(file.incoming_key, file.upload_id)
        there = {(part.number, part.size) for part in arrived}
        held = [part.number for part in parts if (part.number, part.size) in there]
        parts = [part for part in parts if (part.number, part.size) not in there]
    requests = work.store.part_links(
        file.incoming_key, file.upload_id, parts, seconds=int(GRANT_LIFE.total_seconds())
    )
    return GrantedParts(parts, requests, held, work.now + GRANT_LIFE)


def progress(work: Work, id: UUID, life: timedelta) -> Progress:
    """Return which parts of one's own upload have arrived and which are missing.

    `life` is how long an upload may rest before it is given up.
    """
    file = _own_file(work, id)
    upload_id, part_size = _upload_of(file)
    after(file.state, Step.COMPLETE)
    held = _held(work, file, upload_id, part_size)
    return Progress(
        count=part_count(file.size, part_size),
        size=part_size,
        held=held,
        missing=_missing(file, part_size, held),
        expires_at=known.granted_at(work, id) + life,
    )


def check_all_arrived(work: Work, id: UUID) -> None:
    """Refuse to close one's own upload while parts of it are missing: they can still be sent.

    The store is asked before anything is held, for it may take its time to answer.
    """
    file = _own_file(work, id)
    if file.state not in SENDING or file.upload_id is None or file.part_size is None:
        return
    held = _held(work, file, file.upload_id, file.part_size)
    if missing := _missing(file, file.part_size, held):
        raise PartsMissing(missing=missing[:NAMED], parts_missing=len(missing))


def _own_file(work: Work, id: UUID) -> File:
    file = queries.file_to_read(work, id)
    portfolio = work.session.get_one(Portfolio, file.portfolio_id)
    access.check_may_change(work.actor, portfolio.candidate_id)
    return file


def _held(work: Work, file: File, upload_id: str, part_size: int) -> list[HeldPart]:
    """Ask the store for the parts that have arrived whole."""
    return [
        part
        for part in work.store.list_parts(file.incoming_key, upload_id)
        if part.size == part_length(file.size, part_size, part.number)
    ]


def _missing(file: File, part_size: int, held: Sequence[HeldPart]) -> list[int]:
    arrived = {part.number for part in held}
    count = part_count(file.size, part_size)
    return [number for number in range(1, count + 1) if number not in arrived]


def part_count(size: int, part_size: int) -> int:
    """Return in how many parts a file of `size` bytes is sent."""
    return -(-size // part_size)


def part_length(size: int, part_size: int, number: int) -> int | None:
    """Return how long a part must be, in bytes; None if the file has no part of this number."""
    left = size - (number - 1) * part_size
    return min(left, part_size) if number >= 1 and left > 0 else None


def _begin_upload(work: Work, id: UUID, numbers: Sequence[int]) -> UnderWay:
    """Note that an announced file is on its way, or refuse."""
    file, portfolio = queries.file(work, id)
    check_open_to(work, portfolio)
    _upload_of(file)
    if file.state == State.ANNOUNCED:
        move(work, file, Step.BEGIN_UPLOAD)
        touch(work, portfolio)
    after(file.state, Step.COMPLETE)
    known.note_grant(work, file)
    begun = known.take_parts(work, id, numbers)
    if begun is None:
        raise access.NoSuchFile
    return begun


def _upload_of(file: File) -> tuple[str, int]:
    """Return the upload's identifier and the size of its parts, or refuse."""
    if file.upload_id is None or file.part_size is None:
        raise NotInParts
    return file.upload_id, file.part_size
