"""What the doctor looks at: the embedded services, and how evidence is read on this machine."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from app.embedded.doctor import Finding, findings
from app.evidence.media import sandbox

READERS = "Evidence readers"
"""The processes that open what candidates hand in."""


def checkup(var: Path) -> list[Finding]:
    """Look at everything. Changes nothing; starts one process that ends at once."""
    return [*findings(var), _readers()]


def _readers() -> Finding:
    try:
        return about_readers(without_network=sandbox.loses_the_network(), system=sys.platform)
    except (OSError, subprocess.TimeoutExpired) as problem:
        return Finding(False, READERS, f"None can be started: {problem}.")


def about_readers(*, without_network: bool, system: str) -> Finding:
    """Say how far the processes that read evidence are confined on a system (`sys.platform`)."""
    if without_network:
        return Finding(True, READERS, "They are cut off from the network before they read.")
    left = "They can reach the network; time, memory and writing are limited all the same."
    if system != "linux":
        # Nothing can be done about it but to run the worker on Linux.
        return Finding(True, READERS, f"{left} Only Linux can cut them off.")
    remedy = (
        "Allow user namespaces to the user or container that runs the worker, or let it reach"
        " nothing but database and store."
    )
    return Finding(False, READERS, f"{left} This system refuses user namespaces.", remedy)
