"""The first page of an office document as PDF, made by LibreOffice where it is installed.

LibreOffice is far larger than the other readers and fetches what a document names. So it runs cut
off from the network or not at all, sees the system's programs and one scratch folder, and ends with
whatever it started. Started by `first_page` as a program of its own.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Final

from app.evidence.media import confinement
from app.evidence.media.making.limits import limits
from app.evidence.media.making.workshop import CouldNotMake, Hindered
from app.evidence.media.sandbox import ENVIRONMENT, end

PROGRAM: Final = "soffice"
NEW_PROCESSES: Final = 0x20000000
NEW_MOUNTS: Final = 0x00020000
BIND: Final = 4096
PLACE: Final = "/" + "tmp"
"""Where LibreOffice puts its sockets whatever it is told; there it finds the scratch folder."""

SYSTEM: Final = (
    *("/usr", "/lib", "/lib64", "/opt", "/proc", "/etc/fonts", "/etc/libreoffice"),
    *("/var/lib/libreoffice", "/var/spool/libreoffice", "/var/cache/fontconfig"),
)
"""What of the system LibreOffice sees: programs, fonts, its own settings."""

NO_WAY_OUT: Final = 3
KILLED: Final = (-signal.SIGKILL, 256 - signal.SIGKILL)
"""How it ends if the system kills this program, or LibreOffice itself below it."""

ENDINGS: Final = {
    "wordprocessingml.document": ("docx", "writer"),
    "presentationml.presentation": ("pptx", "impress"),
    "spreadsheetml.sheet": ("xlsx", "calc"),
    "opendocument.text": ("odt", "writer"),
    "opendocument.presentation": ("odp", "impress"),
    "opendocument.spreadsheet": ("ods", "calc"),
}
"""The end of a media type to the ending of its names and LibreOffice's name for its kind."""


class NotHere(CouldNotMake):
    """This machine cannot run LibreOffice as it has to be run."""


def installed() -> str | None:
    """Return the path of LibreOffice's program, None where it is not installed."""
    return shutil.which(PROGRAM)


def first_page(original: Path, folder: Path, media_type: str) -> Path:
    """Have LibreOffice write the first page of a document as PDF below `folder`; return its path.

    Raises CouldNotMake where it cannot, Hindered where it could not now.
    """
    program = installed()
    if program is None:
        raise NotHere("LibreOffice is not installed")
    ending, kind = next(form for name, form in ENDINGS.items() if media_type.endswith(name))
    scratch = folder / "office"
    scratch.mkdir()
    document = scratch / f"document.{ending}"
    os.link(original, document)
    asked = [sys.executable, "-P", "-m", "app.evidence.media.making.office"]
    # Never a shell; what varies is the service's own.
    child = subprocess.Popen(  # noqa: S603
        [*asked, program, kind, document.name, str(scratch)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**ENVIRONMENT, "HOME": PLACE, "PATH": "/usr/bin:/bin"},
        cwd=scratch,
        start_new_session=True,
    )
    try:
        status = child.wait(limits("office", 0, 0).clock)
    except subprocess.TimeoutExpired:
        raise Hindered("LibreOffice took too long") from None
    finally:
        end(child)
    if status == NO_WAY_OUT:
        raise NotHere("LibreOffice cannot be cut off from network and files on this machine")
    if status in KILLED:
        raise Hindered("LibreOffice was ended from outside")
    made = document.with_suffix(".pdf")
    if status or not made.is_file():
        raise CouldNotMake(f"LibreOffice could not read it (status {status})")
    return made


def main(program: str, kind: str, name: str, scratch: str) -> int:
    """Confine this process, and have LibreOffice turn the document's first page into PDF."""
    if not (confinement.leave_the_network() and shut_in(scratch)):
        return NO_WAY_OUT
    confinement.keep_to_folders(SYSTEM, [PLACE, "/dev"])
    allowed = limits("office", 0, 0)
    confinement.set_limits(
        allowed.memory, seconds=allowed.processor, written=allowed.written, files=512
    )
    child = os.fork()
    if child == 0:
        ctypes.CDLL(None).prctl(confinement.DIE_WITH_PARENT, confinement.KILL, 0, 0, 0)
        os.execv(program, [program, *arguments(kind, name)])  # noqa: S606
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def shut_in(scratch: str) -> bool:
    """Put the scratch folder in the place of the system's temporary one, which is then out of
    sight, and have whatever is started end with its first process; tell whether that was allowed.
    """
    kernel = ctypes.CDLL(None)
    if kernel.unshare(NEW_MOUNTS | NEW_PROCESSES):
        return False
    refused: int = kernel.mount(scratch.encode(), PLACE.encode(), None, BIND, None)
    os.chdir(PLACE)
    return not refused


def arguments(kind: str, name: str) -> list[str]:
    return [
        "--headless",
        "--norestore",
        "--nologo",
        f"-env:UserInstallation=file://{PLACE}/profile",
        "--convert-to",
        f'pdf:{kind}_pdf_Export:{{"PageRange":{{"type":"string","value":"1"}}}}',
        "--outdir",
        PLACE,
        f"{PLACE}/{name}",
    ]


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
