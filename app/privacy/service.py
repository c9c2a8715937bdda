"""Asking for an export, and reading it."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from app.evidence.access import check_may_read
from app.jobs.queue import BULK_WORK, defer
from app.journal.service import record
from app.kit.errors import Conflict
from app.kit.ids import new_id
from app.portfolio import queries as portfolios
from app.privacy import access, queries
from app.privacy.lifecycle import ExportState
from app.privacy.models import Export, ImportedRecord
from app.work import Work

LINK_LIFE = timedelta(minutes=5)
KEPT_FOR = timedelta(days=7)
"""How long an archive can be fetched; then it is removed, and another can be asked for."""


class ExportNotMade(Conflict):
    """This archive cannot be fetched: it is not made yet, could not be made, or has expired."""


def ask_export(work: Work, portfolio_id: UUID) -> Export:
    """Ask for an archive of one's own portfolio; one that is being made already is returned."""
    portfolio = portfolios.portfolio(work, portfolio_id)
    access.check_may_export(work.actor, portfolio.candidate_id)
    if under_way := queries.export_under_way(work, portfolio_id):
        return under_way
    export = Export(
        id=new_id(),
        tenant_id=portfolio.tenant_id,
        portfolio_id=portfolio.id,
        asked_by=work.actor.person_id,
        state=ExportState.WAITING,
        bytes_done=0,
        bytes_total=0,
        asked_at=work.now,
    )
    work.session.add(export)
    record(work, portfolio.id, "portfolio.export_asked", export.id)
    defer(work, "privacy.make_export", queue=BULK_WORK, subject_id=export.id)
    return export


def export_link(work: Work, id: UUID) -> str:
    """Return an address from which one's own archive can be fetched for some minutes."""
    export = queries.export(work, id)
    if export.state != ExportState.MADE:
        raise ExportNotMade(state=export.state)
    record(work, export.portfolio_id, "portfolio.export_fetched", export.id)
    return work.store.get_link(
        export.key,
        media_type="application/zip",
        disposition=f'attachment; filename="portfolio-{export.portfolio_id}.zip"',
        seconds=int(LINK_LIFE.total_seconds()),
    )


def imported_record(work: Work, portfolio_id: UUID) -> ImportedRecord:
    """Return what came with a portfolio from elsewhere, for those who may read its evidence."""
    portfolio = portfolios.portfolio_to_read(work, portfolio_id)
    check_may_read(work.actor, portfolio.candidate_id, submitted=portfolio.was_submitted)
    found = queries.imported_record(work, portfolio_id)
    if found is None:
        raise access.NothingImported
    return found
