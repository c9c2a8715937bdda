"""Structured logs: one JSON object a line, with a request id and no personal data."""

from __future__ import annotations

import json
import logging
import sys
import traceback

from app.kit.clock import utc_now

Fact = str | float | list[str] | None


class JsonLines(logging.Formatter):
    """Writes what a library logs in the form of our own lines."""

    def format(self, record: logging.LogRecord) -> str:
        problem = record.exc_info[1] if record.exc_info else None
        facts = without_words(problem) if problem else {}
        facts = {"logger": record.name, **facts}
        return _line(record.getMessage(), record.levelname.lower(), facts)


def configure_logs(level: int = logging.INFO) -> None:
    """Write the libraries' logs as JSON lines to standard error too."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.getLogger("uvicorn.error").setLevel(level)


def write_line(event: str, level: str = "info", **facts: Fact) -> None:
    """Write one line of our own: what happened, and facts that name no person."""
    sys.stderr.write(_line(event, level, facts) + "\n")


def without_words(problem: BaseException) -> dict[str, Fact]:
    """Return what a log may hold of an error: where it happened, not what anyone wrote.

    A database's message can quote the row that it refused.
    """
    causes = [type(problem).__name__]
    cause = problem.__cause__
    if cause is not None:
        causes.append(type(cause).__name__)
        constraint = getattr(getattr(cause, "diag", None), "constraint_name", None)
        causes += [constraint] if constraint else []
    return {"error": causes, "trace": "".join(traceback.format_tb(problem.__traceback__)[-12:])}


def _line(event: str, level: str, facts: dict[str, Fact]) -> str:
    at = utc_now().isoformat().replace("+00:00", "Z")
    return json.dumps({**facts, "event": event, "level": level, "timestamp": at})
