"""Finding evidence and what belongs to it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from sqlalchemy import exists, func, select

from app.evidence import access, locator
from app.evidence.lifecycle import State
from app.evidence.models import (
    Claim,
    ClientCase,
    Consent,
    File,
    Invitation,
    Item,
    SelfAssessment,
    SelfRating,
    Snapshot,
    SnapshotClaim,
    SnapshotFile,
    Validation,
)
from app.evidence.queries import testimonies
from app.evidence.queries.belonging import portfolio_of
from app.evidence.queries.counting import consented, validated
from app.evidence.readiness import Item as ReadyItem
from app.kit.errors import NotFound
from app.portfolio.access import may_read_evidence
from app.portfolio.models import Portfolio
from app.work import Work


class NoSnapshot(NotFound):
    """Nothing has been submitted from this portfolio yet."""


def case(work: Work, portfolio_id: UUID, id: UUID) -> ClientCase:
    found = work.session.get(ClientCase, id)
    if found is None or found.portfolio_id != portfolio_id:
        raise access.NoSuchCase
    return found


def item(work: Work, id: UUID) -> tuple[Item, Portfolio]:
    """Fetch an item and hold its portfolio's row until the transaction ends."""
    portfolio = _portfolio_of(work, Item, id, access.NoSuchEvidence)
    found = _present(work, Item, id)
    if found is None or found.removed_at is not None:
        raise access.NoSuchEvidence
    return found, portfolio


def file(work: Work, id: UUID) -> tuple[File, Portfolio]:
    """Fetch a file of one's own portfolio (or as staff) and hold its portfolio's row."""
    portfolio = _portfolio_of(work, File, id, access.NoSuchFile)
    found = _present(work, File, id)
    if found is None:
        raise access.NoSuchFile
    return found, portfolio


def item_to_read(work: Work, id: UUID) -> Item:
    """Fetch an item without waiting for those who change its portfolio."""
    found = to_read(work, Item, id, access.NoSuchEvidence)
    if found.removed_at is not None:
        raise access.NoSuchEvidence
    return found


def file_to_read(work: Work, id: UUID) -> File:
    """Fetch what is known of a file without waiting for those who change its portfolio."""
    return to_read(work, File, id, access.NoSuchFile)


def file_to_open(work: Work, id: UUID) -> tuple[File, Portfolio] | None:
    """Return a file and its portfolio, whoever asks."""
    row = work.session.execute(
        select(File, Portfolio)
        .join(Portfolio, Portfolio.id == File.portfolio_id)
        .where(File.id == id)
    ).one_or_none()
    return None if row is None else (row[0], row[1])


def file_by_id(work: Work, id: UUID) -> File:
    """Fetch a file for the service's own work, without holding it."""
    found = work.session.get(File, id)
    if found is None:
        raise access.NoSuchFile
    return found


def unchecked_since(work: Work, before: datetime) -> Sequence[UUID]:
    """Return the files that were received before a moment and are neither kept nor rejected."""
    waiting = File.state.in_((State.RECEIVED, State.CHECKED))
    return work.session.scalars(select(File.id).where(waiting, File.received_at < before)).all()


def uncleared_since(work: Work, before: datetime) -> Sequence[UUID]:
    """Return the files that were deleted before a moment, but whose bytes may still be there."""
    left = (File.state == State.DELETED, File.cleared_at.is_(None), File.settled_at < before)
    return work.session.scalars(select(File.id).where(*left)).all()


def claim(work: Work, id: UUID) -> tuple[Claim, Portfolio]:
    """Fetch a claim and hold its portfolio's row until the transaction ends."""
    portfolio = _portfolio_of(work, Claim, id, access.NoSuchClaim)
    found = _present(work, Claim, id)
    if found is None:
        raise access.NoSuchClaim
    return found, portfolio


def files_of(work: Work, item_id: UUID) -> Sequence[File]:
    own = select(File).where(
        File.portfolio_id == portfolio_of(item_id),
        File.item_id == item_id,
        File.state != State.DELETED,
    )
    return work.session.scalars(own.order_by(File.id)).all()


def claims_on(work: Work, item_id: UUID) -> Sequence[Claim]:
    return work.session.scalars(select(Claim).where(Claim.item_id == item_id)).all()


def claims_at(work: Work, file_id: UUID) -> Sequence[Claim]:
    """Return the claims whose locator points into a file."""
    return work.session.scalars(select(Claim).where(Claim.file_id == file_id)).all()


def consents_on(work: Work, item_id: UUID) -> Sequence[Consent]:
    return work.session.scalars(select(Consent).where(Consent.item_id == item_id)).all()


def consents(work: Work, portfolio_id: UUID) -> Sequence[Consent]:
    own = select(Consent).where(Consent.portfolio_id == portfolio_id)
    return work.session.scalars(own.order_by(Consent.id)).all()


def is_sealed(work: Work, file_id: UUID) -> bool:
    sealed = exists().where(SnapshotFile.file_id == file_id)
    return bool(work.session.execute(select(sealed)).scalar_one())


def case_in_use(work: Work, case_id: UUID) -> bool:
    return bool(work.session.execute(select(exists().where(Item.case_id == case_id))).scalar_one())


def self_assessment(work: Work, portfolio_id: UUID) -> SelfAssessment | None:
    return work.session.get(SelfAssessment, portfolio_id)


def self_ratings(work: Work, portfolio_id: UUID) -> Sequence[SelfRating]:
    own = select(SelfRating).where(SelfRating.portfolio_id == portfolio_id)
    return work.session.scalars(own).all()


def items(work: Work, portfolio_id: UUID) -> Sequence[Item]:
    own = select(Item).where(Item.portfolio_id == portfolio_id, Item.removed_at.is_(None))
    return work.session.scalars(own.order_by(Item.id)).all()


def cases(work: Work, portfolio_id: UUID) -> Sequence[ClientCase]:
    own = select(ClientCase).where(ClientCase.portfolio_id == portfolio_id)
    return work.session.scalars(own.order_by(ClientCase.id)).all()


def files(work: Work, portfolio_id: UUID) -> Sequence[File]:
    own = select(File).where(File.portfolio_id == portfolio_id, File.state != State.DELETED)
    return work.session.scalars(own.order_by(File.id)).all()


def claims(work: Work, portfolio_id: UUID) -> Sequence[Claim]:
    own = select(Claim).where(Claim.portfolio_id == portfolio_id)
    return work.session.scalars(own.order_by(Claim.id)).all()


def ready_items(work: Work, portfolio_id: UUID) -> dict[UUID, ReadyItem]:
    """Return the items as the readiness rules see them.

    Items are read first and files last: where nobody holds the portfolio, what comes in meanwhile
    adds to an item that is known, or is left out with its own.
    """
    known = items(work, portfolio_id)
    made = claims(work, portfolio_id)
    found: dict[UUID, list[tuple[str, State]]] = {}
    by_id: dict[UUID | None, File] = {}
    for file in files(work, portfolio_id):
        found.setdefault(file.item_id, []).append((file.kind, file.state))
        by_id[file.id] = file
    damaged = {
        file.item_id
        for file in by_id.values()
        if file.damaged_at is not None and file.state == State.AVAILABLE
    }
    cited: dict[UUID, list[State]] = {}
    misplaced: dict[UUID, list[tuple[str, str]]] = {}
    for claim in made:
        if file_at := by_id.get(claim.file_id):
            cited.setdefault(claim.item_id, []).append(file_at.state)
            if fault := _fault(claim, file_at):
                misplaced.setdefault(claim.item_id, []).append((claim.indicator, fault))
    asked = select(Invitation).where(Invitation.portfolio_id == portfolio_id)
    consenting = consented(
        consents(work, portfolio_id),
        work.session.scalars(asked),
        by_id.values(),
    )
    signed = testimonies.of_portfolio(work, portfolio_id)
    attested = {one.item_id for one in signed}
    borne_out = validated(
        work.session.scalars(select(Validation).where(Validation.portfolio_id == portfolio_id)),
        by_id.values(),
        signed,
    )
    return {
        item.id: ReadyItem(
            id=item.id,
            kind=item.kind,
            case_id=item.case_id,
            practised_on=item.practised_on,
            files=found.get(item.id, []),
            consented=item.id in consenting,
            cited=cited.get(item.id, []),
            misplaced=misplaced.get(item.id, []),
            damaged=item.id in damaged,
            authorship_declared=item.authorship is not None,
            attested=item.id in attested,
            validated=borne_out.get(item.id, frozenset()),
        )
        for item in known
    }


def _fault(claim: Claim, file: File) -> str | None:
    """Say what is wrong with a claim's place in a file that has been kept since it was made."""
    if file.state != State.AVAILABLE:
        return None
    return locator.fault(
        kind=file.kind,
        page=claim.page,
        box=claim.box,
        from_ms=claim.from_ms,
        to_ms=claim.to_ms,
        pages=file.pages,
        duration_ms=file.duration_ms,
    )


def latest_snapshot(work: Work, portfolio_id: UUID) -> Snapshot:
    """Return what was submitted last."""
    own = select(Snapshot).where(Snapshot.portfolio_id == portfolio_id)
    found = work.session.scalars(own.order_by(Snapshot.number.desc()).limit(1)).one_or_none()
    if found is None:
        raise NoSnapshot
    return found


def next_snapshot_number(work: Work, portfolio_id: UUID) -> int:
    taken = select(func.coalesce(func.max(Snapshot.number), 0)).where(
        Snapshot.portfolio_id == portfolio_id
    )
    return work.session.execute(taken).scalar_one() + 1


def sealed_claims(work: Work, snapshot_id: UUID) -> dict[UUID, str]:
    """Return the claims of a snapshot with their indicators."""
    rows = select(SnapshotClaim.claim_id, SnapshotClaim.indicator).where(
        SnapshotClaim.snapshot_id == snapshot_id
    )
    return {row.claim_id: row.indicator for row in work.session.execute(rows)}


Owned = TypeVar("Owned", Item, File, Claim)


def _portfolio_of(work: Work, kind: type[Owned], id: UUID, missing: type[NotFound]) -> Portfolio:
    """Hold the portfolio that a thing belongs to, for those who may read what is in it."""
    found = work.session.get(kind, id)
    if found is None:
        raise missing
    portfolio = work.session.get_one(Portfolio, found.portfolio_id, with_for_update=True)
    check_may_read_in(work, portfolio, missing)
    return portfolio


def to_read(work: Work, kind: type[Owned], id: UUID, missing: type[NotFound]) -> Owned:
    """Fetch a thing, holding nothing, for those who may read what is in its portfolio."""
    found = work.session.get(kind, id)
    if found is None:
        raise missing
    check_may_read_in(work, work.session.get_one(Portfolio, found.portfolio_id), missing)
    return found


def check_may_read_in(work: Work, portfolio: Portfolio, missing: type[NotFound]) -> None:
    """Refuse someone who may not read what is in a portfolio: for them it does not exist."""
    candidate_id, submitted = portfolio.candidate_id, portfolio.was_submitted
    if not may_read_evidence(work.actor, candidate_id, submitted=submitted):
        raise missing


def _present(work: Work, kind: type[Owned], id: UUID) -> Owned | None:
    """Read a row once more: it may have been changed or removed while its portfolio was held."""
    return work.session.get(kind, id, populate_existing=True)
