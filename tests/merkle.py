"""The tree hash of RFC 9162 (2.1.1) by its own definition, sharing no code with the service's."""

from __future__ import annotations

import hashlib


def tree_hash(leaves: list[bytes]) -> bytes:
    """Compute MTH as the standard writes it: split at the largest power of two below n."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return hashlib.sha256(b"\x00" + leaves[0]).digest()
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    left, right = tree_hash(leaves[:split]), tree_hash(leaves[split:])
    return hashlib.sha256(b"\x01" + left + right).digest()
