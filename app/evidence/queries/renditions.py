"""Finding what was made of a file, its captions, and what still waits to be made."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, exists, func, or_, select, update

from app.evidence.lifecycle import State
from app.evidence.models import Captions, File, Making, Passage, Rendition, Snapshot, SnapshotFile
from app.evidence.models.renditions import UNSETTLED
from app.kit.errors import NotFound
from app.work import Work


class NoSuchCaptions(NotFound):
    """The recording has no captions in this language."""


READABLE = (State.AVAILABLE, State.SUPERSEDED)
MOST_AT_ONCE = 500
ARE_CAPTIONS = Rendition.kind.startswith("captions-")


def renditions(work: Work, file_id: UUID) -> Sequence[Rendition]:
    own = select(Rendition).where(Rendition.file_id == file_id)
    return work.session.scalars(own.order_by(Rendition.id)).all()


def rendition(work: Work, file_id: UUID, kind: str) -> Rendition | None:
    own = select(Rendition).where(Rendition.file_id == file_id, Rendition.kind == kind)
    return work.session.scalars(own).one_or_none()


def rendition_by_id(work: Work, id: UUID) -> Rendition | None:
    return work.session.get(Rendition, id)


def captions_of(work: Work, file_id: UUID) -> Sequence[Captions]:
    own = select(Captions).where(Captions.file_id == file_id)
    return work.session.scalars(own.order_by(Captions.language)).all()


def captions(work: Work, file_id: UUID, language: str) -> Captions | None:
    own = select(Captions).where(Captions.file_id == file_id, Captions.language == language)
    return work.session.scalars(own).one_or_none()


def captions_in(work: Work, portfolio_id: UUID) -> Sequence[Captions]:
    """Return the captions of a portfolio's files that are available."""
    own = (
        select(Captions)
        .join(File, File.id == Captions.file_id)
        .where(Captions.portfolio_id == portfolio_id, File.state == State.AVAILABLE)
    )
    return work.session.scalars(own.order_by(Captions.id)).all()


def captions_without_rendition(work: Work) -> Sequence[Captions]:
    """Return captions of readable files of which the worker has not heard."""
    none = ~exists().where(
        Rendition.file_id == Captions.file_id,
        Rendition.kind == func.concat("captions-", Captions.language),
    )
    own = select(Captions).join(File, File.id == Captions.file_id)
    found = own.where(none, File.state.in_(READABLE)).order_by(Captions.id).limit(MOST_AT_ONCE)
    return work.session.scalars(found).all()


def sealed_since(work: Work, file_id: UUID, entered_at: datetime) -> bool:
    """Tell whether a snapshot with this file was sealed since a moment."""
    sealed = (
        exists()
        .where(SnapshotFile.file_id == file_id, SnapshotFile.snapshot_id == Snapshot.id)
        .where(Snapshot.sealed_at >= entered_at)
    )
    return bool(work.session.execute(select(sealed)).scalar_one())


def set_progress(work: Work, id: UUID, percent: int) -> None:
    own = update(Rendition).where(Rendition.id == id, Rendition.state == Making.MAKING)
    work.session.execute(own.values(progress=percent))


def drop_passages(work: Work, file_id: UUID, source: str | None = None) -> None:
    """Forget the words found in a file, in all of it or in one source."""
    own = delete(Passage).where(Passage.file_id == file_id)
    work.session.execute(own if source is None else own.where(Passage.source == source))


def drop_derived(work: Work, file_id: UUID) -> None:
    """Forget everything that was made of a file, and its captions."""
    for table in (Passage, Captions, Rendition):
        work.session.execute(delete(table).where(table.file_id == file_id))


def unplanned(work: Work) -> Sequence[File]:
    """Return readable files of which nothing was ever made, the longest kept first."""
    none = ~exists().where(Rendition.file_id == File.id, ~ARE_CAPTIONS)
    own = select(File).where(File.state.in_(READABLE), none, File.disposed_at.is_(None))
    return work.session.scalars(own.order_by(File.id).limit(MOST_AT_ONCE)).all()


def unfinished(work: Work, *, playable: bool) -> Sequence[UUID]:
    """Return readable files whose copy for browsers, or anything else, still waits to be made."""
    its = Rendition.kind == "playable" if playable else Rendition.kind != "playable"
    waiting = (
        select(Rendition.file_id)
        .join(File, File.id == Rendition.file_id)
        .where(Rendition.state.in_(UNSETTLED), File.state.in_(READABLE), its, ~ARE_CAPTIONS)
    )
    each = waiting.distinct().order_by(Rendition.file_id).limit(MOST_AT_ONCE)
    return work.session.scalars(each).all()


def unkept_captions(work: Work) -> Sequence[UUID]:
    """Return renditions of captions that are not in the store yet."""
    own = select(Rendition.id).where(ARE_CAPTIONS, Rendition.state.in_(UNSETTLED))
    return work.session.scalars(own.limit(MOST_AT_ONCE)).all()


def wait_again(work: Work, reason: str) -> None:
    """Have what was not available for a reason that is gone wait to be made."""
    own = update(Rendition).where(
        Rendition.state == Making.NOT_AVAILABLE, Rendition.reason == reason
    )
    work.session.execute(own.values(state=Making.WAITING, reason=None, tries=0))


def wait_again_whole(
    work: Work, intact: Collection[UUID], mended: Collection[UUID], reasons: Collection[str]
) -> Sequence[tuple[UUID, str]]:
    """Have what failed wait to be made, for one of these reasons or for any where the original was
    mended; return file and kind.
    """
    own = update(Rendition).where(
        Rendition.file_id.in_(intact),
        Rendition.state == Making.FAILED,
        or_(Rendition.reason.in_(reasons), Rendition.file_id.in_(mended)),
        ~ARE_CAPTIONS,
    )
    waiting = own.values(state=Making.WAITING, reason=None, progress=0, tries=0)
    found = work.session.execute(waiting.returning(Rendition.file_id, Rendition.kind))
    return [(file_id, kind) for file_id, kind in found]
