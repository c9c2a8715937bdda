"""Embedded services that really run, each in a folder of its own."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import boto3
import pytest
from botocore.config import Config
from types_boto3_s3 import S3Client

from app.embedded.services import Services, services


@pytest.fixture(scope="session")
def var(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the services that most tests share."""
    return tmp_path_factory.mktemp("installation") / "var"


@pytest.fixture(scope="session")
def shared(var: Path) -> Iterator[Services]:
    with services(var) as running:
        yield running


@pytest.fixture(scope="session")
def s3() -> Callable[[Services], S3Client]:
    """How a test speaks to a store: as the service does, bearing with one that is starting."""
    return s3_client


def process_of(var: Path, service: str) -> int:
    """Return the number of the process that runs `service` ("postgres" or "store") now."""
    return int(json.loads((var / service / "process.json").read_text())["pid"])


def s3_client(running: Services) -> S3Client:
    return boto3.client(
        "s3",
        endpoint_url=running.s3_endpoint,
        aws_access_key_id=running.s3_access_key,
        aws_secret_access_key=running.s3_secret_key,
        region_name="us-east-1",
        config=Config(retries={"total_max_attempts": 12, "mode": "standard"}),
    )
