"""What the worker does about malware: scans what arrives, waits for scanners, scans once more."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Final
from uuid import UUID

from app.evidence import queries
from app.evidence.flags import raise_flag
from app.evidence.lifecycle import State, Step, WaitingFor
from app.evidence.media.refusals import Unacceptable
from app.evidence.models import File, FlagKind
from app.evidence.queries import scans as found
from app.evidence.queries.scans import Wanted
from app.evidence.scanning import (
    MalwareFound,
    ScanFailed,
    Scanned,
    Scanner,
    ScannerAway,
    Scanners,
    Verdict,
    builtin,
    malware_in,
)
from app.evidence.service import move
from app.jobs.queue import defer_missing
from app.jobs.shift import Shift
from app.journal.service import record
from app.portfolio.service import touch
from app.storage import ObjectMissing, StoreUnavailable
from app.work import Work

BATCH: Final = 20
"""Kept files that are scanned once more in one run; the next run goes on."""

BATCH_BYTES: Final = 4 << 30
"""A run that has read so much ends, so that other work gets its turn."""

SIGNATURES_LAST: Final = timedelta(days=7)
"""ClamAV's signatures change daily; a kept file is scanned with newer ones this often."""

WAITING: Final = frozenset({State.RECEIVED, State.CHECKED})


def scan(shift: Shift, path: Path, media_type: str) -> list[Scanned]:
    """Return what every scanner says of a file that arrived, or raise MalwareFound."""
    scans = Scanners(shift.clamd_address).scan(path, media_type)
    if names := malware_in(scans):
        raise MalwareFound(reason=names, scans=scans)
    return scans


def wait(shift: Shift, file_id: UUID) -> None:
    """Note that a file's check waits for a scanner; `ask_again` goes on with it."""
    with shift.work() as work:
        file, _ = queries.file(work, file_id)
        if file.state in WAITING:
            file.waiting_for, file.tried_at = WaitingFor.MALWARE_SCANNER, work.now


def ask_again(shift: Shift) -> None:
    """Go on with the checks that waited for a scanner, if it answers now."""
    with shift.work() as work:
        waiting = found.waiting_for_scanner(work)
    if not waiting:
        return
    try:
        Scanners(shift.clamd_address).present()
    except ScannerAway:
        for file_id in waiting:
            wait(shift, file_id)
        return
    with shift.work() as work:
        defer_missing(work, "evidence.check_file", waiting)


def settle(work: Work, file: File, scans: Sequence[Scanned]) -> None:
    """Enter what the scanners said; a file in which they found malware is told to the officers."""
    file.waiting_for = file.tried_at = None
    file.failing = file.failing_since = file.failed_at = None
    for one in scans:
        found.enter(
            work,
            file,
            scanner=one.scanner.name,
            version=one.scanner.version,
            rules=one.scanner.rules,
            verdict=one.verdict,
            found=one.found,
        )
    if names := malware_in(scans):
        raise_flag(work, file, FlagKind.MALWARE, found=names, sha256=file.sha256)


def rescan(shift: Shift) -> None:
    """Scan kept files that the present rules have not seen; quarantine what they find."""
    scanners = Scanners(shift.clamd_address)
    try:
        present = scanners.present()
    except ScannerAway:
        return
    with shift.work() as work:
        due = found.due(work, [_wanted(work, one) for one in present], BATCH)
        tasks = [(file.id, file.key, file.media_type, file.size) for file in due]
    left = BATCH_BYTES
    for file_id, key, media_type, size in tasks:
        if left <= 0:
            return
        left -= size
        try:
            scans = _scan_kept(shift, key, media_type)
        except (ScannerAway, StoreUnavailable):
            return
        except (ScanFailed, ObjectMissing, Unacceptable):
            # What is missing, others find; here no file must stand in the way of the rest.
            scans = [Scanned(one, Verdict.FAILED) for one in present]
        _enter_rescan(shift, file_id, scans)


def _wanted(work: Work, scanner: Scanner) -> Wanted:
    lasting = None if scanner.name == builtin.NAME else work.now - SIGNATURES_LAST
    return Wanted(scanner.name, scanner.rules, lasting)


def _scan_kept(shift: Shift, key: str, media_type: str) -> list[Scanned]:
    with tempfile.TemporaryDirectory(prefix="mentorcert-") as folder:
        path = Path(folder) / "evidence"
        shift.store.download(key, path)
        return Scanners(shift.clamd_address).scan(path, media_type)


def _enter_rescan(shift: Shift, file_id: UUID, scans: Sequence[Scanned]) -> None:
    with shift.work() as work:
        file, portfolio = queries.file(work, file_id)
        settle(work, file, scans)
        names = malware_in(scans)
        if names is None or file.state not in found.READABLE:
            return
        refusal = MalwareFound(reason=names)
        file.problem, file.problem_detail = refusal.slug(), refusal.detail
        move(work, file, Step.QUARANTINE)
        touch(work, portfolio)
        record(work, file.portfolio_id, "evidence.file_quarantined", file.id, reason=file.problem)
