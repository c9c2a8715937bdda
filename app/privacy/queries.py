"""Finding exports, imports and what came with them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from app.evidence.lifecycle import State
from app.evidence.models import File
from app.privacy import access
from app.privacy.lifecycle import OPEN, UNDER_WAY, ExportState, ImportState
from app.privacy.models import Export, Import, ImportedRecord
from app.work import Work


def export(work: Work, id: UUID) -> Export:
    """Fetch an export of the actor's own."""
    found = work.session.get(Export, id)
    if found is None or not access.is_own(work.actor, found.asked_by):
        raise access.NoSuchExport
    return found


def export_under_way(work: Work, portfolio_id: UUID) -> Export | None:
    """Return the export of a portfolio that will still be made, if there is one."""
    open_ = select(Export).where(Export.portfolio_id == portfolio_id, Export.state.in_(UNDER_WAY))
    return work.session.scalars(open_).one_or_none()


def export_held(work: Work, id: UUID) -> Export:
    """Fetch an export for the service's own work and hold its row."""
    return work.session.get_one(Export, id, with_for_update=True)


def made_exports(work: Work, portfolio_id: UUID) -> Sequence[Export]:
    """Return the exports of a portfolio that can be fetched."""
    made = (Export.portfolio_id == portfolio_id, Export.state == ExportState.MADE)
    return work.session.scalars(select(Export).where(*made)).all()


def files_in(work: Work, portfolio_id: UUID, states: Collection[State]) -> set[UUID]:
    """Return the files of a portfolio that are in one of these states."""
    alike = (File.portfolio_id == portfolio_id, File.state.in_(states))
    return set(work.session.scalars(select(File.id).where(*alike)))


def expired_exports(work: Work, now: datetime) -> Sequence[UUID]:
    past = (Export.state == ExportState.MADE, Export.expires_at < now)
    return work.session.scalars(select(Export.id).where(*past)).all()


def unmade_since(work: Work, before: datetime) -> Sequence[UUID]:
    """Return the exports that were asked for before a moment and are not made."""
    waiting = (Export.state.in_(UNDER_WAY), Export.asked_at < before)
    return work.session.scalars(select(Export.id).where(*waiting)).all()


def import_(work: Work, id: UUID, *, hold: bool = False) -> Import:
    """Fetch an import of the actor's own."""
    found = work.session.get(Import, id, with_for_update=hold)
    if found is None or not access.is_own(work.actor, found.candidate_id):
        raise access.NoSuchImport
    return found


def import_held(work: Work, id: UUID) -> Import:
    """Fetch an import for the service's own work and hold its row."""
    return work.session.get_one(Import, id, with_for_update=True)


def open_import(work: Work, candidate_id: UUID) -> UUID | None:
    """Return a candidate's import that is not settled, if there is one."""
    open_ = select(Import.id).where(Import.candidate_id == candidate_id, Import.state.in_(OPEN))
    return work.session.scalars(open_).one_or_none()


def announced_before(work: Work, before: datetime) -> Sequence[UUID]:
    """Return the imports that were announced before a moment and never arrived."""
    old = (Import.state == ImportState.ANNOUNCED, Import.announced_at < before)
    return work.session.scalars(select(Import.id).where(*old)).all()


def received_before(work: Work, before: datetime) -> Sequence[UUID]:
    """Return the imports that arrived before a moment and are not settled."""
    old = (Import.state == ImportState.RECEIVED, Import.received_at < before)
    return work.session.scalars(select(Import.id).where(*old)).all()


def imported_record(work: Work, portfolio_id: UUID) -> ImportedRecord | None:
    """Return what came with a portfolio from elsewhere; None if it was opened here."""
    own = select(ImportedRecord).where(ImportedRecord.portfolio_id == portfolio_id)
    return work.session.scalars(own).one_or_none()


def files_waiting(work: Work, portfolio_id: UUID) -> Sequence[UUID]:
    """Return the files of a portfolio that wait for their check.

    Identifiers grow with time: a version comes after what it replaces.
    """
    waiting = (File.portfolio_id == portfolio_id, File.state.in_((State.RECEIVED, State.CHECKED)))
    return work.session.scalars(select(File.id).where(*waiting).order_by(File.id)).all()
