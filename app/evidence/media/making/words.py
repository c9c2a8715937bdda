"""The words in a document, for the search: page by page where it has pages.

Written as lines of JSON (`[page, words]`), which the parent believes as far as they fit.
"""

from __future__ import annotations

import email
import email.policy
import importlib
import json
import re
import zipfile
from collections.abc import Callable, Iterator, Mapping
from html.parser import HTMLParser
from typing import BinaryIO, Final, cast

from app.evidence.media.catalogue import READERS
from app.evidence.media.making import markup
from app.evidence.media.making.child import Facts, Tell
from app.evidence.media.making.output import Output

LONGEST_PASSAGE: Final = 4_000
"""Characters; a page with more is kept in several passages."""

MOST_WORDS: Final = 2_000_000
"""Characters kept of one file: more than a thousand pages."""

Passages = Iterator[tuple[int | None, str]]


def text(file: BinaryIO, out: Output, task: Mapping[str, object], tell: Tell) -> Facts:
    """Write the words of a document; the facts say how many passages, and whether it is all."""
    left, count = MOST_WORDS, 0
    for page, words in passages(file, str(task["media_type"]), tell):
        for part in parts(tidy(words)):
            out.write(json.dumps([page, part[:left]]).encode() + b"\n")
            left -= len(part)
            count += 1
            if left <= 0:
                return {"passages": count, "whole": False}
    return {"passages": count, "whole": True}


def passages(file: BinaryIO, media_type: str, tell: Tell) -> Passages:
    reader = READERS[media_type]
    if reader == "pdf":
        # By name: only this one needs a library to draw pages.
        module = importlib.import_module("app.evidence.media.making.pages")
        return cast(Callable[[BinaryIO, Tell], Passages], module.pages)(file, tell)
    if reader in ("office", "opendocument"):
        return of_archive(file, media_type)
    return iter([(None, SIMPLE[reader](file.read()))])


def of_archive(file: BinaryIO, media_type: str) -> Passages:
    with zipfile.ZipFile(file) as document:
        yield from markup.pages(document, media_type)


def tidy(words: str) -> str:
    """Return words without control characters, and with no more than one blank line between."""
    plain = re.sub(r"[\x00-\x08\x0b-\x1f\x7f\ufffe\uffff\ud800-\udfff]", " ", words)
    return re.sub(r"\s*\n\s*\n\s*", "\n\n", re.sub(r"[ \t\xa0]+", " ", plain)).strip()


def parts(words: str) -> Iterator[str]:
    """Yield pieces short enough to show, cut where a line or a word ends."""
    while len(words) > LONGEST_PASSAGE:
        at = max(words.rfind(mark, LONGEST_PASSAGE // 2, LONGEST_PASSAGE) for mark in "\n ")
        at = at if at > 0 else LONGEST_PASSAGE
        yield words[:at].strip() or " "
        words = words[at:].strip()
    if words:
        yield words


def plain(content: bytes) -> str:
    return content.decode("utf-8-sig", "replace")


class Page(HTMLParser):
    """The words of a page of HTML, without what it hides from readers."""

    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self._hidden += tag in ("script", "style", "head")

    def handle_endtag(self, tag: str) -> None:
        self._hidden -= tag in ("script", "style", "head") and self._hidden > 0
        self.words.append("\n" if tag in ("p", "div", "tr", "li", "h1", "h2") else " ")

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.words.append(data)


def letter(content: bytes) -> str:
    """Return subject and text of a mail; of its HTML only where it has no plain text."""
    mail = email.message_from_bytes(content, policy=email.policy.default)
    body = mail.get_body(("plain", "html"))
    words = str(body.get_content()) if body else ""
    if body is not None and body.get_content_type() == "text/html":
        page = Page()
        page.feed(words)
        words = "".join(page.words)
    return f"{mail['subject'] or ''}\n\n{words}"


RTF: Final = re.compile(
    r"\\(?:(?P<word>[a-z]{1,32})(?P<number>-?\d{1,10})? ?|'(?P<hex>[0-9a-f]{2})|(?P<sign>[^a-z]))"
    r"|(?P<brace>[{}])|(?P<text>[^\\{}\r\n]+)",
    re.I,
)
RTF_HIDDEN: Final = frozenset(
    {"fonttbl", "colortbl", "stylesheet", "info", "pict", "themedata", "datastore", "object"}
)
RTF_BREAKS: Final = {"par": "\n", "line": "\n", "tab": "\t", "cell": "\t", "row": "\n"}


def rtf(content: bytes) -> str:
    """Return the words of an RTF document, in the order in which they stand."""
    found: list[str] = []
    hidden: list[bool] = [False]
    skip = 0
    for token in RTF.finditer(content.decode("latin-1")):
        kind, value = token.lastgroup, token.group()
        if value == "{":
            hidden.append(hidden[-1])
        elif value == "}":
            hidden[:] = hidden[:-1] or [False]
        elif value == r"\*" or (token["word"] or "").lower() in RTF_HIDDEN:
            hidden[-1] = True
        elif token["word"] == "u" and token["number"]:
            found.append("" if hidden[-1] else chr(int(token["number"]) % 0x10000))
            skip = 1  # what follows stands in for readers without Unicode
        elif token["hex"]:
            byte = bytes.fromhex(token["hex"])
            found.append("" if skip or hidden[-1] else byte.decode("cp1252", "replace"))
            skip = 0
        elif not hidden[-1]:
            if kind == "text":
                found.append(value[skip:])
                skip = 0
            found.append(RTF_BREAKS.get((token["word"] or "").lower(), ""))
            found.append(value[1:] if token["sign"] in ("\\", "{", "}") else "")
    # RTF writes what lies beyond 16 bits as two halves.
    return "".join(found).encode("utf-16", "surrogatepass").decode("utf-16", "replace")


SIMPLE: Final[Mapping[str, Callable[[bytes], str]]] = {
    "plain": plain,
    "letter": letter,
    "rtf": rtf,
}
