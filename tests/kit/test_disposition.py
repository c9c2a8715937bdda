"""Names of files in headers: one line, one meaning, and safe on every system (FAULTS 10)."""

from __future__ import annotations

from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.kit.disposition import LONGEST, content_disposition, safe_name


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("minutes of the first meeting.pdf", "minutes of the first meeting.pdf"),
        ("../../x", "_.._x"),
        ("..\\..\\x", "_.._x"),
        ("a\r\nX-Evil: 1\r\n\r\n<script>.txt", "a__X-Evil_ 1_____script_.txt"),
        ("nul\x00l.txt", "nul_l.txt"),
        ("photo\u202egpj.exe", "photo_gpj.exe"),
        ("con", "_con"),
        ("CON.pdf", "_CON.pdf"),
        ("com1 .tar.gz", "_com1 .tar.gz"),
        ("console.pdf", "console.pdf"),
        ("=cmd()", "=cmd()"),
        ("Őszi napló 👩‍🌾.pdf", "Őszi napló 👩‍🌾.pdf"),
        ("cafe\u0301.txt", "café.txt"),
        (" .hidden. ", "hidden"),
        ("...", "file"),
    ],
)
def test_a_name_is_kept_as_near_as_any_system_can_keep_it(name: str, safe: str) -> None:
    assert safe_name(name) == safe


def test_a_long_name_is_cut_before_its_ending_and_between_characters() -> None:
    cut = safe_name("ő" * 4096 + ".pdf")
    assert cut.endswith("ő.pdf")
    assert len(cut.encode()) == LONGEST
    assert len(safe_name("x." + "y" * 4096).encode()) == LONGEST


def test_a_plain_name_is_said_once() -> None:
    said = content_disposition("minutes.pdf", inline=True)
    assert said == 'inline; filename="minutes.pdf"'


def test_a_name_beyond_ascii_is_said_twice() -> None:
    said = content_disposition('Napló "ő".pdf', inline=False)
    assert said == (
        "attachment; filename=\"Napl_ ___.pdf\"; filename*=UTF-8''Napl%C3%B3%20_%C5%91_.pdf"
    )


@given(st.text(max_size=300))
def test_any_name_makes_one_header_that_says_it_once_more(name: str) -> None:
    """FAULTS 10: whatever the name, the header is one line and parses to what was meant."""
    said = content_disposition(name, inline=False)
    assert said.isascii()
    assert said.isprintable()
    message = EmailMessage()
    message["Content-Disposition"] = said
    assert message.get_content_disposition() == "attachment"
    assert safe_name(safe_name(name)) == safe_name(name)
    if "filename*" in said:
        value = said.partition("filename*=UTF-8''")[2]
        assert not set(value) - set(
            "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789%._-~"
        )
