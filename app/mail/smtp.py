"""Letters by SMTP."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from smtplib import (
    SMTP,
    SMTP_SSL,
    SMTPException,
    SMTPNotSupportedError,
    SMTPRecipientsRefused,
)
from typing import Self
from urllib.parse import unquote, urlsplit

from app.mail import Letter, Undeliverable, message

PORTS = {"smtp": 587, "smtps": 465, "smtp+plain": 25}
PATIENCE = 20
"""Seconds that the mail server may take for one answer."""


class WrongMailServer(ValueError):
    """The setting that names the mail server cannot be read; the message says what it takes."""


@dataclass(frozen=True, slots=True)
class SmtpPost:
    """A mail server: `smtp` with STARTTLS, `smtps` with TLS from the start, or `smtp+plain`."""

    scheme: str
    host: str
    port: int
    user: str
    password: str = field(repr=False)
    sender: str

    @classmethod
    def at(cls, url: str, sender: str) -> Self:
        """Read `smtp://user:password@host:587`; reserved characters in it are percent-encoded."""
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError:
            parts, port = urlsplit(""), None
        if parts.scheme not in PORTS or not parts.hostname:
            # Without the address itself, which may hold a password.
            raise WrongMailServer(f"A mail server is named as {', '.join(PORTS)}://host:port.")
        return cls(
            scheme=parts.scheme,
            host=parts.hostname,
            port=port or PORTS[parts.scheme],
            user=unquote(parts.username or ""),
            password=unquote(parts.password or ""),
            sender=sender,
        )

    def send(self, letter: Letter, at: datetime) -> None:
        written = message(letter, self.sender, at)
        with self._open() as server:
            try:
                server.send_message(written)
            except SMTPRecipientsRefused as refused:
                # 4xx means later; 5xx means never.
                if all(code >= 500 for code, _ in refused.recipients.values()):
                    raise Undeliverable from None
                raise
            except SMTPNotSupportedError:  # an address beyond ASCII, and a server that knows none
                raise Undeliverable from None

    @contextmanager
    def _open(self) -> Iterator[SMTP]:
        context = ssl.create_default_context()
        if self.scheme == "smtps":
            server: SMTP = SMTP_SSL(self.host, self.port, timeout=PATIENCE, context=context)
        else:
            server = SMTP(self.host, self.port, timeout=PATIENCE)
        try:
            if self.scheme == "smtp":
                server.starttls(context=context)
            if self.user:
                server.login(self.user, self.password)
            yield server
            with suppress(SMTPException):  # the letter is on its way
                server.quit()
        finally:
            # Without a goodbye where something failed: a server in the middle of a handshake would
            # keep it waiting, and hide what failed.
            server.close()
