"""Captions as WebVTT (W3C), read strictly: cues with times and words, and nothing that styles.

What is kept is written anew from what was understood, so that players are never handed what this
reader passed over.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

MOST_CUES: Final = 20_000
LONGEST_CUE: Final = 2_000
HEADER: Final = re.compile(r"WEBVTT(?:[ \t].*)?")
TIME: Final = r"(?:(\d{2,4}):)?([0-5]\d):([0-5]\d)\.(\d{3})"
TIMING: Final = re.compile(rf"{TIME}[ \t]+-->[ \t]+{TIME}(?:[ \t]+(\S.*))?")
SETTING: Final = re.compile(
    r"vertical:(?:rl|lr)|(?:line|position):-?\d{1,4}(?:\.\d{1,4})?%?(?:,[a-z-]{1,12})?"
    r"|size:\d{1,3}(?:\.\d{1,4})?%|align:(?:start|center|middle|end|left|right)"
)
TAG: Final = re.compile(
    r"</?(?:[biuc]|ruby|rt|v|lang)(?:\.[\w-]{1,40})*>"
    r"|<(?:v|lang)(?:\.[\w-]{1,40})*[ \t][^<>&=\"\r\n]{1,200}>"
    r"|<(?:\d{2,4}:)?[0-5]\d:[0-5]\d\.\d{3}>"
)
ENTITY: Final = re.compile(r"&(?:amp|lt|gt|lrm|rlm|nbsp|quot|apos|#\d{1,6}|#x[0-9a-fA-F]{1,5});")
SPOKEN: Final = {"&amp;": "&", "&lt;": "<", "&gt;": ">", "&nbsp;": " ", "&quot;": '"'}
CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


class NotUnderstood(ValueError):
    """The text is not WebVTT as it is taken here: `line` (from 1) and `reason` say why."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(f"line {line}: {reason}")
        self.line, self.reason = line, reason


@dataclass(frozen=True, slots=True)
class Cue:
    """Words and when they are said, in milliseconds."""

    from_ms: int
    to_ms: int
    settings: str
    words: str

    @property
    def spoken(self) -> str:
        """The words alone, for the search."""
        plain = TAG.sub("", self.words)
        return ENTITY.sub(lambda found: SPOKEN.get(found.group(), " "), plain)


def read(text: str) -> list[Cue]:
    """Return the cues of a WebVTT text, or raise NotUnderstood."""
    lines = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").split("\n")
    if not HEADER.fullmatch(lines[0]):
        raise NotUnderstood(1, "it does not begin with WEBVTT")
    cues: list[Cue] = []
    for number, block in blocks(lines):
        if number == 1 or block[0].split(" ")[0] == "NOTE":
            continue
        if block[0].split(" ")[0] in ("STYLE", "REGION"):
            raise NotUnderstood(number, "styles and regions are not taken")
        cues.append(cue(number, block))
        if len(cues) > MOST_CUES:
            raise NotUnderstood(number, f"it has more than {MOST_CUES} cues")
        if len(cues) > 1 and cues[-1].from_ms < cues[-2].from_ms:
            raise NotUnderstood(number, "the cue begins before the one that precedes it")
    if not cues:
        raise NotUnderstood(len(lines), "it has no cues")
    return cues


def blocks(lines: Sequence[str]) -> Iterator[tuple[int, list[str]]]:
    """Yield what stands between blank lines, with the number of its first line."""
    block: list[str] = []
    for number, line in enumerate([*lines, ""], 1):
        if line:
            block.append(line)
        elif block:
            yield number - len(block), block
            block = []


def cue(number: int, block: list[str]) -> Cue:
    named = "-->" not in block[0]
    if named and len(block) == 1:
        raise NotUnderstood(number, "a cue needs a line with its times")
    at = number + named
    timing = TIMING.fullmatch(block[named].strip())
    if timing is None:
        raise NotUnderstood(at, "the times are not written as 00:00:00.000 --> 00:00:01.000")
    found = timing.groups()
    begins, ends = milliseconds(found[:4]), milliseconds(found[4:8])
    if ends <= begins:
        raise NotUnderstood(at, "the cue ends before it begins")
    settings = (found[8] or "").split()
    if not all(SETTING.fullmatch(one) for one in settings):
        raise NotUnderstood(at, "a setting of the cue is unknown")
    words = "\n".join(block[named + 1 :]).strip()
    check_words(at + 1, words)
    return Cue(begins, ends, " ".join(settings), words)


def check_words(number: int, words: str) -> None:
    if not words:
        raise NotUnderstood(number, "the cue has no words")
    if len(words) > LONGEST_CUE:
        raise NotUnderstood(number, f"the cue has more than {LONGEST_CUE} characters")
    if CONTROL.search(words):
        raise NotUnderstood(number, "it holds control characters")
    if "-->" in words:
        raise NotUnderstood(number, "a blank line is missing between two cues")
    bare = ENTITY.sub("", TAG.sub("", words))
    if "<" in bare:
        raise NotUnderstood(number, "a tag is unknown; write &lt; for <")
    if "&" in bare:
        raise NotUnderstood(number, "a sign is unknown; write &amp; for &")


def milliseconds(parts: Sequence[str | None]) -> int:
    hours, minutes, seconds, thousandths = (int(part or 0) for part in parts)
    return ((hours * 60 + minutes) * 60 + seconds) * 1000 + thousandths


def written(cues: Sequence[Cue]) -> str:
    """Return cues as WebVTT."""
    texts = [
        f"{clock(cue.from_ms)} --> {clock(cue.to_ms)}"
        + (f" {cue.settings}" if cue.settings else "")
        + f"\n{cue.words}\n"
        for cue in cues
    ]
    return "WEBVTT\n\n" + "\n".join(texts)


def clock(moment: int) -> str:
    seconds, thousandths = divmod(moment, 1000)
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}.{thousandths:03}"
