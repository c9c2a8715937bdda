"""Handing in a file: announced, sent straight to the store by signed requests, then checked.

The bytes never pass through the service. What may be sent is signed: length, type, checksum, and
that nothing is there yet. What arrived is read back by the worker (`handlers`) before it counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from app.evidence import access, queries
from app.evidence.lifecycle import State, Step, after
from app.evidence.models import File
from app.evidence.queries import UnderWay
from app.evidence.service import check_open_to, move
from app.framework import queries as reference
from app.jobs.queue import defer
from app.journal.service import record
from app.kit.errors import Conflict, Invalid
from app.kit.ids import new_id
from app.portfolio.lifecycle import check_evidence_open
from app.portfolio.service import touch
from app.storage import Part, SignedRequest
from app.work import Work

LARGEST_SINGLE = 64 * 1024 * 1024
"""Up to here a file is sent in one request (bytes); beyond, in parts that can be sent again."""
PART_SIZE = 8 * 1024 * 1024
GRANT_LIFE = timedelta(hours=1)
LINK_LIFE = timedelta(minutes=5)
CLOCKS_DIFFER = timedelta(minutes=5)


class MediaTypeNotAccepted(Invalid):
    """The scheme does not accept files of this type; `accepted` lists those that it does."""


class FileTooLarge(Invalid):
    """The file is larger than the scheme accepts; `max_bytes` is the limit."""


class DigestNeeded(Invalid):
    """Give the file's SHA-256: at the latest when its upload is complete."""


class DigestDiffers(Conflict):
    """The file was announced with another SHA-256."""


class NotInParts(Conflict):
    """This file is sent in one request, not in parts."""


class PartsOutOfRange(Invalid):
    """A part has a number from 1 to the number of parts, and the length that follows from it."""


class FileNotReadable(Conflict):
    """This file cannot be opened: it was not accepted, or is still being checked."""


@dataclass(frozen=True, slots=True)
class Grant:
    """Leave to send one file: one signed request, or the size of the parts to ask for."""

    file: File
    request: SignedRequest | None
    parts: int | None
    expires_at: datetime


def announce(
    work: Work, item_id: UUID, *, name: str, media_type: str, size: int, sha256: str | None
) -> Grant:
    """Announce a file of so many bytes and grant its upload."""
    item, portfolio = queries.item(work, item_id)
    check_open_to(work, portfolio)
    rules = reference.scheme(work.session, portfolio.scheme_id).evidence_rules
    kind = rules.kind_of(media_type)
    if kind is None:
        raise MediaTypeNotAccepted(accepted={k: list(v) for k, v in rules.media_types.items()})
    if size > rules.max_file_bytes:
        raise FileTooLarge(max_bytes=rules.max_file_bytes)
    in_parts = size > LARGEST_SINGLE
    if sha256 is None and not in_parts:
        raise DigestNeeded
    file = File(
        id=new_id(),
        tenant_id=portfolio.tenant_id,
        portfolio_id=portfolio.id,
        item_id=item.id,
        name=name,
        media_type=media_type,
        kind=kind,
        size=size,
        sha256=sha256,
        state=State.ANNOUNCED,
        announced_at=work.now,
    )
    if in_parts:
        file.part_size = PART_SIZE
        file.upload_id = work.store.open_upload(file.incoming_key, media_type=media_type)
    work.session.add(file)
    touch(work, portfolio)
    record(work, portfolio.id, "evidence.file_announced", file.id, size=size, type=media_type)
    return _grant(work, file)


def renew(work: Work, id: UUID) -> Grant:
    """Grant the upload of an announced file once more, for who was cut off."""
    file, portfolio = queries.file(work, id)
    check_open_to(work, portfolio)
    after(file.state, Step.COMPLETE)
    return _grant(work, file)


def grant_parts(
    work: Work, id: UUID, parts: Sequence[Part]
) -> tuple[list[SignedRequest], datetime]:
    """Sign the upload of some parts; their length and checksum are part of the signature."""
    file = queries.under_way(work, id)
    if file is None:
        file = _begin_upload(work, id)
    else:
        access.check_may_change(work.actor, work.actor.person_id)
        check_evidence_open(file.portfolio_state)
    count = part_count(file.size, file.part_size)
    for part in parts:
        last = part.number == count
        expected = file.size - (count - 1) * file.part_size if last else file.part_size
        if not 1 <= part.number <= count or part.size != expected:
            raise PartsOutOfRange(parts=count, part_size=file.part_size, number=part.number)
    links = work.store.part_links(
        file.incoming_key, file.upload_id, parts, seconds=int(GRANT_LIFE.total_seconds())
    )
    return links, work.now + GRANT_LIFE


def _begin_upload(work: Work, id: UUID) -> UnderWay:
    """Note that an announced file is on its way, or refuse."""
    file, portfolio = queries.file(work, id)
    check_open_to(work, portfolio)
    if file.upload_id is None or file.part_size is None:
        raise NotInParts
    if file.state == State.ANNOUNCED:
        move(work, file, Step.BEGIN_UPLOAD)
        touch(work, portfolio)
    after(file.state, Step.COMPLETE)
    return UnderWay(file.incoming_key, file.upload_id, file.size, file.part_size, portfolio.state)


def complete(work: Work, id: UUID, *, sha256: str | None) -> File:
    """Take the candidate's word that everything was sent; the worker then reads it back.

    Saying it twice changes nothing.
    """
    file, portfolio = queries.file(work, id)
    check_open_to(work, portfolio)
    if sha256 is not None and file.sha256 not in (None, sha256):
        raise DigestDiffers
    if file.state in (State.RECEIVED, State.CHECKED, State.AVAILABLE):
        return file
    file.sha256 = file.sha256 or sha256
    if file.sha256 is None:
        raise DigestNeeded
    move(work, file, Step.COMPLETE)
    file.received_at = work.now
    touch(work, portfolio)
    record(work, portfolio.id, "evidence.file_received", file.id, sha256=file.sha256)
    return file


def link(work: Work, id: UUID, referents: frozenset[UUID]) -> str:
    """Return an address from which a file can be read for some minutes.

    `referents` are those who assess a snapshot with it. A reading by anyone but the candidate is
    entered in the portfolio's journal.
    """
    found = queries.file_to_open(work, id)
    if found is None:
        raise access.NoSuchFile
    file, portfolio = found
    candidate_id, submitted = portfolio.candidate_id, portfolio.was_submitted
    if not access.may_read_file(work.actor, candidate_id, referents, submitted=submitted):
        raise access.NoSuchFile
    if file.state not in (State.AVAILABLE, State.SUPERSEDED):
        raise FileNotReadable(state=file.state)
    if work.actor.person_id != candidate_id:
        record(work, file.portfolio_id, "evidence.file_read", file.id)
    return work.store.get_link(
        file.key,
        media_type=file.media_type,
        disposition=disposition(file),
        seconds=int(LINK_LIFE.total_seconds()),
    )


INLINE = frozenset({"audio", "video", "image"})


def disposition(file: File) -> str:
    """Return the Content-Disposition of a file: parsed media opens in place, the rest is saved.

    So is a PDF that could make its viewer run, open or fetch something.
    """
    harmless = file.media_type == "application/pdf" and not file.cautions
    inline = file.kind in INLINE or harmless
    name = "".join(c if c.isascii() and (c.isalnum() or c in "._- ") else "_" for c in file.name)
    return f'{"inline" if inline else "attachment"}; filename="{name}"'


def part_count(size: int, part_size: int) -> int:
    """Return in how many parts a file of `size` bytes is sent."""
    return -(-size // part_size)


def _grant(work: Work, file: File) -> Grant:
    if file.part_size is not None:
        count = part_count(file.size, file.part_size)
        return Grant(file, None, count, work.now + GRANT_LIFE)
    if file.sha256 is None:
        raise DigestNeeded
    expires_at = work.now + GRANT_LIFE
    # Who holds the grant may send the bytes again after they were checked and cleared away.
    defer(work, "evidence.clear_incoming", at=expires_at + CLOCKS_DIFFER, subject_id=file.id)
    request = work.store.put_link(
        file.incoming_key,
        size=file.size,
        media_type=file.media_type,
        sha256=file.sha256,
        seconds=int(GRANT_LIFE.total_seconds()),
    )
    return Grant(file, request, None, expires_at)
