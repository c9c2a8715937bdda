"""Archives as files, small ones and those beyond 4 GiB, and what their members are called."""

from __future__ import annotations

import zipfile
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.kit.errors import Refusal
from app.privacy.naming import ENDINGS, is_member_name, member_name
from app.privacy.parcel import CONTENT, Packer
from app.privacy.unpacking import ArchiveAltered, ArchiveFromElsewhere, NotAnArchive, unpacked

ID = UUID("01a1fedb-8f3e-72f7-beb3-3b23f24b77fe")
PORTFOLIO = UUID("01a1fedb-8bc4-7053-8a47-052f56634f94")
NAME = f"files/{ID}/film.mp4"


def packed(path: Path, content: bytes) -> Path:
    with Packer(path) as packer:
        packer.add_bytes(CONTENT, b"{}")
        packer.add(NAME, [content[:3], content[3:]], size=len(content), file=str(ID))
        packer.close_with({"portfolio": str(PORTFOLIO)})
    return path


@pytest.fixture(params=[zipfile.ZIP64_LIMIT, 200], ids=["small", "beyond 4 GiB"])
def large(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have ZIP files take the form of large ones from so many bytes on."""
    monkeypatch.setattr(zipfile, "ZIP64_LIMIT", request.param)


@pytest.mark.usefixtures("large")
def test_what_is_packed_is_unpacked(tmp_path: Path) -> None:
    content = bytes(range(256)) * 8
    with packed(tmp_path / "a.zip", content).open("rb") as file:
        found = unpacked(file)
        assert found.portfolio_id == PORTFOLIO
        member = found.files[ID]
        assert (member.name, member.size) == (NAME, len(content))
        assert b"".join(found.chunks(member)) == content
        assert found.document(CONTENT) == {}


@pytest.mark.usefixtures("large")
def test_no_flipped_bit_goes_unnoticed_or_breaks_the_reader(tmp_path: Path) -> None:
    whole = packed(tmp_path / "a.zip", b"what was said " * 30).read_bytes()
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        content = archive.getinfo(NAME).header_offset
    quiet = []
    for place in range(0, len(whole), 3):
        altered = bytearray(whole)
        altered[place] ^= 1 << place % 8
        (tmp_path / "b.zip").write_bytes(altered)
        with (tmp_path / "b.zip").open("rb") as file:
            try:
                found = unpacked(file)
                said = b"".join(found.chunks(found.files[ID]))
            except (NotAnArchive, ArchiveAltered, ArchiveFromElsewhere):
                continue
        quiet.append(place)
        assert said == b"what was said " * 30
    # What no reader of ours looks at: versions, times, attributes.
    assert len(quiet) < len(whole) // 9
    assert content > 0


def test_every_cut_is_noticed(tmp_path: Path) -> None:
    whole = packed(tmp_path / "a.zip", b"what was said " * 3).read_bytes()
    for length in range(0, len(whole), 7):
        (tmp_path / "b.zip").write_bytes(whole[:length])
        with (tmp_path / "b.zip").open("rb") as file, pytest.raises(Refusal):
            unpacked(file)


@given(st.text(max_size=120), st.sampled_from([*ENDINGS, "application/x-unknown"]))
def test_whatever_a_file_is_called_its_member_s_name_is_safe(name: str, media_type: str) -> None:
    """FAULTS 10."""
    found = member_name(ID, name, media_type)
    assert is_member_name(found)
    assert found.isascii()
    assert len(found) < 150
    assert found.rpartition(".")[2].lower() in ENDINGS.get(media_type, ("bin",))


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("../../x", "x.txt"),
        ("a\r\nb.txt", "a_b.txt"),
        ("NUL", "_NUL.txt"),
        ("con.txt", "_con.txt"),
        ("=cmd().TXT", "cmd_.TXT"),
        (".htaccess", "htaccess.txt"),
        ("\N{RIGHT-TO-LEFT OVERRIDE}fdp.txt", "fdp.txt"),
        ("\N{GRINNING FACE}", "file.txt"),
        ("x" * 4000 + ".txt", "x" * 80 + ".txt"),
        ("page.html", "page.html.txt"),
    ],
)
def test_names_of_all_kinds(name: str, safe: str) -> None:
    """FAULTS 10."""
    assert member_name(ID, name, "text/plain") == f"files/{ID}/{safe}"
