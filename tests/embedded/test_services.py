"""Starting, sharing and stopping the embedded database and store."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
from botocore.exceptions import BotoCoreError, ClientError
from psycopg.errors import InsufficientPrivilege
from psycopg.rows import scalar_row
from types_boto3_s3 import S3Client

from app.embedded.errors import CannotStart
from app.embedded.installation import Installation
from app.embedded.life import start_of
from app.embedded.services import Services, services
from tests.embedded.conftest import process_of

PATIENCE = 40.0
S3 = Callable[[Services], S3Client]


def roles(url: str) -> list[tuple[str, bool, bool, bool, bool]]:
    question = """SELECT rolname, rolsuper, rolbypassrls, rolcreaterole, rolcreatedb
                  FROM pg_roles WHERE rolname LIKE 'mentorcert\\_%' ORDER BY rolname"""
    with psycopg.connect(url) as connection:
        return connection.execute(question).fetchall()


def setting(url: str, name: str) -> str:
    with psycopg.connect(url, row_factory=scalar_row) as connection:
        return str(connection.execute("SELECT current_setting(%s)", [name]).fetchone())


def test_the_database_has_its_three_roles_and_none_may_pass_the_row_security(
    shared: Services,
) -> None:
    assert roles(shared.superuser_database_url) == [
        ("mentorcert_app", False, False, False, False),
        ("mentorcert_owner", False, False, False, False),
        ("mentorcert_worker", False, False, False, False),
    ]


def test_the_owner_makes_tables_and_the_app_does_not(shared: Services) -> None:
    with psycopg.connect(shared.owner_database_url) as owner:
        owner.execute("CREATE TABLE public.made_by_owner (id int)")
        owner.rollback()
    with (
        psycopg.connect(shared.app_database_url) as app,
        pytest.raises(InsufficientPrivilege),
    ):
        app.execute("CREATE TABLE public.made_by_app (id int)")


def test_the_database_keeps_utc_and_syncs_what_it_acknowledges(shared: Services) -> None:
    url = shared.superuser_database_url
    names = ("timezone", "fsync", "unix_socket_directories", "listen_addresses")
    assert [setting(url, name) for name in names] == ["UTC", "on", "", "127.0.0.1"]


def test_a_wrong_password_is_refused(shared: Services) -> None:
    url = shared.app_database_url
    password = url.removeprefix("postgresql://").partition("@")[0].partition(":")[2]
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(url.replace(password, "wrong"))


def test_a_failed_statement_leaves_no_name_in_the_log(shared: Services, var: Path) -> None:
    with psycopg.connect(shared.app_database_url) as app, pytest.raises(psycopg.DataError):
        app.execute("SELECT 'Amira Canary'::int")
    log = (var / "log" / "postgres.log").read_text()
    assert "invalid input syntax for type integer" in log
    assert "SELECT" not in log


def test_a_second_user_of_the_folder_shares_the_services(shared: Services, var: Path) -> None:
    with services(var) as second:
        assert (second.started, second.app_database_url) == (False, shared.app_database_url)
    assert setting(shared.app_database_url, "timezone") == "UTC"


def test_of_two_processes_that_begin_at_once_one_starts_and_the_other_shares(
    tmp_path: Path,
) -> None:
    both = [supervisor(tmp_path), supervisor(tmp_path)]
    try:
        found = [addresses(process) for process in both]
    finally:
        end_all(both)
    assert sorted(running.started for running in found) == [False, True]
    assert found[0].app_database_url == found[1].app_database_url


def test_what_was_stored_is_there_at_the_next_start_with_the_same_addresses(
    tmp_path: Path, s3: S3
) -> None:
    with services(tmp_path) as first:
        write_a_row(first, "kept")
        s3(first).create_bucket(Bucket="evidence")
        s3(first).put_object(Bucket="evidence", Key="a/b", Body=b"kept")
    assert not (tmp_path / "runtime.json").exists()
    with services(tmp_path) as second:
        assert second == first
        assert rows(second) == ["kept"]
        assert s3(second).get_object(Bucket="evidence", Key="a/b")["Body"].read() == b"kept"


def test_two_folders_run_side_by_side_and_know_nothing_of_each_other(
    shared: Services, tmp_path: Path
) -> None:
    with services(tmp_path) as other:
        assert other.started
        assert other.s3_endpoint != shared.s3_endpoint
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(shared.app_database_url.replace(port(shared), port(other)))


def test_secrets_and_addresses_are_readable_by_their_owner_only(
    shared: Services, var: Path
) -> None:
    files = ["secrets.json", "runtime.json", "store/config/security.toml", "store/config/s3.json"]
    assert {stat.S_IMODE((var / name).stat().st_mode) for name in files} == {0o600}
    folders = ["postgres", "postgres/data", "store", "store/data", "log"]
    assert {stat.S_IMODE((var / name).stat().st_mode) for name in folders} == {0o700}


def test_what_a_process_that_is_gone_left_written_does_not_count_as_running(
    tmp_path: Path, shared: Services
) -> None:
    place = Installation(tmp_path)
    place.announce({"s3_endpoint": "http://127.0.0.1:1"})
    assert place.running() == {"s3_endpoint": "http://127.0.0.1:1"}
    # The same number now belongs to a process that began at another time.
    written = place.runtime_file.read_text()
    place.runtime_file.write_text(written.replace(str(start_of(os.getpid())), "long ago"))
    assert place.running() is None


def test_a_data_directory_of_another_major_version_is_refused(tmp_path: Path) -> None:
    data = tmp_path / "postgres" / "data"
    data.mkdir(parents=True)
    (data / "PG_VERSION").write_text("15\n")
    with (
        pytest.raises(CannotStart, match="made by PostgreSQL 15, and PostgreSQL 18"),
        services(tmp_path),
    ):
        pass
    assert (data / "PG_VERSION").read_text() == "15\n"


def test_a_first_start_that_was_killed_half_way_is_begun_again(tmp_path: Path) -> None:
    (tmp_path / "postgres" / "data.new").mkdir(parents=True)
    (tmp_path / "postgres" / "data.new" / "PG_VERSION").write_text("18\n")
    with services(tmp_path) as running:
        assert setting(running.app_database_url, "timezone") == "UTC"


def test_a_killed_database_comes_back_on_its_port_with_all_it_acknowledged(
    shared: Services, var: Path
) -> None:
    write_a_row(shared, "acknowledged")
    killed = process_of(var, "postgres")
    os.kill(killed, signal.SIGKILL)
    until(lambda: process_of(var, "postgres") != killed and answers(shared))
    assert rows(shared) == ["acknowledged"]


def test_a_killed_store_comes_back_on_its_port_with_all_it_acknowledged(
    shared: Services, var: Path, s3: S3
) -> None:
    client = s3(shared)
    client.create_bucket(Bucket="recordings")
    client.put_object(Bucket="recordings", Key="one/two", Body=b"x" * 100_000)
    killed = process_of(var, "store")
    os.kill(killed, signal.SIGKILL)
    until(lambda: process_of(var, "store") != killed and store_holds(client, 100_000))


def test_after_the_supervisor_was_killed_the_next_start_finds_everything(tmp_path: Path) -> None:
    process = supervisor(tmp_path)
    before = addresses(process)
    write_a_row(before, "acknowledged")
    children = [process_of(tmp_path, service) for service in ("postgres", "store")]
    process.kill()
    process.wait()
    assert (tmp_path / "runtime.json").exists()
    with services(tmp_path) as after:
        assert after.started
        assert rows(after) == ["acknowledged"]
        assert after.app_database_url == before.app_database_url
        assert [process_of(tmp_path, each) for each in ("postgres", "store")] != children
        assert [start_of(pid) for pid in children] == [None, None]
    end_all([process])


def test_a_terminated_supervisor_stops_its_services(tmp_path: Path) -> None:
    process = supervisor(tmp_path)
    addresses(process)
    children = [process_of(tmp_path, service) for service in ("postgres", "store")]
    end_all([process])
    assert process.returncode == 0
    assert [start_of(pid) for pid in children] == [None, None]
    assert not (tmp_path / "runtime.json").exists()


def write_a_row(running: Services, word: str) -> None:
    with psycopg.connect(running.owner_database_url) as connection:
        connection.execute("CREATE TABLE word (word text)")
        connection.execute("INSERT INTO word VALUES (%s)", [word])


def rows(running: Services) -> list[str]:
    with psycopg.connect(running.owner_database_url, row_factory=scalar_row) as connection:
        return connection.execute("SELECT word FROM word").fetchall()


def answers(running: Services) -> bool:
    try:
        return setting(running.app_database_url, "timezone") == "UTC"
    except psycopg.OperationalError:
        return False


def store_holds(client: S3Client, size: int) -> bool:
    try:
        found = client.get_object(Bucket="recordings", Key="one/two")["Body"].read()
        client.put_object(Bucket="recordings", Key="three", Body=b"new")
    except (BotoCoreError, ClientError):
        return False
    return len(found) == size


def port(running: Services) -> str:
    return running.app_database_url.rpartition(":")[2].partition("/")[0]


def end_all(processes: list[subprocess.Popen[str]]) -> None:
    for process in processes:
        process.terminate()
    for process in processes:
        process.wait(60)
        if process.stdout is not None:
            process.stdout.close()


def until(happens: Callable[[], bool]) -> None:
    """Wait until something is so; fail if it never is."""
    give_up = time.monotonic() + PATIENCE
    while not happens():
        assert time.monotonic() < give_up, "it did not happen"
        time.sleep(0.05)


def supervisor(var: Path) -> subprocess.Popen[str]:
    """Start the services in a process of their own."""
    command = [sys.executable, "-m", "app.embedded", "--var", str(var)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def addresses(process: subprocess.Popen[str]) -> Services:
    """Wait until a supervisor prints where its services are."""
    assert process.stdout is not None
    return Services(**json.loads(process.stdout.readline()))
