"""The boto3 client of an installation, and its errors in the words of `app.storage`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config
from botocore.exceptions import (
    ClientError,
    HTTPClientError,
    IncompleteReadError,
    ResponseStreamingError,
)
from botocore.exceptions import ConnectionError as NoConnection
from urllib3.exceptions import HTTPError

from app.kit.settings import Settings
from app.storage import (
    KeyTaken,
    ObjectMissing,
    PartsIncomplete,
    StoreUnavailable,
    UploadGone,
)

if TYPE_CHECKING:
    from types_boto3_s3.client import S3Client

AWAY = (NoConnection, HTTPClientError, IncompleteReadError, ResponseStreamingError, HTTPError)
"""No answer, or half of one."""
# 412 is the precondition; AWS answers 409 when another write to the key is under way.
TAKEN = {"PreconditionFailed", "ConditionalRequestConflict"}
BAD_PARTS = {"InvalidPart", "InvalidPartOrder", "EntityTooSmall", "BadDigest", "MalformedXML"}

PATIENCE = 20.0
"""Seconds that the worker waits: SeaweedFS answered its first write after a crash within 15."""


def connect(settings: Settings, *, patience: float = PATIENCE) -> S3Client:
    """Return the boto3 client of an installation, which threads may share."""
    return boto3.client(
        "s3",
        endpoint_url=settings.s3_endpoint,
        region_name=settings.s3_region,
        aws_access_key_id=settings.s3_access_key,
        aws_secret_access_key=settings.s3_secret_key,
        config=Config(
            s3={"addressing_style": "path"},
            max_pool_connections=16,
            connect_timeout=2,
            read_timeout=max(patience, 1),
            # Pauses double up to 20 s with a random part: six wait for about 16 s in the mean.
            retries={"mode": "standard", "total_max_attempts": 7 if patience >= PATIENCE else 2},
            # We say which checksum we mean; boto3's own choice is unknown to many stores.
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        ),
    )


@contextmanager
def store_errors() -> Iterator[None]:
    """Turn what boto3 raises into the refusals of `app.storage`; a bug of ours stays as it is."""
    try:
        yield
    except AWAY as error:
        raise StoreUnavailable from error
    except ClientError as error:
        code, status = error.response.get("Error", {}).get("Code", ""), status_of(error)
        if status >= 500 or code in {"SlowDown", "RequestTimeout"}:
            raise StoreUnavailable from error
        if code == "NoSuchUpload":
            raise UploadGone from error
        if code in {"NoSuchKey", "404"}:
            raise ObjectMissing from error
        if code in TAKEN:
            raise KeyTaken from error
        if code in BAD_PARTS:
            raise PartsIncomplete from error
        raise


def status_of(error: ClientError) -> int:
    return error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
