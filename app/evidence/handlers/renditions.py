"""The worker's part in renditions: one job makes what is quickly made of a file, one its film.

They wait in queues of their own, so that a film of hours keeps no photograph's copy waiting. No
transaction is open while bytes travel or a recording is encoded. Each rendition is settled by
itself, so that a worker that is killed, or a store that is away, costs no more than the one that
was under way; and none of it ever touches the original.
"""

from __future__ import annotations

import hashlib
import tempfile
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from app.evidence import captions, derived
from app.evidence import queries as evidence
from app.evidence.handlers import making
from app.evidence.handlers.making import Made, Original
from app.evidence.lifecycle import State
from app.evidence.media.making import office
from app.evidence.media.making.playing import kinds_for
from app.evidence.media.making.workshop import BrokenOff, CouldNotMake, Hindered
from app.evidence.models import File, Making, Passage, Rendition
from app.evidence.models.renditions import UNSETTLED, derived_prefix
from app.evidence.queries import renditions as queries
from app.jobs.queue import defer_missing
from app.jobs.shift import Shift
from app.kit.clock import utc_now
from app.kit.ids import new_id
from app.storage import KeyTaken, ObjectMissing, StoreUnavailable
from app.work import Work

MOST_TRIES = 3
"""How often making a rendition is begun. What kept it from being made may pass: a full disk, a busy
machine. One that always brings its worker down is given up."""

NOTE_EVERY = 1.0
"""Seconds between two notes of progress, at least."""


@dataclass(frozen=True, slots=True)
class _Task:
    """What has to be known about a file while no transaction is open."""

    key: str
    sha256: str | None
    prefix: str
    original: Original
    waiting: tuple[UUID, ...]


def make_renditions(shift: Shift, file_id: UUID) -> None:
    """Make what is still to be made of a file, but for what may take hours.

    It can be repeated, and killed anywhere.
    """
    _make(shift, file_id, playable=False)


def make_playable(shift: Shift, file_id: UUID) -> None:
    """Make the copy of a recording that browsers play. It can be repeated, and killed anywhere."""
    _make(shift, file_id, playable=True)


def _make(shift: Shift, file_id: UUID, *, playable: bool) -> None:
    with shift.work() as work:
        file = evidence.file_by_id(work, file_id)
        if file.state == State.DELETED:
            task = None
        elif file.state not in queries.READABLE:
            return
        else:
            task = _task(work, file, playable=playable)
        prefix = derived_prefix(file.portfolio_id, file.id)
    if task is None:
        shift.store.delete_below(prefix)
    elif task.waiting:
        with tempfile.TemporaryDirectory(prefix="mentorcert-") as folder:
            _make_all(shift, task, Path(folder))


def clear(shift: Shift, file: File) -> None:
    """Remove what was made of a file from the store; no transaction may be open."""
    shift.store.delete_below(derived_prefix(file.portfolio_id, file.id))


def take_up(shift: Shift) -> None:
    """Plan what files kept before there were renditions lack; queue again what lost its job."""
    with shift.work() as work:
        if office.installed():
            queries.wait_again(work, derived.NO_OFFICE)
        for file in queries.unplanned(work):
            derived.add(work, file, kinds_for(file.media_type))
        for job, queue, playable in derived.JOBS:
            unfinished = queries.unfinished(work, playable=playable)
            defer_missing(work, job, unfinished, queue=queue)
        captions.take_in(work)
        defer_missing(work, captions.KEEP, queries.unkept_captions(work))


def _task(work: Work, file: File, *, playable: bool) -> _Task:
    # Captions have a job of their own.
    kinds = [one for one in kinds_for(file.media_type) if (one == derived.PLAYABLE) == playable]
    found = [one for one in queries.renditions(work, file.id) if one.kind in kinds]
    waiting = [one.id for one in found if one.state in UNSETTLED]
    original = Original(
        media_type=file.media_type,
        milliseconds=file.duration_ms or 0,
        size=file.size,
        cautions=tuple(file.cautions),
    )
    prefix = derived_prefix(file.portfolio_id, file.id)
    return _Task(file.key, file.sha256, prefix, original, tuple(waiting))


def _make_all(shift: Shift, task: _Task, folder: Path) -> None:
    path = folder / "original"
    try:
        arrived = shift.store.download(task.key, path)
    except ObjectMissing:
        _fail_all(shift, task, derived.ORIGINAL_GONE)
        return
    if arrived.sha256 != task.sha256:
        _fail_all(shift, task, derived.ORIGINAL_CHANGED)
        return
    maker = making.Maker(task.original, path, folder)
    for id_ in task.waiting:
        _make_one(shift, task, maker, id_)


def _make_one(shift: Shift, task: _Task, maker: making.Maker, id_: UUID) -> None:
    kind = _begin(shift, id_)
    if kind is None:
        return
    key = task.prefix + kind
    try:
        found = maker.make(kind, _noting(shift, id_))
        if isinstance(found, Made):
            _store(shift, key, found)
            _keep(shift, id_, key, found)
        else:
            _settle(shift, id_, found.state, reason=found.reason)
        _note_codecs(shift, id_, maker)
    except CouldNotMake as problem:
        _settle(shift, id_, Making.FAILED, reason=str(problem))
    except (BrokenOff, StoreUnavailable):
        _put_back(shift, id_, counts=False)
        raise
    except (Hindered, OSError) as problem:
        # Nor is the job repeated at once: `take_up` asks for it when this had time to pass.
        _put_back(shift, id_, reason=_in_words(problem))
    except Exception as error:
        _put_back(shift, id_, reason=f"making it broke off: {type(error).__name__}")
        raise


def _in_words(problem: Exception) -> str:
    return str(problem) if isinstance(problem, Hindered) else f"the machine failed: {problem}"


def _begin(shift: Shift, id_: UUID) -> str | None:
    """Note that a rendition is being made and return its kind, or None if it is not to be."""
    with shift.work() as work:
        found = queries.rendition_by_id(work, id_)
        if found is None or found.state not in UNSETTLED:
            return None
        found.tries += 1
        if found.tries > MOST_TRIES:
            found.state, found.reason = Making.FAILED, f"making it broke off {MOST_TRIES} times"
            return None
        found.state, found.progress = Making.MAKING, 0
        return found.kind


def _noting(shift: Shift, id_: UUID) -> making.Told:
    """Return what notes progress, in a transaction of its own and not too often."""
    noted = utc_now()

    def note(percent: int) -> None:
        nonlocal noted
        now = utc_now()
        if (now - noted).total_seconds() >= NOTE_EVERY:
            noted = now
            with shift.work() as work:
                queries.set_progress(work, id_, percent)

    return note


def _store(shift: Shift, key: str, found: Made) -> None:
    try:
        shift.store.put_file(key, found.path, found.media_type)
    except KeyTaken:  # an earlier run was cut off, and encoding is not the same twice
        shift.store.delete(key)
        shift.store.put_file(key, found.path, found.media_type)


def _keep(shift: Shift, id_: UUID, key: str, found: Made) -> None:
    with shift.work() as work:
        kept = queries.rendition_by_id(work, id_)
        file = evidence.file_by_id(work, kept.file_id) if kept else None
        # Without its row the file was cleared, or nobody would ever find what was put there.
        gone = kept is None or file is None or file.state == State.DELETED
        if kept and file and not gone:
            kept.state, kept.progress, kept.made_at = Making.MADE, 100, work.now
            kept.media_type, kept.reason = found.media_type, found.note
            kept.size, kept.sha256 = found.path.stat().st_size, sha256_of(found.path)
            _keep_passages(work, kept, found)
    if gone:  # the file was deleted meanwhile, and its job to clear may have run
        shift.store.delete(key)


def _keep_passages(work: Work, rendition: Rendition, found: Made) -> None:
    if found.passages is None:
        return
    queries.drop_passages(work, rendition.file_id, rendition.kind)
    work.session.add_all(
        Passage(
            id=new_id(),
            tenant_id=rendition.tenant_id,
            portfolio_id=rendition.portfolio_id,
            file_id=rendition.file_id,
            source=rendition.kind,
            page=page,
            words=words,
        )
        for page, words in found.passages
    )


def _settle(shift: Shift, id_: UUID, state: Making, *, reason: str) -> None:
    with shift.work() as work:
        found = queries.rendition_by_id(work, id_)
        if found is not None:
            found.state, found.progress, found.reason = state, 0, reason


def _fail_all(shift: Shift, task: _Task, reason: str) -> None:
    for id_ in task.waiting:
        _settle(shift, id_, Making.FAILED, reason=reason)


def _put_back(shift: Shift, id_: UUID, *, reason: str = "", counts: bool = True) -> None:
    """Let a rendition wait again, or give it up after too many tries that count."""
    with shift.work() as work:
        found = queries.rendition_by_id(work, id_)
        if found is None or found.state != Making.MAKING:
            return
        found.progress = 0
        if not counts:
            found.tries -= 1
        if counts and found.tries >= MOST_TRIES:
            found.state, found.reason = Making.FAILED, reason
        else:
            found.state = Making.WAITING


def _note_codecs(shift: Shift, id_: UUID, maker: making.Maker) -> None:
    probe = maker.probed
    if probe is None:
        return
    with shift.work() as work:
        found = queries.rendition_by_id(work, id_)
        if found is not None:
            file = evidence.file_by_id(work, found.file_id)
            file.video_codec, file.audio_codec = probe.picture or None, probe.sound or None


def sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
