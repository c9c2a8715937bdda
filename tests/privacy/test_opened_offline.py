"""An archive's pages in a real browser, from a folder, without a network."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit
from uuid import UUID

import pytest

from tests import make, rules
from tests.evidence.conftest import silence
from tests.make import Person
from tests.privacy.conftest import Archive, taken_along

SCRIPT = "<img src=x onerror=\"document.title='run'\"><script>document.title='run'</script>"
PAGE = b"Minutes of a meeting.\n<script>document.title='run'</script>\n"


class Page(HTMLParser):
    """What a page has of links, identifiers, headings and cells."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


@pytest.fixture
def archive(amira: Person) -> Archive:
    """An archive in which everything that a candidate can write tries to be a program."""
    id = make.portfolio(amira)
    case = make.case(amira, id, SCRIPT[:60])
    item = make.item(amira, id, title=SCRIPT[:190], description=SCRIPT, case_id=str(case))
    file = make.file(amira, item, PAGE, name="evil.html")
    make.file(amira, item, PAGE, media_type="text/markdown", name="evil.xhtml")
    make.claim(amira, item, "1a", file_id=str(file))
    make.claim(amira, item, "7m", reason=SCRIPT)
    ratings = {code: {"rating": 2, "comment": SCRIPT} for code in rules.framework().indicators}
    answer = amira.put(f"/portfolios/{id}/self-assessment", {"ratings": ratings}, if_match='"0"')
    assert answer.status_code == 200, answer.text
    return taken_along(amira, id)


def opened(chromium: str, page: Path) -> str:
    """Return what a browser makes of a page, once whatever runs in it has run."""
    # A name that cannot be resolved stands in for every host: nothing leaves.
    command = [
        *(chromium, "--headless", "--no-sandbox", "--disable-gpu", "--dump-dom"),
        *("--host-resolver-rules=MAP * ~NOTFOUND", f"--user-data-dir={page.parent}/profile"),
        page.as_uri(),
    ]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=True).stdout


def test_nothing_that_somebody_wrote_runs(
    archive: Archive, tmp_path: Path, tool: Callable[[str], str]
) -> None:
    """FAULTS 11, for pages opened from a folder."""
    chromium, folder = tool("chromium"), archive.unpack(tmp_path)
    for page in ("index.html", "index.fr.html"):
        dom = opened(chromium, folder / page)
        assert re.search(r"<title>(Portfolio of|Dossier de) Amira</title>", dom), dom[:500]
        assert "onerror=" in dom.replace("&quot;", '"')
        assert [tag for tag, _ in Page(dom).tags if tag in ("script", "img")] == []
    # The test's own worth: the same words in a page of their own do run.
    (folder / "bare.html").write_bytes(PAGE)
    assert "<title>run</title>" in opened(chromium, folder / "bare.html")


def test_no_file_of_the_archive_opens_as_a_page(
    archive: Archive, tmp_path: Path, tool: Callable[[str], str]
) -> None:
    """FAULTS 10 and 11: a text file stays one, whatever its name said."""
    chromium, folder = tool("chromium"), archive.unpack(tmp_path)
    names = [name for name in archive.members if name.startswith("files/")]
    assert sorted(name.rpartition("/")[2] for name in names) == ["evil.html.txt", "evil.xhtml.txt"]
    for name in names:
        dom = opened(chromium, folder / name)
        assert "<title>run</title>" not in dom
        assert "&lt;script&gt;" in dom


def test_every_cell_of_the_map_leads_somewhere(archive: Archive) -> None:
    """Four phases, 15 competences, 75 indicators; and no link leads out of the folder."""
    for name in ("index.html", "index.fr.html"):
        page = Page(archive.members[name].decode())
        cells = [one for one in page.all("a") if str(one.get("href")).startswith("#i-")]
        assert len(cells) == 75
        assert [one["class"] for one in cells].count("covered") == 1
        assert [one["class"] for one in cells].count("begun") == 1
        ids = {one["id"] for _, one in page.tags if "id" in one}
        for link in page.all("a"):
            address = urlsplit(str(link["href"]))
            assert not address.scheme
            assert not address.netloc
            if address.path:
                assert unquote(address.path) in archive.members
            elif address.fragment:
                assert address.fragment in ids
        assert len([one for one in page.all("th") if one.get("scope") == "rowgroup"]) == 4
        assert len([one for one in page.all("th") if one.get("class") == "competence"]) == 15


def test_the_pages_forbid_all_that_is_not_in_them(archive: Archive) -> None:
    page = Page(archive.members["index.html"].decode())
    (policy,) = (
        str(one["content"])
        for one in page.all("meta")
        if one.get("http-equiv") == "Content-Security-Policy"
    )
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert page.all("script") == page.all("link") == page.all("img") == []
    (html,) = page.all("html")
    assert html["lang"] == "en"


def test_a_claim_s_link_opens_the_file_at_its_place(amira: Person) -> None:
    id = make.portfolio(amira)
    item = make.item(amira, id, kind="recording")
    file = make.file(amira, item, silence(3), media_type="audio/wav", name="a.wav")
    make.claim(amira, item, "1a", file_id=str(file), from_ms=500, to_ms=1500)
    page = taken_along(amira, id).members["index.html"].decode()
    assert f'href="files/{UUID(str(file))}/a.wav#t=0.5,1.5"' in page
