"""Taking an archive in: read and verified on disk, its files put in place, then one transaction.

Until that transaction there is nothing but bytes that nobody can reach, and a claim on the
portfolio's identifier, so that no other archive puts its files in the same places. A worker that is
killed leaves both to the next one; what is refused leaves neither.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import cast
from uuid import UUID

from sqlalchemy.exc import IntegrityError

from app.evidence.lifecycle import State
from app.evidence.models import File, incoming_key
from app.evidence.queries.uploads import note_grant
from app.evidence.quota import Limits
from app.jobs.shift import Shift
from app.journal.service import record
from app.kit.canonical import canonical
from app.kit.errors import Conflict
from app.kit.ids import new_id
from app.portfolio.models import Portfolio
from app.portfolio.service import touch
from app.privacy import packing, queries, settling
from app.privacy.contents import Json, Rows
from app.privacy.lifecycle import ImportState
from app.privacy.models import ImportedRecord
from app.privacy.parcel import CONTENT, RESULTS, Member
from app.privacy.rows import ContentNotAccepted, working
from app.privacy.settling import AlreadyHere
from app.privacy.unpacking import Unpacked, unpacked
from app.storage import ObjectMissing, PartsIncomplete, UploadGone
from app.work import Work


class ArchiveNotAsAnnounced(Conflict):
    """The archive that arrived is not the one announced: its size or SHA-256 differs."""


class ArchiveNotSent(Conflict):
    """Nothing usable was sent before the archive was said to be complete."""


@dataclass(frozen=True, slots=True)
class Task:
    """What has to be known of an import while no transaction is open."""

    id: UUID
    candidate_id: UUID
    key: str
    upload_id: str | None
    size: int
    sha256: str


@contextmanager
def fetched(shift: Shift, task: Task) -> Iterator[Unpacked]:
    """Copy an archive to disk and open it, or refuse it."""
    with tempfile.TemporaryDirectory(prefix="mentorcert-import-") as folder:
        path = Path(folder) / "archive.zip"
        try:
            if task.upload_id is not None:
                shift.store.complete_upload(task.key, task.upload_id)
            about = shift.store.about(task.key)
            if about is not None and about.size != task.size:
                raise ArchiveNotAsAnnounced(size=about.size)
            arrived = shift.store.download(task.key, path)
        except (ObjectMissing, PartsIncomplete, UploadGone):
            raise ArchiveNotSent from None
        if (arrived.size, arrived.sha256) != (task.size, task.sha256):
            raise ArchiveNotAsAnnounced(size=arrived.size, sha256=arrived.sha256)
        with path.open("rb") as file:
            yield unpacked(file)


def claim(shift: Shift, task: Task, archive: Unpacked) -> None:
    """Keep the portfolio's identifier for this import, and try the archive's content out.

    Everything is entered and taken back, so that what cannot be entered is refused before a byte
    of it is put anywhere.
    """
    with shift.work() as work:
        found = queries.import_held(work, task.id)
        found.holds_id = archive.portfolio_id
        try:
            work.session.flush()
        except IntegrityError:
            raise AlreadyHere from None
    with shift.work() as work, work.session.begin_nested() as trial:
        _enter(work, task, archive, _limits(shift))
        trial.rollback()


def remove_files(shift: Shift, archive: Unpacked) -> None:
    """Remove what was put in place for an archive that is refused after all."""
    for id in archive.files:
        shift.store.delete(incoming_key(archive.portfolio_id, id))


def put_files(shift: Shift, archive: Unpacked) -> None:
    """Put the files where uploads arrive; the digest of each is compared on the way."""
    with tempfile.TemporaryDirectory(prefix="mentorcert-import-") as folder:
        path = Path(folder) / "file"
        for id, member in archive.files.items():
            with path.open("wb") as file:
                for chunk in archive.chunks(member):
                    file.write(chunk)
            key = incoming_key(archive.portfolio_id, id)
            shift.store.put_file(key, path, "application/octet-stream")


def enter(shift: Shift, task: Task, archive: Unpacked) -> None:
    """Make the portfolio of the archive, all in one transaction."""
    with shift.work() as work:
        found = queries.import_held(work, task.id)
        if found.state != ImportState.RECEIVED:
            return
        portfolio = _enter(work, task, archive, _limits(shift))
        found.state, found.settled_at = ImportState.IMPORTED, work.now
        found.portfolio_id = portfolio.id


def _limits(shift: Shift) -> Limits:
    return Limits(shift.person_bytes, shift.tenant_bytes)


def _enter(work: Work, task: Task, archive: Unpacked, usual: Limits) -> Portfolio:
    document = archive.document(CONTENT)
    versions = settling.pinned(work, archive.manifest)
    portfolio = settling.open_anew(
        work, archive.portfolio_id, task.candidate_id, document, versions
    )
    rows = working(work, portfolio, document, {str(id) for id in archive.files})
    settling.hold_room_for(work, portfolio, rows, usual)
    settling.enter_rows(work, portfolio, rows)
    _check_files(archive.files, rows)
    for id in _announced(rows):
        note_grant(work, work.session.get_one(File, id))
    work.session.add(
        ImportedRecord(
            id=new_id(),
            tenant_id=portfolio.tenant_id,
            portfolio_id=portfolio.id,
            import_id=task.id,
            manifest=archive.manifest_text,
            record=canonical(_record(archive, document, rows)).decode(),
            imported_at=work.now,
        )
    )
    touch(work, portfolio)
    record(
        work,
        portfolio.id,
        "portfolio.imported",
        portfolio.id,
        archive_sha256=task.sha256,
        files=len(archive.files),
    )
    return portfolio


def _announced(rows: Rows) -> list[UUID]:
    return [
        UUID(str(one["id"])) for one in rows["evidence_file"] if one["state"] == State.ANNOUNCED
    ]


def _check_files(files: dict[UUID, Member], rows: Rows) -> None:
    """Refuse rows that say another size or digest of a file than the manifest does."""
    for one in rows["evidence_file"]:
        member = files.get(UUID(str(one["id"])))
        if member is not None and (member.size, member.sha256) != (one["size"], one["sha256"]):
            raise ContentNotAccepted(reason="a file is not the one its entry describes")


def _record(archive: Unpacked, document: Json, rows: Rows) -> Json:
    """Return what is kept of an archive beside its working content: all that was left as it came.

    Working rows are in it too where they begin otherwise here: files by their former states, and
    consents that were given by a link.
    """
    told = cast(Rows, document["tables"])
    kept = {name: found for name, found in told.items() if name not in packing.WORKING}
    kept["evidence_file"] = told.get("evidence_file", [])
    entered = {str(one["id"]) for one in rows["consent"] if one["how"] != "link"}
    kept["consent"] = [one for one in told.get("consent", []) if one.get("id") not in entered]
    rest = {name: found for name, found in document.items() if name != "tables"}
    results = archive.document(RESULTS) if RESULTS in archive.members else None
    return {**rest, "tables": kept, "results": results}
