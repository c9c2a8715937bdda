"""FAULTS 6: small files that would fill a machine are refused early, each in little memory.

Times are printed, not asserted: on two shared cores none takes a second.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.evidence.bombs import BOMBS, many_entries
from tests.evidence.samples import WORD
from tests.faults.measuring import cost

MOST_MEMORY = 200 << 20
REFUSED = {"ActiveContent", "DamagedFile", "FileBomb", "WrongType"}

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="memory is counted as on Linux")


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_refused_in_little_memory(name: str, tmp_path: Path) -> None:
    media_type, make = BOMBS[name]
    refused(media_type, make(), tmp_path / "bomb")


@pytest.mark.parametrize("said", [None, 9])
def test_a_million_entries_are_refused_in_little_memory(said: int | None, tmp_path: Path) -> None:
    refused(WORD, many_entries(1_000_000, said), tmp_path / "bomb")


def refused(media_type: str, content: bytes, path: Path) -> None:
    path.write_bytes(content)
    found = cost(media_type, str(path))
    print(f"{len(content)} bytes: {found.seconds:.2f} s, {found.peak >> 20} MiB")  # noqa: T201
    assert found.outcome in REFUSED
    assert found.peak < MOST_MEMORY
