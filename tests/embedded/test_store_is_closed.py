"""Nobody reads or writes the embedded store without the service's keys, on any of its ports."""

from __future__ import annotations

import http.client
import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from types_boto3_s3 import S3Client

from app.embedded.ports import Ports
from app.embedded.services import Services
from tests.embedded.conftest import process_of

BUCKET, KEY, CONTENT = "sealed", "candidate/recording", b"a confidential conversation"


@pytest.fixture(scope="module")
def ports(shared: Services, var: Path) -> Ports:
    return Ports(**json.loads((var / "ports.json").read_text()))


@pytest.fixture(scope="module", autouse=True)
def something_to_steal(shared: Services, s3: Callable[[Services], S3Client]) -> Iterator[None]:
    client = s3(shared)
    client.create_bucket(Bucket=BUCKET)
    client.put_object(Bucket=BUCKET, Key=KEY, Body=CONTENT)
    yield
    assert client.get_object(Bucket=BUCKET, Key=KEY)["Body"].read() == CONTENT


def ask(port: int, method: str, path: str, body: bytes | None = None) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request(method, path, body)
        answer = connection.getresponse()
        assert answer.getheader("Authorization") is None, "it hands out a token"
        return answer.status, answer.read()
    finally:
        connection.close()


@pytest.mark.parametrize("method", ["GET", "PUT", "POST", "DELETE"])
@pytest.mark.parametrize("path", ["/", f"/{BUCKET}", f"/{BUCKET}/{KEY}", f"/{BUCKET}/new"])
def test_the_s3_port_refuses_whoever_does_not_sign(ports: Ports, method: str, path: str) -> None:
    # 405 is S3's answer to the methods that it does not know for an address.
    status, content = ask(ports.s3, method, path, None if method == "GET" else b"forged")
    assert status in {403, 405}
    assert CONTENT not in content


@pytest.mark.parametrize("method", ["GET", "PUT", "POST", "DELETE"])
@pytest.mark.parametrize("path", ["/", f"/buckets/{BUCKET}/", f"/buckets/{BUCKET}/{KEY}"])
def test_the_filer_answers_nobody_over_http(ports: Ports, method: str, path: str) -> None:
    status, content = ask(ports.filer, method, path, None if method == "GET" else b"forged")
    assert status in {401, 404}
    assert CONTENT not in content


@pytest.mark.parametrize(
    "path",
    [
        "/dir/assign",
        "/dir/status",
        "/dir/lookup?volumeId=1",
        "/dir/lookup?fileId=1,01&read=yes",
        "/submit",
        "/vol/grow?count=1",
        "/vol/status",
        "/col/delete?collection=sealed",
        "/1,01",
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_the_master_assigns_nothing_and_hands_out_no_token(
    ports: Ports, method: str, path: str
) -> None:
    assert ask(ports.master, method, path)[0] == 404


@pytest.mark.parametrize("method", ["GET", "PUT", "POST", "DELETE"])
def test_the_volume_server_reads_and_writes_no_bytes_without_a_token(
    ports: Ports, method: str
) -> None:
    for volume in range(1, 6):
        for path in (f"/{volume},01637037d6", f"/{volume},02637037d6"):
            assert ask(ports.volume, method, path, None if method == "GET" else b"x")[0] == 401


@pytest.mark.parametrize("path", ["/", "/login", "/api/files", "/object-store/buckets"])
def test_the_administration_pages_are_off(ports: Ports, path: str) -> None:
    assert ask(ports.admin, "GET", path)[0] == 404


def test_it_listens_on_loopback_and_on_the_ports_we_know_only(
    ports: Ports, shared: Services, var: Path
) -> None:
    assert set(listening(process_of(var, "store"))) == {
        ("0100007F", port) for port in ports.of_store().values()
    }


def test_the_database_listens_on_loopback_and_on_its_port_only(
    ports: Ports, shared: Services, var: Path
) -> None:
    assert listening(process_of(var, "postgres")) == [("0100007F", ports.postgres)]


def listening(pid: int) -> list[tuple[str, int]]:
    """Return the addresses (as the kernel writes them) and ports on which a process listens."""
    sockets = set()
    for file in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(FileNotFoundError):  # closed since it was listed
            sockets.add(str(file.readlink()).removeprefix("socket:[").rstrip("]"))
    tables = [Path(f"/proc/{pid}/net/{name}").read_text() for name in ("tcp", "tcp6")]
    lines = [line.split() for table in tables for line in table.splitlines()[1:]]
    # Columns: 1 local address, 3 state (0A: listening), 9 the socket's number; see proc_net_tcp.
    found = [line[1].split(":") for line in lines if line[3] == "0A" and line[9] in sockets]
    return [(address, int(port, 16)) for address, port in found]
