"""`python -m app.embedded --var DIR`: the embedded services in the foreground, until Ctrl-C."""

from __future__ import annotations

import argparse
import json
import signal
import sys
import threading
from dataclasses import asdict
from pathlib import Path

from app.embedded.errors import CannotStart
from app.embedded.services import services


def main() -> int:
    """Print the addresses as one line of JSON once the services answer."""
    parser = argparse.ArgumentParser(prog="python -m app.embedded", description=__doc__)
    parser.add_argument("--var", type=Path, default=Path("var"), help="where the data are")
    folder = parser.parse_args().var
    end = threading.Event()
    for request in (signal.SIGINT, signal.SIGTERM):
        signal.signal(request, lambda *_: end.set())
    try:
        with services(folder) as running:
            sys.stdout.write(json.dumps(asdict(running)) + "\n")
            sys.stdout.flush()
            end.wait()
    except CannotStart as problem:
        sys.stderr.write(f"{problem}\n")
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
