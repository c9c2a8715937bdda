"""What is made of an original: planned when it is kept, and shown in its place where it must be."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from uuid import UUID

from app.evidence.lifecycle import State
from app.evidence.media.facts import Caution
from app.evidence.media.making.playing import kinds_for
from app.evidence.models import File, Making, Rendition
from app.evidence.queries import renditions as queries
from app.jobs.queue import LONG_WORK, QUICK_WORK, defer
from app.kit.errors import Conflict, NotFound
from app.kit.ids import new_id
from app.work import Work

MAKE, MAKE_PLAYABLE = "evidence.make_renditions", "evidence.make_playable"
PLAYABLE = "playable"
JOBS = ((MAKE, QUICK_WORK, False), (MAKE_PLAYABLE, LONG_WORK, True))
"""Each job with its queue, and whether it makes what browsers play or all the rest."""

ORIGINAL_GONE = "the original is not in the store"
ORIGINAL_CHANGED = "the original in the store is not the one that was handed in"
NO_OFFICE = "LibreOffice is not installed"


class NoSuchRendition(NotFound):
    """Nothing of this kind is made of this file."""


class RenditionNotMade(Conflict):
    """This is not there to be opened: it is still being made, or could not be; `state` says."""


def plan(work: Work, file: File) -> None:
    """Have made of a file what its type calls for."""
    _have_made(work, file.id, {one.kind for one in add(work, file, kinds_for(file.media_type))})


def try_again(work: Work, intact: Collection[UUID], mended: Collection[UUID]) -> None:
    """Have made what could not be because the store did not give the original back whole.

    Of what was mended, all that failed is tried again.
    """
    failed: dict[UUID, set[str]] = {}
    for file_id, kind in queries.wait_again_whole(
        work, intact, mended, (ORIGINAL_GONE, ORIGINAL_CHANGED)
    ):
        failed.setdefault(file_id, set()).add(kind)
    for file_id, kinds in failed.items():
        _have_made(work, file_id, kinds)


def _have_made(work: Work, file_id: UUID, kinds: Collection[str]) -> None:
    for job, queue, playable in JOBS:
        if any((kind == PLAYABLE) == playable for kind in kinds):
            defer(work, job, queue=queue, subject_id=file_id)


def add(work: Work, file: File, kinds: Iterable[str]) -> list[Rendition]:
    """Enter renditions that wait to be made, where there are none of their kind yet."""
    there = {one.kind for one in queries.renditions(work, file.id)}
    added = [
        Rendition(
            id=new_id(),
            tenant_id=file.tenant_id,
            portfolio_id=file.portfolio_id,
            file_id=file.id,
            kind=kind,
            state=Making.WAITING,
        )
        for kind in kinds
        if kind not in there
    ]
    work.session.add_all(added)
    work.session.flush()
    return added


def made(work: Work, file: File, kind: str) -> Rendition:
    """Return a rendition that can be opened, or refuse."""
    found = queries.rendition(work, file.id, kind)
    if found is None:
        raise NoSuchRendition
    if found.state != Making.MADE:
        raise RenditionNotMade(kind=kind, state=found.state, reason=found.reason)
    return found


def in_place_of(work: Work, file: File) -> Rendition | None:
    """Return what others than the candidate are given instead of an original that tells where it
    was made, unless the candidate agreed that they see the original; None for any other file.
    """
    if Caution.LOCATION not in file.cautions or file.location_shared_at is not None:
        return None
    kind = "copy" if file.kind == "image" else "playable"
    if queries.rendition(work, file.id, kind) is None:  # kept before there were any
        raise RenditionNotMade(kind=kind, state=Making.WAITING, reason=None)
    return made(work, file, kind)


def is_settled(file: File, renditions: Iterable[Rendition]) -> bool:
    """Tell whether nothing about a file is under way any more."""
    if file.state in (State.ANNOUNCED, State.UPLOADING, State.RECEIVED, State.CHECKED):
        return False
    return not any(one.state in (Making.WAITING, Making.MAKING) for one in renditions)
