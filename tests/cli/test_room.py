"""Room and the comparison with the store, from the command line."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from typer.testing import CliRunner

from app.cli import room
from app.cli.commands import app
from app.cli.installation import Choices, Installation
from app.kit.db import Sessions
from app.kit.ids import new_id
from app.kit.settings import Settings
from app.storage.s3 import S3Store
from tests import make
from tests.evidence.conftest import problem
from tests.make import Person

HERE = Path("var")


@pytest.fixture
def here(settings: Settings, worker_sessions: Sessions, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let commands find the tests' installation."""

    @contextmanager
    def found(choices: Choices) -> Iterator[Installation]:
        yield Installation(settings, 0, HERE)

    monkeypatch.setattr(room, "installation", found)
    # A pool of its own would stay open: the command's process ends, the tests' does not.
    monkeypatch.setattr(room, "worker_sessions", lambda _: worker_sessions)


@pytest.mark.usefixtures("here")
class TestLimiting:
    def test_a_body_s_own_limits_hold_from_then_on(self, amira: Person) -> None:
        limit = ["storage", "limit", str(amira.tenant.id), "--per-person", "40"]
        said = CliRunner().invoke(app, limit)
        assert said.output == "each person: 40 bytes\nall together: any number of bytes\n"
        portfolio = make.portfolio(amira)
        item = make.item(amira, portfolio)
        make.granted(amira, item, make.new_file(make.WORDS))
        answer = amira.post(f"/evidence/{item}/files", make.new_file(make.WORDS))
        assert problem(answer) == (409, "quota-exceeded")

        usual = CliRunner().invoke(app, ["storage", "limit", str(amira.tenant.id)])
        assert usual.output.startswith(f"each person: {100 * 2**30} bytes\n")
        make.granted(amira, item, make.new_file(make.WORDS))

    def test_a_body_that_does_not_exist_is_not_limited(self) -> None:
        said = CliRunner().invoke(app, ["storage", "limit", str(new_id()), "--per-tenant", "1"])
        assert said.exit_code == 2
        assert "There is no such certification body." in said.output

    def test_less_than_nothing_is_no_limit(self, amira: Person) -> None:
        command = ["storage", "limit", str(amira.tenant.id), "--per-person", "-1"]
        assert CliRunner().invoke(app, command).exit_code == 2


@pytest.mark.usefixtures("here")
def test_the_comparison_names_what_is_missing_and_says_so_in_its_status(
    amira: Person, store: S3Store
) -> None:
    portfolio = make.portfolio(amira)
    file = make.file(amira, make.item(amira, portfolio))
    store.delete(f"evidence/{portfolio}/{file}")
    said = CliRunner().invoke(app, ["storage", "compare"])
    assert said.exit_code == 1
    [own] = [line for line in said.output.splitlines() if str(amira.tenant.id) in line]
    assert '"files": 1, "objects": 0, "missing": 1' in own
