"""Reading e-mails saved as files (message/rfc822): the headers every mail has, sane parts."""

from __future__ import annotations

import email
import os
import re
from email.message import Message
from typing import BinaryIO, Final

from app.evidence.media.facts import Caution, Facts
from app.evidence.media.polyglot import refuse_zip_inside
from app.evidence.media.refusals import DamagedFile, FileBomb, WrongType
from app.evidence.media.sniffing import TEXT, is_text

MEMORY: Final = 512 << 20
LARGEST: Final = 32 << 20
MOST_PARTS: Final = 1000
HEADER: Final = re.compile(rb"[!-9;-~]+:")
ALWAYS_THERE: Final = ("From", "Date")


def read(file: BinaryIO, media_type: str) -> Facts:
    """Refuse a file without a mail's headers, and name attachments."""
    if file.seek(0, os.SEEK_END) > LARGEST:
        raise FileBomb(reason="it is larger than any mail")
    refuse_zip_inside(file)
    content = file.read()
    if not is_text(content):
        raise DamagedFile(reason="it holds control characters, which mails encode")
    if not HEADER.match(content):
        raise WrongType(declared=media_type, found=TEXT)
    mail = email.message_from_bytes(content)
    if any(mail[name] is None for name in ALWAYS_THERE):
        raise WrongType(declared=media_type, found=TEXT)
    return Facts(cautions=cautions_of(mail))


def cautions_of(mail: Message) -> tuple[Caution, ...]:
    parts = list(mail.walk())
    if len(parts) > MOST_PARTS:
        raise FileBomb(reason=f"it has more than {MOST_PARTS} parts")
    attached = any(part.get_filename() is not None for part in parts)
    return (Caution.ATTACHMENTS,) if attached else ()
