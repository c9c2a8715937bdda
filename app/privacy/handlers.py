"""What the worker does for portfolios that are taken along or brought in."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from uuid import UUID

from app.evidence import captions
from app.evidence.flags import raise_flag
from app.evidence.handlers import arrival
from app.evidence.models import File, FlagKind
from app.evidence.quota import QuotaExceeded
from app.jobs.queue import BULK_WORK, defer, defer_missing
from app.jobs.shift import Shift
from app.journal.service import record
from app.kit.errors import Refusal
from app.portfolio.models import Portfolio
from app.privacy import queries, taking_in
from app.privacy.exporting import GOES_ALONG, FileLost, gather, write
from app.privacy.lifecycle import OPEN, UNDER_WAY, ExportState, ImportState
from app.privacy.models import Export, Import
from app.privacy.service import KEPT_FOR
from app.privacy.settling import PortfolioOpen
from app.privacy.taking_in import Task
from app.storage import Fingerprint
from app.storage.s3 import fingerprint_of

PATIENCE = timedelta(hours=1)
"""How long what was asked for may wait before it is queued once more."""
LONGEST_WAIT = timedelta(days=1)
"""How long the store may be away before an archive is given up."""
BEGINNINGS = 25
"""How often an archive is begun anew because a file is gone."""


class FilesWithdrawn(Exception):
    """A file that was put into an archive may no longer leave."""


class CouldNotTakeIn(Refusal):
    """The archive could not be taken in, for a reason that lies with the service."""

    status = 409


class FilesKeptChanging(Refusal):
    """Too many files were gone while the archive was made; please ask for it once more."""

    status = 409


def make_export(shift: Shift, export_id: UUID) -> None:
    """Make the archive of a portfolio and put it into the store.

    A worker that is killed leaves nothing that counts: the next one makes the archive again.
    """
    with shift.work() as work:
        export = queries.export_held(work, export_id)
        if export.state not in UNDER_WAY:
            return
        export.state = ExportState.MAKING
        key, waited = export.key, work.now - export.asked_at
    try:
        former = _made(shift, export_id, key)
    except Refusal as refusal:
        if refusal.status >= 500 and waited <= LONGEST_WAIT:  # the store is away: come back
            raise
        _fail(shift, export_id, refusal)
        return
    for id in former:
        _expire(shift, id)


def _made(shift: Shift, export_id: UUID, key: str) -> Sequence[UUID]:
    """Make an archive and enter it; return the former ones, whose time is over."""
    lost: dict[str, str] = {}
    for _ in range(BEGINNINGS):
        with tempfile.TemporaryDirectory(prefix="mentorcert-takeout-") as folder:
            path = Path(folder) / "archive.zip"
            try:
                along = _write(shift, export_id, path, lost)
            except FileLost as loss:
                lost[loss.file_id] = loss.found
                continue
            found = fingerprint_of(path)
            shift.store.delete(key)  # what a worker left that was killed before it could say so
            shift.store.put_file(key, path, "application/zip")
            try:
                return _enter(shift, export_id, found, along)
            except FilesWithdrawn:
                shift.store.delete(key)
    raise FilesKeptChanging


def _write(shift: Shift, export_id: UUID, path: Path, lost: Mapping[str, str]) -> set[UUID]:
    """Write the archive; return the files that it tells of as ones that may leave."""
    with shift.work() as work:
        export = queries.export_held(work, export_id)
        packed = gather(work, export.portfolio_id, export.asked_at.isoformat(), lost)
        export.bytes_total, export.bytes_done = packed.bytes_total, 0
        for id, found in lost.items():
            file = work.session.get_one(File, UUID(id))
            if file.state in GOES_ALONG:
                raise_flag(work, file, FlagKind.INTEGRITY, found=found)
    write(shift, packed, path, _progress(shift, export_id))
    return packed.readable


def _progress(shift: Shift, export_id: UUID) -> Callable[[int], None]:
    def done(written: int) -> None:
        with shift.work() as work:
            queries.export_held(work, export_id).bytes_done = written

    return done


def _enter(shift: Shift, export_id: UUID, found: Fingerprint, along: set[UUID]) -> Sequence[UUID]:
    """Say that an archive is made, unless a file in it may no longer leave.

    Whoever shuts a file holds the portfolio: they come first and are seen here, or after, and find
    the archive made.
    """
    with shift.work() as work:
        export = queries.export_held(work, export_id)
        if export.state not in UNDER_WAY:
            return []
        work.session.get_one(Portfolio, export.portfolio_id, with_for_update=True)
        if along - queries.files_in(work, export.portfolio_id, GOES_ALONG):
            raise FilesWithdrawn
        former = queries.made_exports(work, export.portfolio_id)
        for one in former:
            one.expires_at = work.now
        export.state, export.size, export.sha256 = ExportState.MADE, found.size, found.sha256
        export.made_at, export.expires_at = work.now, work.now + KEPT_FOR
        record(
            work,
            export.portfolio_id,
            "portfolio.export_made",
            export.id,
            sha256=found.sha256,
            size=found.size,
        )
        return [one.id for one in former]


def _fail(shift: Shift, export_id: UUID, refusal: Refusal) -> None:
    with shift.work() as work:
        export = queries.export_held(work, export_id)
        if export.state not in UNDER_WAY:
            return
        export.state = ExportState.FAILED
        export.problem, export.problem_detail = refusal.slug(), refusal.detail
        record(
            work, export.portfolio_id, "portfolio.export_failed", export.id, problem=refusal.slug()
        )


def take_in(shift: Shift, import_id: UUID) -> None:
    """Take an archive in, then check its files as if they had been uploaded one by one."""
    with shift.work() as work:
        found = queries.import_held(work, import_id)
        state, task = found.state, _task(found)
        waited = work.now - (found.received_at or work.now)
    if state == ImportState.RECEIVED:
        try:
            _take_in(shift, task)
        except Refusal as refusal:
            if refusal.status >= 500 and waited <= LONGEST_WAIT:
                raise
            _refuse(shift, import_id, refusal)
        except Exception:
            if waited <= LONGEST_WAIT:
                raise
            _refuse(shift, import_id, CouldNotTakeIn())
    _check_files(shift, import_id)
    _clear(shift, task)


def _take_in(shift: Shift, task: Task) -> None:
    with taking_in.fetched(shift, task) as archive:
        try:
            taking_in.claim(shift, task, archive)
        except (PortfolioOpen, QuotaExceeded):
            # An earlier run, killed since, may have put files in place.
            taking_in.remove_files(shift, archive)
            raise
        try:
            taking_in.put_files(shift, archive)
            taking_in.enter(shift, task, archive)
        except Refusal as refusal:
            if refusal.status < 500:
                taking_in.remove_files(shift, archive)
            raise


def _check_files(shift: Shift, import_id: UUID) -> None:
    with shift.work() as work:
        portfolio_id = queries.import_held(work, import_id).portfolio_id
        waiting = [] if portfolio_id is None else queries.files_waiting(work, portfolio_id)
    for id in waiting:
        arrival.check_file(shift, id)
    if portfolio_id is not None:
        with shift.work() as work:
            captions.take_in(work)


def _refuse(shift: Shift, import_id: UUID, refusal: Refusal) -> None:
    with shift.work() as work:
        found = queries.import_held(work, import_id)
        if found.state != ImportState.RECEIVED:
            return
        found.state, found.settled_at = ImportState.REFUSED, work.now
        found.problem, found.problem_detail = refusal.slug(), refusal.detail
        record(work, found.tenant_id, "portfolio.import_refused", found.id, problem=refusal.slug())


def clear_import(shift: Shift, import_id: UUID) -> None:
    """Remove the archive of an import that has ended."""
    with shift.work() as work:
        found = queries.import_held(work, import_id)
        if found.state in OPEN:
            return
        task = _task(found)
    _clear(shift, task)


def _clear(shift: Shift, task: Task) -> None:
    if task.upload_id is not None:
        shift.store.abort_upload(task.key, task.upload_id)
    shift.store.delete(task.key)


def _task(found: Import) -> Task:
    return Task(found.id, found.candidate_id, found.key, found.upload_id, found.size, found.sha256)


def clear_away(shift: Shift) -> None:
    """Remove archives past their time, made or never sent; queue once more what waits too long."""
    with shift.work() as work:
        expired = queries.expired_exports(work, work.now)
        before = work.now - PATIENCE
        unmade = queries.unmade_since(work, before)
        defer_missing(work, "privacy.make_export", unmade, queue=BULK_WORK)
        received = queries.received_before(work, before)
        defer_missing(work, "privacy.take_in", received, queue=BULK_WORK)
        for id in queries.announced_before(work, work.now - KEPT_FOR):
            found = queries.import_held(work, id)
            if found.state == ImportState.ANNOUNCED:
                found.state, found.settled_at = ImportState.GIVEN_UP, work.now
                record(work, found.tenant_id, "portfolio.import_given_up", found.id)
                defer(work, "privacy.clear_import", subject_id=found.id)
    for id in expired:
        _expire(shift, id)


def withdraw_exports(shift: Shift, file_id: UUID) -> None:
    """Remove the archives of a portfolio of which a file was shut: it may be in them."""
    with shift.work() as work:
        file = work.session.get(File, file_id)
        made = [] if file is None else queries.made_exports(work, file.portfolio_id)
        ids = [one.id for one in made]
    for id in ids:
        _expire(shift, id)


def _expire(shift: Shift, export_id: UUID) -> None:
    with shift.work() as work:
        key = work.session.get_one(Export, export_id).key
    shift.store.delete(key)
    with shift.work() as work:
        export = queries.export_held(work, export_id)
        if export.state == ExportState.MADE:
            export.state = ExportState.EXPIRED
            record(work, export.portfolio_id, "portfolio.export_expired", export.id)
