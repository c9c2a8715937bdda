"""Bringing an archive in: announced, sent straight to the store, then taken in by the worker.

As with evidence, the bytes never pass through the service: what may be sent is signed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from app.evidence.parts import NotInParts, PartsOutOfRange, part_count, part_length
from app.evidence.queries import storage
from app.evidence.quota import Limits, check
from app.jobs.queue import BULK_WORK, defer
from app.journal.service import record
from app.kit.errors import Conflict
from app.kit.ids import new_id
from app.privacy import access, queries
from app.privacy.lifecycle import ImportState
from app.privacy.models import Import
from app.storage import Part, SignedRequest
from app.work import Work

LARGEST_SINGLE = 64 * 1024 * 1024
"""Up to here an archive is sent in one request (bytes); beyond, in parts."""
SMALLEST_PART = 8 * 1024 * 1024
MOST_PARTS = 10_000
GRANT_LIFE = timedelta(hours=1)
ZIP = "application/zip"


class ImportUnderWay(Conflict):
    """You are bringing an archive in already; `import_id` says which; finish or give it up."""


class ImportSettled(Conflict):
    """This import has ended, or the archive was sent already."""


@dataclass(frozen=True, slots=True)
class Grant:
    """Leave to send an archive: one signed request, or the size of the parts to ask for."""

    found: Import
    request: SignedRequest | None
    parts: int | None
    expires_at: datetime


def announce(work: Work, *, size: int, sha256: str, limits: Limits) -> Grant:
    """Announce an archive of so many bytes and grant its upload.

    `limits` are the installation's, for the room that the files in it will take up.
    """
    access.check_may_import(work.actor)
    own = storage.limits(work, limits)
    check(own, storage.use(work, work.actor.person_id), size)
    if open_import := queries.open_import(work, work.actor.person_id):
        raise ImportUnderWay(import_id=open_import)
    found = Import(
        id=new_id(),
        tenant_id=work.actor.tenant_id,
        candidate_id=work.actor.person_id,
        size=size,
        sha256=sha256,
        state=ImportState.ANNOUNCED,
        announced_at=work.now,
    )
    if size > LARGEST_SINGLE:
        found.part_size = part_size(size)
        found.upload_id = work.store.open_upload(found.key, media_type=ZIP)
    work.session.add(found)
    record(work, work.actor.tenant_id, "portfolio.import_announced", found.id, size=size)
    return grant(work, found)


def renew(work: Work, id: UUID) -> Grant:
    """Grant the upload of an announced archive once more, for who was cut off."""
    found = queries.import_(work, id, hold=True)
    if found.state != ImportState.ANNOUNCED:
        raise ImportSettled(state=found.state)
    return grant(work, found)


def grant(work: Work, found: Import) -> Grant:
    expires_at = work.now + GRANT_LIFE
    if found.part_size is not None:
        return Grant(found, None, part_count(found.size, found.part_size), expires_at)
    # Who holds the grant may send the bytes again after they were cleared away.
    defer(work, "privacy.clear_import", at=expires_at + GRANT_LIFE, subject_id=found.id)
    request = work.store.put_link(
        found.key,
        size=found.size,
        media_type=ZIP,
        sha256=found.sha256,
        seconds=int(GRANT_LIFE.total_seconds()),
    )
    return Grant(found, request, None, expires_at)


def grant_parts(
    work: Work, id: UUID, parts: Sequence[Part]
) -> tuple[list[SignedRequest], datetime]:
    """Sign the upload of some parts; their length and checksum are part of the signature."""
    found = queries.import_(work, id)
    if found.state != ImportState.ANNOUNCED:
        raise ImportSettled(state=found.state)
    if found.upload_id is None or found.part_size is None:
        raise NotInParts
    for part in parts:
        if part.size != part_length(found.size, found.part_size, part.number):
            count = part_count(found.size, found.part_size)
            raise PartsOutOfRange(parts=count, part_size=found.part_size, number=part.number)
    seconds = int(GRANT_LIFE.total_seconds())
    links = work.store.part_links(found.key, found.upload_id, parts, seconds=seconds)
    return links, work.now + GRANT_LIFE


def complete(work: Work, id: UUID) -> Import:
    """Take the candidate's word that the archive was sent; the worker then takes it in."""
    found = queries.import_(work, id, hold=True)
    if found.state in (ImportState.RECEIVED, ImportState.IMPORTED):
        return found
    if found.state != ImportState.ANNOUNCED:
        raise ImportSettled(state=found.state)
    found.state, found.received_at = ImportState.RECEIVED, work.now
    record(work, found.tenant_id, "portfolio.import_received", found.id, sha256=found.sha256)
    defer(work, "privacy.take_in", queue=BULK_WORK, subject_id=found.id)
    return found


def give_up(work: Work, id: UUID) -> None:
    """End an import whose archive was not sent; what arrived of it is removed."""
    found = queries.import_(work, id, hold=True)
    if found.state != ImportState.ANNOUNCED:
        raise ImportSettled(state=found.state)
    found.state, found.settled_at = ImportState.GIVEN_UP, work.now
    record(work, found.tenant_id, "portfolio.import_given_up", found.id)
    defer(work, "privacy.clear_import", subject_id=found.id)


def part_size(size: int) -> int:
    """Return in parts of how many bytes an archive is sent, so that they are not too many."""
    mebibyte = 1024 * 1024
    return max(SMALLEST_PART, -(-size // (MOST_PARTS * mebibyte)) * mebibyte)
