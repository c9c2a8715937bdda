"""Showing a person how far the demo is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)


class Counter:
    """Counts towards a bar's total."""

    def __init__(self, progress: Progress, task: TaskID) -> None:
        self.progress = progress
        self.task = task

    def __call__(self, done: int = 1) -> None:
        self.progress.advance(self.task, done)


class Stage:
    """One line for each act, and a bar for those that take a while."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=console,
            transient=True,
        )

    def __enter__(self) -> Self:
        self.progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.progress.stop()

    def say(self, words: str) -> None:
        """Tell what happens now."""
        self.progress.console.print(f"• {words}", highlight=False)

    def note(self, words: str) -> None:
        """Tell a detail."""
        self.progress.console.print(f"    {words}", style="dim", highlight=False)

    @contextmanager
    def counting(self, words: str, total: int) -> Iterator[Counter]:
        """Show a bar that fills as the counter is told of what is done."""
        task = self.progress.add_task(words, total=total)
        try:
            yield Counter(self.progress, task)
        finally:
            self.progress.remove_task(task)
