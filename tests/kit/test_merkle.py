"""Merkle roots as RFC 9162 (2.1) defines them, on the values that Certificate Transparency uses."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.kit.merkle import inclusion_path, leaf, root, root_by_path
from tests.merkle import tree_hash

# The leaves and roots of the reference tests of Certificate Transparency.
LEAVES = [
    bytes.fromhex(entry)
    for entry in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


@pytest.mark.parametrize("size", range(9))
def test_roots_are_the_published_ones(size: int) -> None:
    assert root(LEAVES[:size]).hex() == ROOTS[size]


@given(st.lists(st.binary(max_size=8), max_size=70))
def test_roots_follow_the_definition_for_any_number_of_entries(entries: list[bytes]) -> None:
    assert root(entries) == tree_hash(entries)


def test_a_leaf_cannot_pass_for_a_pair() -> None:
    one, two = leaf(b"1"), leaf(b"2")
    assert root([one + two]) != root([b"1", b"2"])


# The paths of the same reference tests: leaf and size counted as there, from 1 and 0.
PATHS = [
    (1, 1, []),
    (
        1,
        8,
        [
            "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
        ],
    ),
    (
        6,
        8,
        [
            "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
            "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        ],
    ),
    (3, 3, ["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"]),
    (
        2,
        5,
        [
            "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        ],
    ),
]


@pytest.mark.parametrize(("number", "size", "path"), PATHS)
def test_paths_are_the_published_ones(number: int, size: int, path: list[str]) -> None:
    found = inclusion_path(LEAVES[:size], number - 1)
    assert [one.hex() for one in found] == path
    led = root_by_path(LEAVES[number - 1], number - 1, size, found)
    assert led is not None
    assert led.hex() == ROOTS[size]


@given(st.lists(st.binary(max_size=8), min_size=1, max_size=70), st.data())
def test_every_entry_has_a_path_to_the_root_and_to_no_other(
    entries: list[bytes], data: st.DataObject
) -> None:
    index = data.draw(st.integers(0, len(entries) - 1))
    path = inclusion_path(entries, index)
    assert root_by_path(entries[index], index, len(entries), path) == root(entries)
    assert root_by_path(entries[index] + b"!", index, len(entries), path) != root(entries)
    assert root_by_path(entries[index], index, len(entries), [*path, bytes(32)]) is None
    if path:
        assert root_by_path(entries[index], index, len(entries), path[:-1]) is None


@pytest.mark.parametrize(("index", "size"), [(0, 0), (3, 3), (-1, 3)])
def test_what_is_not_among_the_entries_has_no_path(index: int, size: int) -> None:
    with pytest.raises(IndexError):
        inclusion_path(LEAVES[:size], index)
    assert root_by_path(b"", index, size, []) is None
