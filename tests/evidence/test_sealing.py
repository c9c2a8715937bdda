"""A sealed manifest: everything handed in, each with its digest, under one root."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID

import pytest

from app.evidence.sealing import Sealed, entry, holds, seal
from tests.merkle import tree_hash

PORTFOLIO, ITEM, FILE = UUID(int=7), UUID(int=8), UUID(int=9)
AT = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)
WORDS = entry("evidence", ITEM, {"title": "Minutes", "description": None})
BYTES = entry("file", FILE, {"name": "minutes.pdf"}, evidence=str(ITEM), sha256="ab" * 32, size=12)


def sealed(entries: Sequence[dict[str, object]], at: datetime = AT) -> Sealed:
    return seal(
        portfolio_id=PORTFOLIO,
        number=1,
        at=at,
        framework="f" * 64,
        scheme="5" * 64,
        charter="c" * 64,
        entries=entries,
    )


def test_an_entry_shows_identity_and_digest_but_not_the_words() -> None:
    assert {
        "kind": "evidence",
        "id": str(ITEM),
        "content_sha256": hashlib.sha256(b'{"description":null,"title":"Minutes"}').hexdigest(),
    } == WORDS
    assert "Minutes" not in sealed([WORDS]).manifest


@pytest.mark.parametrize("count", range(9))
def test_the_root_is_the_tree_hash_over_the_manifest(count: int) -> None:
    entries = [entry("claim", UUID(int=100 + n), {"reason": str(n)}) for n in range(count)]
    found = sealed(entries)
    document = json.loads(found.manifest)
    leaves = [
        json.dumps(leaf, sort_keys=True, separators=(",", ":")).encode()
        for leaf in document["entries"]
    ]
    assert len(leaves) == count + 1
    assert tree_hash(leaves).hex() == document["root"] == found.root


def test_the_manifest_begins_with_what_was_sealed_when_and_under_which_versions() -> None:
    document = json.loads(sealed([BYTES, WORDS]).manifest)
    assert document["entries"][0] == {
        "kind": "snapshot",
        "portfolio": str(PORTFOLIO),
        "number": 1,
        "at": "2026-03-01T09:30:00+00:00",
        "framework_sha256": "f" * 64,
        "scheme_sha256": "5" * 64,
        "charter_sha256": "c" * 64,
    }


def test_the_same_content_has_the_same_root_in_whatever_order_and_time_zone() -> None:
    elsewhere = AT.astimezone(timezone(timedelta(hours=5)))
    assert sealed([BYTES, WORDS]) == sealed([WORDS, BYTES], at=elsewhere)


def test_a_manifest_holds_until_anything_in_it_changes() -> None:
    found = sealed([WORDS, BYTES])
    assert holds(found.manifest, found.root)
    assert not holds(found.manifest, "0" * 64)
    assert not holds(found.manifest.replace('"size":12', '"size":13'), found.root)
    document = json.loads(found.manifest)
    document["entries"].pop()
    assert not holds(json.dumps(document), found.root)
    document["root"] = tree_hash(
        [json.dumps(e, sort_keys=True, separators=(",", ":")).encode() for e in document["entries"]]
    ).hex()
    assert not holds(json.dumps(document), found.root)


@pytest.mark.parametrize(
    "manifest",
    ["", "{", "[]", "null", "7", "{}", '{"entries": 7}', '{"entries": []}', "[" * 99_999],
)
def test_what_is_no_manifest_holds_nothing(manifest: str) -> None:
    assert not holds(manifest, sealed([WORDS]).root)
