"""The worker's part in captions: putting them where players fetch them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from uuid import UUID

from app.evidence import queries as evidence
from app.evidence.models import Making
from app.evidence.queries import renditions as queries
from app.jobs.shift import Shift
from app.storage import KeyTaken

VTT = "text/vtt"
PREFIX = "captions-"


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What the store is to hold, and where; `words` is None if it is to hold nothing."""

    key: str
    words: bytes | None


def keep_captions(shift: Shift, rendition_id: UUID) -> None:
    """Have the store hold the captions as they are now, or not at all. It can be repeated.

    Two such jobs may run at once, and the one with the older words may put them last. So each looks
    again at what is wanted once it has put its own, until that is what it put.
    """
    wanted = _wanted(shift, rendition_id)
    while wanted is not None:
        _put(shift, wanted)
        now = _wanted(shift, rendition_id)
        if now is None:  # the file was cleared meanwhile
            shift.store.delete(wanted.key)
        elif now == wanted:
            _note(shift, rendition_id, now.words)
            return
        wanted = now


def _wanted(shift: Shift, rendition_id: UUID) -> _Wanted | None:
    with shift.work() as work:
        rendition = queries.rendition_by_id(work, rendition_id)
        if rendition is None:
            return None
        file = evidence.file_by_id(work, rendition.file_id)
        found = queries.captions(work, file.id, rendition.kind.removeprefix(PREFIX))
        words = found.words.encode() if found and file.state in queries.READABLE else None
        return _Wanted(rendition.key, words)


def _put(shift: Shift, wanted: _Wanted) -> None:
    if wanted.words is None:
        shift.store.delete(wanted.key)
        return
    try:
        shift.store.put(wanted.key, wanted.words, VTT)
    except KeyTaken:
        shift.store.delete(wanted.key)
        shift.store.put(wanted.key, wanted.words, VTT)


def _note(shift: Shift, rendition_id: UUID, words: bytes | None) -> None:
    if words is None:
        return
    digest = hashlib.sha256(words).hexdigest()
    with shift.work() as work:
        kept = queries.rendition_by_id(work, rendition_id)
        now = kept and queries.captions(work, kept.file_id, kept.kind.removeprefix(PREFIX))
        if kept is None or now is None or now.sha256 != digest:
            return  # replaced or removed meanwhile: another job is about that
        kept.state, kept.media_type, kept.made_at = Making.MADE, VTT, work.now
        kept.size, kept.sha256, kept.progress = len(words), digest, 100
