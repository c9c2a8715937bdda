"""One run of the self-check: the requests it sends to the real bucket, and what it clears away."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

import urllib3

from app.kit.clock import utc_now
from app.storage import Part, SignedRequest
from app.storage.signing import Signer, base64_of
from app.storage.web import SigningStore

BODY = b"What was signed, and nothing else."
OTHER = b"Something other of the same size.."
TYPE = "text/plain"
SECONDS = 300

Answer = urllib3.BaseHTTPResponse


@dataclass(slots=True)
class Trial:
    """Where the check writes and how it signs; statuses come back as they are, unjudged."""

    signer: Signer
    """Signs for the inner address: this process may not be able to reach the public one."""
    store: SigningStore
    prefix: str
    pool: urllib3.PoolManager
    written: list[tuple[str, str | None]] = field(default_factory=list)

    def key(self, name: str) -> str:
        return f"{self.prefix}/{name}"

    def link(
        self, key: str, body: bytes = BODY, store: SigningStore | None = None
    ) -> SignedRequest:
        """Sign a PUT of `body`, by this store or by another that signs wrongly."""
        return (store or self.store).put_link(
            key, size=len(body), media_type=TYPE, sha256=hex_of(body), seconds=SECONDS
        )

    def write(self, key: str, link: SignedRequest, body: bytes) -> int:
        """Send a signed PUT to `key`."""
        return self._noted(key, self.send(link, body)).status

    def put(self, key: str, body: bytes = BODY) -> int:
        """Write `body` to `key` rightly."""
        return self.write(key, self.link(key, body), body)

    def ask(
        self,
        method: str,
        key: str,
        *,
        headers: Mapping[str, str] | None = None,
        query: Mapping[str, str] | None = None,
        body: bytes | None = None,
    ) -> Answer:
        """Send a rightly signed request of the service's own."""
        signed = self.signer.signed(
            method, key, now=utc_now(), seconds=SECONDS, headers=headers, query=query
        )
        answer = self.send(signed, body)
        return self._noted(key, answer) if method in {"PUT", "POST"} else answer

    def send(self, link: SignedRequest, body: bytes | None = None) -> Answer:
        return self.pool.request(link.method, link.url, headers=dict(link.headers), body=body)

    def content(self, key: str) -> bytes | None:
        answer = self.ask("GET", key)
        return answer.data if answer.status == 200 else None

    def etag(self, key: str) -> str:
        return self.ask("HEAD", key).headers.get("etag", "").strip('"')

    def copy(self, source: str, goal: str, etag: str) -> int:
        """Copy `source` to `goal` if it still has `etag` and nothing is at `goal`."""
        headers = {
            "x-amz-copy-source": f"{self.signer.bucket}/{source}",
            "x-amz-copy-source-if-match": f'"{etag}"',
            "if-none-match": "*",
        }
        return _status(self.ask("PUT", goal, headers=headers))

    @contextmanager
    def upload(self, key: str) -> Iterator[str]:
        """Open a multipart upload for the block, and give it up afterwards if it is still open."""
        upload_id = self.store.open_upload(key, media_type=TYPE)
        try:
            yield upload_id
        finally:
            self.ask("DELETE", key, query={"uploadId": upload_id})

    def send_part(self, key: str, upload_id: str, body: bytes) -> Answer:
        """Send `body` as the only part, which was granted for BODY."""
        granted = Part(1, len(BODY), hex_of(BODY))
        [link] = self.store.part_links(key, upload_id, [granted], seconds=SECONDS)
        return self.send(link, body)

    def complete(self, key: str, upload_id: str, etag: str) -> int:
        """Put the upload together of its only part, if nothing is at `key`."""
        part = (
            f"<PartNumber>1</PartNumber><ETag>{etag}</ETag>"
            f"<ChecksumSHA256>{base64_of(hex_of(BODY))}</ChecksumSHA256>"
        )
        body = f"<CompleteMultipartUpload><Part>{part}</Part></CompleteMultipartUpload>"
        headers = {"content-type": "application/xml", "if-none-match": "*"}
        query = {"uploadId": upload_id}
        return _status(self.ask("POST", key, headers=headers, query=query, body=body.encode()))

    def clear(self) -> None:
        """Remove every version written, whether or not the bucket keeps versions."""
        for key, version in self.written:
            self.ask("DELETE", key, query={"versionId": version} if version else None)

    def _noted(self, key: str, answer: Answer) -> Answer:
        if answer.status == 200:
            self.written.append((key, answer.headers.get("x-amz-version-id")))
        return answer


def hex_of(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def _status(answer: Answer) -> int:
    # Copying and completing may answer 200 at once and put what went wrong into the body later.
    return 409 if answer.status == 200 and b"<Error>" in answer.data else answer.status
