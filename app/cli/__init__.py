"""The command line: setting an installation up, running it, and looking after it."""

from __future__ import annotations

import sys
from importlib import import_module


def main() -> None:
    """Run the command. Who hands evidence in waits for nothing of the service to load."""
    story = "evidence" if sys.argv[1:2] == ["evidence"] else "commands"
    import_module(f"app.cli.{story}").main()


__all__ = ["main"]
