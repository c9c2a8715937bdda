"""Files that are no reference data: refused with the line, before anything is built of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.framework.loader import source
from app.framework.loader.source import MAX_FILE_BYTES, Located


def read(folder: Path, content: bytes | str) -> source.File:
    path = folder / "data.yaml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return source.read(path)


def test_values_are_read_with_their_lines(tmp_path: Path) -> None:
    file = read(tmp_path, "a:\n  - 1\n  - {b: 0.60, c: true}\nd: ~\ne: 3a\n")
    assert file.found == []
    assert file.data == {"a": [1, {"b": 0.6, "c": True}], "d": None, "e": "3a"}
    assert file.lines["a", 1, "b"] == 3
    assert file.lines["e",] == 5


@pytest.mark.parametrize(
    ("content", "line", "reason"),
    [
        ("a: &x [1]\nb: *x\n", 1, "anchors and aliases are not used in reference data"),
        ("a: 1\nb: 2026-03-02\n", 2, "'2026-03-02' cannot be kept; put words in quotes"),
        ("a: 1\nb: .inf\n", 2, "'.inf' cannot be kept; put words in quotes"),
        ("a: .nan\n", 1, "'.nan' cannot be kept; put words in quotes"),
        ("a: 9007199254740993\n", 1, "'9007199254740993' cannot be kept; put words in quotes"),
        ("a: !!binary aGk=\n", 1, "'aGk=' cannot be kept; put words in quotes"),
        ("a: !!python/object:os.system x\n", 1, "'x' cannot be kept; put words in quotes"),
        ('a: "\\ud800"\n', 1, "'\\ud800' cannot be kept; put words in quotes"),
        ("a: 1\n5: 2\n", 2, "a name must be a word; put it in quotes"),
        ("a: 1\n? [x]\n: 2\n", 2, "a name must be a word; put it in quotes"),
        ("a: 1\na: 2\n", 2, "a stands twice"),
        ("- a\n", 1, "a document is a mapping"),
        ("", 1, "a document is a mapping"),
        (
            "a: 1\nb: [\n",
            3,
            "this is not YAML: expected the node content, but found '<stream end>'",
        ),
        ("a: 1\n---\nb: 2\n", 2, "this is not YAML: but found another document"),
        (
            "a: \x00\n",
            1,
            "this is not YAML: unacceptable character #x0000: special characters are not allowed",
        ),
        (b"a: 1\nb: \xff\n", 2, "the file is not UTF-8"),
        ("a: " + "[" * 19 + "]" * 19, 1, None),
        ("a: " + "[" * 21 + "]" * 21, 1, "the document is nested deeper than 20 levels"),
        ("a: " + "[" * 1_000 + "]" * 1_000, 1, "the document is nested too deeply"),
    ],
)
def test_what_a_document_may_not_hold(
    tmp_path: Path, content: bytes | str, line: int, reason: str | None
) -> None:
    found = read(tmp_path, content).found
    wanted = [Located("data.yaml", line, reason)] if reason else []
    assert found[:1] == wanted


def test_a_file_beyond_the_limit_is_not_parsed(tmp_path: Path) -> None:
    found = read(tmp_path, "a: 1\n" + "#" * MAX_FILE_BYTES).found
    assert found == [Located("data.yaml", 1, "the file is larger than 524288 bytes")]


def test_a_few_nested_aliases_do_not_fill_the_memory(tmp_path: Path) -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12)]
    file = read(tmp_path, "\n".join(lines))
    assert {one.reason for one in file.found} == {
        "anchors and aliases are not used in reference data"
    }
    assert len(file.found) < 200


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    found = source.read(tmp_path / "nothing.yaml").found
    reason = "the file cannot be read: No such file or directory"
    assert found == [Located("nothing.yaml", 1, reason)]
