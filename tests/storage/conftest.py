"""The real store, requests to it as a browser sends them, and doubles that stand in front of it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from datetime import timedelta
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import urlsplit

import pytest
import urllib3

from app.kit.clock import utc_now
from app.kit.ids import new_id
from app.kit.settings import Settings
from app.storage import SignedRequest
from app.storage.s3 import S3Store
from app.storage.web import SigningStore

Send = Callable[..., urllib3.BaseHTTPResponse]
Rule = Callable[[str, str, int], int]
"""Method, address and the real store's status → the status that the double answers."""
Double = Callable[[Rule], AbstractContextManager[str]]


@pytest.fixture
def yesterdays_store(settings: Settings) -> SigningStore:
    """A store whose clock is a day late, so that all it signs has expired."""
    return SigningStore.from_settings(settings, clock=lambda: utc_now() - timedelta(days=1))


@pytest.fixture
def key() -> str:
    return f"tests/{new_id()}"


@pytest.fixture
def file(store: S3Store) -> Callable[[bytes], str]:
    """Put a file of these bytes into the store and return its key."""

    def file(body: bytes) -> str:
        key = f"tests/{new_id()}"
        store.put(key, body, "text/plain")
        return key

    return file


@pytest.fixture
def send() -> Iterator[Send]:
    """Send a signed request, with other headers or to another address if told so."""
    with urllib3.PoolManager(retries=False, timeout=30) as pool:

        def send(
            link: SignedRequest, body: bytes | None = None, **changed: str
        ) -> urllib3.BaseHTTPResponse:
            lies = {name.replace("_", "-"): value for name, value in changed.items()}
            return pool.request(link.method, link.url, headers={**link.headers, **lies}, body=body)

        yield send


@pytest.fixture
def signed_put(store: S3Store) -> Callable[[str, bytes], SignedRequest]:
    def signed_put(key: str, body: bytes) -> SignedRequest:
        digest = hashlib.sha256(body).hexdigest()
        return store.put_link(
            key, size=len(body), media_type="application/pdf", sha256=digest, seconds=60
        )

    return signed_put


@pytest.fixture
def double(settings: Settings, store: S3Store) -> Double:
    """Stand in front of the real store and answer other statuses than it does, by a rule.

    A status of 0 breaks the answer off half-way.
    """

    @contextmanager
    def double(rule: Rule) -> Iterator[str]:
        real = urlsplit(settings.s3_endpoint).netloc

        class Passing(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def pass_on(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length") or 0))
                status, headers, data = _forward(
                    real, self.command, self.path, dict(self.headers.items()), body
                )
                told = rule(self.command, self.path, status)
                if told not in {0, status}:
                    data, headers = b"", {**headers, "Content-Length": "0"}
                self.close_connection = told == 0
                self.send_response(told or status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(data if told else data[: len(data) // 2])

            do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = pass_on

            def log_message(self, format: str, *args: object) -> None:
                return

        server = ThreadingHTTPServer(("127.0.0.1", 0), Passing)
        server.daemon_threads = True
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
            server.server_close()

    return double


def _forward(
    real: str, method: str, path: str, headers: Mapping[str, str], body: bytes
) -> tuple[int, dict[str, str], bytes]:
    """Pass a request on as it came: its Host too, for that is what was signed."""
    connection = HTTPConnection(real, timeout=30)
    try:
        connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
        for name, value in headers.items():
            connection.putheader(name, value)
        connection.endheaders(body)
        answer = connection.getresponse()
        data = answer.read()
        told = {name: value for name, value in answer.getheaders() if name != "Content-Length"}
        length = answer.getheader("Content-Length") if method == "HEAD" else None
        return answer.status, {**told, "Content-Length": length or str(len(data))}, data
    finally:
        connection.close()
