"""kill -9 of each process while evidence is handed in: nothing is lost, and all comes back."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import pytest
from rich.console import Console

from app.cli.demo.people import Cast, engage
from app.cli.demo.stage import Stage
from app.cli.demo.walk import Walked, open_admitted
from app.cli.material import Material, make_material
from app.client import Client, upload
from app.client.uploads import settled
from bench.renditions import shoot

pytestmark = pytest.mark.skipif(
    os.environ.get("MENTORCERT_LONG_FAULTS") != "1",
    reason="takes minutes; `make faults` runs it",
)

PATIENCE = 120.0
"""Seconds for everything to come back: a job whose worker died is taken up after 30."""


@dataclass(frozen=True, slots=True)
class Running:
    """A whole installation in a folder of its own, with a candidate who hands evidence in."""

    var: Path
    cast: Cast
    walked: Walked
    material: list[Material]

    def kill(self, process: str) -> None:
        """End one of its processes as a power cut would."""
        record = json.loads((self.var / process / "process.json").read_text("utf-8"))
        os.kill(record["pid"], signal.SIGKILL)

    def item(self) -> str:
        """Enter one more piece of evidence."""
        item = self.cast.amira.client.post(
            f"/portfolios/{self.walked.portfolio_id}/evidence",
            {"kind": "recording", "title": "A session", "practised_on": "2026-01-02"},
        )
        return str(item["id"])


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    var = tmp_path_factory.mktemp("killed") / "var"
    serve = [sys.executable, "-m", "app.cli", "serve", "--var", str(var)]
    with subprocess.Popen(serve, stderr=subprocess.PIPE, text=True) as service:
        try:
            with engage(address(service), first_token(var)) as cast:
                stage = Stage(Console(quiet=True))
                walked = open_admitted(cast, cast.amira, "senior", stage)
                yield Running(var, cast, walked, make_material(var / "material", stage.note))
        finally:
            service.terminate()


def address(service: subprocess.Popen[str]) -> str:
    """Wait until the service says where it serves."""
    assert service.stderr is not None
    for line in service.stderr:
        if found := re.search(r"Serving at (http://\S+)", line):
            return found[1]
    raise AssertionError("the service did not start")


def first_token(var: Path) -> str:
    """Set up a certification body and return its administrator's token."""
    made = subprocess.run(
        [
            *(sys.executable, "-m", "app.cli", "tenant", "create", "Body", "--var", str(var)),
            *("--administrator", "Ada", "--email", "ada@example.org"),
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    return made.stdout.split()[-1]


def test_a_file_is_checked_although_worker_and_web_were_killed_meanwhile(running: Running) -> None:
    big = max(running.material, key=lambda one: one.path.stat().st_size)
    client = running.cast.amira.client
    file = upload(client, running.item(), big.path, media_type=big.media_type, wait=0.0)

    running.kill("worker")
    running.kill("web")

    assert settled(client, str(file["id"]), PATIENCE)["state"] == "available"


@pytest.mark.parametrize("process", ["postgres", "store"])
def test_evidence_can_be_handed_in_right_after_a_kill(running: Running, process: str) -> None:
    first = running.material[0]

    running.kill(process)

    file = upload(
        running.cast.amira.client,
        running.item(),
        first.path,
        media_type=first.media_type,
        wait=PATIENCE,
    )
    assert file["state"] == "available"


def test_a_film_is_made_playable_although_its_worker_was_killed_at_it(
    running: Running, tmp_path: Path
) -> None:
    film = tmp_path / "film.mkv"
    shoot(film, seconds=20)
    client = running.cast.amira.client
    file = upload(client, running.item(), film, media_type="video/x-matroska", wait=PATIENCE)

    playable(client, str(file["id"]), "making")
    running.kill("worker")

    assert playable(client, str(file["id"]), "made")["reason"] is None


def playable(client: Client, file_id: str, state: str) -> dict[str, object]:
    """Wait until a file's playable rendition is in a state, and not given up."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        listed = cast(list[dict[str, object]], client.get(f"/files/{file_id}")["renditions"])
        one = {one["kind"]: one for one in listed}.get("playable", {})
        if one.get("state") == state:
            return one
        assert one.get("state") != "failed", one
        time.sleep(0.2)
    raise AssertionError(f"the rendition is not {state}")
