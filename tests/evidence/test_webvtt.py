"""Captions are read strictly: cues with times and words, and nothing that runs or styles."""

from __future__ import annotations

import pytest

from app.evidence.media.webvtt import NotUnderstood, read, written

GOOD = """\ufeffWEBVTT - First meeting

NOTE made by hand

1
00:00:00.500 --> 00:00:02.000 align:start position:10%
<v Amira>What brings you here?</v>

01:00:03.000 --> 01:00:05.250
- <i>Well</i> &amp; truly,
I don't know &lt;yet&gt;.
"""


def test_cues_are_read_with_their_times_and_words() -> None:
    first, second = read(GOOD)
    assert (first.from_ms, first.to_ms) == (500, 2_000)
    assert first.settings == "align:start position:10%"
    assert first.spoken == "What brings you here?"
    assert (second.from_ms, second.to_ms) == (3_603_000, 3_605_250)
    assert second.spoken == "- Well & truly,\nI don't know <yet>."


@pytest.mark.parametrize("ending", ["\r\n", "\r"])
def test_lines_may_end_as_they_do_elsewhere(ending: str) -> None:
    assert read(GOOD.replace("\n", ending)) == read(GOOD)


def test_what_is_written_is_what_was_understood() -> None:
    text = written(read(GOOD))
    assert text.startswith("WEBVTT\n\n00:00:00.500 --> 00:00:02.000 align:start position:10%\n<v")
    assert "NOTE" not in text
    assert read(text) == read(GOOD)
    assert written(read(text)) == text


def with_cue(words: str, *, times: str = "00:00.000 --> 00:01.000") -> str:
    return f"WEBVTT\n\n{times}\n{words}\n"


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("", 1, "does not begin"),
        ("WEBVTTX\n\n00:00.000 --> 00:01.000\nx", 1, "does not begin"),
        ("1\n00:00:00,000 --> 00:00:01,000\nSubRip", 1, "does not begin"),
        ("WEBVTT\n", 2, "no cues"),
        ("WEBVTT\n\nSTYLE\n::cue { background: url(x) }\n", 3, "styles"),
        ("WEBVTT\n\nREGION\nid:x\n", 3, "styles"),
        ("WEBVTT\n\nwords alone\n", 3, "times"),
        (with_cue("x", times="00:00,000 --> 00:01,000"), 3, "times"),
        (with_cue("x", times="00:01.000 --> 00:00.000"), 3, "ends before"),
        (with_cue("x", times="00:00.000 --> 00:01.000 onclick:x"), 3, "setting"),
        (with_cue(""), 4, "no words"),
        (with_cue("<script>alert(1)</script>"), 4, "tag"),
        (with_cue("<img src=x onerror=alert(1)>"), 4, "tag"),
        (with_cue('<v Amira"><b onclick="x">'), 4, "tag"),
        (with_cue("fish & chips"), 4, "sign"),
        (with_cue("&copy;"), 4, "sign"),
        (with_cue("a\0b"), 4, "control"),
        (with_cue("x" * 2_001), 4, "more than 2000"),
        (with_cue("x\n00:01.000 --> 00:02.000\ny"), 4, "blank line"),
        (
            "WEBVTT\n\n00:05.000 --> 00:06.000\nb\n\n00:01.000 --> 00:02.000\na\n",
            6,
            "precedes",
        ),
    ],
)
def test_anything_else_is_refused_with_its_line(text: str, line: int, reason: str) -> None:
    with pytest.raises(NotUnderstood) as refused:
        read(text)
    assert refused.value.line == line
    assert reason in refused.value.reason


def test_more_cues_than_anyone_says_are_refused() -> None:
    cue = "00:00.000 --> 00:01.000\nx\n\n"
    with pytest.raises(NotUnderstood):
        read("WEBVTT\n\n" + cue * 20_001)
