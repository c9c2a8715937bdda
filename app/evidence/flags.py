"""Raising a flag: the service tells the officers of something that a person must judge."""

from __future__ import annotations

from sqlalchemy.dialects.postgresql import insert

from app.evidence.models import File
from app.evidence.models.flags import Flag, FlagKind
from app.journal.service import record
from app.kit.ids import new_id
from app.work import Work


def raise_flag(work: Work, file: File, kind: FlagKind, **facts: str | int | None) -> None:
    """Flag a file for the officers, unless a flag of this kind on it is open already.

    It is recorded in the tenant's journal, not in the portfolio's, which its candidate reads.
    """
    id = new_id()
    raised = work.session.execute(
        insert(Flag)
        .values(
            id=id,
            tenant_id=file.tenant_id,
            portfolio_id=file.portfolio_id,
            file_id=file.id,
            kind=kind,
            facts=facts,
            raised_at=work.now,
        )
        .on_conflict_do_nothing()
        .returning(Flag.id)
    ).first()
    if raised is not None:
        record(work, file.tenant_id, "evidence.flag_raised", id, kind=kind, file=file.id, **facts)
