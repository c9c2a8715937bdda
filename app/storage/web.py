"""The object store as the web process sees it: signing, and opening uploads, without boto3.

boto3 would add about 40 MB to each web process for one POST; urllib3 sends that one.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from html import unescape
from typing import Self
from urllib.parse import urlsplit

import urllib3
from urllib3.exceptions import HTTPError

from app.kit.clock import utc_now
from app.kit.settings import Settings
from app.storage import HeldPart, Part, SignedRequest, StoreUnavailable, UploadGone
from app.storage.listing import parts_of
from app.storage.signing import Signer, base64_of

PATIENCE = 3.0
"""Seconds that a request waits for the store: it holds a thread and a connection meanwhile."""
FIRST_PAUSE, LONGEST_PAUSE = 0.1, 3.0
OWN_REQUESTS_SECONDS = 300
"""How long the service's own requests are valid: its patience, and clocks that differ a little."""
PARTS_ON_A_PAGE = 1000
UPLOAD_ID = re.compile(r"<UploadId>([^<]+)</UploadId>")


class SigningStore:
    """Signs for browsers against the public address; asks the store itself at the inner one."""

    def __init__(
        self,
        public: Signer,
        inner: Signer,
        *,
        clock: Callable[[], datetime] = utc_now,
        patience: float = PATIENCE,
    ) -> None:
        self._public = public
        self._inner = inner
        self._clock = clock
        self._patience = patience
        self._announce = announces_checksums(inner.endpoint)
        self._pool = urllib3.PoolManager(maxsize=8, retries=False)

    @classmethod
    def from_settings(
        cls,
        settings: Settings,
        *,
        clock: Callable[[], datetime] = utc_now,
        patience: float = PATIENCE,
    ) -> Self:
        """Build the store of an installation; one per process, threads may share it."""
        return cls(*signers(settings), clock=clock, patience=patience)

    def put_link(
        self, key: str, *, size: int, media_type: str, sha256: str, seconds: int
    ) -> SignedRequest:
        """Sign one PUT of exactly this object, refused by the store if the key is taken.

        `size` in bytes, `sha256` in hexadecimal (ValueError if it is not). Without the
        precondition the holder could replace the file after it was checked.
        """
        headers = {
            "content-length": str(size),
            "content-type": media_type,
            "if-none-match": "*",
            "x-amz-checksum-sha256": base64_of(sha256),
        }
        return self._public.signed("PUT", key, now=self._clock(), seconds=seconds, headers=headers)

    def get_link(self, key: str, *, media_type: str, disposition: str, seconds: int) -> str:
        """Sign an address from which the object can be read for a while.

        The answer carries `media_type` and `disposition` (a whole Content-Disposition value),
        whatever the uploader said of the file.
        """
        told = {
            "response-content-disposition": disposition,
            "response-content-type": media_type,
        }
        signed = self._public.signed("GET", key, now=self._clock(), seconds=seconds, query=told)
        return signed.url

    def part_links(
        self, key: str, upload_id: str, parts: Sequence[Part], *, seconds: int
    ) -> list[SignedRequest]:
        """Sign one PUT for each part of an open multipart upload, of its size and digest."""
        return self._public.signed_parts(key, upload_id, parts, now=self._clock(), seconds=seconds)

    def open_upload(self, key: str, *, media_type: str) -> str:
        """Open a multipart upload and return its identifier.

        Waits for a store that is just starting; raises StoreUnavailable when patience runs out.
        """
        headers = {"content-type": media_type}
        if self._announce:
            headers["x-amz-checksum-algorithm"] = "SHA256"
        answer = self._ask("POST", key, headers, {"uploads": ""})
        found = UPLOAD_ID.search(answer.data.decode(errors="replace"))
        if answer.status != 200 or found is None:
            raise StoreUnavailable(f"The store opened no upload (it answered {answer.status}).")
        return unescape(found[1])

    def list_parts(self, key: str, upload_id: str) -> list[HeldPart]:
        """Return the parts of an upload that have arrived, in order; UploadGone if not open."""
        held: dict[int, HeldPart] = {}
        after: int | None = 0
        while after is not None:
            query = {
                "uploadId": upload_id,
                "part-number-marker": str(after),
                "max-parts": str(PARTS_ON_A_PAGE),
            }
            answer = self._ask("GET", key, {}, query)
            if answer.status == 404 and b"NoSuchUpload" in answer.data:
                raise UploadGone
            if answer.status != 200:
                raise StoreUnavailable(f"The store listed no parts (it answered {answer.status}).")
            page = parts_of(answer.data)
            held |= {part.number: part for part in page.held}
            # A store whose next page does not lie ahead would have us ask for ever.
            after = page.next if page.next is not None and page.next > after else None
        return [held[number] for number in sorted(held)]

    def answers(self) -> bool:
        """Tell within two seconds whether the store answers and has the bucket."""
        asked = self._inner.signed("HEAD", "", now=self._clock(), seconds=OWN_REQUESTS_SECONDS)
        try:
            return self._send(asked, seconds=2).status == 200
        except HTTPError:
            return False

    def _ask(
        self, method: str, key: str, headers: dict[str, str], query: dict[str, str]
    ) -> urllib3.BaseHTTPResponse:
        """Send a request of our own, again and again while the store is away or failing.

        A repeated POST may leave a second, empty upload open: that is harmless.
        """
        deadline = time.monotonic() + self._patience
        pause = FIRST_PAUSE
        while True:
            signed = self._inner.signed(
                method,
                key,
                now=self._clock(),
                seconds=OWN_REQUESTS_SECONDS,
                headers=headers,
                query=query,
            )
            left = deadline - time.monotonic()
            try:
                answer = self._send(signed, seconds=max(left, FIRST_PAUSE))
                if answer.status < 500:
                    return answer
            except HTTPError:
                pass
            if time.monotonic() + pause >= deadline:
                raise StoreUnavailable
            time.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)

    def _send(self, signed: SignedRequest, *, seconds: float) -> urllib3.BaseHTTPResponse:
        timeout = urllib3.Timeout(connect=min(2.0, seconds), read=seconds)
        return self._pool.request(
            signed.method, signed.url, headers=dict(signed.headers), timeout=timeout
        )


def signers(settings: Settings) -> tuple[Signer, Signer]:
    """Return who signs for browsers and who signs for the service's own requests."""
    inner = Signer(
        settings.s3_endpoint,
        settings.s3_bucket,
        settings.s3_region,
        settings.s3_access_key,
        settings.s3_secret_key,
    )
    public = Signer(
        settings.s3_public_endpoint or settings.s3_endpoint,
        settings.s3_bucket,
        settings.s3_region,
        settings.s3_access_key,
        settings.s3_secret_key,
    )
    return public, inner


def announces_checksums(endpoint: str) -> bool:
    """Tell whether an upload must say when it is opened that its parts carry SHA-256.

    AWS refuses the parts otherwise. SeaweedFS takes them either way, but once told it wants every
    digest again on completion and does not list them, so only AWS is told.
    """
    host = urlsplit(endpoint).hostname or ""
    return host.endswith((".amazonaws.com", ".amazonaws.com.cn"))
