"""The documentation says what is so: drawings and tables are made from the code and compared.

Where one differs, the test prints what belongs in its place.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import fields
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import TypeVar

import pytest
from typer.core import TyperGroup
from typer.main import get_command

from app.actor import Rights, Role
from app.assessment import access as assessment_access
from app.assessment import lifecycle as assessment
from app.audit import access as journal_access
from app.certification import access as certification_access
from app.cli.commands import app as command_line
from app.cli.commands import openapi_text
from app.evidence import access as evidence_access
from app.evidence import lifecycle as evidence
from app.framework import lifecycle as framework
from app.journal.subscriptions import SUBSCRIPTIONS
from app.kit.http import problem_kinds
from app.kit.mermaid import state_diagram
from app.kit.routing import API
from app.kit.settings import Settings
from app.people import access as people_access
from app.portfolio import access as portfolio_access
from app.portfolio import lifecycle as portfolio
from app.privacy import access as privacy_access
from app.worker import HANDLERS

S = TypeVar("S", bound=StrEnum)
T = TypeVar("T", bound=StrEnum)

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
PAGES = sorted([ROOT / "README.md", ROOT / "CONTRIBUTING.md", *DOCS.rglob("*.md")])
RIGHTS: Mapping[str, Rights] = {
    "People": people_access.RIGHTS,
    "Portfolio": portfolio_access.RIGHTS,
    "Evidence": evidence_access.RIGHTS,
    "Assessment": assessment_access.RIGHTS,
    "Certification": certification_access.RIGHTS,
    "Taking along": privacy_access.RIGHTS,
    "Journal": journal_access.RIGHTS,
}
OF_TESTS_ONLY = {
    "MENTORCERT_REQUIRE_TOOLS",
    "MENTORCERT_LONG_FAULTS",
    "MENTORCERT_CUT_UPLOADS",
    "MENTORCERT_CUT_MEGABYTES",
}
OF_CLIENTS_ONLY = {"MENTORCERT_SERVER", "MENTORCERT_TOKEN"}
CODE = re.compile(r"^```\w*\n(.*?)^```|`([^`\n]+)`", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\((?!https?://)([^)#]+)[^)]*\)")
BLOCK = re.compile(r"^```mermaid\n(.*?)^```", re.MULTILINE | re.DOTALL)
OPERATION = re.compile(r"\b(GET|POST|PUT|PATCH|DELETE) (/[a-z][\w/{}.-]*)")
ENDS = {"healthz", "readyz", "problems"}
"""The first steps of addresses outside the API."""


def page(name: str) -> str:
    return (DOCS / name).read_text("utf-8")


def drawing(title: str, paths: Mapping[tuple[S, T], S]) -> str:
    """Return a section with the drawing of a lifecycle."""
    return f"## {title}\n\n```mermaid\n{state_diagram(paths)}\n```\n"


LIFECYCLES = (
    drawing("Portfolio", portfolio.PATHS),
    drawing("Evidence file", evidence.PATHS),
    drawing("Assessment", assessment.PATHS),
    drawing("Framework, scheme and charter version", framework.PATHS),
)


def words(term: str) -> str:
    return term.replace("_", " ")


def row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |\n"


def rights_table(title: str, rights: Rights) -> str:
    """Return a section with a table: one line for each act, one column for each role it names."""
    roles = [role for role in Role if any(role in allowed for allowed in rights.values())]
    head = row(["act", *map(words, roles)]) + row(["---", *(":-:" for _ in roles)])
    lines = (
        row([f"`{act}`", *("●" if role in allowed else " " for role in roles)])
        for act, allowed in rights.items()
    )
    return f"## {title}\n\n{head}{''.join(lines)}"


def appointments() -> str:
    """Return the table of who appoints whom."""
    lines = (
        row([words(giver), ", ".join(words(role) for role in Role if role in given)])
        for giver, given in people_access.APPOINTS.items()
    )
    return row(["who", "appoints to"]) + row(["---", "---"]) + "".join(lines)


def said_in_code(text: str) -> Iterator[str]:
    """Yield what a page sets as code: blocks, and words between backticks."""
    for found in CODE.finditer(text):
        yield found[1] or found[2]


def test_the_lifecycles_are_drawn_as_they_are() -> None:
    text = page("lifecycles.md")
    for section in LIFECYCLES:
        assert section in text, f"docs/lifecycles.md should say:\n\n{section}"
    assert len(BLOCK.findall(text)) == len(LIFECYCLES)


def test_the_steps_taken_with_a_reason_are_named() -> None:
    line = ", ".join(f"`{step}`" for step in portfolio.Step if step in portfolio.WITH_REASON)
    assert f"Taken with a reason: {line}." in page("lifecycles.md").replace("\n", " ")


@pytest.mark.parametrize("by_itself", [portfolio.BY_ITSELF, assessment.BY_ITSELF])
def test_the_steps_that_nobody_takes_are_named(by_itself: frozenset[StrEnum]) -> None:
    line = ", ".join(f"`{step}`" for step in type(next(iter(by_itself))) if step in by_itself)
    assert f"Taken by nobody: {line}." in page("lifecycles.md").replace("\n", " ")


def test_every_right_is_listed_and_none_else() -> None:
    text = page("rights.md")
    for title, rights in RIGHTS.items():
        section = rights_table(title, rights)
        assert section in text, f"docs/rights.md should say:\n\n{section}"
    acts = {act for rights in RIGHTS.values() for act in rights}
    assert set(re.findall(r"^\| `([a-z_.]+)` \|", text, re.MULTILINE)) == acts


def test_every_feature_with_rights_has_a_table() -> None:
    with_rights = {path.parent.name for path in (ROOT / "app").glob("*/access.py")}
    assert with_rights == {
        *("people", "portfolio", "evidence", "assessment", "certification", "privacy", "audit")
    }


def test_who_appoints_whom_is_as_listed() -> None:
    assert appointments() in page("rights.md"), appointments()


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.relative_to(ROOT).as_posix())
class TestWhatAPageNames:
    """What a page names is there."""

    def test_its_problems_exist(self, path: Path) -> None:
        known = {str(kind["type"]) for kind in problem_kinds()}
        named = set(re.findall(r"/problems/[a-z][a-z-]*", path.read_text("utf-8")))
        assert named - known == set()

    def test_its_settings_exist(self, path: Path) -> None:
        named = set(re.findall(r"MENTORCERT_[A-Z][A-Z0-9_]*", path.read_text("utf-8")))
        assert named - settings() - OF_TESTS_ONLY - OF_CLIENTS_ONLY == set()

    def test_its_commands_exist(self, path: Path) -> None:
        for code in said_in_code(path.read_text("utf-8")):
            for named in re.findall(r"\bmentorcert ((?:[a-z]+ ?){1,2})", code):
                assert is_command(named.split()), f"{path.name}: mentorcert {named}"

    def test_its_make_targets_exist(self, path: Path) -> None:
        targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
        for code in said_in_code(path.read_text("utf-8")):
            assert set(re.findall(r"^make ([a-z]+)", code, re.MULTILINE)) - targets == set()

    def test_its_operations_exist(self, path: Path) -> None:
        offered = operations()
        for method, address in OPERATION.findall(path.read_text("utf-8")):
            if address.split("/")[1] not in ENDS:
                assert (method, address) in offered, f"{path.name}: {method} {address}"

    def test_its_links_lead_somewhere(self, path: Path) -> None:
        for target in LINK.findall(path.read_text("utf-8")):
            assert (path.parent / target).exists(), f"{path.name}: {target}"

    def test_it_names_no_place_of_one_machine(self, path: Path) -> None:
        assert re.findall(r"/(?:work|tmp|home|root)/", path.read_text("utf-8")) == []


def settings() -> set[str]:
    return {f"MENTORCERT_{one.name.upper()}" for one in fields(Settings)}


def is_command(named: list[str]) -> bool:
    """Tell whether words that follow `mentorcert` name a command, perhaps with its argument."""
    group = get_command(command_line)
    assert isinstance(group, TyperGroup)
    found = group.commands.get(named[0])
    if isinstance(found, TyperGroup):
        return len(named) > 1 and named[1] in found.commands
    return found is not None


@cache
def operations() -> frozenset[tuple[str, str]]:
    paths: dict[str, dict[str, object]] = json.loads(openapi_text())["paths"]
    return frozenset(
        (method.upper(), path.removeprefix(API))
        for path, methods in paths.items()
        for method in methods
    )


def test_every_setting_is_explained() -> None:
    explained = set(
        re.findall(r"^\| `(MENTORCERT_[A-Z0-9_]+)` \|", page("running.md"), re.MULTILINE)
    )
    assert explained == settings()


def test_every_command_is_explained() -> None:
    explained = {
        tuple(words.split())
        for words in re.findall(r"^\| `mentorcert ([a-z ]+)` \|", page("running.md"), re.MULTILINE)
    }
    group = get_command(command_line)
    assert isinstance(group, TyperGroup)
    there: set[tuple[str, ...]] = set()
    for name, found in group.commands.items():
        inner = found.commands if isinstance(found, TyperGroup) else {}
        there |= {(name, one) for one in inner} or {(name,)}
    assert explained == there


def test_every_decision_is_in_the_list() -> None:
    written = {path.name for path in (DOCS / "decisions").glob("[0-9]*.md")}
    assert set(LINK.findall(page("decisions/README.md"))) == written


def test_every_package_is_in_the_picture_of_the_structure() -> None:
    text = page("structure.md")
    packages = {path.parent.name for path in (ROOT / "app").glob("*/__init__.py")}
    modules = {path.stem for path in (ROOT / "app").glob("*.py")} - {"__init__"}
    assert {name for name in packages | modules if f"`{name}`" not in text} == set()


def test_every_job_that_an_act_leads_to_is_one_the_worker_knows() -> None:
    wanted = {job for jobs in SUBSCRIPTIONS.values() for job in jobs}
    assert wanted - HANDLERS.keys() == set()
