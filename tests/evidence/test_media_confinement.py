"""The process that reads evidence is confined, and its answer is believed only if it fits."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from app.evidence.media import CouldNotCheck, DamagedFile, WrongType, answer, sandbox
from app.evidence.media.facts import Caution, Facts

FACTS = {"pages": 3, "milliseconds": None, "width": None, "height": None, "cautions": ["script"]}


def confined(program: str, *, first: str = "") -> str:
    """Run a program after it has confined itself as the reader does; return what it prints."""
    start = (
        "from app.evidence.media import confinement\n"
        "left = confinement.leave_the_network()\nconfinement.set_limits(300 << 20)\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", first + start + program], capture_output=True, text=True, check=False
    )
    return ended.stdout.strip() or f"ended with {ended.returncode}"


# The kernel gives a user namespace to no process that has several threads.
A_SECOND_THREAD = (
    "import threading\nthreading.Thread(target=threading.Event().wait, daemon=True).start()\n"
)
BEFORE = "import os\nbefore = os.readlink('/proc/self/ns/net')\n"
COMPARED = "print(left, os.readlink('/proc/self/ns/net') != before)"

on_linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux has namespaces")


@pytest.fixture(scope="module")
def allowed() -> bool:
    """Whether this system lets an ordinary process leave the network."""
    program = "import ctypes; print(ctypes.CDLL(None).unshare(0x50000000))"
    tried = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    return tried.stdout.strip() == "0"


@on_linux
def test_a_confined_process_has_no_network_where_the_system_allows_it(allowed: bool) -> None:
    assert confined(COMPARED, first=BEFORE) == ("True True" if allowed else "False False")
    assert sandbox.loses_the_network() is allowed


@on_linux
def test_a_process_that_may_not_leave_the_network_knows_it_and_is_limited_all_the_same(
    tmp_path: Path,
) -> None:
    assert confined(COMPARED, first=BEFORE + A_SECOND_THREAD) == "False False"
    writing = (
        f"try:\n    open({str(tmp_path / 'written')!r}, 'wb', buffering=0).write(b'x')\n"
        "except OSError as error:\n    print(left, error.errno)"
    )
    assert confined(writing, first=A_SECOND_THREAD) == "False 27"
    taking = "try:\n    bytes(1 << 30)\nexcept MemoryError:\n    print(left, 'refused')"
    assert confined(taking, first=A_SECOND_THREAD) == "False refused"


@on_linux
def test_a_file_is_read_where_its_reader_may_not_leave_the_network(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("Minutes")
    program = f"{A_SECOND_THREAD}from app.evidence.media import child\nchild.main('text/plain')"
    with path.open("rb") as file:
        said = subprocess.run(
            [sys.executable, "-c", program], stdin=file, capture_output=True, check=True
        )
    assert answer.understood(said.stdout, declared="text/plain").cautions == ()


def test_a_confined_process_cannot_write_a_file(tmp_path: Path) -> None:
    target = tmp_path / "written"
    said = confined(
        f"try:\n    open({str(target)!r}, 'wb', buffering=0).write(b'x')\n"
        "except OSError as error:\n    print(error.errno)"
    )
    assert said == "27"
    assert target.read_bytes() == b""


@on_linux
def test_a_reader_finds_no_file_but_code(tmp_path: Path) -> None:
    """FAULTS 9: a reader that was taken over tells its sender no secret of this machine."""
    secret, code = tmp_path / "secrets.json", Path(answer.__file__)
    secret.write_text("{}")
    said = confined(
        f"hidden = confinement.keep_to_code()\nfor path in ({str(secret)!r}, {str(code)!r}):\n"
        "    try:\n        open(path).close()\n        print(hidden, 'read')\n"
        "    except OSError as error:\n        print(hidden, error.errno)"
    )
    assert said in ("True 13\nTrue read", "False read\nFalse read")  # Linux before 5.13


def test_a_confined_process_cannot_take_all_memory() -> None:
    said = confined("try:\n    bytes(1 << 30)\nexcept MemoryError:\n    print('refused')")
    assert said == "refused"


def test_a_reader_that_does_not_answer_in_time_is_given_up(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("Minutes")
    with pytest.raises(CouldNotCheck) as refused:
        sandbox.read_apart(path, "text/plain", deadline=0)
    assert refused.value.members == {"reason": "the reader took too long"}


def test_a_file_whose_reader_breaks_down_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("Minutes")
    with pytest.raises(CouldNotCheck) as refused:
        sandbox.read_apart(path, "no/reader")
    assert refused.value.members == {"reason": "the reader ended with status 1"}


def test_a_file_that_is_gone_is_an_error_and_no_refusal(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        sandbox.read_apart(tmp_path / "gone", "text/plain")


def understood(said: object) -> Facts:
    return answer.understood(json.dumps(said).encode(), declared="application/pdf")


def test_the_facts_of_a_sound_answer_are_believed() -> None:
    assert understood({"facts": FACTS}) == Facts(pages=3, cautions=(Caution.SCRIPT,))


def test_the_refusal_in_a_sound_answer_is_raised() -> None:
    with pytest.raises(DamagedFile) as damaged:
        understood({"refused": "DamagedFile", "text": "it is empty"})
    assert damaged.value.members == {"reason": "it is empty"}
    with pytest.raises(WrongType) as wrong:
        understood({"refused": "WrongType", "text": "text/html"})
    assert wrong.value.members == {"declared": "application/pdf", "found": "text/html"}


@pytest.mark.parametrize(
    "said",
    [
        None,
        [],
        {},
        {"facts": FACTS, "more": 1},
        {"facts": {**FACTS, "more": 1}},
        {"facts": {"pages": 3}},
        {"facts": {**FACTS, "pages": -1}},
        {"facts": {**FACTS, "pages": True}},
        {"facts": {**FACTS, "pages": 10**10}},
        {"facts": {**FACTS, "width": "12"}},
        {"facts": {**FACTS, "cautions": ["unheard of"]}},
        {"facts": {**FACTS, "cautions": "script"}},
        {"refused": "SystemExit", "text": "no such rule"},
        {"refused": "CouldNotCheck", "text": "that is for the parent to say"},
        {"refused": "DamagedFile", "text": "two\nlines"},
        {"refused": "DamagedFile", "text": "long" * 99},
        {"refused": "WrongType", "text": "text/html\r\nX-Header: 1"},
    ],
)
def test_an_answer_that_makes_no_sense_is_not_believed(said: Mapping[str, object] | None) -> None:
    with pytest.raises(CouldNotCheck):
        understood(said)


@pytest.mark.parametrize("said", [b"", b"{", b"[" * 5000, b"\xff\xfe", b"NaN"])
def test_an_answer_that_is_not_json_is_not_believed(said: bytes) -> None:
    with pytest.raises(CouldNotCheck):
        answer.understood(said, declared="application/pdf")
