"""Files that are two things at once: refused, because each program would open another one."""

from __future__ import annotations

import re
import zipfile
from typing import BinaryIO, Final

from app.evidence.media.refusals import DamagedFile

PAGE: Final = re.compile(rb"<script[\s>]|<html[\s>]|<iframe[\s>]|<!doctype\s+html|<\?php\s", re.I)
CHUNK: Final = 1 << 20
OVERLAP: Final = 32


def refuse_zip_inside(file: BinaryIO) -> None:
    """Refuse a file that an unzipper would also open (a JAR behind a picture, for example)."""
    file.seek(0)
    try:
        with zipfile.ZipFile(file) as archive:
            entries = len(archive.infolist())
    except Exception:  # whatever zipfile trips over, it is not an archive that it can open
        entries = 0
    file.seek(0)
    if entries:
        raise DamagedFile(reason="a ZIP archive is hidden in it")


def refuse_page_inside(file: BinaryIO) -> None:
    """Refuse a picture that carries a web page in its comments, metadata or after its end."""
    file.seek(0)
    kept = b""
    while chunk := file.read(CHUNK):
        if PAGE.search(kept + chunk):
            raise DamagedFile(reason="a web page is hidden in it")
        kept = chunk[-OVERLAP:]
    file.seek(0)
