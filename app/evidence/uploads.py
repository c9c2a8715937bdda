"""Handing in a file: announced, sent straight to the store by signed requests, then checked.

The bytes never pass through the service. What may be sent is signed: length, type, checksum, and
that nothing is there yet. What arrived is read back by the worker (`handlers`) before it counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from app.evidence import queries
from app.evidence.lifecycle import State, Step, after
from app.evidence.models import File
from app.evidence.parts import GRANT_LIFE, check_all_arrived, part_count
from app.evidence.queries.uploads import note_grant
from app.evidence.queries.versions import check_replaceable
from app.evidence.quota import Limits
from app.evidence.room import check_room, hold_room
from app.evidence.service import check_open_to, move
from app.framework import queries as reference
from app.jobs.queue import defer
from app.journal.service import record
from app.kit.errors import Conflict, Invalid
from app.kit.ids import new_id
from app.portfolio.service import touch
from app.storage import SignedRequest
from app.work import Work

LARGEST_SINGLE = 64 * 1024 * 1024
"""Up to here a file is sent in one request (bytes); beyond, in parts that can be sent again."""
PART_SIZE = 8 * 1024 * 1024
CLOCKS_DIFFER = timedelta(minutes=5)


class MediaTypeNotAccepted(Invalid):
    """The scheme does not accept files of this type; `accepted` lists those that it does."""


class FileTooLarge(Invalid):
    """The file is larger than the scheme accepts; `max_bytes` is the limit."""


class DigestNeeded(Invalid):
    """Give the file's SHA-256: at the latest when its upload is complete."""


class DigestDiffers(Conflict):
    """The file was announced with another SHA-256."""


@dataclass(frozen=True, slots=True)
class Grant:
    """Leave to send one file: one signed request, or the size of the parts to ask for."""

    file: File
    request: SignedRequest | None
    parts: int | None
    expires_at: datetime


def announce(
    work: Work,
    item_id: UUID,
    *,
    name: str,
    media_type: str,
    size: int,
    sha256: str | None,
    limits: Limits,
    replaces: UUID | None = None,
) -> Grant:
    """Announce a file of so many bytes, perhaps a new version of another; grant its upload.

    `limits` are the installation's, for bodies that have none of their own.
    """
    item, portfolio = queries.item(work, item_id)
    check_open_to(work, portfolio)
    rules = reference.scheme(work.session, portfolio.scheme_id).evidence_rules
    kind = rules.kind_of(media_type)
    if kind is None:
        raise MediaTypeNotAccepted(accepted={k: list(v) for k, v in rules.media_types.items()})
    if size > rules.max_file_bytes:
        raise FileTooLarge(max_bytes=rules.max_file_bytes)
    if replaces is not None:
        check_replaceable(work, item.id, replaces)
    in_parts = size > LARGEST_SINGLE
    if sha256 is None and not in_parts:
        raise DigestNeeded
    check_room(work, portfolio, size, limits)
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
        replaces=replaces,
    )
    if in_parts:
        file.part_size = PART_SIZE
        file.upload_id = work.store.open_upload(file.incoming_key, media_type=media_type)
    # After the store was asked: who else announces a file waits for the room that is held here.
    hold_room(work, portfolio, size, limits)
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


def complete(work: Work, id: UUID, *, sha256: str | None) -> File:
    """Take the candidate's word that everything was sent; the worker then reads it back.

    Saying it twice changes nothing. Of a file in parts, all must have arrived.
    """
    check_all_arrived(work, id)
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


def _grant(work: Work, file: File) -> Grant:
    note_grant(work, file)
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
