"""The confined child: reads one file, given as its standard input, as the type in its argument.

Started by `sandbox` as a program of its own; says what it found on its standard output.
"""

from __future__ import annotations

import importlib
import io
import os
import sys
import warnings
from typing import BinaryIO, cast

from app.evidence.media import answer, confinement, sniffing
from app.evidence.media.catalogue import READERS
from app.evidence.media.facts import Reader
from app.evidence.media.refusals import DamagedFile, FileBomb
from app.kit.errors import Refusal


def main(media_type: str) -> None:
    """Read standard input and write the answer."""
    warnings.simplefilter("ignore")
    # Where the system refuses this, what follows confines all the same: see there.
    confinement.leave_the_network()
    confinement.keep_to_code()
    # By name, so that a child loads only the libraries of the one type it reads.
    reader = cast(Reader, importlib.import_module(f"app.evidence.media.{READERS[media_type]}"))
    confinement.set_limits(reader.MEMORY)
    with io.open(0, "rb", closefd=False) as file:  # noqa: UP020
        said = examine(reader, file, media_type)
    os.write(1, said)
    # Without the farewells of libraries that a damaged file may have left in disorder.
    os._exit(0)


def examine(reader: Reader, file: BinaryIO, media_type: str) -> bytes:
    """Return the answer for this file, whatever the reader's library makes of it."""
    try:
        sniffing.check(file, media_type)
        return answer.of_facts(reader.read(file, media_type))
    except Refusal as refusal:
        return answer.of_refusal(refusal)
    except (MemoryError, RecursionError):
        return answer.of_refusal(FileBomb(reason="it takes more memory than files of its type may"))
    except Exception as error:
        # Libraries raise a dozen unrelated exceptions for malformed files, and change them freely.
        return answer.of_refusal(DamagedFile(reason=f"reading it failed: {type(error).__name__}"))


if __name__ == "__main__":
    main(sys.argv[1])
