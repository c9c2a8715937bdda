"""Reading a file: a link into the store, for those who may, for some minutes.

The bytes never pass through the service. What the store says about them (their type, and whether
they open in place or are saved) is part of the signature.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from app.actor import Role
from app.evidence import access, derived, queries
from app.evidence.lifecycle import State
from app.evidence.media.catalogue import READERS
from app.evidence.models import Captions, File, Rendition
from app.evidence.queries import readings as read_before
from app.evidence.queries import renditions as made
from app.evidence.queries.readings import FileReading
from app.journal.service import record
from app.kit.disposition import content_disposition
from app.kit.errors import Conflict, Refusal
from app.kit.paging import Page
from app.portfolio import queries as portfolios
from app.work import Work

LINK_LIFE = timedelta(minutes=5)
OPEN_IN_PLACE = frozenset({"image", "recording"})
"""Whose readers take a file apart so far that a browser may show what passed them."""
SHOWN = frozenset({"image", "audio", "video"})
"""What renditions open in place: not the words, nor the peaks, which are for programs."""
UNKNOWN_TYPE = "application/octet-stream"
ENDINGS = {
    "image/jpeg": ".jpg",
    "image/png": ".png",
    "application/json": ".json",
    "text/plain": ".txt",
    "text/vtt": ".vtt",
    "video/mp4": ".mp4",
    "video/webm": ".webm",
    "audio/mp4": ".m4a",
    "audio/webm": ".webm",
    "audio/mpeg": ".mp3",
    "audio/wav": ".wav",
    "audio/flac": ".flac",
}
"""What renditions are: all made by the service, and none of a type that runs anything."""


class FileNotReadable(Conflict):
    """This file cannot be opened: it was not accepted, or is still being checked."""


class FileDamaged(Conflict):
    """What the store holds of this file is no longer what was handed in, so nobody is given it."""


class FileDisposed(Refusal):
    """This file was removed when its retention ended; its digest still proves what it was."""

    status = 410


def link(work: Work, id: UUID, referents: frozenset[UUID]) -> str:
    """Return an address from which a file can be read for some minutes.

    `referents` are those who assess a snapshot with it. A reading by anyone but the candidate is
    entered in the portfolio's journal, with the role in which it was done. Others than the
    candidate get a copy of a file that tells where it was made, unless the candidate shares that.
    """
    file, own = _opened(work, id, referents)
    instead = None if own else derived.in_place_of(work, file)
    _note(work, file, referents, own=own, rendition=instead.kind if instead else None)
    if instead is not None:
        return _rendition_address(work, file, instead)
    return work.store.get_link(
        file.key,
        media_type=told_type(file),
        disposition=disposition(file),
        seconds=int(LINK_LIFE.total_seconds()),
    )


def rendition_link(work: Work, id: UUID, kind: str, referents: frozenset[UUID]) -> str:
    """Return an address for some minutes of something made of a file; noted as a reading is."""
    file, own = _opened(work, id, referents)
    found = derived.made(work, file, kind)
    _note(work, file, referents, own=own, rendition=kind)
    return _rendition_address(work, file, found)


def renditions(work: Work, id: UUID, referents: frozenset[UUID]) -> Sequence[Rendition]:
    """Return what is made of a file, for those who may read it."""
    file, _ = _opened(work, id, referents)
    return made.renditions(work, file.id)


def captions(work: Work, id: UUID, language: str, referents: frozenset[UUID]) -> Captions:
    """Return a recording's captions in a language; noted as a reading is."""
    file, own = _opened(work, id, referents)
    found = made.captions(work, file.id, language)
    if found is None:
        raise made.NoSuchCaptions
    _note(work, file, referents, own=own, rendition=found.kind)
    return found


def _opened(work: Work, id: UUID, referents: frozenset[UUID]) -> tuple[File, bool]:
    """Return a file that the actor may read now, and whether it is their own."""
    found = queries.file_to_open(work, id)
    if found is None:
        raise access.NoSuchFile
    file, portfolio = found
    candidate_id, submitted = portfolio.candidate_id, portfolio.was_submitted
    if not access.may_read_file(work.actor, candidate_id, referents, submitted=submitted):
        raise access.NoSuchFile
    check_readable(file)
    return file, work.actor.person_id == candidate_id


def _note(
    work: Work, file: File, referents: frozenset[UUID], *, own: bool, rendition: str | None
) -> None:
    if own:
        return
    role = access.reads_as(work.actor, referents)
    facts = {} if rendition is None else {"rendition": rendition}
    record(work, file.portfolio_id, "evidence.file_read", file.id, role=role, **facts)


def _rendition_address(work: Work, file: File, rendition: Rendition) -> str:
    media_type = rendition.media_type or UNKNOWN_TYPE
    ending = ENDINGS.get(media_type, "")
    stem = file.name.rpartition(".")[0] or file.name
    return work.store.get_link(
        rendition.key,
        media_type=media_type,
        disposition=content_disposition(
            f"{stem}-{rendition.kind}{ending}",
            inline=media_type in ENDINGS and media_type.partition("/")[0] in SHOWN,
        ),
        seconds=int(LINK_LIFE.total_seconds()),
    )


def check_readable(file: File) -> None:
    """Refuse a file whose bytes are not there, or not what was handed in."""
    if file.disposed_at is not None:
        raise FileDisposed(disposed_at=file.disposed_at.isoformat())
    if file.state not in (State.AVAILABLE, State.SUPERSEDED):
        raise FileNotReadable(state=file.state)
    if file.damaged_at is not None:
        raise FileDamaged(damage=file.damage, damaged_at=file.damaged_at.isoformat())


def readings(work: Work, portfolio_id: UUID, limit: int, before: int | None) -> Page[FileReading]:
    """Return who opened files of the portfolio, for its candidate and for officers.

    The candidate learns the names of the staff. Referents stay unnamed, and a third one is told as
    the first two are, for that there is one tells how the ratings stand. Officers, who called them,
    read all names, unless they assess the case themselves: one referent must not learn of another.
    """
    found = portfolios.portfolio_to_read(work, portfolio_id)
    part = portfolios.part_of(work, portfolio_id, work.actor.person_id)
    access.check_may_read_readings(work.actor, found.candidate_id, part)
    page = read_before.readings(work, portfolio_id, limit, before)
    if work.actor.person_id != found.candidate_id:
        return page
    return Page([_unnamed(row) for row in page.rows], page.next_cursor)


def _unnamed(row: FileReading) -> FileReading:
    if row.role != Role.REFERENT:
        return row
    return replace(row, person_id=None, person_name=None)


def told_type(file: File) -> str:
    """Return the type that the store tells of a file: one that was checked, never a script's."""
    return file.media_type if file.media_type in READERS else UNKNOWN_TYPE


def disposition(file: File) -> str:
    """Return the Content-Disposition of a file: parsed media opens in place, the rest is saved.

    So is a PDF that could make its viewer run, open or fetch something.
    """
    reader = READERS.get(file.media_type)
    inline = reader in OPEN_IN_PLACE or (reader == "pdf" and not file.cautions)
    return content_disposition(file.name, inline=inline)
