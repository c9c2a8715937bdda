"""What a snapshot says: a list of everything handed in, each with its digest, under one root hash.

Entries carry identities and digests only, so that a person's words can be erased one day without
breaking the proof of all the rest. The root is the Merkle tree hash (RFC 9162) of the entries'
canonical JSON (RFC 8785), in the order of the manifest.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from app.kit.canonical import canonical, digest
from app.kit.merkle import root

Fields = Mapping[str, object]
"""What an entry says, as JSON has it."""


@dataclass(frozen=True, slots=True)
class Sealed:
    """A manifest in canonical JSON and its root hash in hexadecimal."""

    manifest: str
    root: str


def entry(kind: str, id: UUID, content: Fields, **shown: str | int | None) -> dict[str, object]:
    """Return a manifest entry: what it is, and the digest of everything it says."""
    return {"kind": kind, "id": str(id), **shown, "content_sha256": digest(content)}


def seal(
    *,
    portfolio_id: UUID,
    number: int,
    at: datetime,
    framework: str,
    scheme: str,
    charter: str,
    entries: Sequence[Mapping[str, object]],
) -> Sealed:
    """Return the manifest of a snapshot; the three versions are named by their content hashes."""
    ordered = sorted(entries, key=lambda one: (str(one["kind"]), str(one["id"])))
    head = {
        "kind": "snapshot",
        "portfolio": str(portfolio_id),
        "number": number,
        "at": at.astimezone(UTC).isoformat(),
        "framework_sha256": framework,
        "scheme_sha256": scheme,
        "charter_sha256": charter,
    }
    leaves: list[Mapping[str, object]] = [head, *ordered]
    hash_ = root([canonical(leaf) for leaf in leaves]).hex()
    return Sealed(canonical({"root": hash_, "entries": leaves}).decode(), hash_)


def holds(manifest: str, expected_root: str) -> bool:
    """Tell whether a manifest still has the root that it was sealed with."""
    try:
        document = json.loads(manifest)
        found = root([canonical(leaf) for leaf in document["entries"]]).hex()
        return bool(found == document["root"] == expected_root)
    except (ValueError, KeyError, TypeError, RecursionError):  # no manifest any more
        return False
