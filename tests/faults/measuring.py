"""What it costs to have one file read as the service does: a program that starts the reader.

`python -m tests.faults.measuring MEDIA_TYPE FILE` prints one JSON object. It is a program of its
own because the system counts a parent's memory as its child's.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass

from app.evidence.media import answer, sandbox
from app.kit.errors import Refusal


@dataclass(frozen=True, slots=True)
class Cost:
    """What came of a file, in how many seconds, with how many bytes of memory at the most."""

    outcome: str
    seconds: float
    peak: int


def cost(media_type: str, path: str) -> Cost:
    """Have a file read and measure the reader."""
    said = subprocess.run(
        [sys.executable, "-m", "tests.faults.measuring", media_type, path],
        capture_output=True,
        check=True,
    )
    return Cost(**json.loads(said.stdout))


def main(media_type: str, path: str) -> None:
    began = time.monotonic()
    with open(path, "rb") as file:
        child = sandbox.start(sandbox.READER, file, media_type)
        assert child.stdout is not None
        said = child.stdout.read()
        _, status, used = os.wait4(child.pid, 0)
    seconds = time.monotonic() - began
    try:
        answer.understood(said, declared=media_type)
        outcome = "accepted"
    except Refusal as refusal:
        outcome = type(refusal).__name__
    if os.WIFSIGNALED(status):
        outcome = f"signal {os.WTERMSIG(status)}"
    cost = {"outcome": outcome, "seconds": seconds, "peak": used.ru_maxrss * 1024}
    print(json.dumps(cost))  # noqa: T201 -- its answer
    os._exit(0)


if __name__ == "__main__":
    main(*sys.argv[1:3])
