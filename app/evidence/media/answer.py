"""What the confined child tells its parent: one small JSON object, believed only if it fits.

The child has read a file that somebody may have made to take it over, so its answer is treated like
any other input from outside.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict
from typing import Final

from app.evidence.media.facts import Caution, Facts
from app.evidence.media.refusals import (
    ActiveContent,
    CouldNotCheck,
    DamagedFile,
    EncryptedFile,
    FileBomb,
    Unacceptable,
    WrongType,
)
from app.kit.errors import Refusal

REASONED: Final[Mapping[str, type[Unacceptable]]] = {
    rule.__name__: rule for rule in (ActiveContent, DamagedFile, EncryptedFile, FileBomb)
}
LONGEST_TEXT: Final = 200
LARGEST_NUMBER: Final = 10**9
MEDIA_TYPE: Final = re.compile(r"[a-z]+/[a-z0-9][a-z0-9.+-]{0,90}")
NUMBERS: Final = ("pages", "milliseconds", "width", "height")


def of_facts(facts: Facts) -> bytes:
    """Return the answer for a file that was read to the end."""
    return json.dumps({"facts": asdict(facts)}).encode()


def of_refusal(refusal: Refusal) -> bytes:
    """Return the answer for a file that the reader refuses."""
    word = "found" if isinstance(refusal, WrongType) else "reason"
    text = str(refusal.members.get(word, ""))[:LONGEST_TEXT]
    return json.dumps({"refused": type(refusal).__name__, "text": text}).encode()


def understood(answer: bytes, *, declared: str) -> Facts:
    """Return the facts in the answer, raise the refusal in it, or refuse to believe it."""
    try:
        said = json.loads(answer)
    except (ValueError, RecursionError):
        raise CouldNotCheck(reason="the reader gave no answer") from None
    match said:
        case {"facts": dict(facts), **rest} if not rest:
            return believed(facts)
        case {"refused": "WrongType", "text": str(found), **rest} if (
            not rest and MEDIA_TYPE.fullmatch(found)
        ):
            raise WrongType(declared=declared, found=found)
        case {"refused": str(rule), "text": str(text), **rest} if (
            not rest and rule in REASONED and is_sentence(text)
        ):
            raise REASONED[rule](reason=text)
    raise CouldNotCheck(reason="the reader gave an answer that makes no sense")


def believed(facts: Mapping[str, object]) -> Facts:
    """Return the facts if each is of its type and within reason."""
    if set(facts) != {*NUMBERS, "cautions"}:
        raise CouldNotCheck(reason="the reader left facts out or added some")
    pages, milliseconds, width, height = (count(facts[name]) for name in NUMBERS)
    return Facts(pages, milliseconds, width, height, cautions(facts["cautions"]))


def count(value: object) -> int | None:
    if value is None or (type(value) is int and 0 <= value <= LARGEST_NUMBER):
        return value
    raise CouldNotCheck(reason="the reader gave a number that makes no sense")


def cautions(value: object) -> tuple[Caution, ...]:
    known = {caution.value: caution for caution in Caution}
    if isinstance(value, list) and all(isinstance(item, str) and item in known for item in value):
        return tuple(sorted({known[item] for item in value}))
    raise CouldNotCheck(reason="the reader gave a caution that makes no sense")


def is_sentence(text: str) -> bool:
    return len(text) <= LONGEST_TEXT and text.isascii() and text.isprintable()
