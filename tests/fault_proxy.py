"""A proxy on the loopback that stands in front of a store and fails as networks and stores do.

What passes is handed on byte by byte, `Host` included, for that is part of a signature: whoever is
to go through the proxy is given its `endpoint` as the store's address, and signs for that.

    with FaultProxy(settings.s3_endpoint) as proxy:
        through = settings.changed(s3_endpoint=proxy.endpoint)
        proxy.on("PUT", "partNumber=2", Reset(after=100_000), Answer(503))

The second part is now cut off after 100,000 bytes, then answered with 503, then passes.
"""

from __future__ import annotations

import socket
import struct
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from threading import Lock, Thread
from typing import Self
from urllib.parse import urlsplit

CHUNK = 64 * 1024
PATIENCE = 60.0
"""Seconds after which a connection on which nothing happens is given up."""


@dataclass(frozen=True, slots=True)
class Pass:
    """Hand the request and its answer on."""


@dataclass(frozen=True, slots=True)
class Reset:
    """Break the connection off once `after` bytes of the request's body were handed on."""

    after: int = 0


@dataclass(frozen=True, slots=True)
class Answer:
    """Take the request in, hand nothing on, and answer with this status."""

    status: int = 503


@dataclass(frozen=True, slots=True)
class Lose:
    """Hand the whole request on, and break the connection off instead of answering."""


@dataclass(frozen=True, slots=True)
class Cut:
    """Hand the request on and break its answer off: after half of the body, or `after` bytes."""

    after: int | None = None


@dataclass(frozen=True, slots=True)
class Slow:
    """Hand everything on, so many bytes of a body in a second."""

    bytes_per_second: int


Fault = Pass | Reset | Answer | Lose | Cut | Slow


@dataclass(slots=True)
class Seen:
    """A request that came by; `status` is what the store answered, None if it was not asked.

    Of its `body` so many bytes were `passed` on to the store.
    """

    method: str
    path: str
    body: int
    status: int | None = None
    passed: int = 0


@dataclass(slots=True)
class _Order:
    method: str
    within: str
    faults: list[Fault]


Rule = Callable[[Seen], Fault | None]


@dataclass
class FaultProxy:
    """Stands in front of `upstream` (`http://host:port`); everything passes until told otherwise.

    `rule` is asked first about each request, then the orders given by `on`.
    """

    upstream: str
    rule: Rule | None = None
    seen: list[Seen] = field(default_factory=list)
    _orders: list[_Order] = field(default_factory=list)
    _lock: Lock = field(default_factory=Lock)
    _port: int = 0
    _listener: socket.socket | None = None
    _open: set[socket.socket] = field(default_factory=set)

    def __enter__(self) -> Self:
        self._listen()
        return self

    def __exit__(self, *_: object) -> None:
        self._close()

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    def on(self, method: str, within: str, *faults: Fault) -> None:
        """Do these to the next requests of a method ("*": any) whose address holds `within`."""
        with self._lock:
            self._orders.append(_Order(method, within, list(faults)))

    @contextmanager
    def down(self) -> Iterator[None]:
        """Refuse every connection for a while, and break off those there are."""
        self._close()
        yield
        self._listen()

    def _listen(self) -> None:
        listener = socket.create_server(("127.0.0.1", self._port), backlog=128)
        self._port, self._listener = listener.getsockname()[1], listener
        Thread(target=self._accept, args=(listener,), daemon=True).start()

    def _close(self) -> None:
        if self._listener is not None:
            # Closing alone would not wake the thread that waits in accept().
            with suppress(OSError):
                self._listener.shutdown(socket.SHUT_RDWR)
            self._listener.close()
            self._listener = None
        with self._lock:
            still_open = list(self._open)
        for one in still_open:
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with self._lock:
            self._open.add(client)
        try:
            _Conversation(self, client).go_on()
        except (OSError, EOFError):
            _reset(client)
        finally:
            with self._lock:
                self._open.discard(client)
            client.close()

    def fault_for(self, seen: Seen) -> Fault:
        """Note a request and choose what happens to it."""
        with self._lock:
            self.seen.append(seen)
            if self.rule is not None and (chosen := self.rule(seen)) is not None:
                return chosen
            for order in self._orders:
                fits = order.method in ("*", seen.method) and order.within in seen.path
                if fits and order.faults:
                    return order.faults.pop(0)
        return Pass()


class _Conversation:
    """One client's connection, and the connection to the store that belongs to it."""

    def __init__(self, proxy: FaultProxy, client: socket.socket) -> None:
        self._proxy, self._client = proxy, client
        client.settimeout(PATIENCE)
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def go_on(self) -> None:
        address = urlsplit(self._proxy.upstream)
        store: socket.socket | None = None
        asking = _Reader(self._client)
        try:
            while (head := asking.head()) is not None:
                if store is None:
                    store = socket.create_connection((address.hostname, address.port), PATIENCE)
                    store.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                if not self._one(head, asking, store):
                    return
        finally:
            if store is not None:
                store.close()

    def _one(self, head: bytes, asking: _Reader, store: socket.socket) -> bool:
        """Deal with one request; return whether the connection stays open."""
        method, path, _ = head.split(b"\r\n", 1)[0].decode("latin-1").split(" ")
        length = _length(head)
        seen = Seen(method, path, length)
        fault = self._proxy.fault_for(seen)
        waits = b"\r\nexpect: 100-continue" in head.lower()
        if waits:  # the store's own 100 is taken away below
            self._client.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        if isinstance(fault, Answer):
            for _chunk in asking.body(length):
                pass
            self._client.sendall(_refusal(fault.status, method))
            return True
        store.sendall(head)
        pace = fault.bytes_per_second if isinstance(fault, Slow) else None
        sent = 0
        for chunk in asking.body(length, pace):
            if isinstance(fault, Reset) and sent + len(chunk) > fault.after:
                store.sendall(chunk[: fault.after - sent])
                seen.passed = fault.after
                break
            store.sendall(chunk)
            sent += len(chunk)
            seen.passed = sent
        if isinstance(fault, Reset):
            _reset(store)
            _reset(self._client)
            return False
        return self._answer(seen, fault, _Reader(store))

    def _answer(self, seen: Seen, fault: Fault, answering: _Reader) -> bool:
        head = answering.head()
        while head is not None and head.startswith(b"HTTP/1.1 100"):
            head = answering.head()
        if head is None:
            raise EOFError
        seen.status = int(head.split(b" ", 2)[1])
        if isinstance(fault, Lose):
            _reset(self._client)
            return False
        bare = seen.method == "HEAD" or seen.status in (204, 304)
        chunked = b"\r\ntransfer-encoding: chunked" in head.lower()
        length = 0 if bare else _length(head)
        body = answering.chunked() if chunked and not bare else answering.body(length, _pace(fault))
        left = length // 2 if isinstance(fault, Cut) and fault.after is None else None
        if isinstance(fault, Cut) and fault.after is not None:
            left = fault.after
        self._client.sendall(head if not isinstance(fault, Cut) or not bare else head[:-20])
        for chunk in body:
            piece = chunk if left is None else chunk[:left]
            self._client.sendall(piece)
            left = None if left is None else left - len(piece)
        if isinstance(fault, Cut):
            _reset(self._client)
            return False
        return b"\r\nconnection: close" not in head.lower()


class _Reader:
    """Reads heads and bodies from a connection."""

    def __init__(self, source: socket.socket) -> None:
        self._source, self._read = source, bytearray()

    def head(self) -> bytes | None:
        """Return the lines before a body with the empty line after them; None at the end."""
        while (end := self._read.find(b"\r\n\r\n")) < 0:
            if not self._more():
                return None
        return self._take(end + 4)

    def body(self, length: int, pace: int | None = None) -> Iterator[bytes]:
        """Yield a body of so many bytes, `pace` bytes in a second if told."""
        largest = CHUNK if pace is None else max(1, min(CHUNK, pace // 10))
        while length:
            if not self._read and not self._more():
                raise EOFError
            chunk = self._take(min(length, len(self._read), largest))
            length -= len(chunk)
            yield chunk
            if pace is not None:
                time.sleep(len(chunk) / pace)

    def chunked(self) -> Iterator[bytes]:
        """Yield a chunked body as it is written."""
        while True:
            line = self._line()
            size = int(line.split(b";")[0], 16)
            yield line
            yield from self.body(size)
            yield self._line()
            if size == 0:
                return

    def _line(self) -> bytes:
        while (end := self._read.find(b"\r\n")) < 0:
            if not self._more():
                raise EOFError
        return self._take(end + 2)

    def _more(self) -> bool:
        found = self._source.recv(CHUNK)
        self._read += found
        return bool(found)

    def _take(self, count: int) -> bytes:
        taken = bytes(self._read[:count])
        del self._read[:count]
        return taken


def _pace(fault: Fault) -> int | None:
    return fault.bytes_per_second if isinstance(fault, Slow) else None


def _length(head: bytes) -> int:
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.strip().lower() == b"content-length":
            return int(value)
    return 0


def _refusal(status: int, method: str) -> bytes:
    body = b"<Error><Code>InternalError</Code></Error>"
    told = b"" if method == "HEAD" else body
    return (
        f"HTTP/1.1 {status} Made Up\r\ncontent-type: application/xml\r\n"
        f"content-length: {len(body)}\r\n\r\n"
    ).encode() + told


def _reset(connection: socket.socket) -> None:
    """Break a connection off at once: the other side reads an error, not an end."""
    with suppress(OSError):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.close()
