"""The load generator: sends what it is given over a few connections, and notes what came back.

It runs as a process of its own, `python -m bench.load`, so that its work is nobody else's. A line
of JSON on its standard input is an order, a line on its standard output the outcome.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import IO, cast

import uvloop

CONNECTIONS = 4
HEADERS_END = b"\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Outcome:
    """How long it all took, and each answer; all times in seconds."""

    seconds: float
    times: list[float]
    statuses: dict[str, int]
    """How many answers had each status."""
    sample: str
    """The start of an answer of the rarest status, for who has to find out what went wrong."""


class Generator:
    """Has requests sent by a process of its own."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def send(self, port: int, requests: Sequence[bytes]) -> Outcome:
        """Send every request once and wait for all the answers."""
        order = {"port": port, "requests": [one.decode("latin-1") for one in requests]}
        print(json.dumps(order), file=self._stream(self._process.stdin), flush=True)
        answer = self._stream(self._process.stdout).readline()
        if not answer:
            raise RuntimeError("The load generator has ended.")
        return Outcome(**json.loads(answer))

    @staticmethod
    def _stream(stream: IO[str] | None) -> IO[str]:
        if stream is None:
            raise RuntimeError("The load generator has no such stream.")
        return stream


@contextmanager
def generator() -> Iterator[Generator]:
    """Lend a load generator for the block."""
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.load"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        yield Generator(process)
        if process.stdin is not None:
            process.stdin.close()


class Visitor(asyncio.Protocol):
    """One connection that is kept: sends a request, waits for its answer, sends the next."""

    def __init__(self, requests: Iterator[bytes], done: asyncio.Future[None]) -> None:
        self.requests = requests
        self.done = done
        self.times: list[float] = []
        self.statuses: dict[str, int] = {}
        self.samples: dict[str, str] = {}
        self.received = bytearray()
        self.expected = 0
        self.sent_at = 0.0
        self.transport: asyncio.WriteTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.WriteTransport, transport)
        self._send()

    def data_received(self, data: bytes) -> None:
        self.received += data
        if not self.expected:
            self.expected = length_of(self.received)
        if self.expected and len(self.received) >= self.expected:
            self._note()
            self._send()

    def connection_lost(self, problem: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(problem or ConnectionError("The server hung up."))

    def _note(self) -> None:
        self.times.append(time.perf_counter() - self.sent_at)
        status = self.received[9:12].decode()
        self.statuses[status] = self.statuses.get(status, 0) + 1
        if status not in self.samples:
            self.samples[status] = self.received[:2000].decode("latin-1")
        self.received.clear()
        self.expected = 0

    def _send(self) -> None:
        request = next(self.requests, None)
        if self.transport is None:
            return
        if request is None:
            self.done.set_result(None)
            self.transport.close()
            return
        self.sent_at = time.perf_counter()
        self.transport.write(request)


def length_of(received: bytearray) -> int:
    """Return how long the whole answer is, 0 while its headers have not all arrived."""
    end = received.find(HEADERS_END)
    if end < 0:
        return 0
    start = received.lower().find(b"\r\ncontent-length:", 0, end + 2)
    body = int(received[start + 17 : received.find(b"\r\n", start + 2)]) if start >= 0 else 0
    return end + len(HEADERS_END) + body


async def send_all(port: int, requests: Sequence[str]) -> Outcome:
    """Send every request once, over all connections at the same time."""
    loop = asyncio.get_running_loop()
    waiting = iter([one.encode("latin-1") for one in requests])
    visitors, ends = [], []
    began = time.perf_counter()
    for _ in range(min(CONNECTIONS, len(requests))):
        done: asyncio.Future[None] = loop.create_future()
        visitor = Visitor(waiting, done)
        await loop.create_connection(lambda one=visitor: one, "127.0.0.1", port)  # type: ignore[misc]
        visitors.append(visitor)
        ends.append(done)
    await asyncio.gather(*ends)
    seconds = time.perf_counter() - began
    statuses: dict[str, int] = {}
    samples: dict[str, str] = {}
    for one in visitors:
        samples |= one.samples
        for status, count in one.statuses.items():
            statuses[status] = statuses.get(status, 0) + count
    rarest = min(statuses, key=lambda status: statuses[status])
    times = [moment for one in visitors for moment in one.times]
    return Outcome(seconds, times, statuses, samples[rarest])


def main() -> None:
    for line in sys.stdin:
        order = json.loads(line)
        outcome = uvloop.run(send_all(order["port"], order["requests"]))
        print(json.dumps(asdict(outcome)), flush=True)  # noqa: T201 - that is how it answers


if __name__ == "__main__":
    main()
