"""Uploads that are cut off at random: all arrive, and a cut costs about one part.

The short tests cut each upload once by a reset and once by kill -9. The long ones (`make faults`)
add the store, killed and away for half a minute, and count over a hundred uploads.
MENTORCERT_CUT_UPLOADS and MENTORCERT_CUT_MEGABYTES change how many, and how large.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path
from threading import Event
from uuid import UUID

import httpx2
import pytest
from starlette.testclient import TestClient

from app.actor import Role
from app.cli.installation import load_bundled
from app.cli.migrating import migrate
from app.client import Client, Problem, UploadFailed, upload
from app.client.uploads import settled
from app.embedded.services import services as run_services
from app.kit.db import make_sessions
from app.kit.settings import Settings
from app.main import create_app
from app.storage.s3 import S3Store
from tests import make
from tests.conftest import engine_of
from tests.cutting import PART_OF_FILE, Sent, sent, store_away
from tests.fault_proxy import Fault, FaultProxy, Lose, Reset, Seen
from tests.make import Json, Person
from tests.serving import upload_command, web_process, worker_process
from tests.wav import recording

long = pytest.mark.skipif(
    os.environ.get("MENTORCERT_LONG_FAULTS") != "1",
    reason="takes minutes; `make faults` runs it",
)

UPLOADS = int(os.environ.get("MENTORCERT_CUT_UPLOADS", "100"))
MEGABYTES = int(os.environ.get("MENTORCERT_CUT_MEGABYTES", "100"))
AT_ONCE = 4
AWAY = 30.0
"""Seconds for which the store is away."""

SMALLEST = 68 * 1000 * 1000
"""Bytes: just more than what goes in one request."""

PART = 8 * 1024 * 1024
PATIENCE = 300.0


@dataclass
class Place:
    """A service whose store is reached through a proxy, and a candidate of it."""

    server: str
    proxy: FaultProxy
    candidate: Person
    portfolio: UUID
    folder: Path
    var: Path | None = None

    def new_item(self) -> str:
        return str(make.item(self.candidate, self.portfolio))

    def start(self, item: str, path: Path) -> subprocess.Popen[str]:
        words = ("--json", "--no-wait", str(path))
        return upload_command(self.server, self.candidate, self.folder / item, item, *words)

    def passed(self, item: str) -> int:
        """Return the bytes of an item's upload that went to the store so far."""
        for note in (self.folder / item).rglob("*.json"):
            if file_id := json.loads(note.read_text())["file_id"]:
                return sent(self.proxy, file_id).passed
        return 0

    def finish(self, running: subprocess.Popen[str]) -> Json:
        """Wait for the command and return what it said of the file; it must have arrived."""
        out, err = running.communicate(timeout=PATIENCE)
        assert running.returncode == 0, out + err
        said: Json = json.loads(out)
        return said


def kill_and_go_on(place: Place, item: str, path: Path, after: int) -> Json:
    """Kill the command once so many bytes have gone by, and run it again."""
    running = place.start(item, path)
    until = time.monotonic() + PATIENCE
    while place.passed(item) < after and running.poll() is None:
        assert time.monotonic() < until
        time.sleep(0.02)
    running.kill()
    running.communicate(timeout=PATIENCE)
    return place.finish(place.start(item, path))


@pytest.fixture(scope="module")
def near(
    tmp_path_factory: pytest.TempPathFactory,
    settings: Settings,
    store: S3Store,
    worker_sessions: object,
    browser: TestClient,
) -> Iterator[Place]:
    """The tests' own service behind a proxy; nobody checks what arrives."""
    folder = tmp_path_factory.mktemp("near")
    with FaultProxy(settings.s3_endpoint) as proxy:
        through = settings.changed(s3_public_endpoint=proxy.endpoint)
        with web_process(through, folder / "web.log") as server:
            tenant = make.tenant(worker_sessions, store, browser)  # type: ignore[arg-type]
            candidate = make.person(tenant, "Amira", Role.CANDIDATE)
            yield Place(server, proxy, candidate, make.portfolio(candidate), folder)


class TestShort:
    @pytest.mark.parametrize("seed", range(2))
    def test_a_killed_client_goes_on_with_what_is_missing(
        self, near: Place, tmp_path: Path, seed: int
    ) -> None:
        path = tmp_path / "session.wav"
        path.write_bytes(recording(SMALLEST, seed=seed))
        after = random.Random(seed).randrange(PART, SMALLEST - PART)  # noqa: S311
        said = kill_and_go_on(near, near.new_item(), path, after)
        check_counts(sent(near.proxy, str(said["file_id"])), path, cuts=1)
        assert said["already_there"] != 0
        assert said["sha256"] == digest(path)

    @pytest.mark.parametrize("fault", [Reset(after=5_000_000), Lose()], ids=str)
    def test_a_cut_connection_costs_no_more_than_its_part(
        self, near: Place, tmp_path: Path, fault: Fault
    ) -> None:
        path = tmp_path / "session.wav"
        path.write_bytes(recording(SMALLEST, seed=11))
        near.proxy.on("PUT", "partNumber=4&", fault)
        said = near.finish(near.start(near.new_item(), path))
        found = sent(near.proxy, str(said["file_id"]))
        check_counts(found, path, cuts=1)
        assert found.again == (0 if isinstance(fault, Lose) else 1)
        assert said["sha256"] == digest(path)


def check_counts(found: Sent, path: Path, *, cuts: int) -> None:
    """Every part was taken once; what was sent in vain is less than a part for each cut."""
    size = path.stat().st_size
    assert set(found.taken.values()) == {1}
    assert found.taken.total() == -(-size // PART)
    assert found.passed - size <= cuts * PART


def digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@pytest.fixture(scope="module")
def far(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """An installation of its own with a worker, whose store may be killed."""
    folder = tmp_path_factory.mktemp("far")
    with ExitStack() as stack:
        running = stack.enter_context(run_services(folder / "var"))
        migrate(running.owner_database_url)
        settings = Settings(
            database_url=running.app_database_url,
            worker_database_url=running.worker_database_url,
            owner_database_url=running.owner_database_url,
            s3_endpoint=running.s3_endpoint,
            s3_access_key=running.s3_access_key,
            s3_secret_key=running.s3_secret_key,
            s3_bucket="cuts",
        )
        proxy = stack.enter_context(FaultProxy(settings.s3_endpoint))
        settings = settings.changed(s3_public_endpoint=proxy.endpoint)
        engine = stack.enter_context(engine_of(settings.worker_database_url))
        sessions = make_sessions(engine)
        load_bundled(sessions)
        store = S3Store.from_settings(settings)
        store.make_bucket([settings.public_url])
        application = create_app(settings)
        stack.callback(application.state.engine.dispose)
        browser = stack.enter_context(TestClient(application))
        tenant = make.tenant(sessions, store, browser)
        candidate = make.person(tenant, "Amira", Role.CANDIDATE)
        server = stack.enter_context(web_process(settings, folder / "web.log"))
        stack.enter_context(worker_process(settings, folder / "worker.log"))
        portfolio = make.portfolio(candidate)
        yield Place(server, proxy, candidate, portfolio, folder, folder / "var")


Cut = Callable[[Place, Sequence[str], Sequence[Path], random.Random], list[Json]]


def cut_by_kill(
    place: Place, items: Sequence[str], paths: Sequence[Path], chance: random.Random
) -> list[Json]:
    """Kill each client once, somewhere on its way, and run it again."""
    after = [int(chance.uniform(0.05, 0.9) * MEGABYTES * 1e6) for _ in items]
    with ThreadPoolExecutor(len(items)) as pool:
        return list(pool.map(kill_and_go_on, [place] * len(items), items, paths, after))


def cut_by_reset(
    place: Place, items: Sequence[str], paths: Sequence[Path], chance: random.Random
) -> list[Json]:
    """Reset one connection of each client in the middle of a part."""
    parts = -(-MEGABYTES * 1000 * 1000 // PART)
    chosen: dict[str, tuple[int, Reset]] = {}

    def once_for_each_file(seen: Seen) -> Fault | None:
        found = PART_OF_FILE.search(seen.path)
        if found is None:
            return None
        file_id, number = found[1], int(found[2])
        if file_id not in chosen:
            chosen[file_id] = chance.randrange(2, parts), Reset(chance.randrange(PART))
        if chosen[file_id][0] != number:
            return None
        chosen[file_id] = 0, chosen[file_id][1]
        return chosen[file_id][1]

    place.proxy.rule = once_for_each_file
    running = [place.start(item, path) for item, path in zip(items, paths, strict=True)]
    said = [place.finish(one) for one in running]
    place.proxy.rule = None
    assert all(number == 0 for number, _ in chosen.values())
    return said


def cut_by_store(
    place: Place, items: Sequence[str], paths: Sequence[Path], chance: random.Random
) -> list[Json]:
    """Kill the store while all clients send, and keep it away."""
    assert place.var is not None
    after = int(chance.uniform(0.1, 0.6) * len(items) * MEGABYTES * 1e6)
    running = [place.start(item, path) for item, path in zip(items, paths, strict=True)]
    until = time.monotonic() + PATIENCE
    while sum(place.passed(item) for item in items) < after:
        assert time.monotonic() < until
        time.sleep(0.02)
    with store_away(place.var):
        time.sleep(AWAY)
    return [place.finish(one) for one in running]


KINDS: dict[str, Cut] = {
    "client killed": cut_by_kill,
    "connection reset": cut_by_reset,
    f"store killed, away for {AWAY:.0f} s": cut_by_store,
}


@long
def test_a_hundred_uploads_cut_at_random_all_arrive(
    far: Place, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each is cut once, and at most one part of it is sent again."""
    chance = random.Random(3)  # noqa: S311
    paths = [tmp_path / f"session-{number}.wav" for number in range(AT_ONCE)]
    for number, path in enumerate(paths):
        path.write_bytes(recording(MEGABYTES * 1000 * 1000, seed=number))
    digests, size = [digest(path) for path in paths], paths[0].stat().st_size
    rounds = -(-UPLOADS // AT_ONCE)
    kinds = list(islice(cycle(KINDS), rounds))
    found: dict[str, list[Sent]] = {kind: [] for kind in KINDS}
    said: list[tuple[Json, str]] = []
    for number, kind in enumerate(kinds, 1):
        items = [far.new_item() for _ in paths]
        lines = KINDS[kind](far, items, paths, chance)
        said += zip(lines, digests, strict=True)
        found[kind] += [sent(far.proxy, str(line["file_id"])) for line in lines]
        with capsys.disabled():
            print(f"\nround {number} of {rounds}", *report(found, size), sep="\n")  # noqa: T201

    check_arrived(far, said)
    every = [one for each in found.values() for one in each]
    assert len(every) >= UPLOADS
    assert all(set(one.taken.values()) == {1} for one in every)
    assert [one.again for one in every if one.again > 1 or one.passed > size + PART] == []


def report(found: Mapping[str, Sequence[Sent]], size: int) -> list[str]:
    return [summary(kind, each, size) for kind, each in found.items() if each]


def summary(kind: str, found: Sequence[Sent], size: int) -> str:
    again = Counter(one.again for one in found)
    wasted = [one.passed - size for one in found]
    return (
        f"{kind}: {len(found)} uploads; parts begun again in one: {dict(sorted(again.items()))}; "
        f"sent in vain for a cut: {sum(wasted) / len(found) / PART:.2f} parts, at most "
        f"{max(wasted) / PART:.2f}; taken twice: "
        f"{sum(count - 1 for one in found for count in one.taken.values())}"
    )


def check_arrived(place: Place, said: Sequence[tuple[Json, str]]) -> None:
    """Each file is available with the digest it had on disk, and so are the bytes of the store."""
    with Client(place.server, place.candidate.token, patience=PATIENCE) as client:
        for line, expected in said:
            file = settled(client, str(line["file_id"]), PATIENCE)
            assert (file["state"], file["problem_detail"]) == ("available", None)
            assert file["sha256"] == expected
            assert stored(place, client, str(line["file_id"])) == expected


def stored(place: Place, client: Client, file_id: str) -> str:
    """Return the digest of the bytes that the service hands out."""
    headers = {"authorization": f"Bearer {place.candidate.token}"}
    address = f"{client.base_url}/api/v1/files/{file_id}/content"
    link = httpx2.get(address, headers=headers).headers["location"]
    whole = hashlib.sha256()
    with httpx2.stream("GET", link) as answer:
        assert answer.status_code == 200
        for chunk in answer.iter_bytes():
            whole.update(chunk)
    return whole.hexdigest()


@long
def test_what_was_acknowledged_outlives_a_kill_of_the_store_and_the_rest_goes_on(
    far: Place, tmp_path: Path
) -> None:
    """FAULTS 19: kill -9 of the store during 100 uploads, in one request and in parts."""
    assert far.var is not None
    small, large = tmp_path / "short.wav", tmp_path / "long.wav"
    small.write_bytes(recording(2_000_000, seed=21))
    large.write_bytes(recording(SMALLEST, seed=22))
    expected = {path: digest(path) for path in (small, large)}
    paths = [large if number % 10 == 0 else small for number in range(100)]
    items = [far.new_item() for _ in paths]
    broken_off: list[int] = []
    over = Event()

    def hand_in(number: int) -> tuple[Json, str]:
        path, note = paths[number], tmp_path / "notes" / f"{number}.json"
        # So little patience that some are broken off and have to be resumed.
        with Client(far.server, far.candidate.token, patience=2.0) as client:
            for _ in range(20):
                with suppress(UploadFailed, httpx2.TransportError, Problem):
                    file = upload(
                        client, items[number], path, media_type="audio/wav", wait=0.0, note=note
                    )
                    return {**file, "file_id": file["id"]}, expected[path]
                broken_off.append(number)
        raise AssertionError(f"upload {number} did not go on")

    def kill_again_and_again() -> None:
        for _ in range(4):
            since = len(far.proxy.seen)
            while len(far.proxy.seen) < since + 15 and not over.wait(0.01):
                pass
            if not over.is_set():
                with store_away(far.var or Path()):
                    over.wait(6.0)

    with ThreadPoolExecutor(9) as pool:
        killing = pool.submit(kill_again_and_again)
        said = list(pool.map(hand_in, range(len(paths))))
        over.set()
        killing.result()
    check_arrived(far, said)
    assert broken_off
