"""The demo's input: real files that the service accepts, the same on every run."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.cli.material import Material, make_material, papers, voice
from app.evidence import media
from app.evidence.media.catalogue import READERS

ALLOWED = {"any": list(READERS)}
KINDS = {"documentation", "interview", "evaluation", "recording", "testimony", "live"}


@pytest.fixture(name="told", scope="module")
def _told() -> list[str]:
    return []


@pytest.fixture(name="material", scope="module")
def _material(tmp_path_factory: pytest.TempPathFactory, told: list[str]) -> list[Material]:
    return make_material(tmp_path_factory.mktemp("material"), told.append)


def test_every_file_passes_the_check_that_evidence_passes(material: list[Material]) -> None:
    for file in material:
        found = media.inspect(file.path, declared=file.media_type, allowed=ALLOWED)
        assert (found.pages, found.cautions) == (file.pages, ())
        assert (found.milliseconds is None) == (file.milliseconds is None)
        # Encoders work in blocks, so a recording may be a fraction longer than what was spoken.
        assert abs((found.milliseconds or 0) - (file.milliseconds or 0)) <= 50


def test_documents_pictures_sound_and_film_of_all_common_sorts_are_there(
    material: list[Material],
) -> None:
    assert {file.path.suffix for file in material} == {
        ".pdf",
        ".docx",
        ".md",
        ".csv",
        ".jpg",
        ".wav",
        ".m4a",
        ".ogg",
        ".mp4",
    }
    assert {file.kind for file in material} <= KINDS
    assert len({file.path for file in material}) == len(material)


def test_one_recording_is_so_large_that_it_goes_up_in_parts(material: list[Material]) -> None:
    sizes = [file.path.stat().st_size for file in material]
    assert [size > 64 << 20 for size in sizes].count(True) == 1
    assert max(sizes) < 100 << 20


def test_progress_names_each_file_in_turn(material: list[Material], told: list[str]) -> None:
    assert told == [file.title for file in material]


def test_papers_are_the_same_bytes_every_time(tmp_path: Path) -> None:
    for write in (papers.client_file, papers.testimony):
        write(tmp_path / "one")
        write(tmp_path / "two")
        assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


@pytest.mark.parametrize("suffix", [".wav", ".m4a", ".ogg"])
def test_recordings_are_the_same_bytes_every_time(suffix: str, tmp_path: Path) -> None:
    one, two = tmp_path / f"one{suffix}", tmp_path / f"two{suffix}"
    for path in (one, two):
        voice.write(path, voice.conversation(1000, seed=7))
    assert one.read_bytes() == two.read_bytes()


def test_another_seed_gives_another_conversation() -> None:
    assert voice.conversation(1000, seed=7) != voice.conversation(1000, seed=8)
