"""One run over part of the malformed files; started as a program, several side by side.

`python -m tests.faults.malformed FIRST END STEP` prints one JSON object: what came of the files
FIRST, FIRST + STEP, … below END.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from dataclasses import dataclass, field, fields
from typing import Final

from app.evidence.media import confinement
from tests.faults import forking, second_opinion
from tests.faults.corpus import Case, Good, cases

LONGEST: Final = 5.0


@dataclass(slots=True)
class Tally:
    """What came of many files; each list names those that must not be."""

    outcomes: Counter[str] = field(default_factory=Counter)
    families: Counter[str] = field(default_factory=Counter)
    """Of the accepted ones."""
    deaths: list[str] = field(default_factory=list)
    too_long: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    slowest: float = 0.0
    """Seconds."""
    largest: int = 0
    """Bytes of memory."""


def told(case: Case) -> str:
    return f"{case.number} ({case.family}, {case.declared})"


def enter(tally: Tally, case: Case) -> None:
    """Have one file read and enter what came of it."""
    run = forking.examined(case.content, case.declared)
    came = forking.outcome(run, case.declared)
    tally.outcomes[came] += 1
    if run.signal or came == "CouldNotCheck":
        tally.deaths.append(f"{told(case)}: {came}")
    if run.seconds > LONGEST:
        tally.too_long.append(f"{told(case)}: {run.seconds:.1f} s")
    tally.slowest = max(tally.slowest, run.seconds)
    tally.largest = max(tally.largest, run.peak)
    if came == "accepted":
        tally.families[case.family] += 1
        tally.wrong += [f"{told(case)}: {objection}" for objection in objections(case)]


def objections(case: Case) -> list[str]:
    """Return what speaks against an accepted file being what it was accepted as."""
    if case.never:
        return ["it is of another type"]

    def judged() -> bytes:
        confinement.set_limits(4 << 30)
        with open(0, "rb", closefd=False) as file:
            return json.dumps(second_opinion.objections(file.read(), case.declared)).encode()

    run = forking.run(judged, case.content)
    if not run.said:
        return [f"nobody else could tell (signal {run.signal})"]
    found: list[str] = json.loads(run.said)
    return found


def main(first: int, end: int, step: int) -> None:
    forking.load()
    good, tally = Good(), Tally()
    for case in cases(good, range(first, end, step)):
        enter(tally, case)
    all_of_it = {one.name: getattr(tally, one.name) for one in fields(tally)}
    print(json.dumps(all_of_it))  # noqa: T201 -- its answer


if __name__ == "__main__":
    main(*map(int, sys.argv[1:4]))
