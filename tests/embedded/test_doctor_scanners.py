"""The doctor says which malware scanners look at evidence."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from app.cli.checkup import BUILT_IN, DAEMON, about_daemon, about_rules, checkup
from app.evidence.scanning import builtin, rules
from tests.evidence.malware import daemon


def test_the_built_in_rules_are_tried_out() -> None:
    found = about_rules()
    assert found.ok
    assert rules.digest()[:12] in found.sentence


def test_rules_that_cannot_be_applied_are_told_of(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(builtin, "CHILD", "app.evidence.scanning.no_such_module")
    assert not about_rules().ok


def test_no_daemon_is_no_fault() -> None:
    assert about_daemon(None).ok


@pytest.mark.parametrize("address", ["127.0.0.1:9", "unix:nowhere", "nowhere"])
def test_a_daemon_that_is_named_and_not_there_is_told_of(address: str) -> None:
    found = about_daemon(address)
    assert not found.ok
    assert address in found.sentence
    assert found.remedy is not None


def test_a_daemon_that_is_there_is_named_with_its_version(
    tool: Callable[[str], str], tmp_path: Path
) -> None:
    with daemon(tool("clamd"), tmp_path) as running:
        found = about_daemon(running.addresses[0])
    assert found.ok
    assert "version 1." in found.sentence


def test_the_doctor_asks_for_the_daemon_that_the_environment_names(tmp_path: Path) -> None:
    said = {one.subject: one for one in checkup(tmp_path / "var", {})}
    assert said[BUILT_IN].ok
    assert said[DAEMON].ok
    named = checkup(tmp_path / "var", {"MENTORCERT_CLAMD_ADDRESS": "127.0.0.1:9"})
    assert not {one.subject: one for one in named}[DAEMON].ok
