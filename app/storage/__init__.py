"""The object store: what a feature may ask of it, whichever store stands behind.

The web process signs addresses and opens multipart uploads with little code of its own (`signing`,
`web`); everything else is done by the worker through boto3 (`s3`), which is too heavy to load
twice. `selfcheck` finds out at start-up whether a store keeps what its answers promise.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, Protocol

from app.kit.errors import Conflict, NotFound, Unavailable


@dataclass(frozen=True, slots=True)
class SignedRequest:
    """A request that its holder may send to the store, as it stands, until it expires.

    The headers are signed: the store refuses the request if one of them is sent otherwise.
    A browser sets `content-length` by itself, from the body.
    """

    method: str
    url: str
    headers: Mapping[str, str]


class Part(NamedTuple):
    """One part of a multipart upload: its number from 1, size in bytes, SHA-256 in hexadecimal.

    A tuple, for a hundred are made in one request: a frozen dataclass costs twice as much to make.
    """

    number: int
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class HeldPart:
    """A part that has arrived; `sha256` (hexadecimal) is None where the store does not list it."""

    number: int
    size: int
    etag: str
    sha256: str | None


@dataclass(frozen=True, slots=True)
class About:
    """What the store says of an object, unread: bytes, ETag without quotes, media type."""

    size: int
    etag: str
    media_type: str | None


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """What was found by reading an object: SHA-256 in hexadecimal, bytes, and the ETag it had."""

    sha256: str
    size: int
    etag: str


@dataclass(frozen=True, slots=True)
class Listed:
    """An object as the store lists it: bytes, and when it was last written."""

    key: str
    size: int
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class OpenUpload:
    """A multipart upload that was neither completed nor given up."""

    key: str
    upload_id: str
    begun_at: datetime


class StoreUnavailable(Unavailable):
    """The store for files does not answer just now; try again shortly."""


class ObjectMissing(NotFound):
    """The store holds no such file."""


class ObjectChanged(Conflict):
    """The file in the store is no longer the one that was checked."""


class KeyTaken(Conflict):
    """The store already holds another file in this place."""


class ObjectLocked(Conflict):
    """The store keeps this file until its lock ends."""


class UploadGone(NotFound):
    """This upload is not open: it was never begun, or was given up."""


class PartsIncomplete(Conflict):
    """The parts that arrived do not make up a file."""


class ObjectStore(Protocol):
    """What the web process needs: to sign, to open a multipart upload and see what arrived."""

    def put_link(
        self, key: str, *, size: int, media_type: str, sha256: str, seconds: int
    ) -> SignedRequest:
        """Sign one PUT of exactly this object, refused by the store if the key is taken."""

    def get_link(self, key: str, *, media_type: str, disposition: str, seconds: int) -> str:
        """Sign an address from which the object can be read for a while."""

    def part_links(
        self, key: str, upload_id: str, parts: Sequence[Part], *, seconds: int
    ) -> list[SignedRequest]:
        """Sign one PUT for each part of an open multipart upload."""

    def open_upload(self, key: str, *, media_type: str) -> str:
        """Open a multipart upload and return its identifier."""

    def list_parts(self, key: str, upload_id: str) -> list[HeldPart]:
        """Return the parts of an upload that have arrived, in order; UploadGone if not open."""
