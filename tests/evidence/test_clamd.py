"""A ClamAV daemon is asked over its own protocol, and its silence is no consent."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from app.evidence.scanning import ScanFailed, ScannerAway, Scanners, Verdict, clamd, malware_in
from tests.evidence.malware import EICAR, ONLY_CLAMD_KNOWS, Daemon, breaking, daemon
from tests.evidence.samples import zipped


@pytest.fixture(name="running", scope="module")
def _running(
    tool: Callable[[str], str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Daemon]:
    with daemon(tool("clamd"), tmp_path_factory.mktemp("clamd")) as running:
        yield running


@pytest.fixture(name="path")
def _path(tmp_path: Path) -> Path:
    return tmp_path / "evidence"


@pytest.mark.parametrize("way", [0, 1], ids=["over TCP", "over a socket file"])
def test_a_daemon_says_what_it_finds(running: Daemon, path: Path, way: int) -> None:
    address = running.addresses[way]
    path.write_bytes(ONLY_CLAMD_KNOWS)
    found = clamd.scan(address, path)
    assert (found.verdict, found.scanner.name) == (Verdict.MALWARE, "clamd")
    assert found.found is not None
    assert found.found.startswith("Test.Krokodil")
    path.write_bytes(b"Minutes\n" * 100_000)
    assert clamd.scan(address, path).verdict == Verdict.CLEAN
    assert found.scanner.version[0].isdigit()


def test_a_daemon_looks_into_archives(running: Daemon, path: Path) -> None:
    path.write_bytes(zipped({"a.txt": EICAR.decode()}))
    assert clamd.scan(running.addresses[0], path).verdict == Verdict.MALWARE


@pytest.mark.parametrize("way", [0, 1])
def test_a_file_beyond_the_daemon_s_limit_is_not_called_clean(
    running: Daemon, path: Path, way: int
) -> None:
    path.write_bytes(bytes(3 << 20))
    for _ in range(3):
        assert clamd.scan(running.addresses[way], path).verdict == Verdict.TOO_LARGE


def test_both_scanners_are_asked(running: Daemon, path: Path) -> None:
    path.write_bytes(EICAR)
    scans = Scanners(running.addresses[1]).scan(path, "text/plain")
    assert [one.verdict for one in scans] == [Verdict.MALWARE] * 2
    names = malware_in(scans)
    assert names is not None
    assert names.startswith("TestFile_Eicar (yara-x); Test.Eicar")


@pytest.mark.parametrize("address", ["127.0.0.1:9", "unix:nowhere", "nohost.invalid:3310"])
def test_a_daemon_that_is_not_there_is_away(address: str, path: Path) -> None:
    path.write_bytes(b"Minutes")
    with pytest.raises(ScannerAway):
        clamd.scan(address, path)
    with pytest.raises(ScannerAway):
        Scanners(address).present()


@contextmanager
def saying(*answers: bytes) -> Iterator[str]:
    """Listen as a daemon would, and give one of these answers to each connection."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            for answer in answers:
                peer, _ = listener.accept()
                with peer:
                    peer.recv(9)
                    peer.sendall(answer)

        server = threading.Thread(target=serve)
        server.start()
        yield f"127.0.0.1:{listener.getsockname()[1]}"
        server.join()


VERSION = b"ClamAV 1.4.6/27469/Mon Jul 7 08:00:00 2026\0"


def test_the_daemon_s_signatures_are_named() -> None:
    with saying(VERSION) as address:
        found = clamd.scanner(address)
    assert (found.version, found.rules) == ("1.4.6", "27469/Mon Jul 7 08:00:00 2026")


@pytest.mark.parametrize("answer", [b"", b"SSH-2.0-OpenSSH\r\n", b"\xff\xfe\0", b"ClamAV \0"])
def test_what_is_no_daemon_is_away(answer: bytes) -> None:
    with saying(answer) as address, pytest.raises(ScannerAway):
        clamd.scanner(address)


@pytest.mark.parametrize(
    "answer", [b"", b"stream: \0", b"stream: Can't allocate memory ERROR\0", b"fine\0", b"okay"]
)
def test_an_answer_that_is_no_verdict_is_none(answer: bytes, path: Path) -> None:
    path.write_bytes(b"Minutes")
    with saying(VERSION, answer) as address, pytest.raises(ScanFailed):
        clamd.scan(address, path)


def test_a_daemon_that_breaks_down_over_a_file_could_not_scan_it(
    running: Daemon, path: Path
) -> None:
    with breaking(running, b"unbearable") as address:
        path.write_bytes(b"Minutes\n" * 200_000 + b"An unbearable session.")
        with pytest.raises(ScanFailed, match="clamd"):
            clamd.scan(address, path)
        path.write_bytes(b"Minutes")
        assert clamd.scan(address, path).verdict == Verdict.CLEAN


def test_a_daemon_that_never_gives_a_verdict_could_not_scan_the_file(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path.write_bytes(b"Minutes")
    monkeypatch.setattr(clamd, "ANSWERING", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            with listener.accept()[0] as first:
                first.sendall(VERSION)
            with listener.accept()[0] as second:
                while second.recv(1 << 16):
                    pass

        server = threading.Thread(target=serve)
        server.start()
        with pytest.raises(ScanFailed, match="TimeoutError"):
            clamd.scan(f"127.0.0.1:{listener.getsockname()[1]}", path)
        server.join()


def test_what_the_rules_know_is_malware_though_the_daemon_breaks_down_over_it(
    running: Daemon, path: Path
) -> None:
    path.write_bytes(EICAR + b"\nunbearable")
    with breaking(running, b"unbearable") as address:
        scans = Scanners(address).scan(path, "text/plain")
    assert malware_in(scans) == "TestFile_Eicar (yara-x)"


@pytest.mark.parametrize(
    ("answer", "verdict"),
    [
        (b"stream: OK\0", Verdict.CLEAN),
        (b"stream: Win.Test.EICAR_HDB-1 FOUND\0", Verdict.MALWARE),
        (b"INSTREAM size limit exceeded. ERROR\0", Verdict.TOO_LARGE),
        (b"stream: Heuristics.Limits.Exceeded.MaxFileSize FOUND\0", Verdict.TOO_LARGE),
    ],
)
def test_the_daemon_s_words_are_understood(answer: bytes, verdict: Verdict, path: Path) -> None:
    path.write_bytes(b"Minutes")
    with saying(VERSION, answer) as address:
        assert clamd.scan(address, path).verdict == verdict
