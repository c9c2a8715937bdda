"""The candidate's receipt: what was handed in, and how anyone can check that it still is the same.

A receipt needs no trust in the service. Its root stands for every entry of the sealed manifest; a
proof leads from one entry to that root, and the entry holds the digest of the file.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from app.evidence import access, queries
from app.evidence.models import Snapshot
from app.evidence.queries import receipts as found
from app.kit.canonical import canonical
from app.kit.errors import NotFound, Unavailable
from app.kit.merkle import inclusion_path, leaf
from app.portfolio import queries as portfolios
from app.work import Work

LINK_LIFE = timedelta(minutes=5)

Entry = dict[str, Any]


class NoSuchEntry(NotFound):
    """The manifest of this snapshot has no entry with this identifier."""


class ReceiptNotDrawn(Unavailable):
    """The receipt is being drawn; try again in a few seconds."""


@dataclass(frozen=True, slots=True)
class HandedIn:
    """A file that a snapshot seals: its size in bytes and its SHA-256 in hexadecimal."""

    id: UUID
    evidence_id: UUID
    name: str
    media_type: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a submission sealed; the digests of the three versions are those of their content."""

    portfolio_id: UUID
    number: int
    sealed_at: datetime
    root: str
    manifest_sha256: str
    entries: int
    framework_sha256: str
    scheme_sha256: str
    charter_sha256: str
    files: list[HandedIn]
    pdf_sha256: str | None


@dataclass(frozen=True, slots=True)
class Proof:
    """The way from one entry of a manifest to its root (RFC 9162); hashes in hexadecimal."""

    entry: Entry
    leaf: str
    index: int
    size: int
    path: list[str]
    root: str


def receipt(work: Work, portfolio_id: UUID, number: int) -> Receipt:
    """Return the receipt of a submission, for the candidate and those who may read the evidence."""
    snapshot = _snapshot(work, portfolio_id, number)
    printed = found.receipt(work, snapshot.id)
    return told(snapshot, None if printed is None else printed.sha256)


def told(snapshot: Snapshot, pdf_sha256: str | None) -> Receipt:
    """Put together what a receipt tells of a snapshot."""
    entries = _entries(snapshot)
    head = entries[0]
    names: dict[str, str] = {
        file["id"]: file["name"] for file in json.loads(snapshot.content)["files"]
    }
    return Receipt(
        portfolio_id=snapshot.portfolio_id,
        number=snapshot.number,
        sealed_at=snapshot.sealed_at,
        root=snapshot.root,
        manifest_sha256=hashlib.sha256(snapshot.manifest.encode()).hexdigest(),
        entries=len(entries),
        framework_sha256=head["framework_sha256"],
        scheme_sha256=head["scheme_sha256"],
        charter_sha256=head["charter_sha256"],
        files=[
            HandedIn(
                id=UUID(entry["id"]),
                evidence_id=UUID(entry["evidence"]),
                name=names.get(entry["id"], str(entry["id"])),
                media_type=entry["media_type"],
                size=entry["size"],
                sha256=entry["sha256"],
            )
            for entry in entries
            if entry["kind"] == "file"
        ],
        pdf_sha256=pdf_sha256,
    )


def proof(work: Work, portfolio_id: UUID, number: int, entry: str) -> Proof:
    """Return the way from one entry to the root, for whoever holds what the entry is about.

    `entry` is the identifier of a file, claim, item, case or consent, the indicator of an own
    rating, or `snapshot` for the head.
    """
    snapshot = _snapshot(work, portfolio_id, number)
    entries = _entries(snapshot)
    for index, one in enumerate(entries):
        if entry == (one["kind"] if index == 0 else one["id"]):
            leaves = [canonical(each) for each in entries]
            return Proof(
                entry=one,
                leaf=leaf(leaves[index]).hex(),
                index=index,
                size=len(leaves),
                path=[beside.hex() for beside in inclusion_path(leaves, index)],
                root=snapshot.root,
            )
    raise NoSuchEntry


def link(work: Work, portfolio_id: UUID, number: int) -> str:
    """Return an address from which the printed receipt can be read for some minutes."""
    snapshot = _snapshot(work, portfolio_id, number)
    printed = found.receipt(work, snapshot.id)
    if printed is None:
        raise ReceiptNotDrawn
    return work.store.get_link(
        printed.key,
        media_type="application/pdf",
        disposition=f'inline; filename="receipt-{number}.pdf"',
        seconds=int(LINK_LIFE.total_seconds()),
    )


def _snapshot(work: Work, portfolio_id: UUID, number: int) -> Snapshot:
    portfolio = portfolios.portfolio_to_read(work, portfolio_id)
    access.check_may_read(work.actor, portfolio.candidate_id, submitted=portfolio.was_submitted)
    if not 0 < number < 2**31:
        raise queries.NoSnapshot
    return found.snapshot(work, portfolio_id, number)


def _entries(snapshot: Snapshot) -> list[Entry]:
    entries: list[Entry] = json.loads(snapshot.manifest)["entries"]
    return entries
