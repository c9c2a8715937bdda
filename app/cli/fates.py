"""What becomes of files that are handed in: shown to a person as bars, to a program as lines."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

from app.client.http import Json


@dataclass(slots=True)
class Fate:
    """What became of one file: how many bytes were sent now, and how many had arrived before."""

    path: Path
    size: int
    sent: int = 0
    already: int = 0
    file: Json = field(default_factory=dict)
    refusal: str | None = None

    @property
    def arrived(self) -> bool:
        return self.refusal is None

    def line(self) -> str:
        """Return what a program reads of it."""
        said = {
            "path": str(self.path),
            "arrived": self.arrived,
            "file_id": self.file.get("id"),
            "state": self.file.get("state"),
            "size": self.size,
            "sha256": self.file.get("sha256"),
            "sent": self.sent,
            "already_there": self.already,
            "refusal": self.refusal,
        }
        return json.dumps(said, ensure_ascii=False)


class Watcher(Protocol):
    """Whoever is told how far the files are."""

    def begin(self, fate: Fate) -> None: ...
    def moved(self, fate: Fate) -> None: ...
    def ended(self, fate: Fate) -> None: ...


class Lines:
    """One line of JSON for each file that has ended."""

    def begin(self, fate: Fate) -> None:
        """Say nothing yet."""

    def moved(self, fate: Fate) -> None:
        """Say nothing yet."""

    def ended(self, fate: Fate) -> None:
        typer.echo(fate.line())


class Bars:
    """A bar for each file and one for all, with speed and the time left."""

    def __init__(self, console: Console, fates: Sequence[Fate]) -> None:
        self._progress = Progress(
            TextColumn("{task.description}", table_column=None),
            BarColumn(),
            DownloadColumn(),
            TransferSpeedColumn(),
            TimeRemainingColumn(),
            console=console,
        )
        self._fates = fates
        self._all = self._progress.add_task(
            "all files", total=sum(one.size for one in fates), visible=len(fates) > 1
        )
        self._task = self._all

    @contextmanager
    def shown(self) -> Iterator[None]:
        with self._progress:
            yield

    def begin(self, fate: Fate) -> None:
        self._task = self._progress.add_task(fate.path.name, total=fate.size)

    def moved(self, fate: Fate) -> None:
        self._progress.update(self._task, completed=fate.sent + fate.already)
        self._progress.update(self._all, completed=sum(f.sent + f.already for f in self._fates))

    def ended(self, fate: Fate) -> None:
        self._progress.console.print(told(fate), highlight=False, markup=False)


def told(fate: Fate) -> str:
    """Say in a sentence what became of a file."""
    if fate.refusal is not None:
        return f"✗ {fate.path.name}: {fate.refusal}"
    if fate.file["state"] != "available":
        return f"✓ {fate.path.name} has arrived; its check goes on. File {fate.file['id']}"
    before = f", {fate.already / 1e6:.1f} MB of it earlier" if fate.already else ""
    return f"✓ {fate.path.name} has arrived{before} and was checked. File {fate.file['id']}"
