"""What a run found: kept as JSON, shown as tables, compared with the goals."""

from __future__ import annotations

import json
import os
import platform
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import cast

from rich.console import Console
from rich.table import Table

from bench.memory import MemoryMeasured
from bench.renditions import RenditionMeasured
from bench.rounds import Measured
from bench.uploads import UploadMeasured

PARTS = ("fastapi", "starlette", "uvicorn", "sqlalchemy", "psycopg", "pydantic")


@dataclass(frozen=True, slots=True)
class Size:
    """What was measured with so many portfolios."""

    portfolios: int
    seeded_in: float
    operations: Sequence[Measured]
    memory_mb: float
    """Of the web process after all of it."""
    limit_memory_mb: float


@dataclass(frozen=True, slots=True)
class Report:
    """All that a run found; times in seconds."""

    machine: Mapping[str, str | int]
    start_seconds: float
    limit_start_seconds: float
    sizes: Sequence[Size]
    uploads: Sequence[UploadMeasured]
    memory: MemoryMeasured | None = None
    """While a large file passes; None where it was not measured."""
    films: Sequence[RenditionMeasured] = ()

    def growth(self) -> Mapping[str, float]:
        """Return what a request takes with the most portfolios ÷ what it takes with the fewest."""
        if len(self.sizes) < 2:
            return {}
        fewest = {one.name: one.service.cpu_us for one in self.sizes[0].operations}
        return {
            one.name: one.service.cpu_us / fewest[one.name] for one in self.sizes[-1].operations
        }

    def keep(self, folder: Path) -> Path:
        """Write the report as JSON and return its place."""
        folder.mkdir(parents=True, exist_ok=True)
        now = datetime.now(UTC)
        content = {
            "at": now.isoformat(timespec="seconds"),
            **asdict(self),
            "ratios": [
                {one.name: round(one.ratio, 3) for one in size.operations} for size in self.sizes
            ],
            "growth": {name: round(value, 3) for name, value in self.growth().items()},
        }
        place = folder / f"{now:%Y-%m-%dT%H-%M-%S}.json"
        place.write_text(json.dumps(_rounded(content), indent=1) + "\n")
        return place


def machine() -> Mapping[str, str | int]:
    """Say on what it was measured; nothing that names the machine or its owner."""
    return {
        "system": platform.system(),
        "processor": _processor(),
        "cores": os.cpu_count() or 0,
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9),
        "python": platform.python_version(),
        **{name: version(name) for name in PARTS},
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def _rounded(value: object) -> object:
    if isinstance(value, float):
        return round(value, 3)
    if isinstance(value, dict):
        return {name: _rounded(each) for name, each in cast(dict[str, object], value).items()}
    if isinstance(value, list | tuple):
        return [_rounded(each) for each in value]
    return value


def shortfalls(report: Report, goals_file: Path) -> list[str]:
    """Return a sentence for each goal that was not reached; what was not measured is left out."""
    goals = tomllib.loads(goals_file.read_text())
    found: list[str] = []

    def at_least(what: str, is_: float, goal: float) -> None:
        if is_ < goal:
            found.append(f"{what}: {is_:.2f}, and at least {goal:.2f} is asked")

    def at_most(what: str, is_: float, goal: float) -> None:
        if is_ > goal:
            found.append(f"{what}: {is_:.2f}, and at most {goal:.2f} is asked")

    for size in report.sizes:
        where = f"with {size.portfolios:,} portfolios"
        for one in size.operations:
            if one.name in goals["ratio"]:
                at_least(f"{one.title} {where}", one.ratio, goals["ratio"][one.name])
            if one.name in goals["program_cpu_us"]:
                goal = goals["program_cpu_us"][one.name]
                at_most(f"µs for {one.title} {where}", one.service.program_cpu_us, goal)
        at_most(f"MB of memory {where}", size.memory_mb, goals["process"]["memory_mb"])
    for name, growth in report.growth().items():
        at_most(f"growth of {name}", growth, goals["growth"].get(name, goals["growth"]["default"]))
    at_most("seconds to start", report.start_seconds, goals["process"]["start_seconds"])
    for upload in report.uploads:
        at_least(upload.title, upload.ratio, goals["upload"]["ratio"])
    for film in report.films:
        at_least(film.title, film.ratio, goals["rendition"]["ratio"])
    if report.memory is not None:
        for who in ("client", "web", "worker"):
            above_idle = getattr(report.memory, who)
            at_most(f"MiB above idle: {who}", above_idle, goals["upload"]["memory_mib"])
    return found


def show(report: Report, console: Console) -> None:
    for size in report.sizes:
        console.print(_table(size, report.growth() if size is report.sizes[-1] else {}))
        console.print(
            f"memory {size.memory_mb:.0f} MB (limit {size.limit_memory_mb:.0f}) · "
            f"seeded in {size.seeded_in:.0f} s"
        )
    console.print(
        f"start-up {report.start_seconds:.2f} s (limit {report.limit_start_seconds:.2f} s)"
    )
    for one in report.uploads:
        console.print(
            f"{one.title}: {one.service_mb_per_second:.0f} MB/s by a grant, "
            f"{one.limit_mb_per_second:.0f} MB/s by boto3 alone, ratio {one.ratio:.2f}"
        )
    for film in report.films:
        console.print(
            f"{film.title}: {film.service_seconds:.1f} s by the worker's job"
            f" ({film.share_of_real_time:.2f} of real time), {film.limit_seconds:.1f} s for the"
            f" bare encoding, ratio {film.ratio:.2f}, {film.megabytes:.1f} MB"
        )
    if (passing := report.memory) is not None:
        console.print(
            f"memory above idle while {passing.gibibytes:g} GiB pass: client {passing.client:.0f}"
            f" MiB, web process {passing.web:.0f} MiB, worker {passing.worker:.0f} MiB (its"
            f" confined children {passing.worker_children:.0f} MiB in all)"
        )


def _table(size: Size, growth: Mapping[str, float]) -> Table:
    table = Table(title=f"{size.portfolios:,} portfolios: CPU for a request, beside its limit")
    table.add_column("operation")
    for name in (
        "limit µs",
        "service µs",
        "ratio",
        "of it program µs",
        "growth",
        "1/s",
        "p50 ms",
        "p99 ms",
        "limit 1/s",
        "p50 ms",
        "p99 ms",
    ):
        table.add_column(name, justify="right")
    for one in size.operations:
        ours, least = one.service, one.limit
        table.add_row(
            one.title,
            f"{least.cpu_us:,.0f}",
            f"{ours.cpu_us:,.0f}",
            f"{one.ratio:.2f}",
            f"{ours.program_cpu_us:,.0f}",
            f"{growth[one.name]:.2f}" if one.name in growth else "",
            f"{ours.per_second:,.0f}",
            f"{ours.p50_ms:.1f}",
            f"{ours.p99_ms:.1f}",
            f"{least.per_second:,.0f}",
            f"{least.p50_ms:.1f}",
            f"{least.p99_ms:.1f}",
        )
    return table
