"""What the worker does with evidence files: checks what arrived, clears away what was given up."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from uuid import UUID

from app.evidence import queries
from app.evidence.lifecycle import State, Step
from app.evidence.media import CouldNotCheck, Inspection, inspect
from app.evidence.models import File
from app.evidence.service import move
from app.framework import queries as reference
from app.jobs.queue import defer_missing
from app.jobs.shift import Shift
from app.journal.service import record
from app.kit.errors import Refusal
from app.portfolio.models import Portfolio
from app.portfolio.service import touch
from app.storage import Fingerprint, ObjectMissing, PartsIncomplete, UploadGone
from app.work import Work


class DigestNotAsAnnounced(Refusal):
    """The file that arrived is not the one that was announced: its size or SHA-256 differs."""

    status = 409


class NothingArrived(Refusal):
    """Nothing usable was sent before the upload was said to be complete."""

    status = 409


class LostInStore(Refusal):
    """The store for files could not give this file back; please hand it in once more."""

    status = 409


PATIENCE = timedelta(hours=1)
"""How long the store may fail to give a file back. The last try of the job comes after this: a file
that waited for ever could be neither used nor removed."""

WAITING = frozenset({State.RECEIVED, State.CHECKED})
"""States in which a file waits for its check to end."""

LONGEST_WAIT = timedelta(days=1)
"""How long a file is tried again that fails in a way nobody thought of; then it is rejected."""

UNSETTLED = frozenset({State.ANNOUNCED, State.UPLOADING, State.RECEIVED, State.CHECKED})
"""States in which what arrived may still be needed."""


@dataclass(frozen=True, slots=True)
class _Task:
    """What has to be known about a file while no transaction is open."""

    incoming_key: str
    key: str
    upload_id: str | None
    media_type: str
    size: int
    sha256: str | None
    accepted: Mapping[str, tuple[str, ...]]


def check_file(shift: Shift, file_id: UUID) -> None:
    """Read a file back from the store, find out what it really is, and keep or reject it.

    Every step can be repeated: a worker that is killed in the middle loses nothing, and the next
    one begins again.
    """
    with shift.work() as work:
        file = queries.file_by_id(work, file_id)
        waiting, task = file.state in WAITING, _task(work, file)
        waited = work.now - (file.received_at or work.now)
    if waiting:
        try:
            found = _examine(shift, task)
        except Refusal as refusal:
            if refusal.status >= 500 and waited <= PATIENCE:  # the store is away: come back
                raise
            _reject(shift, file_id, LostInStore() if refusal.status >= 500 else refusal)
        except Exception as error:
            if waited <= LONGEST_WAIT:
                raise
            reason = f"the check broke off: {type(error).__name__}"
            _reject(shift, file_id, CouldNotCheck(reason=reason))
        else:
            _keep(shift, file_id, found)
    # Also when an earlier run, killed after its commit, had settled the file.
    _clear(shift, task)


def clear_incoming(shift: Shift, file_id: UUID) -> None:
    """Remove what was sent once more, by a grant still good, after the file had been settled."""
    with shift.work() as work:
        file = queries.file_by_id(work, file_id)
        if file.state in UNSETTLED:
            return
        task = _task(work, file)
    _clear(shift, task)


def discard_upload(shift: Shift, file_id: UUID) -> None:
    """Remove the bytes of a file that was deleted."""
    with shift.work() as work:
        file = queries.file_by_id(work, file_id)
        if file.state != State.DELETED:
            return
        upload_id, keys = file.upload_id, (file.incoming_key, file.key)
    if upload_id is not None:
        shift.store.abort_upload(keys[0], upload_id)
    for key in keys:
        shift.store.delete(key)
    with shift.work() as work:
        queries.file_by_id(work, file_id).cleared_at = work.now


def take_up(shift: Shift) -> None:
    """Queue once more what has waited for an hour: its job ran out of tries."""
    with shift.work() as work:
        before = work.now - PATIENCE
        defer_missing(work, "evidence.check_file", queries.unchecked_since(work, before))
        defer_missing(work, "evidence.discard_upload", queries.uncleared_since(work, before))


def _task(work: Work, file: File) -> _Task:
    portfolio = work.session.get_one(Portfolio, file.portfolio_id)
    rules = reference.scheme(work.session, portfolio.scheme_id).evidence_rules
    return _Task(
        file.incoming_key,
        file.key,
        file.upload_id,
        file.media_type,
        file.size,
        file.sha256,
        rules.media_types,
    )


def _examine(shift: Shift, task: _Task) -> Inspection:
    with tempfile.TemporaryDirectory(prefix="mentorcert-") as folder:
        path = Path(folder) / "evidence"
        try:
            if task.upload_id is not None:
                shift.store.complete_upload(task.incoming_key, task.upload_id)
            arrived = shift.store.download(task.incoming_key, path)
        except (ObjectMissing, PartsIncomplete, UploadGone):
            raise NothingArrived from None
        if (arrived.size, arrived.sha256) != (task.size, task.sha256):
            raise DigestNotAsAnnounced(
                _difference(task, arrived), size=arrived.size, sha256=arrived.sha256
            )
        found = inspect(path, declared=task.media_type, allowed=task.accepted)
    shift.store.keep(task.incoming_key, task.key, etag=arrived.etag)
    return found


def _difference(task: _Task, arrived: Fingerprint) -> str:
    if arrived.size != task.size:
        announced, found = f"{task.size} bytes", f"{arrived.size} bytes"
    else:
        announced, found = f"SHA-256 {task.sha256}", f"SHA-256 {arrived.sha256}"
    return f"{DigestNotAsAnnounced.title()} Announced: {announced}; arrived: {found}."


def _keep(shift: Shift, file_id: UUID, found: Inspection) -> None:
    with shift.work() as work:
        file, portfolio = queries.file(work, file_id)
        if file.state not in WAITING:
            return
        file.pages, file.duration_ms = found.pages, found.milliseconds
        file.width, file.height = found.width, found.height
        file.cautions = [str(caution) for caution in found.cautions]
        if file.state == State.RECEIVED:
            move(work, file, Step.PASS_CHECKS)
        move(work, file, Step.KEEP)
        touch(work, portfolio)
        record(
            work,
            file.portfolio_id,
            "evidence.file_kept",
            file.id,
            sha256=file.sha256,
            size=file.size,
        )


def _reject(shift: Shift, file_id: UUID, refusal: Refusal) -> None:
    with shift.work() as work:
        file, portfolio = queries.file(work, file_id)
        if file.state not in WAITING:
            return
        file.problem, file.problem_detail = refusal.slug(), refusal.detail
        move(work, file, Step.REJECT)
        touch(work, portfolio)
        record(work, file.portfolio_id, "evidence.file_rejected", file.id, problem=refusal.slug())


def _clear(shift: Shift, task: _Task) -> None:
    if task.upload_id is not None:
        shift.store.abort_upload(task.incoming_key, task.upload_id)
    shift.store.delete(task.incoming_key)
