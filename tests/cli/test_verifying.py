"""Reading every kept file back from the command line."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

import pytest
from rich.console import Console

from app.cli.installation import Installation
from app.cli.verifying import read_back
from app.kit.settings import Settings
from app.storage.s3 import S3Store
from tests import make
from tests.make import Person

QUIET = Console(quiet=True)


def said(
    person: Person, settings: Settings, store: S3Store, capsys: pytest.CaptureFixture[str]
) -> str:
    here = Installation(settings, 0, Path("var"))
    read_back(here, QUIET, person.tenant.sessions, store, person.tenant.id)
    return capsys.readouterr().out


def test_every_file_is_read_back_and_what_is_damaged_is_named(
    amira: Person, settings: Settings, store: S3Store, capsys: pytest.CaptureFixture[str]
) -> None:
    item = make.item(amira, make.portfolio(amira))
    portfolio = UUID(amira.get(f"/files/{make.file(amira, item)}").json()["portfolio_id"])
    lost = make.file(amira, item)
    size = 2 * len(make.WORDS)
    assert f"2 of 2 files, {size} bytes: all whole" in said(amira, settings, store, capsys)

    store.delete(f"evidence/{portfolio}/{lost}")

    found = said(amira, settings, store, capsys)
    assert "1 of 2 files are damaged" in found
    assert f"{lost}: missing" in found
