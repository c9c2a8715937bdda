"""Reading a YAML file with limits, and remembering on which line each value stands."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from app.framework.content import Path as Place
from app.kit.canonical import Json, canonical

MAX_FILE_BYTES = 512 * 1024
MAX_DEPTH = 20

CONSTRUCTED: Mapping[str, Callable[[str], Json]] = {
    "str": str,
    "int": int,
    "float": float,
    "bool": lambda word: word.lower() == "true",
    "null": lambda _: None,
}
"""The kinds of scalar that JSON has too; dates and the rest are to be written as words."""


@dataclass(frozen=True, slots=True, order=True)
class Located:
    """One thing that is wrong, where a person can find it."""

    file: str
    line: int
    reason: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.reason}"


@dataclass(slots=True)
class File:
    """A file as it was read: its values, the line on which each stands, and what is wrong."""

    name: str
    data: dict[str, Json] = field(default_factory=dict)
    lines: dict[Place, int] = field(default_factory=dict)
    found: list[Located] = field(default_factory=list)

    def note(self, line: int, reason: str) -> None:
        self.found.append(Located(self.name, line, reason))

    def note_at(self, place: Place, reason: str) -> None:
        """Note a problem at a value, or at what should have held it."""
        while place and place not in self.lines:
            place = place[:-1]
        self.note(self.lines.get(place, 1), reason)


def read(path: Path) -> File:
    """Read a file; what is wrong with it as YAML is in `found`, and then its data are empty."""
    file = File(path.name)
    try:
        with path.open("rb") as opened:
            content = opened.read(MAX_FILE_BYTES + 1)
    except OSError as problem:
        file.note(1, f"the file cannot be read: {problem.strerror}")
        return file
    if len(content) > MAX_FILE_BYTES:
        file.note(1, f"the file is larger than {MAX_FILE_BYTES} bytes")
        return file
    try:
        _parse(file, content.decode())
    except UnicodeDecodeError as problem:
        file.note(content.count(b"\n", 0, problem.start) + 1, "the file is not UTF-8")
    except MarkedYAMLError as problem:
        mark = problem.problem_mark or problem.context_mark
        file.note(mark.line + 1 if mark else 1, f"this is not YAML: {problem.problem}")
    except YAMLError as problem:
        file.note(1, f"this is not YAML: {str(problem).splitlines()[0]}")
    return file


def _parse(file: File, text: str) -> None:
    # Composed, not constructed: nodes know their lines, and aliases are seen before they can be
    # followed (a few of them, nested, would blow up to gigabytes).
    try:
        top = YAML(typ="safe", pure=True).compose(text)
    except RecursionError:
        file.note(1, "the document is nested too deeply")
        return
    if not isinstance(top, MappingNode):
        file.note(1, "a document is a mapping")
        return
    data = _value(file, top, ())
    if not file.found and isinstance(data, dict):
        file.data = data


def _value(file: File, node: Node, place: Place) -> Json:
    """Return plain data and note the lines; what JSON cannot say is a problem."""
    line = _line(node)
    file.lines.setdefault(place, line)
    if node.anchor is not None:
        file.note(line, "anchors and aliases are not used in reference data")
    elif len(place) > MAX_DEPTH:
        file.note(line, f"the document is nested deeper than {MAX_DEPTH} levels")
    elif isinstance(node, MappingNode):
        return _mapping(file, node, place)
    elif isinstance(node, SequenceNode):
        return [_value(file, one, (*place, index)) for index, one in enumerate(node.value)]
    else:
        return _scalar(file, node)
    return None


def _mapping(file: File, node: MappingNode, place: Place) -> dict[str, Json]:
    plain: dict[str, Json] = {}
    for name, one in node.value:
        key = _scalar(file, name) if isinstance(name, ScalarNode) else None
        if not isinstance(key, str):
            file.note(_line(name), "a name must be a word; put it in quotes")
        elif key in plain:
            file.note(_line(name), f"{key} stands twice")
        else:
            file.lines[*place, key] = _line(name)
            plain[key] = _value(file, one, (*place, key))
    return plain


def _scalar(file: File, node: Node) -> Json:
    kind = str(node.tag).removeprefix("tag:yaml.org,2002:")
    words = str(node.value)
    value: Json = None
    try:
        value = CONSTRUCTED[kind](words)
        canonical(value)
    except (KeyError, ValueError):
        file.note(_line(node), f"{words!r} cannot be kept; put words in quotes")
    return value


def _line(node: Node) -> int:
    line: int = node.start_mark.line
    return line + 1
