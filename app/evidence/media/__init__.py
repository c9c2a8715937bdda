"""What an evidence file really is, found out by reading it in a confined process.

A file is announced by a name and a media type that anybody could have written. Before it counts as
evidence it is opened here by the reader of that type, in a child process that has no network, may
write nothing and must finish soon. Whatever the child says is believed only as far as it can be
checked, and a child that dies means the file is refused.

Importing this package is light: the libraries that read files are loaded by the child alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from app.evidence.media import answer, sandbox
from app.evidence.media.catalogue import accepted
from app.evidence.media.facts import Caution
from app.evidence.media.refusals import (
    ActiveContent,
    CouldNotCheck,
    DamagedFile,
    EncryptedFile,
    FileBomb,
    TypeNotAccepted,
    WrongType,
)

__all__ = [
    "ActiveContent",
    "Caution",
    "CouldNotCheck",
    "DamagedFile",
    "EncryptedFile",
    "FileBomb",
    "Inspection",
    "TypeNotAccepted",
    "WrongType",
    "accepted",
    "inspect",
]


@dataclass(frozen=True, slots=True)
class Inspection:
    """What was found out about a file that may be accepted; `None` where a fact does not apply."""

    media_type: str
    kind: str
    """document, image, audio or video."""
    pages: int | None = None
    """Pages of a PDF, slides of a presentation."""
    milliseconds: int | None = None
    width: int | None = None
    height: int | None = None
    cautions: tuple[Caution, ...] = ()


def inspect(path: Path, *, declared: str, allowed: Mapping[str, Sequence[str]]) -> Inspection:
    """Read the file as the type it was declared as, and return what it holds.

    Refuses a type outside the scheme's list (`allowed`: kind to media types), a file of another
    type, and one that is damaged, encrypted, active, a bomb, or that could not be checked.
    """
    kind, media_type = accepted(declared, allowed)
    facts = answer.understood(sandbox.read_apart(path, media_type), declared=media_type)
    return Inspection(
        media_type=media_type,
        kind=kind,
        pages=facts.pages,
        milliseconds=facts.milliseconds,
        width=facts.width,
        height=facts.height,
        cautions=facts.cautions,
    )
