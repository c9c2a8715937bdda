"""The object store as the worker and the command line see it: everything, through boto3.

Objects are written once: whatever is sent to a key that is taken is refused, and a repeated job
finds its work done. The SHA-256 of a file is always computed by reading it back, for stores know
a multipart object's digest only part by part.
"""

from __future__ import annotations

import hashlib
import time
from base64 import b64encode
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Self

from app.kit.clock import utc_now
from app.kit.settings import Settings
from app.storage import (
    About,
    Fingerprint,
    HeldPart,
    KeyTaken,
    Listed,
    ObjectChanged,
    ObjectMissing,
    OpenUpload,
    PartsIncomplete,
    UploadGone,
    bucket,
)
from app.storage.connection import PATIENCE, connect, store_errors
from app.storage.locking import LockingStore
from app.storage.signing import Signer
from app.storage.web import signers

if TYPE_CHECKING:
    from types_boto3_s3.client import S3Client
    from types_boto3_s3.type_defs import CompletedPartTypeDef, GetObjectOutputTypeDef

CHUNK = 1024 * 1024
"""Bytes held at once while an object is read."""
FILE_PART = 16 * 1024 * 1024
"""Bytes of a part when the worker itself sends a file; ten thousand of them are the most."""
CLOSING_LOOKS, CLOSING_PAUSE = 20, 0.1
"""How often, and how many seconds apart, to see whether an upload is being closed by others."""


class S3Store(LockingStore):
    """All that the web process may ask of the store, and what only the worker does."""

    def __init__(
        self,
        public: Signer,
        inner: Signer,
        *,
        client: S3Client,
        clock: Callable[[], datetime] = utc_now,
        patience: float = PATIENCE,
        reconnect: Callable[[float], S3Client] | None = None,
    ) -> None:
        super().__init__(public, inner, client=client, clock=clock, patience=patience)
        self._reconnect = reconnect

    @classmethod
    def from_settings(
        cls,
        settings: Settings,
        *,
        clock: Callable[[], datetime] = utc_now,
        patience: float = PATIENCE,
    ) -> Self:
        """Build the store of an installation; one per process, threads may share it."""
        public, inner = signers(settings)

        def reconnect(patience: float) -> S3Client:
            return connect(settings, patience=patience)

        return cls(
            public,
            inner,
            client=reconnect(patience),
            clock=clock,
            patience=patience,
            reconnect=reconnect,
        )

    def in_haste(self, patience: float) -> S3Store:
        """Return the same store for who would rather come back than wait for an answer."""
        client = self._reconnect(patience) if self._reconnect else self._client
        return S3Store(
            self._public, self._inner, client=client, clock=self._clock, patience=patience
        )

    def make_bucket(self, origins: Sequence[str], *, lock: bool = False) -> None:
        """Create the bucket if it is missing, keep versions, and let pages of `origins` use it.

        A new bucket can lock objects where the store offers that; `lock` lets one that is there
        already do so too, which cannot be taken back. It may be repeated at every start; the
        origins then replace those of before.
        """
        bucket.make(self._client, self._bucket, origins, lock=lock)

    def complete_upload(self, key: str, upload_id: str) -> About:
        """Make one object of the parts that have arrived, and say what it is.

        Repeating it is harmless: a key belongs to one upload, so what is found there once the
        upload is closed came from it. Raises KeyTaken if another object is there (the upload stays
        open), UploadGone if there is neither upload nor object, PartsIncomplete for bad parts.
        """
        try:
            parts = self.list_parts(key, upload_id)
            if not parts:
                raise PartsIncomplete("No part of the file has arrived.")
            self._assemble(key, upload_id, parts)
        except UploadGone:
            return self._completed_before(key)
        except (KeyTaken, PartsIncomplete):
            # Another worker may be completing this very upload: its object is there before its
            # parts are gone, and they go one by one.
            if not self.exists(key) or self._stays_open(key, upload_id):
                raise
            return self._completed_before(key)
        return self._present(key)

    def abort_upload(self, key: str, upload_id: str) -> None:
        """Give an upload up and free what its parts took; nothing happens if it is not open."""
        try:
            with store_errors():
                self._client.abort_multipart_upload(
                    Bucket=self._bucket, Key=key, UploadId=upload_id
                )
        except UploadGone:
            return

    def about(self, key: str) -> About | None:
        """Return size, ETag and media type of an object without reading it, or None."""
        try:
            with store_errors():
                head = self._client.head_object(Bucket=self._bucket, Key=key)
        except ObjectMissing:
            return None
        return About(head["ContentLength"], _bare(head["ETag"]), head.get("ContentType"))

    def exists(self, key: str) -> bool:
        return self.about(key) is not None

    def objects(self, prefix: str) -> Iterator[Listed]:
        """Yield the objects whose key begins with `prefix`, a thousand at a time, in key order."""
        pages = self._client.get_paginator("list_objects_v2")
        with store_errors():
            for page in pages.paginate(Bucket=self._bucket, Prefix=prefix):
                for one in page.get("Contents", []):
                    yield Listed(one["Key"], one["Size"], one["LastModified"])

    def open_uploads(self, prefix: str) -> Iterator[OpenUpload]:
        """Yield the multipart uploads that are open for keys that begin with `prefix`."""
        pages = self._client.get_paginator("list_multipart_uploads")
        with store_errors():
            for page in pages.paginate(Bucket=self._bucket, Prefix=prefix):
                for one in page.get("Uploads", []):
                    yield OpenUpload(one["Key"], one["UploadId"], one["Initiated"])

    def read(self, key: str) -> Iterator[bytes]:
        """Yield an object in chunks of at most 1 MiB.

        Raises ObjectMissing at the first chunk, StoreUnavailable if the store breaks off.
        """
        yield from self._chunks(self._open(key))

    def fingerprint(self, key: str) -> Fingerprint:
        """Read an object through once and return its SHA-256, size and ETag."""
        return self._read_through(key, lambda chunk: None)

    def download(self, key: str, path: Path) -> Fingerprint:
        """Copy an object into a new file and fingerprint it in the same pass.

        No file is left behind when the store breaks off.
        """
        with path.open("xb") as file:
            try:
                return self._read_through(key, file.write)
            except BaseException:
                path.unlink()
                raise

    def keep(self, from_key: str, to_key: str, *, etag: str) -> About:
        """Copy an object, inside the store, to where nothing is ever overwritten.

        `etag` is the one the checked bytes had (`Fingerprint.etag`): ObjectChanged if the source
        has another by now. Repeating it is harmless; KeyTaken if other content is there already.
        Up to 5 GiB, S3's limit for one copy.
        """
        try:
            with store_errors():
                self._client.copy_object(
                    Bucket=self._bucket,
                    Key=to_key,
                    CopySource={"Bucket": self._bucket, "Key": from_key},
                    CopySourceIfMatch=f'"{_bare(etag)}"',
                    IfNoneMatch="*",
                )
        except (KeyTaken, ObjectMissing):
            self._check_kept_before(from_key, to_key, _bare(etag))
        return self._present(to_key)

    def put(self, key: str, body: bytes, media_type: str) -> None:
        """Store a small object. The same bytes again are fine; KeyTaken for other bytes."""
        digest = hashlib.sha256(body)
        try:
            with store_errors():
                self._client.put_object(
                    Bucket=self._bucket,
                    Key=key,
                    Body=body,
                    ContentType=media_type,
                    ChecksumSHA256=b64encode(digest.digest()).decode(),
                    IfNoneMatch="*",
                )
        except KeyTaken:
            if self.fingerprint(key).sha256 != digest.hexdigest():
                raise

    def put_file(self, key: str, path: Path, media_type: str) -> None:
        """Store a file of any size, with one part of it in memory at a time.

        The same bytes again are fine; KeyTaken for other bytes. Nothing is left behind on failure.
        """
        if path.stat().st_size <= FILE_PART:
            return self.put(key, path.read_bytes(), media_type)
        upload_id = self.open_upload(key, media_type=media_type)
        try:
            with path.open("rb") as file:
                cut = iter(lambda: file.read(FILE_PART), b"")
                parts = [self._put_part(key, upload_id, *one) for one in enumerate(cut, 1)]
            self._assemble(key, upload_id, parts)
        except KeyTaken:
            self.abort_upload(key, upload_id)
            if self.fingerprint(key).sha256 != fingerprint_of(path).sha256:
                raise
        except BaseException:
            self.abort_upload(key, upload_id)
            raise

    def _assemble(self, key: str, upload_id: str, parts: Sequence[HeldPart]) -> None:
        with store_errors():
            self._client.complete_multipart_upload(
                Bucket=self._bucket,
                Key=key,
                UploadId=upload_id,
                MultipartUpload={"Parts": [_completed(part) for part in parts]},
                IfNoneMatch="*",
            )

    def _put_part(self, key: str, upload_id: str, number: int, part: bytes) -> HeldPart:
        digest = hashlib.sha256(part)
        with store_errors():
            answer = self._client.upload_part(
                Bucket=self._bucket,
                Key=key,
                UploadId=upload_id,
                PartNumber=number,
                Body=part,
                ChecksumSHA256=b64encode(digest.digest()).decode(),
            )
        return HeldPart(number, len(part), _bare(answer["ETag"]), digest.hexdigest())

    def _completed_before(self, key: str) -> About:
        about = self.about(key)
        if about is None:
            raise UploadGone
        return about

    def _stays_open(self, key: str, upload_id: str) -> bool:
        """Tell whether nobody is about to close an upload."""
        for _ in range(CLOSING_LOOKS):
            try:
                self.list_parts(key, upload_id)
            except UploadGone:
                return False
            time.sleep(CLOSING_PAUSE)
        return True

    def _present(self, key: str) -> About:
        about = self.about(key)
        if about is None:
            raise ObjectMissing
        return about

    def _check_kept_before(self, from_key: str, to_key: str, etag: str) -> None:
        """Accept a refused copy only if the very same content already lies in its place."""
        kept, source = self.about(to_key), self.about(from_key)
        if kept is not None and kept.etag == etag:
            return
        if source is None:
            raise ObjectMissing
        if source.etag != etag:
            raise ObjectChanged
        # AWS gives the copy of a multipart object an ETag of another kind: only reading tells.
        if (
            kept is None
            or kept.size != source.size
            or self.fingerprint(to_key).sha256 != self.fingerprint(from_key).sha256
        ):
            raise KeyTaken

    def _open(self, key: str) -> GetObjectOutputTypeDef:
        with store_errors():
            return self._client.get_object(Bucket=self._bucket, Key=key)

    def _chunks(self, found: GetObjectOutputTypeDef) -> Iterator[bytes]:
        with store_errors(), closing(found["Body"]) as body:
            yield from body.iter_chunks(CHUNK)

    def _read_through(self, key: str, keep: Callable[[bytes], object]) -> Fingerprint:
        found = self._open(key)
        digest, size = hashlib.sha256(), 0
        for chunk in self._chunks(found):
            digest.update(chunk)
            size += len(chunk)
            keep(chunk)
        return Fingerprint(digest.hexdigest(), size, _bare(found["ETag"]))


def _completed(part: HeldPart) -> CompletedPartTypeDef:
    completed: CompletedPartTypeDef = {"PartNumber": part.number, "ETag": f'"{part.etag}"'}
    if part.sha256 is not None:
        completed["ChecksumSHA256"] = b64encode(bytes.fromhex(part.sha256)).decode()
    return completed


def _bare(etag: str) -> str:
    return etag.strip('"')


def fingerprint_of(path: Path) -> Fingerprint:
    """Return SHA-256 and size of a file on disk, as if it had been read from the store."""
    with path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    return Fingerprint(sha256, path.stat().st_size, "")
