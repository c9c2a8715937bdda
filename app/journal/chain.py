"""The hash chain of a journal stream: what one altered, added or missing entry breaks.

The hash of an entry is SHA-256 of the previous hash and the entry's canonical text; a stream begins
with the SHA-256 of its own identifier. The database computes it (`record_entry`); this module
computes it again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Link:
    """One stored entry, as far as the chain is concerned."""

    seq: int
    body: str
    hash: bytes


@dataclass(frozen=True, slots=True)
class Break:
    """A place where a stream does not hold."""

    stream_id: UUID
    seq: int
    reason: str


def beginning(stream_id: UUID) -> bytes:
    """Return the hash before the first entry."""
    return hashlib.sha256(str(stream_id).encode()).digest()


def following(previous: bytes, body: str) -> bytes:
    """Return the hash of an entry with this text."""
    return hashlib.sha256(previous + body.encode()).digest()


def breaks(stream_id: UUID, links: Iterable[Link], head: Link | None) -> Iterator[Break]:
    """Yield every place where the entries, in their order, do not lead to `head`."""
    hash_, seq = beginning(stream_id), 0
    for link in links:
        seq += 1
        if link.seq != seq:
            yield Break(stream_id, seq, f"entry {seq} is missing: the next one is {link.seq}")
            seq = link.seq
        hash_ = following(hash_, link.body)
        if hash_ != link.hash:
            yield Break(stream_id, link.seq, "the entry was changed, or an entry before it")
            hash_ = link.hash
    if head is None:
        yield Break(stream_id, seq, "the stream has no head")
    elif (head.seq, head.hash) != (seq, hash_):
        yield Break(stream_id, head.seq, f"the head is at {head.seq}, the entries end at {seq}")
