"""The confined child that makes one rendition of the file that is its standard input.

Started by `workshop` as a program of its own; tells how far it is, and what it made, in lines of
JSON on its standard output. Original and output are open when it starts; besides, it can open code,
libraries and fonts, and nothing else.
"""

from __future__ import annotations

import errno
import importlib
import io
import json
import os
import sys
import time
import warnings
from collections.abc import Callable, Mapping
from typing import BinaryIO, Final, cast

from app.evidence.media import confinement
from app.evidence.media.making.output import Output
from app.kit.errors import Refusal

Facts = dict[str, object]
Tell = Callable[[float], None]
Maker = Callable[[BinaryIO, Output, Mapping[str, object], Tell], Facts]

MAKERS: Final[Mapping[str, str]] = {
    "probe": "recordings",
    "poster": "recordings",
    "waveform": "recordings",
    "playable": "playable",
    "copy": "pictures",
    "preview": "pages",
    "text": "words",
}
"""Task to the module that has a function of its name."""


def main(task: Mapping[str, object]) -> None:
    """Do the task: its `kind`, `media_type`, the descriptor `out`, its limits, and what it asks."""
    warnings.simplefilter("ignore")
    confinement.leave_the_network()
    kind = str(task["kind"])
    # By name, so that a child loads only the libraries that its task needs.
    module = importlib.import_module(f"app.evidence.media.making.{MAKERS[kind]}")
    maker = cast(Maker, getattr(module, kind))
    confinement.keep_to_code(*confinement.FONTS)
    memory, seconds, written = (cast(int, task[name]) for name in ("memory", "seconds", "written"))
    confinement.set_limits(memory, seconds=seconds, written=written, files=32)
    with io.open(0, "rb", closefd=False) as file:  # noqa: UP020
        said = outcome(maker, file, Output(cast(int, task["out"])), task)
    say(said)
    # Without the farewells of libraries that a damaged file may have left in disorder.
    os._exit(0)


PASSING: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.ENFILE})
"""What the machine may lack for a while, whatever the file: room, a disk that answers."""


def outcome(maker: Maker, file: BinaryIO, out: Output, task: Mapping[str, object]) -> Facts:
    try:
        return {"made": maker(file, out, task, teller())}
    except Refusal as refusal:
        return {"failed": str(refusal.members.get("reason", type(refusal).__name__))[:200]}
    except (MemoryError, RecursionError):
        return {"failed": "it takes more memory than there is for it"}
    except Exception as error:
        if isinstance(error, OSError) and error.errno in PASSING:
            return {"hindered": f"the machine could not: {errno.errorcode[error.errno]}"}
        # Libraries raise a dozen unrelated exceptions for damaged files, and change them freely.
        return {"failed": f"it could not be read: {type(error).__name__}"}


def teller() -> Tell:
    """Return what tells the parent how far the work is, in percent, twice a second at most."""
    told, at = 0, 0.0

    def tell(share: float) -> None:
        nonlocal told, at
        percent = max(0, min(99, int(share * 100)))
        if percent > told and time.monotonic() > at + 0.5:
            told, at = percent, time.monotonic()
            say({"progress": percent})

    return tell


def say(words: Facts) -> None:
    os.write(1, json.dumps(words).encode() + b"\n")


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
