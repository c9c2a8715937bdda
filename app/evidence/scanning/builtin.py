"""Scanning by the rules that the service brings, in a confined child."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Final

from app.evidence.media import CouldNotCheck, answer, sandbox
from app.evidence.scanning import rules
from app.evidence.scanning.verdicts import ScanFailed, Scanned, Scanner, Verdict

NAME: Final = "yara-x"
CHILD: Final = "app.evidence.scanning.child"
DEADLINE: Final = 600.0
"""Seconds of real time; the child's processor time ends sooner."""


def scanner() -> Scanner:
    """Return which rules are applied, and by what."""
    return Scanner(NAME, rules.version(), rules.digest())


def scan(path: Path, media_type: str) -> Scanned:
    """Return what the rules find in a file and in what lies within it."""
    try:
        said = sandbox.answer_of(CHILD, path, media_type, deadline=DEADLINE)
    except CouldNotCheck as broken:
        raise ScanFailed(f"The built-in scanner broke off: {broken.members['reason']}.") from None
    fired = understood(said)
    return Scanned(scanner(), Verdict.MALWARE if fired else Verdict.CLEAN, ", ".join(fired) or None)


def understood(said: bytes) -> list[str]:
    """Return the rules named in the child's answer, or raise the refusal in it, if it is one."""
    known = set(re.findall(r"^rule (\w+)", "\n".join(rules.texts().values()), re.MULTILINE))
    try:
        match json.loads(said):
            case {"fired": list(fired), **rest} if not rest and known.issuperset(fired):
                return fired
            case {"refused": str(rule), "text": str(text), **rest} if (
                not rest and rule in answer.REASONED and answer.is_sentence(text)
            ):
                raise answer.REASONED[rule](reason=text)
    except (ValueError, RecursionError, TypeError):
        pass
    raise ScanFailed("The built-in scanner gave an answer that makes no sense.")
