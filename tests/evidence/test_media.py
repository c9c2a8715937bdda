"""Evidence files of every accepted type are read for what they are; damaged ones never crash."""

from __future__ import annotations

import random
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from app.evidence import media
from app.evidence.media.catalogue import READERS
from app.evidence.media.facts import Caution
from app.kit.errors import Refusal
from tests.evidence.samples import PAGES, SAMPLES, located_photograph, pdf, recording


def kind_of(media_type: str) -> str:
    first = media_type.partition("/")[0]
    return first if first in ("image", "audio", "video") else "document"


KINDS = ("document", "image", "audio", "video")
ALLOWED = {kind: [name for name in READERS if kind_of(name) == kind] for kind in KINDS}


def inspected(path: Path, declared: str) -> media.Inspection:
    return media.inspect(path, declared=declared, allowed=ALLOWED)


@pytest.fixture(name="sample", scope="module")
def _sample() -> Callable[[str], bytes]:
    made: dict[str, bytes] = {}

    def sample(media_type: str) -> bytes:
        return made.setdefault(media_type, SAMPLES[media_type]())

    return sample


def test_there_is_a_sample_of_every_type_that_can_be_checked() -> None:
    assert set(SAMPLES) == set(READERS)


@pytest.mark.parametrize("media_type", SAMPLES)
def test_a_real_file_of_each_type_is_accepted_with_its_facts(
    media_type: str, sample: Callable[[str], bytes], tmp_path: Path
) -> None:
    path = tmp_path / "evidence"
    path.write_bytes(sample(media_type))
    found = inspected(path, media_type)
    kind = kind_of(media_type)
    assert (found.media_type, found.kind) == (media_type, kind)
    assert found.pages == PAGES.get(media_type)
    assert (found.width, found.height) == {"image": (120, 80), "video": (160, 90)}.get(
        kind, (None, None)
    )
    if kind in ("audio", "video"):
        assert found.milliseconds is not None
        assert 1900 <= found.milliseconds <= 2200
    else:
        assert found.milliseconds is None


def test_what_a_browser_recorded_without_a_length_is_measured(tmp_path: Path) -> None:
    path = tmp_path / "live.webm"
    path.write_bytes(recording("webm", sight="libvpx", sound="libopus", live="1"))
    found = inspected(path, "video/webm;codecs=vp8,opus")
    assert found.media_type == "video/webm"
    assert found.milliseconds is not None
    assert 1900 <= found.milliseconds <= 2200


def test_other_names_of_a_type_are_understood(tmp_path: Path) -> None:
    path = tmp_path / "memo.m4a"
    path.write_bytes(recording("ipod", sound="aac"))
    assert inspected(path, "audio/x-m4a").media_type == "audio/mp4"


def test_a_photograph_that_tells_where_it_was_taken_is_marked(tmp_path: Path) -> None:
    path = tmp_path / "photo.jpg"
    path.write_bytes(located_photograph())
    assert inspected(path, "image/jpeg").cautions == (Caution.LOCATION,)


@pytest.mark.parametrize("declared", ["image/svg+xml", "text/html", "application/x-msdownload", ""])
def test_a_type_outside_the_scheme_is_refused_with_the_list(declared: str, tmp_path: Path) -> None:
    path = tmp_path / "evidence"
    path.write_bytes(b"<svg/>")
    with pytest.raises(media.TypeNotAccepted) as refused:
        inspected(path, declared)
    assert refused.value.members == {"media_type": declared, "accepted": sorted(READERS)}


def test_a_type_that_this_scheme_leaves_out_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "evidence"
    path.write_bytes(pdf())
    with pytest.raises(media.TypeNotAccepted):
        media.inspect(path, declared="application/pdf", allowed={"image": ["image/png"]})


def test_mutated_files_are_accepted_or_refused_but_never_break_the_reader(
    sample: Callable[[str], bytes], tmp_path: Path
) -> None:
    names = list(SAMPLES)

    def outcome(number: int) -> str:
        chance = random.Random(number)  # noqa: S311 - the same mutations every time
        media_type = names[number % len(names)]
        path = tmp_path / str(number)
        path.write_bytes(mutated(sample(media_type), chance))
        try:
            inspected(path, media_type)
        except Refusal as refusal:
            return type(refusal).__name__
        return "accepted"

    for name in names:
        sample(name)
    with ThreadPoolExecutor(4) as pool:
        outcomes = set(pool.map(outcome, range(200)))
    assert outcomes - {"WrongType", "DamagedFile", "EncryptedFile", "FileBomb"} == {"accepted"}


def mutated(content: bytes, chance: random.Random) -> bytes:
    """Return the file with bytes changed, a stretch removed or repeated, or its end cut off."""
    changed = bytearray(content)
    act = chance.randrange(4)
    start = chance.randrange(len(changed))
    end = min(len(changed), start + chance.randint(1, 64))
    if act == 0:
        for _ in range(chance.randint(1, 12)):
            changed[chance.randrange(len(changed))] = chance.randrange(256)
    elif act == 1:
        del changed[start:end]
    elif act == 2:
        changed[start:start] = changed[start:end]
    else:
        del changed[start:]
    return bytes(changed)


def test_the_parent_loads_none_of_the_libraries_that_read_files() -> None:
    program = (
        "import sys, app.evidence.media\n"
        "print(sorted({'av', 'PIL', 'pikepdf', 'pillow_heif', 'puremagic'} & set(sys.modules)))"
    )
    said = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert said.stdout == "[]\n"
