"""Letters: by a real SMTP server on loopback, and as files; never with a header that crept in."""

from __future__ import annotations

import email
import socket
import ssl
import stat
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from smtplib import SMTPAuthenticationError, SMTPException
from typing import cast

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP as Server
from aiosmtpd.smtp import AuthResult, Envelope, LoginPassword, Session

from app.cli import processes
from app.cli.installation import Installation
from app.kit.settings import Settings
from app.mail import Letter, Undeliverable, mailbox, message
from app.mail.choice import post_of
from app.mail.folder import FolderPost
from app.mail.smtp import SmtpPost, WrongMailServer

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
LETTER = Letter("mara@example.org", "Amira asks – s’il vous plaît", "Bonjour,\n\nmerci.\n", "fr")
SENDER = "Certification <mail@example.org>"


def read(content: bytes) -> EmailMessage:
    return email.message_from_bytes(content, policy=default)


@dataclass
class Inbox:
    """A mail server that keeps what it gets, and knows some addresses that nobody has."""

    received: list[bytes] = field(default_factory=list)

    async def handle_RCPT(
        self, server: Server, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address.startswith("nobody"):
            return "550 no such user"
        if address.startswith("later"):
            return "451 try again later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Server, session: Session, envelope: Envelope) -> str:
        self.received.append(cast(bytes, envelope.content))
        return "250 OK"


@pytest.fixture
def inbox() -> Inbox:
    return Inbox()


@pytest.fixture
def plain(inbox: Inbox) -> Iterator[str]:
    """The address of a mail server without encryption."""
    controller = Controller(inbox, hostname="127.0.0.1", port=free_port())
    controller.start()
    yield f"smtp+plain://127.0.0.1:{controller.port}"
    controller.stop()


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A key and a certificate for localhost, as anyone can make them."""
    folder = tmp_path_factory.mktemp("tls")
    key, made = folder / "key.pem", folder / "made.pem"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"),
            *("-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"),
            *("-keyout", str(key), "-out", str(made)),
        ],
        check=True,
        capture_output=True,
    )
    return key, made


@pytest.fixture
def starttls(inbox: Inbox, certificate: tuple[Path, Path]) -> Iterator[str]:
    """A mail server that takes letters by STARTTLS only, from one user."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate[1], certificate[0])

    def knows(
        server: Server, session: Session, envelope: Envelope, mechanism: str, given: object
    ) -> AuthResult:
        assert isinstance(given, LoginPassword)
        known = (given.login, given.password) == (b"post", b"p@ss/word")
        return AuthResult(success=known, handled=False)

    controller = Controller(
        inbox,
        hostname="127.0.0.1",
        port=free_port(),
        tls_context=context,
        require_starttls=True,
        auth_required=True,
        authenticator=knows,
    )
    controller.start()
    yield f"localhost:{controller.port}"
    controller.stop()


def test_a_letter_arrives_as_it_was_written(inbox: Inbox, plain: str) -> None:
    SmtpPost.at(plain, SENDER).send(LETTER, NOW)
    (content,) = inbox.received
    found = read(content)
    assert found["To"] == "mara@example.org"
    assert found["From"] == "Certification <mail@example.org>"
    assert found["Subject"] == LETTER.subject
    assert found["Content-Language"] == "fr"
    assert found["Auto-Submitted"] == "auto-generated"
    assert found["Date"].datetime == NOW
    assert found["Message-ID"].endswith("@example.org>")
    assert found.get_content().replace("\r\n", "\n") == LETTER.text


def test_with_starttls_and_a_password_if_the_server_is_who_it_says(
    inbox: Inbox,
    starttls: str,
    certificate: tuple[Path, Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    post = SmtpPost.at(f"smtp://post:p%40ss%2Fword@{starttls}", SENDER)
    with pytest.raises(ssl.SSLCertVerificationError):
        post.send(LETTER, NOW)
    assert inbox.received == []
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[1]))
    post.send(LETTER, NOW)
    assert len(inbox.received) == 1
    with pytest.raises(SMTPAuthenticationError):
        SmtpPost.at(f"smtp://post:wrong@{starttls}", SENDER).send(LETTER, NOW)


def test_a_server_that_offers_no_encryption_gets_nothing(inbox: Inbox, plain: str) -> None:
    with pytest.raises(SMTPException):
        SmtpPost.at(plain.replace("smtp+plain", "smtp"), SENDER).send(LETTER, NOW)
    assert inbox.received == []


def test_an_address_that_nobody_has_is_told_from_a_server_that_is_busy(plain: str) -> None:
    post = SmtpPost.at(plain, SENDER)
    with pytest.raises(Undeliverable):
        post.send(Letter("nobody@example.org", "x", "x", "en"), NOW)
    with pytest.raises(SMTPException):
        post.send(Letter("later@example.org", "x", "x", "en"), NOW)


@pytest.mark.parametrize("subject", ["a\nBcc: all@example.org", "a\r\n\r\nb", "a\rBcc: x@y.org"])
def test_no_header_creeps_in_through_a_name(subject: str) -> None:
    with pytest.raises(ValueError, match=r"linefeed|carriage|newline"):
        message(Letter("mara@example.org", subject, "x", "en"), SENDER, NOW)


@pytest.mark.parametrize(
    "address",
    [
        "mara@example.org\nBcc: all@example.org",
        "mara@example.org, all@example.org",
        "Mara <mara@example.org>",
        "mara",
        "@example.org",
        "mara@",
        "ma ra@example.org",
        "",
    ],
)
def test_no_second_address_creeps_in(address: str) -> None:
    with pytest.raises(Undeliverable):
        mailbox(address)


def test_without_a_mail_server_letters_are_files_for_their_owner_alone(tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "mail"
    for _ in range(2):
        FolderPost(folder, SENDER).send(LETTER, NOW)
    names = sorted(path.name for path in folder.iterdir())
    assert len(names) == 2
    assert all(name.startswith("20260302T120000-") and name.endswith(".eml") for name in names)
    assert read((folder / names[0]).read_bytes())["Subject"] == LETTER.subject
    assert stat.S_IMODE((folder / names[0]).stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_the_settings_choose_the_way(settings: Settings) -> None:
    assert isinstance(post_of(settings), FolderPost)
    named = settings.changed(smtp_url="smtps://post:hidden@mail.example.org")
    post = post_of(named)
    assert isinstance(post, SmtpPost)
    assert (post.host, post.port, post.user) == ("mail.example.org", 465, "post")
    assert "hidden" not in repr(named) + repr(post)


@pytest.mark.parametrize("url", ["mail.example.org", "http://a", "smtp://", "smtp://a:b:c"])
def test_a_mail_server_that_cannot_be_read_is_refused_without_its_password(url: str) -> None:
    with pytest.raises(WrongMailServer) as refused:
        SmtpPost.at(url, SENDER)
    assert url not in str(refused.value)


def test_only_the_worker_is_given_the_mail_server(settings: Settings, tmp_path: Path) -> None:
    named = settings.changed(smtp_url="smtps://post:hidden@mail.example.org")
    here = Installation(named, 8000, tmp_path)
    told = [program.environment for program in (processes._web(here, ""), processes._worker(here))]
    assert ["MENTORCERT_SMTP_URL" in environment for environment in told] == [False, True]
