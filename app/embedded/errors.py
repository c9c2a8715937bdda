"""What an embedded service says when it cannot run."""

from __future__ import annotations


class CannotStart(Exception):
    """An embedded service cannot run here; the message says why and what to do, in plain words."""
