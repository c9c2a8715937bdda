"""The command line: setting an installation up, running it, and looking after it."""

from __future__ import annotations

from app.cli.commands import main

__all__ = ["main"]
