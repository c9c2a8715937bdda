"""Signing requests to an S3 store so that anyone who holds the address may send them.

AWS Signature Version 4 in the query string, with an unsigned body and path-style addresses
("Authenticating Requests: Using Query Parameters", Amazon S3 API Reference). It is pure: the time
comes in as an argument and nothing is sent. boto3 signs the same requests, at forty times the cost;
a live recording asks for many parts, hence this module.
"""

from __future__ import annotations

import hmac
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from hashlib import sha256
from urllib.parse import quote, urlsplit

from app.storage import Part, SignedRequest

LONGEST_SECONDS = 7 * 24 * 3600
"""S3 refuses a signature that is valid for longer than a week."""

PART_HEADERS = "content-length;host;x-amz-checksum-sha256"


def base64_of(sha256_hex: str) -> str:
    """Return a hexadecimal SHA-256 as S3's checksum headers want it; ValueError if it is none."""
    digest = bytes.fromhex(sha256_hex)
    if len(digest) != 32:
        raise ValueError("A SHA-256 has 64 hexadecimal digits.")
    return b64encode(digest).decode()


@dataclass(frozen=True)
class Signer:
    """Signs requests for the objects of one bucket, as seen at one address of the store."""

    endpoint: str
    bucket: str
    region: str
    access_key: str
    secret_key: str = field(repr=False)
    _origin: str = field(init=False, repr=False)
    _host: str = field(init=False, repr=False)
    _root: str = field(init=False, repr=False)

    def __post_init__(self) -> None:
        address = urlsplit(self.endpoint)
        host = _host_header(address.scheme, address.netloc)
        object.__setattr__(self, "_host", host)
        object.__setattr__(self, "_origin", f"{address.scheme}://{host}")
        object.__setattr__(self, "_root", address.path.rstrip("/") + "/" + quote(self.bucket))

    def signed(
        self,
        method: str,
        key: str,
        *,
        now: datetime,
        seconds: int,
        headers: Mapping[str, str] | None = None,
        query: Mapping[str, str] | None = None,
    ) -> SignedRequest:
        """Sign one request for `key` (empty: the bucket itself), valid `seconds` from `now`.

        Every header given must then be sent with exactly this value. Raises ValueError if the time
        asked for is not between one second and a week.
        """
        sent = {name.lower(): " ".join(value.split()) for name, value in (headers or {}).items()}
        lines = sorted({**sent, "host": self._host}.items())
        names = ";".join(name for name, _ in lines)
        stamp, scope, pairs = self._grant(now, seconds, names)
        pairs += [f"{_quoted(name)}={_quoted(value)}" for name, value in (query or {}).items()]
        path, asked = self._path(key), "&".join(sorted(pairs))
        values = "".join(f"{name}:{value}\n" for name, value in lines)
        canonical = f"{method}\n{path}\n{asked}\n{values}\n{names}\nUNSIGNED-PAYLOAD"
        signature = self._seal(stamp, scope)
        signature.update(sha256(canonical.encode()).hexdigest().encode())
        url = f"{self._origin}{path}?{asked}&X-Amz-Signature={signature.hexdigest()}"
        return SignedRequest(method, url, sent)

    def signed_parts(
        self, key: str, upload_id: str, parts: Sequence[Part], *, now: datetime, seconds: int
    ) -> list[SignedRequest]:
        """Sign the PUT of each part of one upload; each must have its size and its SHA-256.

        The same as `signed` for each part, but what all parts share is written and hashed once.
        """
        stamp, scope, pairs = self._grant(now, seconds, PART_HEADERS)
        # "partNumber" and "uploadId" sort after every "X-Amz-": capitals come first in ASCII.
        opening = f"{self._path(key)}?{'&'.join(sorted(pairs))}&partNumber="
        upload = f"&uploadId={_quoted(upload_id)}"
        common = sha256(f"PUT\n{opening.replace('?', chr(10), 1)}".encode())
        seal = self._seal(stamp, scope)
        closing = f"\n\n{PART_HEADERS}\nUNSIGNED-PAYLOAD"
        before, after = self._origin + opening, upload + "&X-Amz-Signature="
        requests = []
        for part in parts:
            size, checksum = str(part.size), base64_of(part.sha256)
            canonical = common.copy()
            canonical.update(
                f"{part.number}{upload}\ncontent-length:{size}\nhost:{self._host}\n"
                f"x-amz-checksum-sha256:{checksum}{closing}".encode()
            )
            signature = seal.copy()
            signature.update(canonical.hexdigest().encode())
            url = f"{before}{part.number}{after}{signature.hexdigest()}"
            headers = {"content-length": size, "x-amz-checksum-sha256": checksum}
            requests.append(SignedRequest("PUT", url, headers))
        return requests

    def address(self, key: str) -> str:
        """Return the unsigned address of `key`, which a closed store answers with a refusal."""
        return self._origin + self._path(key)

    def _path(self, key: str) -> str:
        return f"{self._root}/{quote(key, safe='/')}" if key else self._root

    def _grant(self, now: datetime, seconds: int, names: str) -> tuple[str, str, list[str]]:
        """Return the time stamp, the scope, and the query pairs that say who signed what."""
        if not 1 <= seconds <= LONGEST_SECONDS:
            raise ValueError(f"A signature is valid for 1 to {LONGEST_SECONDS} seconds.")
        stamp = now.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
        scope = f"{stamp[:8]}/{self.region}/s3/aws4_request"
        return (
            stamp,
            scope,
            [
                "X-Amz-Algorithm=AWS4-HMAC-SHA256",
                f"X-Amz-Credential={_quoted(f'{self.access_key}/{scope}')}",
                f"X-Amz-Date={stamp}",
                f"X-Amz-Expires={seconds}",
                f"X-Amz-SignedHeaders={_quoted(names)}",
            ],
        )

    def _seal(self, stamp: str, scope: str) -> hmac.HMAC:
        """Return the signature as begun: what is left to add is the digest of the request."""
        seal = _signing_key(self.secret_key, stamp[:8], self.region).copy()
        seal.update(f"AWS4-HMAC-SHA256\n{stamp}\n{scope}\n".encode())
        return seal


def _quoted(value: str) -> str:
    return quote(value, safe="")


def _host_header(scheme: str, netloc: str) -> str:
    """Return what clients send as Host: in lower case, and without the scheme's own port."""
    default = {"http": ":80", "https": ":443"}.get(scheme, "")
    return netloc.lower().removesuffix(default) if default else netloc.lower()


@lru_cache(maxsize=8)
def _signing_key(secret_key: str, day: str, region: str) -> hmac.HMAC:
    """Return the key of one day, region and service, ready to be copied and fed."""
    key = f"AWS4{secret_key}".encode()
    for step in (day, region, "s3", "aws4_request"):
        key = hmac.digest(key, step.encode(), "sha256")
    return hmac.new(key, digestmod="sha256")
