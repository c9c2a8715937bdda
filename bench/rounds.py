"""Measuring: service and limit in turn, several rounds, the same requests to each."""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from statistics import median
from typing import cast

import psycopg

from bench import cpu
from bench.load import HEADERS_END, Generator, Outcome, length_of
from bench.plan import OPERATIONS, Operation, Plan
from bench.seed import Seeded
from bench.servers import CannotMeasure, Server

ROUNDS = 5
WARM_UP = 0.25
"""Before the rounds, each program gets this share of a round, unmeasured."""

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Figures:
    """What requests of one kind cost one program; medians over the rounds."""

    cpu_us: float
    """CPU time for a request in microseconds, of the program and the database together."""
    program_cpu_us: float
    """The program's own part of it."""
    per_second: float
    p50_ms: float
    p99_ms: float


@dataclass(frozen=True, slots=True)
class Measured:
    """One operation: the service beside its limit."""

    name: str
    title: str
    service: Figures
    limit: Figures

    @property
    def ratio(self) -> float:
        """What the limit needs of the CPU that the service needs: 1 would be perfect."""
        return self.limit.cpu_us / self.service.cpu_us


@dataclass(frozen=True, slots=True)
class Bench:
    """All that a measurement needs."""

    service: Server
    limit: Server
    postmaster: int
    plan: Plan
    generator: Generator
    superuser_url: str


def postmaster(seeded: Seeded) -> int:
    """Return the process that all of the database's other processes are children of."""
    with psycopg.connect(seeded.superuser_url) as connection:
        return cpu.parent_of(connection.info.backend_pid)


def measure(bench: Bench, rounds: int, share: float, tell: Tell) -> list[Measured]:
    """Measure every operation; `share` is the part of the usual number of requests to send."""
    measured = []
    for operation in OPERATIONS:
        tell(operation.title)
        check_same(bench, operation)
        count = max(8, round(operation.count * share))
        found = _in_turn(bench, operation, count, rounds)
        measured.append(Measured(operation.name, operation.title, *found))
    return measured


def _in_turn(
    bench: Bench, operation: Operation, count: int, rounds: int
) -> tuple[Figures, Figures]:
    servers = (bench.service, bench.limit)
    for server in servers:
        _send(bench, operation, server, max(8, round(count * WARM_UP)))
    _checkpoint(bench)
    taken: Mapping[str, list[Figures]] = {server.module: [] for server in servers}
    for _ in range(rounds):
        for server in servers:
            taken[server.module].append(_round(bench, operation, server, count))
    return _medians(taken[servers[0].module]), _medians(taken[servers[1].module])


def _round(bench: Bench, operation: Operation, server: Server, count: int) -> Figures:
    requests = [operation.make(bench.plan) for _ in range(count)]
    before = cpu.used_by(server.pid), cpu.used_by_family(bench.postmaster)
    outcome = bench.generator.send(server.port, requests)
    own = cpu.used_by(server.pid) - before[0]
    database = cpu.used_by_family(bench.postmaster) - before[1]
    _check_answers(operation, server, outcome)
    times = sorted(outcome.times)
    return Figures(
        cpu_us=(own + database) / count * 1e6,
        program_cpu_us=own / count * 1e6,
        per_second=count / outcome.seconds,
        p50_ms=times[len(times) // 2] * 1e3,
        p99_ms=times[min(len(times) - 1, len(times) * 99 // 100)] * 1e3,
    )


def _send(bench: Bench, operation: Operation, server: Server, count: int) -> None:
    requests = [operation.make(bench.plan) for _ in range(count)]
    _check_answers(operation, server, bench.generator.send(server.port, requests))


def _check_answers(operation: Operation, server: Server, outcome: Outcome) -> None:
    if outcome.statuses.keys() != {operation.status}:
        raise CannotMeasure(
            f"{operation.title}: {server.module} answered {outcome.statuses}, for example\n"
            f"{outcome.sample}"
        )


def _medians(rounds: Sequence[Figures]) -> Figures:
    return Figures(
        *(
            median(getattr(one, name) for one in rounds)
            for name in ("cpu_us", "program_cpu_us", "per_second", "p50_ms", "p99_ms")
        )
    )


def _checkpoint(bench: Bench) -> None:
    with psycopg.connect(bench.superuser_url, autocommit=True) as connection:
        connection.execute("CHECKPOINT")


def check_same(bench: Bench, operation: Operation) -> None:
    """Refuse to compare programs that do not answer alike."""
    # Drawn by the same lot, both requests are about the same thing.
    state = bench.plan.lot.getstate()
    drawn = bench.plan.drawn.copy()
    first = ask(bench.service.port, operation.make(bench.plan))
    bench.plan.lot.setstate(state)
    bench.plan.drawn = drawn
    second = ask(bench.limit.port, operation.make(bench.plan))
    if alike(first) != alike(second):
        raise CannotMeasure(
            f"{operation.title}: the answers differ.\n{first!r:.3000}\n{second!r:.3000}"
        )


def ask(port: int, request: bytes) -> bytes:
    """Send one request and return the whole answer."""
    with ExitStack() as stack:
        connection = stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=20))
        connection.sendall(request)
        received = bytearray()
        while not (expected := length_of(received)) or len(received) < expected:
            chunk = connection.recv(65536)
            if not chunk:
                raise CannotMeasure("The server hung up.")
            received += chunk
        return bytes(received)


# What must differ between two answers to the same question: moments, and what is signed with them.
MOMENTS = re.compile(r"20\d\d-\d\d-\d\dT[0-9:.]+Z|X-Amz-(Date|Signature)=\w+")
VERSIONS = frozenset({"version", "versions"})


def alike(answer: bytes) -> object:
    """Return what two answers to the same question have in common: status, headers, JSON."""
    head, _, body = answer.partition(HEADERS_END)
    status, *lines = head.decode("latin-1").lower().split("\r\n")
    headers = {line.partition(":")[0] for line in lines} - {"x-request-id", "date"}
    return status, sorted(headers), _without_moments(json.loads(body)) if body else None


def _without_moments(value: object) -> object:
    if isinstance(value, dict):
        # Two writings of one thing have versions that follow each other.
        versions = VERSIONS if value.keys() & {"rated", "rated_at"} else frozenset()
        return {
            name: _without_moments(each)
            for name, each in cast(dict[str, object], value).items()
            if name not in versions
        }
    if isinstance(value, list):
        return [_without_moments(each) for each in cast(list[object], value)]
    return MOMENTS.sub("…", value) if isinstance(value, str) else value
