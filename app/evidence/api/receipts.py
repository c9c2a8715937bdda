"""Receipts of submissions over HTTP: as data, as a page to print, and proofs for single entries."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Path, Query
from fastapi.responses import RedirectResponse

from app.evidence import receipts
from app.evidence.api.door import CurrentWork
from app.evidence.queries import NoSnapshot
from app.evidence.schemas.receipts import ProofOut, ReceiptOut
from app.kit.http import declared
from app.people.door import feature_router
from app.portfolio.access import EvidenceNotOpen, NoSuchPortfolio

portfolio = feature_router("/portfolios", "Evidence")
routers = (portfolio,)

READS = declared(NoSuchPortfolio, EvidenceNotOpen, NoSnapshot)
Number = Annotated[int, Path(ge=1, le=2**31 - 1, description="Which submission, from 1.")]
EntryId = Annotated[
    str,
    Query(
        max_length=64,
        description="A file, claim, item, case or consent by its id, an own rating by its"
        " indicator, or `snapshot` for the head.",
    ),
]


@portfolio.get(
    "/{id}/snapshots/{number}/receipt",
    operation_id="getReceipt",
    response_model=ReceiptOut,
    responses=READS,
)
def get_receipt(id: UUID, number: Number, work: CurrentWork) -> receipts.Receipt:
    """Show what a submission sealed: every file with its digest, under one root."""
    return receipts.receipt(work, id, number)


@portfolio.get(
    "/{id}/snapshots/{number}/proof",
    operation_id="getProof",
    response_model=ProofOut,
    responses={
        **READS,
        **declared(NoSuchPortfolio, NoSnapshot, receipts.NoSuchEntry),
    },
)
def get_proof(id: UUID, number: Number, entry: EntryId, work: CurrentWork) -> receipts.Proof:
    """Prove that one entry is among what was sealed, without showing the others."""
    return receipts.proof(work, id, number, entry)


@portfolio.get(
    "/{id}/snapshots/{number}/receipt.pdf",
    status_code=307,
    operation_id="getReceiptPdf",
    response_class=RedirectResponse,
    responses={**READS, **declared(receipts.ReceiptNotDrawn)},
)
def get_receipt_pdf(id: UUID, number: Number, work: CurrentWork) -> RedirectResponse:
    """Go to the receipt as a page to print: a link that is good for some minutes."""
    link = receipts.link(work, id, number)
    return RedirectResponse(link, 307, {"Cache-Control": "no-store"})
