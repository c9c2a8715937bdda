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
        level = _above(level)
    return level[0]


def inclusion_path(entries: Sequence[bytes], index: int) -> list[bytes]:
    """Return the hashes that lead from the entry at `index` to the root (RFC 9162, 2.1.3.1)."""
    if not 0 <= index < len(entries):
        raise IndexError(index)
    level, place, path = [leaf(entry) for entry in entries], index, []
    while len(level) > 1:
        beside = place ^ 1
        if beside < len(level):
            path.append(level[beside])
        level, place = _above(level), place // 2
    return path


def root_by_path(entry: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes | None:
    """Return the root to which a path leads from an entry (RFC 9162, 2.1.3.2).

    None if the path has not the length that an entry at `index` of `size` entries needs.
    """
    if not 0 <= index < size:
        return None
    place, last, found = index, size - 1, leaf(entry)
    for beside in path:
        if last == 0:
            return None
        if place % 2 or place == last:
            found = _pair(beside, found)
            while place % 2 == 0 and place:
                place, last = place // 2, last // 2
        else:
            found = _pair(found, beside)
        place, last = place // 2, last // 2
    return found if last == 0 else None


def _above(level: Sequence[bytes]) -> list[bytes]:
    # An odd last node rises unchanged, which is RFC 9162's split at the largest power of two.
    pairs = [_pair(left, right) for left, right in zip(level[::2], level[1::2], strict=False)]
    return [*pairs, *level[len(level) - len(level) % 2 :]]


def _pair(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()
