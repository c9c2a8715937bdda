"""`mentorcert evidence upload`: what a candidate types, and what they are told."""

from __future__ import annotations

import json
import re
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from starlette.testclient import TestClient
from typer.testing import CliRunner

from app.actor import Role
from app.cli.commands import app as command_line
from app.client.naming import TYPES, guessed_type
from app.evidence.media.catalogue import READERS
from app.kit.db import Sessions
from app.kit.settings import Settings
from app.storage.s3 import S3Store
from tests import make
from tests.fault_proxy import FaultProxy, Slow
from tests.make import Json, Person
from tests.serving import ROOT, upload_command, web_process
from tests.wav import recording


@dataclass
class Desk:
    """A candidate at a machine of their own, and what their last command said."""

    server: str
    proxy: FaultProxy
    candidate: Person
    item: str
    state: Path
    out: str = ""
    err: str = ""

    def run(
        self, *words: str, person: Person | None = None, server: str = "", state: Path | None = None
    ) -> int:
        """Run the command and return its exit status."""
        ended = CliRunner().invoke(
            command_line,
            ["evidence", "upload", *words, "--evidence", self.item],
            env={
                "MENTORCERT_SERVER": server or self.server,
                "MENTORCERT_TOKEN": (person or self.candidate).token,
                "XDG_STATE_HOME": str(state or self.state),
                "COLUMNS": "200",
            },
        )
        self.out, self.err = ended.stdout, ended.stderr
        return ended.exit_code

    def lines(self) -> list[Json]:
        return [json.loads(line) for line in self.out.splitlines()]


@pytest.fixture(scope="module")
def desk(
    tmp_path_factory: pytest.TempPathFactory,
    settings: Settings,
    store: S3Store,
    worker_sessions: Sessions,
    browser: TestClient,
) -> Iterator[Desk]:
    folder = tmp_path_factory.mktemp("desk")
    with FaultProxy(settings.s3_endpoint) as proxy:
        through = settings.changed(s3_public_endpoint=proxy.endpoint)
        with web_process(through, folder / "web.log") as server:
            tenant = make.tenant(worker_sessions, store, browser)
            candidate = make.person(tenant, "Amira", Role.CANDIDATE)
            item = str(make.item(candidate, make.portfolio(candidate)))
            yield Desk(server, proxy, candidate, item, folder / "state")


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    path = tmp_path / "journal.md"
    path.write_bytes(make.WORDS)
    return path


def test_files_are_handed_in_and_each_is_told_of_in_a_line(
    desk: Desk, journal: Path, tmp_path: Path
) -> None:
    sound = tmp_path / "meeting.wav"
    sound.write_bytes(recording(300_000, seed=1))
    assert desk.run(str(journal), str(sound), "--json", "--no-wait") == 0
    told = desk.lines()
    assert [(one["arrived"], one["state"], one["sent"]) for one in told] == [
        (True, "received", len(make.WORDS)),
        (True, "received", sound.stat().st_size),
    ]
    for one, kind in zip(told, ("text/markdown", "audio/wav"), strict=True):
        found = desk.candidate.get(f"/files/{one['file_id']}").json()
        assert (found["media_type"], found["sha256"]) == (kind, one["sha256"])
        assert found["evidence_id"] == desk.item


def test_a_person_reads_what_became_of_the_files(desk: Desk, journal: Path) -> None:
    assert desk.run(str(journal), "--no-wait") == 0
    assert "✓ journal.md has arrived; its check goes on." in desk.err


def test_what_is_refused_is_said_in_words_and_the_rest_arrives(
    desk: Desk, journal: Path, tmp_path: Path
) -> None:
    program, nameless = tmp_path / "setup.exe", tmp_path / "notes"
    for path in (program, nameless):
        path.write_bytes(b"MZ")
    assert desk.run(str(program), str(nameless), str(journal), "--no-wait") == 1
    assert "✗ setup.exe: The scheme does not accept files of this type" in desk.err
    assert "audio/wav" in desk.err
    assert "✗ notes: its name does not tell its media type; give it with --type." in desk.err
    assert "✓ journal.md has arrived" in desk.err


def test_a_media_type_can_be_given(desk: Desk, tmp_path: Path) -> None:
    nameless = tmp_path / "notes"
    nameless.write_bytes(make.WORDS)
    assert desk.run(str(nameless), "--type", "text/plain", "--json", "--no-wait") == 0
    (told,) = desk.lines()
    assert desk.candidate.get(f"/files/{told['file_id']}").json()["media_type"] == "text/plain"


def test_the_token_comes_from_a_file_or_the_environment_and_from_no_argument(
    desk: Desk, journal: Path, tmp_path: Path, otto: Person
) -> None:
    held = tmp_path / "token"
    held.write_text(f"{desk.candidate.token}\n")
    held.chmod(0o644)
    words = (str(journal), "--json", "--no-wait")
    assert desk.run(*words, "--token-file", str(held), person=otto) == 0
    assert f"chmod 600 {held}" in desk.err
    assert desk.run(*words, person=otto) == 1
    assert desk.run(*words, person=otto.with_token(" ")) == 2
    assert "No token" in desk.err
    assert desk.run("--help") == 0
    assert "--token-file" in desk.out
    assert not re.search(r"--token\b(?!-)", desk.out)


def test_a_service_that_is_not_there_is_named(desk: Desk, journal: Path) -> None:
    nobody = "http://127.0.0.1:9"
    assert desk.run(str(journal), "--patience", "0", server=nobody) == 1
    assert f"the service at {nobody} does not answer" in desk.err


def test_ctrl_c_says_how_to_go_on(desk: Desk, tmp_path: Path) -> None:
    sound = tmp_path / "long.wav"
    sound.write_bytes(recording(68_000_000, seed=2))
    for number in range(1, 10):
        desk.proxy.on("PUT", f"partNumber={number}&", Slow(20_000_000))
    before = len(desk.proxy.seen)
    state = tmp_path / "state"
    running = upload_command(desk.server, desk.candidate, state, desk.item, str(sound))
    until = time.monotonic() + 60
    while sum(one.status == 200 for one in desk.proxy.seen[before:]) < 2:
        assert time.monotonic() < until
        time.sleep(0.02)
    running.send_signal(signal.SIGINT)
    _, err = running.communicate(timeout=60)
    assert running.returncode == 130
    assert "Run the same command again to go on from here." in err
    assert "Traceback" not in err
    (note,) = (state / "mentorcert" / "uploads").glob("*.json")
    assert stat.S_IMODE(note.stat().st_mode) == 0o600
    assert desk.candidate.token not in note.read_text()

    assert desk.run(str(sound), "--json", "--no-wait", state=state) == 0
    (told,) = desk.lines()
    assert int(str(told["already_there"])) >= 2 * 8 * 1024 * 1024
    assert int(str(told["sent"])) + int(str(told["already_there"])) == sound.stat().st_size


def test_the_command_loads_nothing_of_the_service() -> None:
    words = (
        "import sys; sys.argv[1:] = ['evidence', 'upload', '--help']\n"
        "from app.cli import main\n"
        "try: main()\n"
        "except SystemExit: print(sys.modules.keys() & {'boto3', 'sqlalchemy', 'fastapi'})"
    )
    ended = subprocess.run([sys.executable, "-c", words], capture_output=True, text=True, cwd=ROOT)
    assert ended.stdout.endswith("set()\n"), ended.stderr


def test_the_names_of_files_tell_every_type_that_can_be_checked() -> None:
    assert set(TYPES.values()) == set(READERS)
    assert guessed_type(Path("Session.MP4")) == "video/mp4"
    assert guessed_type(Path("notes")) is None
