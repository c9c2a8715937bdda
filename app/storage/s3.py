"""The object store as the worker and the command line see it: everything, through boto3.

Objects are written once: whatever is sent to a key that is taken is refused, and a repeated job
finds its work done. The SHA-256 of a file is always computed by reading it back, for stores know
a multipart object's digest only part by part.
"""

from __future__ import annotations

import hashlib
import time
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Self

from botocore.exceptions import ClientError

from app.kit.clock import utc_now
from app.kit.settings import Settings
from app.storage import (
    About,
    Fingerprint,
    HeldPart,
    KeyTaken,
    ObjectChanged,
    ObjectMissing,
    PartsIncomplete,
    UploadGone,
)
from app.storage.connection import PATIENCE, connect, status_of, store_errors
from app.storage.signing import Signer
from app.storage.web import SigningStore, signers

if TYPE_CHECKING:
    from types_boto3_s3.client import S3Client
    from types_boto3_s3.type_defs import CompletedPartTypeDef, GetObjectOutputTypeDef

CHUNK = 1024 * 1024
"""Bytes held at once while an object is read."""
CLOSING_LOOKS, CLOSING_PAUSE = 20, 0.1
"""How often, and how many seconds apart, to see whether an upload is being closed by others."""


class S3Store(SigningStore):
    """All that the web process may ask of the store, and what only the worker does."""

    def __init__(
        self,
        public: Signer,
        inner: Signer,
        *,
        client: S3Client,
        clock: Callable[[], datetime] = utc_now,
        patience: float = PATIENCE,
    ) -> None:
        super().__init__(public, inner, clock=clock, patience=patience)
        self._client = client
        self._bucket = inner.bucket

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
        client = connect(settings, patience=patience)
        return cls(public, inner, client=client, clock=clock, patience=patience)

    def make_bucket(self, origins: Sequence[str]) -> None:
        """Create the bucket if it is missing, keep versions, and let pages of `origins` use it.

        It may be repeated at every start; the origins then replace those of before.
        """
        with store_errors():
            self._create_bucket()
            self._client.put_bucket_versioning(
                Bucket=self._bucket, VersioningConfiguration={"Status": "Enabled"}
            )
            self._client.put_bucket_cors(
                Bucket=self._bucket,
                CORSConfiguration={
                    "CORSRules": [
                        {
                            "AllowedOrigins": list(origins),
                            "AllowedMethods": ["GET", "HEAD", "PUT"],
                            "AllowedHeaders": ["*"],
                            "ExposeHeaders": ["ETag", "Accept-Ranges", "Content-Range"],
                            "MaxAgeSeconds": 3600,
                        }
                    ]
                },
            )

    def list_parts(self, key: str, upload_id: str) -> list[HeldPart]:
        """Return the parts of an upload that have arrived, in order; UploadGone if not open."""
        pages = self._client.get_paginator("list_parts")
        with store_errors():
            return [
                HeldPart(
                    part["PartNumber"],
                    part["Size"],
                    _bare(part["ETag"]),
                    b64decode(part["ChecksumSHA256"]).hex() if "ChecksumSHA256" in part else None,
                )
                for page in pages.paginate(Bucket=self._bucket, Key=key, UploadId=upload_id)
                for part in page.get("Parts", [])
            ]

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

    def delete(self, key: str) -> None:
        """Remove an object for ever, with all its earlier versions; nothing happens if missing."""
        pages = self._client.get_paginator("list_object_versions")
        with store_errors():
            for page in pages.paginate(Bucket=self._bucket, Prefix=key):
                for version in [*page.get("Versions", []), *page.get("DeleteMarkers", [])]:
                    if version["Key"] == key:
                        self._client.delete_object(
                            Bucket=self._bucket, Key=key, VersionId=version["VersionId"]
                        )

    def _create_bucket(self) -> None:
        try:
            self._client.head_bucket(Bucket=self._bucket)
        except ClientError as error:
            if status_of(error) != 404:
                raise
            region = self._client.meta.region_name
            try:
                if region == "us-east-1":  # AWS refuses to have its first region named
                    self._client.create_bucket(Bucket=self._bucket)
                else:
                    self._client.create_bucket(
                        Bucket=self._bucket,
                        CreateBucketConfiguration={"LocationConstraint": region},  # type: ignore[typeddict-item]
                    )
            except self._client.exceptions.BucketAlreadyOwnedByYou:
                return

    def _assemble(self, key: str, upload_id: str, parts: Sequence[HeldPart]) -> None:
        with store_errors():
            self._client.complete_multipart_upload(
                Bucket=self._bucket,
                Key=key,
                UploadId=upload_id,
                MultipartUpload={"Parts": [_completed(part) for part in parts]},
                IfNoneMatch="*",
            )

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
