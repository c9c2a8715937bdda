"""`mentorcert portfolio export` and `import`: what a candidate types, and what they are told."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from starlette.testclient import TestClient
from typer.testing import CliRunner, Result

from app.cli.commands import app as command_line
from app.client import Client
from app.client.takeout import bring_in
from app.kit.settings import Settings
from app.privacy import handlers, importing, queries
from app.storage.s3 import S3Store
from tests import make
from tests.evidence.conftest import silence
from tests.make import Person, Tenant
from tests.privacy.conftest import taken_along
from tests.serving import web_process


@pytest.fixture(scope="module")
def server(
    settings: Settings, store: S3Store, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    with web_process(settings, tmp_path_factory.mktemp("web") / "log") as address:
        yield address


def typed(person: Person, server: str, *words: str) -> Result:
    env = {"MENTORCERT_SERVER": server, "MENTORCERT_TOKEN": person.token}
    return CliRunner().invoke(command_line, ["portfolio", *words], env=env)


@contextmanager
def worker(tenant: Tenant) -> Iterator[None]:
    """Do what was asked for, as the worker does, while something waits for it."""
    over = threading.Event()

    def work() -> None:
        shift = make.shift(tenant)
        while not over.wait(0.1):
            with shift.work() as at:
                asked = queries.unmade_since(at, at.now)
                arrived = queries.received_before(at, at.now)
            for id in asked:
                handlers.make_export(shift, id)
            for id in arrived:
                handlers.take_in(shift, id)

    running = threading.Thread(target=work)
    running.start()
    try:
        yield
    finally:
        over.set()
        running.join()


def test_a_portfolio_is_taken_along_and_refused_where_it_is_already(
    amira: Person, server: str, tmp_path: Path
) -> None:
    id = make.portfolio(amira)
    file = make.file(amira, make.item(amira, id))
    out = tmp_path / "mine.zip"
    with worker(amira.tenant):
        ended = typed(amira, server, "export", str(id), "--out", str(out))
        assert ended.exit_code == 0, ended.output
        assert json.loads(ended.stdout)["size"] == out.stat().st_size
        assert f"files/{file}/minutes.txt".encode() in out.read_bytes()
        again = typed(amira, server, "export", str(id), "--out", str(out))
        assert again.exit_code == 1
        back = typed(amira, server, "import", str(out))
    assert back.exit_code == 1
    assert "is here already" in back.output


def test_what_is_no_archive_is_refused_in_a_sentence(
    amira: Person, server: str, tmp_path: Path
) -> None:
    made = tmp_path / "made.zip"
    made.write_bytes(b"?" * 1000)
    with worker(amira.tenant):
        ended = typed(amira, server, "import", str(made))
    assert ended.exit_code == 1
    assert "not an archive" in ended.output


def test_another_s_portfolio_is_not_taken_along(
    amira: Person, officer: Person, server: str, tmp_path: Path
) -> None:
    id = make.portfolio(amira)
    out = tmp_path / "theirs.zip"
    ended = typed(officer, server, "export", str(id), "--out", str(out))
    assert ended.exit_code == 1
    assert not out.exists()


def test_a_large_archive_goes_in_parts(
    amira: Person, aicha: Person, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The client of the command line, against a store that takes parts of 5 MiB."""
    monkeypatch.setattr(importing, "LARGEST_SINGLE", 1 << 20)
    monkeypatch.setattr(importing, "SMALLEST_PART", 5 << 20)
    id = make.portfolio(amira)
    item = make.item(amira, id, kind="recording")
    make.file(amira, item, silence(400), media_type="audio/wav", name="session.wav")
    path = tmp_path / "large.zip"
    path.write_bytes(taken_along(amira, id).content)
    sent: list[int] = []
    client = Client("http://testserver")
    client.http.close()
    client.http = TestClient(
        aicha.tenant.browser.app,
        base_url="http://testserver/api/v1",
        headers={"authorization": f"Bearer {aicha.token}"},
    )
    with worker(aicha.tenant), client:
        ended = bring_in(client, path, progress=sent.append)
    assert (ended["state"], ended["portfolio_id"]) == ("imported", str(id)), ended
    assert sum(sent) == path.stat().st_size > 5 << 20
