"""Making the bucket: versions kept, objects locked where the store can, pages let in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from app.storage.connection import status_of, store_errors
from app.storage.locking import switch_on

if TYPE_CHECKING:
    from types_boto3_s3.client import S3Client


def make(client: S3Client, bucket: str, origins: Sequence[str], *, lock: bool) -> None:
    """Create the bucket if it is missing, keep versions, and let pages of `origins` use it.

    A new one can lock objects where the store offers that, one that is there already with `lock`.
    """
    with store_errors():
        created = _create(client, bucket)
        client.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
        if created or lock:
            switch_on(client, bucket)
        client.put_bucket_cors(
            Bucket=bucket,
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


def _create(client: S3Client, bucket: str) -> bool:
    """Create the bucket unless it is there; tell whether it was created."""
    try:
        client.head_bucket(Bucket=bucket)
    except ClientError as error:
        if status_of(error) != 404:
            raise
    else:
        return False
    region = client.meta.region_name
    try:
        if region == "us-east-1":  # AWS refuses to have its first region named
            client.create_bucket(Bucket=bucket)
        else:
            client.create_bucket(
                Bucket=bucket,
                CreateBucketConfiguration={"LocationConstraint": region},  # type: ignore[typeddict-item]
            )
    except client.exceptions.BucketAlreadyOwnedByYou:
        return False
    return True
