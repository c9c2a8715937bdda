"""Habits that the whole code base relies on."""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
import tomllib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

import app
from app.journal.subscriptions import SUBSCRIPTIONS
from app.kit.errors import Refusal
from app.worker import HANDLERS

ROOT = Path(__file__).resolve().parents[1]
SOURCES = sorted((ROOT / "app").rglob("*.py"))
MIGRATIONS = sorted((ROOT / "migrations" / "versions").glob("r*.py"))


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


def calls(source: Path) -> Iterator[str]:
    """Return the attributes that a module calls, with the name before the dot: `time.time`."""
    for node in ast.walk(ast.parse(source.read_text("utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            before = node.func.value
            owner = before.id if isinstance(before, ast.Name) else ""
            yield f"{owner}.{node.func.attr}"


def modules() -> list[str]:
    found = pkgutil.walk_packages(app.__path__, "app.")
    return [one.name for one in found if not one.name.endswith("__main__")]


def refusals() -> list[type[Refusal]]:
    for name in modules():
        importlib.import_module(name)
    found: list[type[Refusal]] = []
    waiting: list[type[Refusal]] = [Refusal]
    while waiting:
        children = waiting.pop().__subclasses__()
        waiting += children
        found += [child for child in children if child.__module__.startswith("app.")]
    return sorted(set(found), key=lambda kind: (kind.__module__, kind.__name__))


@pytest.mark.parametrize("source", SOURCES, ids=named)
def test_nothing_commits_but_the_edge(source: Path) -> None:
    # `app.kit.db.transaction` is the edge: every transaction is opened and committed there.
    if named(source) != "app/kit/db.py":
        assert not [call for call in calls(source) if call.endswith(".commit")]


CLOCKS = {"now", "utcnow", "today", "time", "time_ns", "localtime", "gmtime"}


@pytest.mark.parametrize("source", SOURCES, ids=named)
def test_only_the_clock_knows_the_time(source: Path) -> None:
    if named(source) == "app/kit/clock.py":
        return
    asked = [call.split(".") for call in calls(source)]
    owners = ("datetime", "date", "time")
    assert not [call for owner, call in asked if owner in owners and call in CLOCKS]
    assert "now()" not in source.read_text("utf-8").replace("utc_now()", "")


@pytest.mark.parametrize("source", SOURCES, ids=named)
def test_every_module_opens_with_what_it_is_for(source: Path) -> None:
    words = ast.get_docstring(ast.parse(source.read_text("utf-8")))
    assert words
    assert words.splitlines()[0][-1] in ".?!:"


@pytest.mark.parametrize("refusal", refusals(), ids=lambda kind: f"{kind.__name__}")
def test_every_refusal_explains_itself_in_one_sentence(refusal: type[Refusal]) -> None:
    own = refusal.__dict__.get("__doc__")
    assert own, "a refusal has a docstring of its own"
    assert refusal.title().endswith(".")
    assert not re.search(r"[.!?]\s+[A-Z]", refusal.title()), "one sentence"
    assert refusal.title()[0] == refusal.title()[0].upper()
    assert 400 <= refusal.status < 600


def test_no_two_refusals_have_the_same_name() -> None:
    slugs = Counter(kind.slug() for kind in refusals())
    assert len(slugs) > 50
    assert [slug for slug, count in slugs.items() if count > 1] == []


@pytest.mark.parametrize("action", SUBSCRIPTIONS)
def test_every_subscription_names_jobs_that_the_worker_knows(action: str) -> None:
    assert set(SUBSCRIPTIONS[action]) <= HANDLERS.keys()


@pytest.mark.parametrize("action", SUBSCRIPTIONS)
def test_what_is_subscribed_to_is_recorded_somewhere(action: str) -> None:
    step = action.rpartition(".")[2]
    texts = [source.read_text("utf-8") for source in SOURCES if "journal" not in source.parts]
    assert any(f'"{action}"' in text or f'"{step}"' in text for text in texts)


@pytest.mark.parametrize("migration", MIGRATIONS, ids=named)
def test_every_migration_gives_up_rather_than_stand_in_the_way(migration: Path) -> None:
    assert "SET LOCAL lock_timeout" in migration.read_text("utf-8")


# Put together here, so that this file does not hold them.
REGISTRIES = ["pypi" + ".org", "python" + "hosted.org", "npm" + "js.org", "npm" + "js.com"]
PLACES = ["/" + place + "/" for place in ("work", "tmp", "home", "root")]
FOLDERS = (
    ".ci",
    "app",
    "bench",
    "docs",
    "framework_data",
    "migrations",
    "openapi",
    "requirements",
    "tests",
)
TEXTS = {
    "",
    ".css",
    ".html",
    ".in",
    ".json",
    ".md",
    ".py",
    ".svg",
    ".toml",
    ".ts",
    ".txt",
    ".yaml",
    ".yml",
}


def texts() -> Iterator[Path]:
    """Return every text of the project that people wrote or committed."""
    for folder in FOLDERS:
        yield from (path for path in (ROOT / folder).rglob("*") if path.is_file())
    yield from (path for path in ROOT.iterdir() if path.is_file() and path.name[0] != ".")


@pytest.mark.parametrize("word", [*REGISTRIES, *PLACES])
def test_no_file_names_a_registry_or_a_place_on_one_machine(word: str) -> None:
    pattern = re.compile(r"(?<![\w}/.-])" + re.escape(word) if word[0] == "/" else re.escape(word))
    found = [
        named(path)
        for path in texts()
        if path.suffix in TEXTS
        and "__pycache__" not in path.parts
        and pattern.search(path.read_text("utf-8"))
    ]
    assert found == []


def test_what_the_readme_says_to_make_can_be_made() -> None:
    said = set(re.findall(r"\bmake ([a-z]+)", (ROOT / "README.md").read_text("utf-8")))
    targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    assert "test" in said
    assert said <= set(targets)


def test_what_is_kept_pure_is_what_must_be_covered() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]
    (pure,) = (
        one["source_modules"]
        for one in settings["importlinter"]["contracts"]
        if one["name"].startswith("Rules are pure")
    )
    covered = [path.replace("/*.py", ".py") for path in settings["coverage"]["run"]["include"]]
    assert [f"{module.replace('.', '/')}.py" for module in pure] == covered
