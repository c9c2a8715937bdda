"""Object lock: the store itself refuses to remove what was sealed, even to the service's own key.

Sealed versions are kept in governance mode for a time that is renewed, and only who says so on
purpose removes one earlier: retention must be able to end. A legal hold stops that too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Final

from botocore.exceptions import ClientError

from app.kit.clock import utc_now
from app.storage import ObjectLocked
from app.storage.connection import PATIENCE, status_of, store_errors
from app.storage.signing import Signer
from app.storage.web import SigningStore

if TYPE_CHECKING:
    from types_boto3_s3.client import S3Client

ENABLED: Final = "Enabled"


class LockingStore(SigningStore):
    """The store as far as objects are removed from it, or kept from being removed."""

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

    def delete(self, key: str, *, despite_lock: bool = False) -> None:
        """Remove an object for ever, with all its earlier versions; nothing happens if missing.

        ObjectLocked if the store keeps a version; `despite_lock` is for what is rightly at its
        end, and does not help against a legal hold.
        """
        self._delete(key, lambda found: found == key, despite_lock)

    def delete_below(self, folder: str, *, despite_lock: bool = False) -> None:
        """Remove everything whose key begins with `folder`, a path that ends in a slash."""
        if not folder.endswith("/"):
            raise ValueError(f"{folder} is no folder.")
        self._delete(folder, lambda _: True, despite_lock)

    def locks_objects(self) -> bool:
        """Tell whether the store can be told to keep an object, even from the service itself."""
        return offered(self._client, self._bucket)

    def lock(self, key: str, until: datetime) -> bool:
        """Have the store refuse to remove an object until a moment; tell whether it is there."""
        return lock(self._client, self._bucket, key, until)

    def hold(self, key: str, *, on: bool) -> None:
        """Put an object under the store's legal hold, or lift it."""
        hold(self._client, self._bucket, key, on=on)

    def _delete(self, prefix: str, meant: Callable[[str], bool], despite_lock: bool) -> None:
        pages = self._client.get_paginator("list_object_versions")
        # Said only where it means something: stores refuse it for a bucket that locks nothing, and
        # many to keys without that right.
        despite: dict[str, bool] = (
            {"BypassGovernanceRetention": True} if despite_lock and self.locks_objects() else {}
        )
        try:
            with store_errors():
                for page in pages.paginate(Bucket=self._bucket, Prefix=prefix):
                    for version in [*page.get("Versions", []), *page.get("DeleteMarkers", [])]:
                        if meant(version["Key"]):
                            self._client.delete_object(
                                Bucket=self._bucket,
                                Key=version["Key"],
                                VersionId=version["VersionId"],
                                **despite,  # type: ignore[arg-type]
                            )
        except ClientError as error:
            if status_of(error) == 403 and self.locks_objects():
                raise ObjectLocked from error
            raise


def offered(client: S3Client, bucket: str) -> bool:
    """Tell whether the bucket can lock objects."""
    try:
        with store_errors():
            found = client.get_object_lock_configuration(Bucket=bucket)
    except ClientError as error:
        if 400 <= status_of(error) < 500:
            return False
        raise
    return found.get("ObjectLockConfiguration", {}).get("ObjectLockEnabled") == ENABLED


def switch_on(client: S3Client, bucket: str) -> bool:
    """Let a bucket that keeps versions lock objects; tell whether the store does that."""
    if offered(client, bucket):
        return True
    try:
        with store_errors():
            client.put_object_lock_configuration(
                Bucket=bucket, ObjectLockConfiguration={"ObjectLockEnabled": ENABLED}
            )
    except ClientError as error:
        if 400 <= status_of(error) < 500 or status_of(error) == 501:
            return False
        raise
    return offered(client, bucket)


def lock(client: S3Client, bucket: str, key: str, until: datetime) -> bool:
    """Keep every version of an object until a moment; one that is locked for longer stays so.

    Tells whether there is such an object.
    """
    found = list(versions(client, bucket, key))
    for version in found:
        kept = _locked_until(client, bucket, key, version)
        if kept is not None and kept >= until:
            continue
        with store_errors():
            client.put_object_retention(
                Bucket=bucket,
                Key=key,
                VersionId=version,
                Retention={"Mode": "GOVERNANCE", "RetainUntilDate": until},
            )
    return bool(found)


def hold(client: S3Client, bucket: str, key: str, *, on: bool) -> None:
    """Put every version of an object under legal hold, or lift it."""
    for version in versions(client, bucket, key):
        with store_errors():
            client.put_object_legal_hold(
                Bucket=bucket,
                Key=key,
                VersionId=version,
                LegalHold={"Status": "ON" if on else "OFF"},
            )


def versions(client: S3Client, bucket: str, key: str) -> Iterator[str]:
    """Yield the versions of an object that hold bytes."""
    pages = client.get_paginator("list_object_versions")
    with store_errors():
        for page in pages.paginate(Bucket=bucket, Prefix=key):
            for version in page.get("Versions", []):
                if version["Key"] == key:
                    yield version["VersionId"]


def _locked_until(client: S3Client, bucket: str, key: str, version: str) -> datetime | None:
    try:
        with store_errors():
            found = client.get_object_retention(Bucket=bucket, Key=key, VersionId=version)
    except ClientError as error:
        if 400 <= status_of(error) < 500:
            return None
        raise
    return found["Retention"].get("RetainUntilDate")
