"""Handing in a file by a grant, beside putting the same bytes with boto3 alone (MB/s)."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from uuid import uuid4

import boto3
from boto3.s3.transfer import TransferConfig
from botocore.config import Config

from app.client import Client, upload
from app.kit.settings import Settings
from bench.plan import Plan
from bench.seed import PART_SIZE, row_id
from bench.servers import Server

ITEM = 6
MEGABYTE = 1e6


@dataclass(frozen=True, slots=True)
class UploadMeasured:
    """How fast a file went up, by the service's client and by boto3 alone, in MB/s."""

    title: str
    service_mb_per_second: float
    limit_mb_per_second: float

    @property
    def ratio(self) -> float:
        return self.service_mb_per_second / self.limit_mb_per_second


def measure(
    plan: Plan, server: Server, settings: Settings, folder: Path, megabytes: int, rounds: int
) -> UploadMeasured:
    """Send a file of so many MiB both ways in turn; the worker's check is not waited for."""
    path = folder / f"upload-{megabytes}.bin"
    path.write_bytes(os.urandom(1024 * 1024) * megabytes)
    by_grant, by_boto3 = [], []
    alone = raw(settings)
    with Client(f"http://127.0.0.1:{server.port}", plan.seeded.candidates[0]) as client:
        for _ in range(rounds):
            by_grant.append(_seconds(lambda: _granted(client, path)))
            by_boto3.append(_seconds(lambda: alone(path)))
    path.unlink()
    size = megabytes * 1024 * 1024 / MEGABYTE
    return UploadMeasured(
        f"upload of {megabytes} MiB", size / median(by_grant), size / median(by_boto3)
    )


def _granted(client: Client, path: Path) -> None:
    item = str(row_id(ITEM, 0))
    upload(client, item, path, media_type="video/mp4", wait=0.0)


def _seconds(act: Callable[[], None]) -> float:
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


def raw(settings: Settings) -> Callable[[Path], None]:
    """Return what puts a file with boto3 alone: as many parts at once, with the same checksums."""
    store = boto3.client(
        "s3",
        endpoint_url=settings.s3_endpoint,
        aws_access_key_id=settings.s3_access_key,
        aws_secret_access_key=settings.s3_secret_key,
        region_name=settings.s3_region,
        config=Config(s3={"addressing_style": "path"}, max_pool_connections=8),
    )
    transfer = TransferConfig(
        multipart_threshold=64 * 1024 * 1024 + 1,
        multipart_chunksize=PART_SIZE,
        max_concurrency=4,
    )

    def put(path: Path) -> None:
        key = f"bench/{uuid4()}"
        store.upload_file(
            str(path),
            settings.s3_bucket,
            key,
            ExtraArgs={"ChecksumAlgorithm": "SHA256", "ContentType": "video/mp4"},
            Config=transfer,
        )
        with suppress(Exception):
            store.delete_object(Bucket=settings.s3_bucket, Key=key)

    return put
