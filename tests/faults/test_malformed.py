"""FAULTS 5: ten thousand malformed files of all types; none breaks a reader or passes as another.

What passes is looked at once more by other libraries (`second_opinion`). Every file is read in a
confined process of its own. A few hundred are read in every run of the tests, the rest with
`make faults`.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections import Counter
from typing import cast

import pytest

from app.evidence.media.catalogue import READERS
from tests.faults.corpus import FAMILIES, Good, case

ALL = 10_000
SIDE_BY_SIDE = 2

on_linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux has memfd and /proc")
long = pytest.mark.skipif(
    os.environ.get("MENTORCERT_LONG_FAULTS") != "1",
    reason="takes minutes; `make faults` runs it",
)


def tallies(end: int, step: int = 1) -> list[dict[str, object]]:
    """Have every `step`th malformed file below a number read, by two processes side by side."""
    running = [
        subprocess.Popen(
            [
                *(sys.executable, "-m", "tests.faults.malformed"),
                *(str(number) for number in (first * step, end, SIDE_BY_SIDE * step)),
            ],
            stdout=subprocess.PIPE,
        )
        for first in range(SIDE_BY_SIDE)
    ]
    said = [one.communicate()[0] for one in running]
    assert [one.returncode for one in running] == [0] * SIDE_BY_SIDE
    return [json.loads(one) for one in said]


def check(tallies: list[dict[str, object]], count: int) -> None:
    outcomes = Counter[str]()
    for tally in tallies:
        outcomes.update(cast(dict[str, int], tally["outcomes"]))
    print({**outcomes}, [(t["slowest"], t["largest"]) for t in tallies])  # noqa: T201 -- figures
    assert sum(outcomes.values()) == count
    assert set(outcomes) <= {
        *("accepted", "ActiveContent", "DamagedFile", "EncryptedFile", "FileBomb", "WrongType")
    }
    for tally in tallies:
        assert tally["deaths"] == tally["too_long"] == tally["wrong"] == []
    assert 0 < outcomes["accepted"] < count / 2


@on_linux
def test_a_few_hundred_malformed_files_break_no_reader_and_none_passes_as_another() -> None:
    check(tallies(ALL, step=29), len(range(0, ALL, 29)))


@on_linux
@long
def test_ten_thousand_malformed_files_break_no_reader_and_none_passes_as_another() -> None:
    check(tallies(ALL), ALL)


def test_the_malformed_files_are_the_same_every_time_and_none_is_like_another() -> None:
    # Encoders do not always give the same bytes, so what is spoiled is made once.
    good, numbers = Good(), range(0, ALL, 97)
    made = [_digest(good, number) for number in numbers]
    assert made == [_digest(good, number) for number in numbers]
    assert len(set(made)) > 0.9 * len(made)


def _digest(good: Good, number: int) -> str:
    made = case(good, number)
    return hashlib.sha256(made.declared.encode() + made.content).hexdigest()


def test_every_way_of_spoiling_meets_every_type() -> None:
    assert len(FAMILIES) * len(READERS) * 10 < ALL
    assert len(FAMILIES) >= 20
