"""Mail to people who have no account here; only the worker sends any.

What a letter says comes from whoever writes it. Here it is made into a message that no name or
title can add a header to, and handed to a mail server or, where there is none, put into a folder.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import make_msgid, parseaddr
from typing import Protocol


class Undeliverable(Exception):
    """Nobody can be reached at this address; trying again would not help."""


@dataclass(frozen=True, slots=True)
class Letter:
    """A plain letter to one address, in one language ("en", "fr")."""

    to: str
    subject: str
    text: str
    language: str


class Post(Protocol):
    """Takes letters away: to a mail server, or into a folder."""

    def send(self, letter: Letter, at: datetime) -> None:
        """Hand a letter over, dated `at`.

        Raises Undeliverable where the address is at fault; anything else may be tried again.
        """


def mailbox(address: str) -> Address:
    """Return an address to write to; raises Undeliverable for one that nobody can have."""
    try:
        found = Address(addr_spec=address)
    except (ValueError, IndexError, MessageError):
        raise Undeliverable from None
    if not found.username or not found.domain or not address.isprintable() or " " in address:
        raise Undeliverable
    return found


def message(letter: Letter, sender: str, at: datetime) -> EmailMessage:
    """Return a letter as a message; a line break in a header is refused, not obeyed."""
    made = EmailMessage(policy=SMTP)
    name, address = parseaddr(sender)
    made["From"] = Address(name, addr_spec=address)
    made["To"] = mailbox(letter.to)
    made["Subject"] = letter.subject
    made["Date"] = at
    made["Message-ID"] = make_msgid(domain=address.rpartition("@")[2])
    # Answering machines and mailing lists leave such a message alone.
    made["Auto-Submitted"] = "auto-generated"
    made.set_content(letter.text, cte="quoted-printable")
    made["Content-Language"] = letter.language
    return made
