"""Trying again: longer pauses each time, never quite alike, until patience ends."""

from __future__ import annotations

import random
import threading

FIRST = 0.4
LONGEST = 8.0
"""Seconds between two tries."""


class Patience:
    """How long something is tried again that failed and may succeed later, in seconds of waiting.

    Many clients that were cut off at once must not come back at once: each pause is shortened by
    chance to as little as its half. Setting `over` ends all patience.
    """

    def __init__(self, seconds: float, over: threading.Event) -> None:
        self._left = seconds
        self._pause = FIRST
        self._over = over

    @property
    def spent(self) -> bool:
        """Tell whether there is no sense in another try."""
        return self._over.is_set() or self._left <= 0

    def spend(self, seconds: float) -> None:
        """Take time into account that a try lasted."""
        self._left -= seconds

    def wait(self, asked: float = 0.0) -> None:
        """Wait before the next try, at least as long as was asked (seconds)."""
        chance = random.uniform(0.5, 1.0)  # noqa: S311 - spreads clients, hides nothing
        pause = max(asked, self._pause * chance)
        self._left -= pause
        self._pause = min(self._pause * 2, LONGEST)
        self._over.wait(pause)
