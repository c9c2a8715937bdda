"""`python -m bench`: measure the service beside its limits; `make bench` runs it.

FULL=1 in the environment, or --full, measures with 20,000 portfolios as well.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from rich.console import Console

from app.cli.installation import VAR
from app.embedded.errors import CannotStart
from app.embedded.services import Services, services
from app.kit.settings import Settings
from bench import certificates, cpu, memory, renditions, report, rounds, uploads
from bench.load import generator
from bench.plan import Plan
from bench.report import Report, Size
from bench.rounds import Bench, Tell
from bench.seed import seed
from bench.servers import LIMIT, SERVICE, CannotMeasure, on_free_port, server

RESULTS = Path(__file__).with_name("results")
FEW, MANY = 1_000, 20_000
STARTS = 3
UPLOADS = (64, 192)
"""Sizes in MiB: the largest that goes in one request, and one that goes in parts."""
LARGE = 2.0
"""GiB of the file that passes while memory is measured, with --full."""


@dataclass(slots=True)
class _Uploads:
    """The sizes of upload to measure (MiB, and GiB for memory), and what was found."""

    megabytes: Sequence[int]
    gibibytes: float
    measured: list[uploads.UploadMeasured]
    memory: memory.MemoryMeasured | None = None
    film_seconds: int = 0
    films: list[renditions.RenditionMeasured] = field(default_factory=list)


def run(
    var: Path,
    sizes: Sequence[int],
    *,
    rounds_: int = rounds.ROUNDS,
    share: float,
    megabytes: Sequence[int] = UPLOADS,
    gibibytes: float = 0.0,
    film_seconds: int = 0,
    tell: Tell,
) -> Report:
    """Measure with each number of portfolios; start-up and uploads with the first."""
    measured: list[Size] = []
    starts: dict[str, float] = {}
    sent = _Uploads(megabytes, gibibytes, [], film_seconds=film_seconds)
    with services(var) as running:
        for size in sizes:
            measured.append(_measure(running, var, size, rounds_, share, tell, starts, sent))
    return Report(
        report.machine(),
        starts[SERVICE],
        starts[LIMIT],
        measured,
        sent.measured,
        sent.memory,
        sent.films,
    )


def _measure(
    running: Services,
    var: Path,
    portfolios: int,
    rounds_: int,
    share: float,
    tell: Tell,
    starts: dict[str, float],
    sent: _Uploads,
) -> Size:
    tell(f"{portfolios:,} portfolios: filling the database")
    began = time.monotonic()
    seeded = seed(running, portfolios)
    seeded_in = time.monotonic() - began
    plan, postmaster = Plan(seeded), rounds.postmaster(seeded)
    if not starts:
        tell("start-up")
        starts |= {module: _start_up(seeded.settings, var, module) for module in (SERVICE, LIMIT)}
    with ExitStack() as stack:
        service, limit = (
            stack.enter_context(server(module, on_free_port(seeded.settings, var)))
            for module in (SERVICE, LIMIT)
        )
        bench = Bench(
            service,
            limit,
            postmaster,
            plan,
            stack.enter_context(generator()),
            seeded.superuser_url,
        )
        operations = rounds.measure(bench, rounds_, share, tell)
        held = [cpu.resident_bytes(one.pid) / 1e6 for one in (service, limit)]
        # Before a worker runs, which would draw them all.
        tell("certificates")
        operations.append(certificates.measure(seeded.settings, postmaster, min(rounds_, 3)))
        if not sent.measured:
            tell("uploads")
            for size in sent.megabytes:
                sent.measured.append(
                    uploads.measure(plan, service, seeded.settings, var, size, rounds_)
                )
            if sent.gibibytes:
                tell(f"memory while {sent.gibibytes:g} GiB pass")
                sent.memory = memory.measure(plan, service, seeded.settings, var, sent.gibibytes)
    if sent.film_seconds and not sent.films:
        tell(f"a film of {sent.film_seconds} s made playable")
        shift = certificates.shift_of(seeded.settings)
        sent.films.append(renditions.measure(shift, var, min(rounds_, 3), sent.film_seconds))
        shift.sessions.engine.dispose()
    return Size(portfolios, seeded_in, operations, *held)


def _start_up(settings: Settings, var: Path, module: str) -> float:
    """Return how long a program takes from its start to its first answer (median)."""
    taken = []
    for _ in range(STARTS):
        with server(module, on_free_port(settings, var)) as started:
            taken.append(started.started_in)
    return median(taken)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("--var", type=Path, default=VAR / "bench", help="where the data go")
    parser.add_argument("--full", action="store_true", default=os.environ.get("FULL") == "1")
    parser.add_argument("--rounds", type=int, default=rounds.ROUNDS)
    parser.add_argument("--share", type=float, default=1.0, help="part of the usual requests")
    parser.add_argument("--portfolios", type=int, action="append", help="instead of 1,000")
    parser.add_argument("--gibibytes", type=float, help="pass a file of so many: 2 if --full")
    parser.add_argument("--check", type=Path, metavar="GOALS", help="exit 1 if it falls short")
    parser.add_argument("--results", type=Path, default=RESULTS)
    chosen = parser.parse_args(arguments)
    sizes = chosen.portfolios or ([FEW, MANY] if chosen.full else [FEW])
    gibibytes = chosen.gibibytes if chosen.gibibytes is not None else LARGE * chosen.full
    console = Console(width=None if sys.stdout.isatty() else 150)
    aside = Console(stderr=True)
    try:
        found = run(
            chosen.var,
            sizes,
            rounds_=chosen.rounds,
            share=chosen.share,
            gibibytes=gibibytes,
            film_seconds=renditions.SECONDS,
            tell=lambda words: aside.print(words, highlight=False, style="dim"),
        )
    except (CannotStart, CannotMeasure) as problem:
        sys.exit(str(problem))
    report.show(found, console)
    console.print(f"kept as {found.keep(chosen.results).name}")
    short = report.shortfalls(found, chosen.check) if chosen.check else []
    for sentence in short:
        console.print(f"[red]falls short[/red] {sentence}")
    return 1 if short else 0


if __name__ == "__main__":
    sys.exit(main())
