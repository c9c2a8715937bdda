"""What the worker does with evidence files: checks what arrived, clears away what was given up."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from uuid import UUID

from app.evidence import consenting, derived, queries
from app.evidence.flags import flag_duplicates
from app.evidence.handlers import patience, renditions, scanning
from app.evidence.handlers.patience import WAITING
from app.evidence.lifecycle import Failing, State, Step
from app.evidence.media import Caution, CouldNotCheck, Inspection, inspect
from app.evidence.models import File
from app.evidence.queries import renditions as made
from app.evidence.queries import standing
from app.evidence.replacing import take_over
from app.evidence.scanning import (
    MalwareFound,
    ScanFailed,
    Scanned,
    ScannerAway,
    Scanners,
    Verdict,
)
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


OUT_OF_TRIES = timedelta(hours=1)
"""After so long a job that is still to be done may have run out of tries."""

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
    if waiting:
        try:
            found, scans = _examine(shift, task)
        except ScannerAway:
            scanning.wait(shift, file_id)
            return
        except Refusal as refusal:
            if refusal.status >= 500:  # the store is away: come back
                if patience.lasts(shift, file_id, Failing.STORE):
                    raise
                refusal = LostInStore()
            _reject(shift, file_id, refusal)
        except Exception as error:
            if patience.lasts(shift, file_id, Failing.CHECK):
                if isinstance(error, ScanFailed):
                    scanning.wait(shift, file_id)
                raise
            reason = f"the check broke off: {type(error).__name__}"
            _reject(shift, file_id, CouldNotCheck(reason=reason))
        else:
            _keep(shift, file_id, found, scans)
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
        ended = file.disposed_at is not None
    if upload_id is not None:
        shift.store.abort_upload(keys[0], upload_id)
    for key in keys:
        shift.store.delete(key, despite_lock=ended)
    renditions.clear(shift, file)
    with shift.work() as work:
        made.drop_derived(work, file_id)
        queries.file_by_id(work, file_id).cleared_at = work.now


def take_up(shift: Shift) -> None:
    """Queue once more what has waited for an hour: its job ran out of tries."""
    with shift.work() as work:
        before = work.now - OUT_OF_TRIES
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


def _examine(shift: Shift, task: _Task) -> tuple[Inspection, list[Scanned]]:
    Scanners(shift.clamd_address).present()  # before a large file is fetched in vain
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
        scans = scanning.scan(shift, path, found.media_type)
    shift.store.keep(task.incoming_key, task.key, etag=arrived.etag)
    return found, scans


def _difference(task: _Task, arrived: Fingerprint) -> str:
    if arrived.size != task.size:
        announced, found = f"{task.size} bytes", f"{arrived.size} bytes"
    else:
        announced, found = f"SHA-256 {task.sha256}", f"SHA-256 {arrived.sha256}"
    return f"{DigestNotAsAnnounced.title()} Announced: {announced}; arrived: {found}."


def _keep(shift: Shift, file_id: UUID, found: Inspection, scans: list[Scanned]) -> None:
    with shift.work() as work:
        file, portfolio = queries.file(work, file_id)
        if file.state not in WAITING:
            return
        file.pages, file.duration_ms = found.pages, found.milliseconds
        file.width, file.height = found.width, found.height
        file.cautions = [str(caution) for caution in found.cautions]
        if any(scan.verdict == Verdict.TOO_LARGE for scan in scans):
            file.cautions = [*file.cautions, str(Caution.PARTLY_SCANNED)]
        scanning.settle(work, file, scans)
        if file.state == State.RECEIVED:
            move(work, file, Step.PASS_CHECKS)
        move(work, file, Step.KEEP)
        take_over(work, file)
        touch(work, portfolio)
        record(
            work,
            file.portfolio_id,
            "evidence.file_kept",
            file.id,
            sha256=file.sha256,
            size=file.size,
        )
        if standing.was_withdrawn_for(work, file):
            consenting.quarantine(work, file)
        flag_duplicates(work, file, portfolio.candidate_id)
        derived.plan(work, file)


def _reject(shift: Shift, file_id: UUID, refusal: Refusal) -> None:
    with shift.work() as work:
        file, portfolio = queries.file(work, file_id)
        if file.state not in WAITING:
            return
        file.problem, file.problem_detail = refusal.slug(), refusal.detail
        scanning.settle(work, file, refusal.scans if isinstance(refusal, MalwareFound) else [])
        move(work, file, Step.REJECT)
        touch(work, portfolio)
        record(work, file.portfolio_id, "evidence.file_rejected", file.id, problem=refusal.slug())


def _clear(shift: Shift, task: _Task) -> None:
    if task.upload_id is not None:
        shift.store.abort_upload(task.incoming_key, task.upload_id)
    shift.store.delete(task.incoming_key)
