"""Who makes a rendition is confined too: one thing to write, limits, and answers that must fit."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from app.evidence.handlers.making import believed, checked
from app.evidence.media.making import workshop
from app.evidence.media.making.limits import Limits, limits
from app.evidence.media.making.workshop import BrokenOff, CouldNotMake, Hindered, heard, make, start
from tests.evidence.samples import SAMPLES

ROOMY = limits("poster", 2_000, 10_000)
TASK = {"kind": "poster", "media_type": "video/mp4", "milliseconds": 2_000}


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("film") / "film.mp4"
    path.write_bytes(SAMPLES["video/mp4"]())
    return path


def confined(program: str) -> str:
    start = "from app.evidence.media import confinement\n"
    ended = subprocess.run(
        [sys.executable, "-c", start + program], capture_output=True, text=True, check=False
    )
    return ended.stdout.strip() or ended.stderr[-300:]


def test_a_maker_opens_nothing_but_code(tmp_path: Path) -> None:
    """FAULTS 9: a maker that was taken over finds no secret, and no other candidate's evidence."""
    secret, original, new = tmp_path / "secrets.json", tmp_path / "original", f"{tmp_path}/new"
    secret.write_text("{}")
    original.write_bytes(b"the original")
    # A maker in the place of the one for pictures, as if a picture had taken that one over.
    program = tmp_path / "taken_over.py"
    program.write_text(
        "import json, sys, types\n"
        "from app.evidence.media.making import child\n"
        "def copy(file, out, task, tell):\n"
        "    found = []\n"
        f"    for path in ('/etc/passwd', {str(secret)!r}, {new!r}, child.__file__):\n"
        "        try:\n"
        f"            open(path, 'wb' if path == {new!r} else 'rb').close()\n"
        "            found.append('opened')\n"
        "        except PermissionError:\n"
        "            found.append('refused')\n"
        "    out.write(file.read()[::-1])\n"
        "    return {'found': found}\n"
        "maker = types.ModuleType('pictures')\n"
        "maker.copy = copy\n"
        "sys.modules['app.evidence.media.making.pictures'] = maker\n"
        "child.main(json.loads(sys.argv[1]))\n"
    )
    with original.open("rb") as file, (tmp_path / "made").open("wb+") as out:
        task = {"kind": "copy", "out": out.fileno(), "memory": 1 << 30, "seconds": 30}
        asked = [sys.executable, str(program), json.dumps({**task, "written": 1 << 20})]
        with start(asked, file, out.fileno()) as taken_over:
            found = heard(taken_over, time.monotonic() + 30, lambda percent: None)["found"]
    # Systems without Landlock limit only how much is written.
    hides = confined("print(confinement.keep_to_code())") == "True"
    assert found == [*["refused" if hides else "opened"] * 3, "opened"]
    assert (tmp_path / "made").read_bytes() == b"lanigiro eht"


def test_libreoffice_sees_its_folder_and_the_system_s_programs_only(tmp_path: Path) -> None:
    (tmp_path / "scratch").mkdir()
    (tmp_path / "secret").write_text("secret")
    said = confined(
        f"kept = confinement.keep_to_folders(['/usr'], [{str(tmp_path / 'scratch')!r}])\n"
        f"open({str(tmp_path / 'scratch' / 'page')!r}, 'w').write('x')\n"
        "try:\n"
        f"    open({str(tmp_path / 'secret')!r}).read()\n"
        "    print(kept, 'read')\n"
        "except PermissionError:\n"
        "    print(kept, 'refused')"
    )
    assert said in ("True refused", "False read")


def test_a_maker_that_writes_too_much_is_given_up(film: Path) -> None:
    with tempfile.TemporaryFile() as out, pytest.raises(CouldNotMake) as refused:
        make(film, out, TASK, Limits(60, 60.0, ROOMY.memory, 10))
    assert str(refused.value) == "it could not be read: OSError"


def test_a_maker_that_takes_too_long_may_be_quicker_when_less_is_going_on(film: Path) -> None:
    with tempfile.TemporaryFile() as out, pytest.raises(Hindered, match="it took too long"):
        make(film, out, TASK, Limits(60, 0.0, ROOMY.memory, ROOMY.written))


def test_a_full_disk_is_no_fault_of_the_file(film: Path) -> None:
    with Path("/dev/full").open("wb") as out, pytest.raises(Hindered, match="ENOSPC"):
        make(film, out, TASK, ROOMY)


@pytest.mark.parametrize(
    ("program", "refusal"),
    [
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", Hindered),
        (
            "from app.evidence.media.confinement import set_limits\n"
            "set_limits(1 << 30, seconds=1)\nwhile True: pass",
            CouldNotMake,
        ),
    ],
    ids=["killed from outside", "out of processor time"],
)
def test_who_kills_a_maker_tells_whether_it_is_tried_again(
    program: str, refusal: type[Exception]
) -> None:
    child = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE)
    with child, pytest.raises(refusal):
        heard(child, time.monotonic() + 30, lambda percent: None)


def test_a_maker_that_breaks_down_is_told_of(film: Path) -> None:
    with tempfile.TemporaryFile() as out, pytest.raises(CouldNotMake) as refused:
        make(film, out, {**TASK, "kind": "unheard of"}, ROOMY)
    assert str(refused.value) == "its maker broke down (status 1)"


def test_a_file_of_another_type_is_not_opened_by_its_content(tmp_path: Path) -> None:
    path = tmp_path / "list.mp4"
    path.write_text("ffconcat version 1.0\nfile film.mp4\n")
    with tempfile.TemporaryFile() as out, pytest.raises(CouldNotMake):
        make(path, out, TASK, ROOMY)


def test_a_worker_that_ends_ends_its_makers(film: Path) -> None:
    workshop.STOPPING.set()
    try:
        with tempfile.TemporaryFile() as out, pytest.raises(BrokenOff):
            make(film, out, TASK, ROOMY)
    finally:
        workshop.STOPPING.clear()


def answer(said: str) -> dict[str, object]:
    """Listen to a child that says this."""
    child = subprocess.Popen(
        [sys.executable, "-c", f"print({said!r}, end='')"], stdout=subprocess.PIPE
    )
    with child:
        return heard(child, time.monotonic() + 30, lambda percent: None)


def test_an_answer_that_fits_is_believed() -> None:
    assert answer('{"progress": 7}\n{"made": {"points": 3}}\n') == {"points": 3}
    with pytest.raises(CouldNotMake, match="it is damaged"):
        answer('{"failed": "it is damaged"}\n')


@pytest.mark.parametrize(
    "said",
    [
        "",
        "no JSON\n",
        "[" * 5000 + "\n",
        '{"progress": 100}\n',
        '{"progress": 7, "more": 1}\n',
        '{"made": []}\n',
        '{"failed": "two\\nlines"}\n',
        "x" * 20_000,
        '{"progress": 7}\n' * 1_001,
    ],
)
def test_an_answer_that_makes_no_sense_is_not_believed(said: str) -> None:
    with pytest.raises(CouldNotMake):
        answer(said)


def test_what_does_not_begin_as_it_should_is_not_kept(tmp_path: Path) -> None:
    path = tmp_path / "poster"
    for content, media_type in (
        (b"<html><script>", "image/jpeg"),
        (b"\x89PNG\r\n\x1a\n", "image/jpeg"),
        (b"", "image/png"),
        (b"<html>", "video/mp4"),
        (b"<html>", "text/html"),
    ):
        path.write_bytes(content)
        with pytest.raises(CouldNotMake):
            checked(path, media_type)
    path.write_bytes(b"\0\0\0 ftypisom")
    assert checked(path, "video/mp4").media_type == "video/mp4"


def test_words_are_believed_as_far_as_they_fit(tmp_path: Path) -> None:
    path = tmp_path / "text"
    path.write_text('[1, "a\\u0000b \\ud800"]\n[null, ""]\n[2, "' + "x" * 5_000 + '"]\n')
    (first, second) = believed(path)
    assert first == (1, "a b")
    assert len(second[1]) == 4_000
    for wrong in ('[0, "x"]', '["1", "x"]', '{"x": 1}', "[1]", "x"):
        path.write_text(wrong + "\n")
        with pytest.raises(CouldNotMake):
            list(believed(path))
