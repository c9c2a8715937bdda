"""The proxy that other tests fail through does what its faults say, and nothing else."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import pytest
import urllib3
from urllib3.exceptions import HTTPError

from app.kit.settings import Settings
from app.storage import SignedRequest
from app.storage.s3 import S3Store
from app.storage.web import SigningStore
from tests.fault_proxy import Answer, Cut, FaultProxy, Lose, Pass, Reset, Seen, Slow

BODY = bytes(range(256)) * 2000


@pytest.fixture
def proxy(settings: Settings, store: S3Store) -> Iterator[FaultProxy]:
    with FaultProxy(settings.s3_endpoint) as proxy:
        yield proxy


@pytest.fixture
def through(settings: Settings, proxy: FaultProxy) -> SigningStore:
    """Signs for the proxy's address."""
    return SigningStore.from_settings(settings.changed(s3_endpoint=proxy.endpoint))


@pytest.fixture
def put(through: SigningStore, key: str) -> SignedRequest:
    digest = hashlib.sha256(BODY).hexdigest()
    return through.put_link(key, size=len(BODY), media_type="a/b", sha256=digest, seconds=60)


def send(link: SignedRequest, body: bytes | None = None) -> urllib3.BaseHTTPResponse:
    return urllib3.request(
        link.method, link.url, headers=link.headers, body=body, retries=False, timeout=10
    )


def read_link(through: SigningStore, key: str) -> SignedRequest:
    url = through.get_link(key, media_type="a/b", disposition="inline", seconds=60)
    return SignedRequest("GET", url, {})


def test_what_passes_is_as_it_was_signed(
    through: SigningStore, put: SignedRequest, store: S3Store, key: str, proxy: FaultProxy
) -> None:
    assert send(put, BODY).status == 200
    assert send(read_link(through, key)).data == b"".join(store.read(key)) == BODY
    assert [(one.method, one.status) for one in proxy.seen] == [("PUT", 200), ("GET", 200)]


def test_a_reset_stops_the_body_on_its_way(
    put: SignedRequest, store: S3Store, key: str, proxy: FaultProxy
) -> None:
    proxy.on("PUT", key, Reset(after=100_000))
    with pytest.raises(HTTPError):
        send(put, BODY)
    assert not store.exists(key)
    assert send(put, BODY).status == 200


@pytest.mark.parametrize("status", [500, 503])
def test_a_made_up_answer_reaches_the_store_as_nothing(
    put: SignedRequest, store: S3Store, key: str, proxy: FaultProxy, status: int
) -> None:
    proxy.on("*", "", Answer(status))
    assert send(put, BODY).status == status
    assert not store.exists(key)


def test_a_lost_answer_leaves_the_work_done(
    put: SignedRequest, store: S3Store, key: str, proxy: FaultProxy
) -> None:
    proxy.on("PUT", key, Lose())
    with pytest.raises(HTTPError):
        send(put, BODY)
    assert b"".join(store.read(key)) == BODY


def test_a_cut_answer_is_half_of_it(
    through: SigningStore, put: SignedRequest, key: str, proxy: FaultProxy
) -> None:
    proxy.on("GET", key, Cut(), Cut(after=10))
    send(put, BODY)
    for _ in range(2):
        with pytest.raises(HTTPError):
            send(read_link(through, key))
    assert send(read_link(through, key)).data == BODY


def test_a_slow_store_is_slow_and_whole(
    through: SigningStore, put: SignedRequest, key: str, proxy: FaultProxy
) -> None:
    proxy.on("*", key, Slow(2_000_000), Slow(2_000_000))
    assert send(put, BODY).status == 200
    assert send(read_link(through, key)).data == BODY


def test_a_store_that_is_down_refuses_and_comes_back(put: SignedRequest, proxy: FaultProxy) -> None:
    with proxy.down(), pytest.raises(HTTPError):
        send(put, BODY)
    assert send(put, BODY).status == 200


def test_a_rule_chooses_by_what_it_has_seen(put: SignedRequest, proxy: FaultProxy) -> None:
    def second_fails(seen: Seen) -> Answer | Pass | None:
        return Answer(500) if len(proxy.seen) == 2 else None

    proxy.rule = second_fails
    assert [send(put, BODY).status for _ in range(3)] == [200, 500, 412]
