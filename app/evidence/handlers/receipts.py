"""What the worker does for receipts: it draws them."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert

from app.evidence import receipts
from app.evidence.models import Receipt, Snapshot
from app.evidence.printing import Listed, ReceiptFace, draw
from app.evidence.queries import receipts as queries
from app.jobs.queue import defer_missing
from app.jobs.shift import Shift
from app.journal.service import record
from app.people.models import Person, Tenant
from app.portfolio.models import Portfolio
from app.work import Work

PATIENCE = timedelta(minutes=10)
"""How long a snapshot may be without its receipt before it is seen to that somebody draws it."""


def draw_receipt(shift: Shift, snapshot_id: UUID) -> None:
    """Draw the receipt of a snapshot and keep it in the store under its digest.

    The same snapshot always gives the same bytes, so a job that runs twice changes nothing.
    """
    with shift.work() as work:
        if queries.receipt(work, snapshot_id) is not None:
            return
        snapshot = work.session.get_one(Snapshot, snapshot_id)
        face, portfolio_id = _face(work, snapshot), snapshot.portfolio_id
    pdf = draw(face)
    sha256 = hashlib.sha256(pdf).hexdigest()
    key = f"receipts/{portfolio_id}/{snapshot_id}/{sha256}.pdf"
    shift.store.put(key, pdf, "application/pdf")
    with shift.work() as work:
        drawn = insert(Receipt).values(
            tenant_id=shift.tenant_id,
            portfolio_id=portfolio_id,
            snapshot_id=snapshot_id,
            key=key,
            sha256=sha256,
            language=face.language,
            drawn_at=work.now,
        )
        first = work.session.execute(
            drawn.on_conflict_do_nothing().returning(Receipt.snapshot_id)
        ).first()
        if first is not None:
            record(work, portfolio_id, "evidence.receipt_drawn", snapshot_id, sha256=sha256)


def take_up(shift: Shift) -> None:
    """Queue once more the drawing of receipts whose job ran out of tries."""
    with shift.work() as work:
        waiting = queries.without_receipt(work, work.now - PATIENCE)
        defer_missing(work, "evidence.draw_receipt", waiting)


def _face(work: Work, snapshot: Snapshot) -> ReceiptFace:
    told = receipts.told(snapshot, None)
    portfolio = work.session.get_one(Portfolio, snapshot.portfolio_id)
    candidate = work.session.get_one(Person, portfolio.candidate_id)
    return ReceiptFace(
        issuer=work.session.get_one(Tenant, snapshot.tenant_id).name,
        candidate=candidate.name,
        portfolio=str(told.portfolio_id),
        number=told.number,
        sealed_at=told.sealed_at,
        root=told.root,
        manifest_sha256=told.manifest_sha256,
        entries=told.entries,
        versions={
            "framework": told.framework_sha256,
            "scheme": told.scheme_sha256,
            "charter": told.charter_sha256,
        },
        files=[Listed(one.name, one.size, one.sha256) for one in told.files],
        language=candidate.language,
    )
