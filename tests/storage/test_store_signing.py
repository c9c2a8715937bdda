"""Our signatures are those of AWS's own library, for every key that anyone may think of."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from datetime import UTC, datetime, timedelta, timezone
from urllib.parse import quote, urlsplit

import pytest
from botocore.auth import S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import given
from hypothesis import strategies as st

from app.storage import Part
from app.storage.signing import Signer, base64_of

NOW = datetime(2026, 11, 21, 8, 30, 5, tzinfo=UTC)
SIGNER = Signer("http://127.0.0.1:8333", "evidence", "eu-west-3", "AKID/EXAMPLE+", "se cret/+=")
KEYS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)
HEADERS = st.dictionaries(
    st.sampled_from(["content-type", "content-length", "if-none-match", "x-amz-checksum-sha256"]),
    st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1).map(str.strip),
)
QUERIES = st.dictionaries(
    st.sampled_from(["uploads", "uploadId", "partNumber", "versionId", "response-content-type"]),
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1),
)


def botocore_signs(
    signer: Signer,
    method: str,
    key: str,
    *,
    now: datetime = NOW,
    seconds: int = 900,
    headers: dict[str, str] | None = None,
    query: dict[str, str] | None = None,
) -> str:
    """Return the address as botocore makes it, at `now`."""
    asked = "&".join(f"{name}={quote(value, safe='')}" for name, value in (query or {}).items())
    address = f"{signer.endpoint}/{signer.bucket}/{quote(key, safe='/')}"
    url = f"{address}?{asked}" if asked else address
    request = AWSRequest(method, url, headers=dict(headers or {}))
    credentials = Credentials(signer.access_key, signer.secret_key)
    auth = S3SigV4QueryAuth(credentials, "s3", signer.region, expires=seconds)
    # Not the fixture: hypothesis signs many times in one test.
    with pytest.MonkeyPatch.context() as clock:
        clock.setattr("botocore.auth.get_current_datetime", lambda: now.astimezone(UTC))
        auth.add_auth(request)
    return str(request.url)


def same(url: str, other: str) -> bool:
    """Compare two addresses; only the order of what is asked may differ."""
    ours, theirs = urlsplit(url), urlsplit(other)
    return ours[:3] == theirs[:3] and sorted(ours.query.split("&")) == sorted(
        theirs.query.split("&")
    )


@pytest.mark.parametrize(
    "key",
    [
        "incoming/0198f0c4/file",
        "with space and+plus",
        "évidence/Überprüfung/証拠",
        "a//b/./c~d_e-f",
        "100%25/q?x=1&y=2#z",
        "'quotes'(and)*stars!",
    ],
)
@pytest.mark.parametrize("method", ["GET", "PUT", "POST", "HEAD"])
def test_an_address_is_signed_as_botocore_signs_it(method: str, key: str) -> None:
    signed = SIGNER.signed(method, key, now=NOW, seconds=900)
    assert same(signed.url, botocore_signs(SIGNER, method, key))


@given(key=KEYS, headers=HEADERS, query=QUERIES, seconds=st.integers(1, 604_800))
def test_whatever_is_signed_botocore_signs_it_equally(
    key: str, headers: dict[str, str], query: dict[str, str], seconds: int
) -> None:
    signed = SIGNER.signed("PUT", key, now=NOW, seconds=seconds, headers=headers, query=query)
    expected = botocore_signs(SIGNER, "PUT", key, seconds=seconds, headers=headers, query=query)
    assert same(signed.url, expected)


@given(
    key=KEYS,
    upload_id=st.text(st.characters(exclude_categories=["Cs"]), min_size=1),
    sizes=st.lists(st.integers(1, 5 * 1024**3), max_size=5),
)
def test_parts_are_signed_as_botocore_signs_them(
    key: str, upload_id: str, sizes: list[int]
) -> None:
    parts = [
        Part(number, size, hashlib.sha256(str(size).encode()).hexdigest())
        for number, size in enumerate(sizes, 1)
    ]
    signed = SIGNER.signed_parts(key, upload_id, parts, now=NOW, seconds=900)
    assert len(signed) == len(parts)
    for part, request in zip(parts, signed, strict=True):
        query = {"partNumber": str(part.number), "uploadId": upload_id}
        expected = botocore_signs(SIGNER, "PUT", key, headers=dict(request.headers), query=query)
        assert same(request.url, expected)
        assert request.headers == {
            "content-length": str(part.size),
            "x-amz-checksum-sha256": base64_of(part.sha256),
        }


@pytest.mark.parametrize(
    ("endpoint", "as_clients_reach_it"),
    [
        ("https://S3.Example.ORG:443", "https://s3.example.org"),
        ("http://store.example:80/", "http://store.example"),
        ("https://store.example:8443", "https://store.example:8443"),
    ],
)
def test_the_host_is_signed_as_clients_send_it(endpoint: str, as_clients_reach_it: str) -> None:
    signer = Signer(endpoint, "evidence", "us-east-1", "id", "secret")
    plain = Signer(as_clients_reach_it, "evidence", "us-east-1", "id", "secret")
    signed = signer.signed("GET", "k", now=NOW, seconds=900)
    assert same(signed.url, botocore_signs(plain, "GET", "k"))


def test_a_store_may_live_under_a_path_of_its_host() -> None:
    signer = Signer("https://example.org/s3/", "evidence", "us-east-1", "id", "secret")
    assert signer.address("a b") == "https://example.org/s3/evidence/a%20b"
    assert signer.address("") == "https://example.org/s3/evidence"


def test_the_day_of_a_signature_is_that_of_utc() -> None:
    early_in_paris = datetime(2026, 11, 22, 0, 30, tzinfo=timezone(timedelta(hours=1)))
    signed = SIGNER.signed("GET", "k", now=early_in_paris, seconds=60)
    assert "X-Amz-Date=20261121T233000Z" in signed.url
    assert same(signed.url, botocore_signs(SIGNER, "GET", "k", now=early_in_paris, seconds=60))


def test_each_day_has_a_key_of_its_own() -> None:
    tomorrow = NOW + timedelta(days=1)
    signed = SIGNER.signed("GET", "k", now=tomorrow, seconds=900)
    assert same(signed.url, botocore_signs(SIGNER, "GET", "k", now=tomorrow))


@pytest.mark.parametrize("seconds", [0, -1, 604_801])
def test_nothing_is_signed_for_no_time_or_for_more_than_a_week(seconds: int) -> None:
    with pytest.raises(ValueError, match="valid for 1 to 604800 seconds"):
        SIGNER.signed("GET", "k", now=NOW, seconds=seconds)


@pytest.mark.parametrize("digest", ["", "ab" * 31, "ab" * 33, "zz" * 32])
def test_a_digest_that_is_none_is_not_signed(digest: str) -> None:
    with pytest.raises(ValueError, match="hexadecimal"):
        base64_of(digest)


def test_the_secret_does_not_show_when_a_signer_is_printed() -> None:
    assert "se cret" not in repr(SIGNER)


def test_the_web_process_signs_and_checks_without_loading_boto3() -> None:
    asked = (
        "import sys, app.storage.web, app.storage.selfcheck;"
        "print(sorted({'boto3', 'botocore'} & sys.modules.keys()), 'urllib3' in sys.modules)"
    )
    said = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert said.stdout.split() == ["[]", "True"]
