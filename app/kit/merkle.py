"""One hash for a list, from which each entry's membership can be shown (RFC 9162, 2.1)."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence


def leaf(entry: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + entry).digest()


def root(entries: Sequence[bytes]) -> bytes:
    """Return the Merkle tree hash of `entries` in their order; of none, the hash of nothing."""
    if not entries:
        return hashlib.sha256().digest()
    level = [leaf(entry) for entry in entries]
    while len(level) > 1:
        # An odd last node rises unchanged, which is RFC 9162's split at the largest power of two.
        pairs = [
            hashlib.sha256(b"\x01" + left + right).digest()
            for left, right in zip(level[::2], level[1::2], strict=False)
        ]
        level = pairs + level[len(level) - len(level) % 2 :]
    return level[0]
