"""Whether what is kept is still what was kept: entering what was found when files were read back.

The worker reads (`handlers.integrity`); here its findings become known: a file that is damaged is
flagged for the officers, entered in its portfolio's journal, and opened to nobody until it reads
back whole again.
"""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import select, update

from app.evidence import derived
from app.evidence.flags import raise_flag
from app.evidence.models import Damage, File, FlagKind
from app.evidence.queries.keeping import KEPT
from app.journal.service import record
from app.work import Work


def note_intact(work: Work, ids: Collection[UUID]) -> None:
    """Enter that files were read back whole; one that was damaged before has been mended."""
    mended = select(File).where(File.id.in_(ids), File.damaged_at.is_not(None))
    whole_again = work.session.scalars(mended.with_for_update()).all()
    for file in whole_again:
        file.damaged_at = file.damage = None
        record(work, file.portfolio_id, "evidence.file_mended", file.id)
    derived.try_again(work, ids, [file.id for file in whole_again])
    work.session.execute(
        update(File)
        .where(File.id.in_(ids))
        .values(last_verified_at=work.now)
        .execution_options(synchronize_session=False)
    )


def note_damage(work: Work, id: UUID, damage: Damage) -> bool:
    """Enter that a file is no longer what was kept; tell whether it is still to be kept at all."""
    file = work.session.get_one(File, id, with_for_update=True)
    if file.state not in KEPT:  # it was removed while it was read
        return False
    file.last_verified_at = work.now
    if file.damaged_at is not None:
        file.damage = damage
        return True
    file.damaged_at, file.damage = work.now, damage
    work.session.flush()
    raise_flag(work, file, FlagKind.INTEGRITY, damage=damage, sha256=file.sha256)
    record(work, file.portfolio_id, "evidence.file_damaged", file.id, damage=damage)
    return True
