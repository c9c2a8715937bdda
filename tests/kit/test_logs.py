"""What the logs say, and what they keep to themselves."""

from __future__ import annotations

import json
import logging

import pytest

from app.kit.logs import JsonLines, without_words, write_line

SECRET = "Anna Schmidt, anna@example.org"


def raised() -> BaseException:
    try:
        try:
            raise KeyError(SECRET)
        except KeyError as cause:
            raise ValueError(SECRET) from cause
    except ValueError as problem:
        return problem


def test_a_line_of_our_own_is_one_json_object(capsys: pytest.CaptureFixture[str]) -> None:
    write_line("request", status=200, route="/api/v1/portfolios/{id}")
    (line,) = capsys.readouterr().err.splitlines()
    said = json.loads(line)
    assert said.pop("timestamp").endswith("Z")
    assert said == {
        "event": "request",
        "level": "info",
        "status": 200,
        "route": "/api/v1/portfolios/{id}",
    }


def test_a_library_s_line_has_the_same_form() -> None:
    record = logging.LogRecord("uvicorn.error", logging.WARNING, "", 1, "Slow: %s", ("x",), None)
    said = json.loads(JsonLines().format(record))
    assert (said["event"], said["level"], said["logger"]) == ("Slow: x", "warning", "uvicorn.error")


def test_an_error_is_told_without_what_anyone_wrote() -> None:
    told = without_words(raised())
    assert told["error"] == ["ValueError", "KeyError"]
    assert "test_logs.py" in str(told["trace"])
    assert SECRET not in json.dumps(told)


def test_nor_does_a_library_s_line_repeat_the_words_of_an_error() -> None:
    problem = raised()
    about = (type(problem), problem, problem.__traceback__)
    record = logging.LogRecord("sqlalchemy", logging.ERROR, "", 1, "It failed.", (), about)
    line = JsonLines().format(record)
    assert json.loads(line)["error"] == ["ValueError", "KeyError"]
    assert SECRET not in line
