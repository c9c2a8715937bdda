"""The chain of anchors: what one says, and what breaks when an anchor or a head is altered.

An anchor's root is a Merkle root (RFC 9162, 2.1) over its own number, moment and tenant with the
root before it, then over the heads that had moved, in the order of their streams. The first anchor
follows on the hash of the tenant's identifier.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from app.evidence.sealing import holds
from app.journal.chain import Break, beginning
from app.kit.canonical import canonical
from app.kit.merkle import root


@dataclass(frozen=True, slots=True)
class StreamHead:
    """Where a stream had got to when it was anchored."""

    stream_id: UUID
    seq: int
    hash: bytes


@dataclass(frozen=True, slots=True)
class StoredHead(StreamHead):
    """An anchored head as found, with the hash that the entry of its number has now."""

    entry_hash: bytes | None


@dataclass(frozen=True, slots=True)
class StoredAnchor:
    """An anchor as found; without `root` its row is missing while its heads are there."""

    number: int
    at: datetime | None
    previous: bytes | None
    root: bytes | None
    heads: Sequence[StoredHead]


@dataclass(frozen=True, slots=True)
class StoredSeal:
    """A snapshot beside the entry of its submission; each may be missing.

    Without `root` its row is missing, which the entry names; without `seq` there is no such entry.
    """

    portfolio_id: UUID
    snapshot_id: str
    root: str | None
    manifest: str | None
    seq: int | None
    body: str | None


@dataclass(frozen=True, slots=True)
class Written:
    """What an entry's row says beside its text."""

    at: datetime
    actor_id: UUID
    action: str
    subject_id: UUID


def first_previous(tenant_id: UUID) -> bytes:
    """Return what the first anchor of a tenant follows on."""
    return beginning(tenant_id)


def anchor_root(
    tenant_id: UUID, number: int, at: datetime, previous: bytes, heads: Iterable[StreamHead]
) -> bytes:
    """Return the root of an anchor over the heads that moved."""
    own = {
        "tenant": str(tenant_id),
        "number": number,
        "at": at.astimezone(UTC).isoformat(),
        "previous": previous.hex(),
    }
    moved = sorted(heads, key=lambda head: head.stream_id)
    return root([canonical(own), *map(_leaf, moved)])


def _leaf(head: StreamHead) -> bytes:
    return canonical({"stream": str(head.stream_id), "seq": head.seq, "hash": head.hash.hex()})


def anchor_breaks(tenant_id: UUID, anchors: Iterable[StoredAnchor]) -> Iterator[Break]:
    """Yield every place where the anchors, in their order, do not hold or the entries left them."""
    previous, number = first_previous(tenant_id), 0
    for anchor in anchors:
        number += 1
        if anchor.number != number:
            yield Break(tenant_id, number, f"anchor {number} is missing")
            number = anchor.number
        if anchor.at is None or anchor.previous is None or anchor.root is None:
            yield Break(tenant_id, number, f"anchor {number} is missing, its heads are there")
            continue
        if anchor.previous != previous:
            yield Break(tenant_id, number, f"anchor {number} does not follow the one before it")
        found = anchor_root(tenant_id, number, anchor.at, anchor.previous, anchor.heads)
        if found != anchor.root:
            yield Break(tenant_id, number, f"anchor {number} or one of its heads was changed")
        yield from _entries_gone(anchor)
        previous = anchor.root


def _entries_gone(anchor: StoredAnchor) -> Iterator[Break]:
    for head in anchor.heads:
        if head.entry_hash != head.hash:
            reason = f"the entry is not the one that anchor {anchor.number} holds"
            yield Break(head.stream_id, head.seq, reason)


def disagreement(body: str, written: Written) -> str | None:
    """Say in what an entry's row and its text differ, if they do; only the text is in the chain."""
    try:
        said = json.loads(body)
        at = datetime.fromisoformat(said["at"])
        from_text = Written(at, UUID(said["actor"]), said["action"], UUID(said["subject"]))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return "the entry's text cannot be read"
    for name in ("at", "actor_id", "action", "subject_id"):
        if getattr(from_text, name) != getattr(written, name):
            return f"the entry's {name} is not what its text says"
    return None


def seal_break(seal: StoredSeal) -> Break | None:
    """Say what is wrong with a snapshot, if anything: its root, or what its submission recorded."""
    if seal.root is None or seal.manifest is None:
        reason = "is missing"
    elif not holds(seal.manifest, seal.root):
        reason = "does not have the root that it was sealed with"
    elif recorded_root(seal.body) not in (None, seal.root):
        reason = "is not the one whose root was recorded at its submission"
    else:
        return None
    return Break(seal.portfolio_id, seal.seq or 0, f"the snapshot {seal.snapshot_id} {reason}")


def recorded_root(body: str | None) -> str | None:
    """Return the root that a submission's entry names; None where it names none."""
    try:
        found = json.loads(body or "{}")["facts"]["root"]
    except (ValueError, KeyError, TypeError, RecursionError):  # the entry's own finding says so
        return None
    return str(found)
