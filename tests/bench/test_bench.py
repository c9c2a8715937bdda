"""The bench measures: it fills a database, compares answers, and says what falls short."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from bench import __main__ as bench
from bench.plan import OPERATIONS
from bench.report import Report, shortfalls
from bench.rounds import alike

GOALS = Path(bench.__file__).with_name("goals.toml")


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Report:
    """A run of the whole bench, as small as it gets."""
    var = tmp_path_factory.mktemp("bench") / "var"
    return bench.run(
        var,
        [30],
        rounds_=1,
        share=0.01,
        megabytes=[1],
        gibibytes=0.01,
        film_seconds=2,
        tell=lambda _: None,
    )


def test_every_operation_gives_the_same_answer_as_its_limit_and_is_measured(
    report: Report,
) -> None:
    measured = [one.name for one in report.sizes[0].operations]
    assert measured == [*(one.name for one in OPERATIONS), "certificate_made"]
    assert all(
        one.service.cpu_us > 0 and one.limit.cpu_us > 0 for one in report.sizes[0].operations
    )


def test_a_film_is_made_playable_and_measured(report: Report) -> None:
    (film,) = report.films
    assert film.service_seconds > 0
    assert film.limit_seconds > 0
    assert film.megabytes > 0


def test_the_results_are_kept_and_name_no_machine(report: Report, tmp_path: Path) -> None:
    kept = json.loads(report.keep(tmp_path).read_text())
    assert kept["sizes"][0]["portfolios"] == 30
    assert str(Path.home()) not in json.dumps(kept)


def test_memory_is_measured_while_a_file_passes(report: Report) -> None:
    assert report.memory is not None
    assert (report.memory.gibibytes, report.memory.seconds > 0) == (0.01, True)
    greedy = replace(report, memory=replace(report.memory, client=99.0))
    assert "MiB above idle: client: 99.00, and at most 64.00 is asked" in shortfalls(greedy, GOALS)


def test_a_goal_that_is_not_reached_is_named(report: Report) -> None:
    slow = replace(report, start_seconds=99.0)
    assert any("seconds to start: 99.00" in sentence for sentence in shortfalls(slow, GOALS))


def test_answers_that_differ_in_more_than_moments_are_told_apart() -> None:
    def answer(body: str) -> bytes:
        return f"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n{body}".encode()

    first = answer('{"rating":2,"version":3,"rated_at":"2026-01-01T00:00:00Z"}')
    later = answer('{"rating":2,"version":4,"rated_at":"2026-01-02T00:00:00Z"}')
    other = answer('{"rating":1,"version":3,"rated_at":"2026-01-01T00:00:00Z"}')
    assert alike(first) == alike(later)
    assert alike(first) != alike(other)
