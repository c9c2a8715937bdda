"""Files to hand in, what a portfolio shows, and a look into the store behind the service's back."""

from __future__ import annotations

import time
import wave
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING
from uuid import UUID

import pikepdf
import pytest
from httpx2 import Response
from sqlalchemy import Engine, text

from app.kit.settings import Settings
from app.storage.connection import connect
from tests import make
from tests.make import Json, Person

if TYPE_CHECKING:
    from types_boto3_s3.client import S3Client


@pytest.fixture(scope="session")
def pdf() -> bytes:
    """A document of three pages."""
    made = BytesIO()
    with pikepdf.new() as document:
        for _ in range(3):
            document.add_blank_page()
        document.save(made)
    return made.getvalue()


def silence(seconds: float, *, rate: int = 8_000) -> bytes:
    """Make a recording of silence."""
    made = BytesIO()
    with wave.open(made, "wb") as recording:
        recording.setnchannels(1)
        recording.setsampwidth(2)
        recording.setframerate(rate)
        recording.writeframes(bytes(2 * int(seconds * rate)))
    return made.getvalue()


@pytest.fixture(scope="session")
def recording() -> bytes:
    """A recording of two seconds."""
    return silence(2)


@pytest.fixture
def portfolio(amira: Person) -> UUID:
    """Amira's portfolio, a draft with nothing in it."""
    return make.portfolio(amira)


@pytest.fixture
def item(amira: Person, portfolio: UUID) -> UUID:
    """A piece of evidence in Amira's portfolio, without files."""
    return make.item(amira, portfolio)


def tree(person: Person, portfolio: UUID) -> dict[str, list[Json]]:
    """Return all that is in a portfolio, as a person sees it."""
    found: dict[str, list[Json]] = person.get(f"/portfolios/{portfolio}").json()
    return found


def problem(answer: Response) -> tuple[int, str]:
    """Return a problem's status and the last word of its type."""
    found = answer.json()
    return found["status"], str(found["type"]).rpartition("/")[2]


@dataclass(frozen=True, slots=True)
class Shelves:
    """What the store really holds of a portfolio."""

    client: S3Client
    bucket: str

    def incoming(self, portfolio_id: UUID) -> dict[str, bytes]:
        return self._objects(f"incoming/{portfolio_id}/")

    def kept(self, portfolio_id: UUID) -> dict[str, bytes]:
        return self._objects(f"evidence/{portfolio_id}/")

    def derived(self, portfolio_id: UUID, file_id: UUID) -> dict[str, bytes]:
        return self._objects(f"derived/{portfolio_id}/{file_id}/")

    def open_uploads(self, portfolio_id: UUID) -> list[str]:
        found = self.client.list_multipart_uploads(
            Bucket=self.bucket, Prefix=f"incoming/{portfolio_id}/"
        )
        return [str(upload["Key"]) for upload in found.get("Uploads", [])]

    def put(self, key: str, content: bytes) -> None:
        """Put bytes where they could only get through a store that keeps no promise."""
        self.client.put_object(Bucket=self.bucket, Key=key, Body=content)

    def _objects(self, prefix: str) -> dict[str, bytes]:
        """Return every object and every older version by the last word of its key."""
        found = self.client.list_object_versions(Bucket=self.bucket, Prefix=prefix)
        return {
            version["Key"].rpartition("/")[2]: self._content(version["Key"], version["VersionId"])
            for version in found.get("Versions", [])
        }

    def _content(self, key: str, version: str) -> bytes:
        found = self.client.get_object(Bucket=self.bucket, Key=key, VersionId=version)
        return found["Body"].read()


@pytest.fixture(scope="session")
def shelves(settings: Settings) -> Shelves:
    return Shelves(connect(settings), settings.s3_bucket)


HoldUp = Callable[[UUID, int], AbstractContextManager[None]]


@pytest.fixture
def hold_up(amira: Person, superuser_engine: Engine) -> HoldUp:
    """Hold a portfolio's row until so many requests wait for it, so that they meet for certain."""
    hold = text("SELECT FROM portfolio WHERE id = :id FOR UPDATE")
    waiting = text("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")

    @contextmanager
    def hold_up(portfolio_id: UUID, count: int) -> Iterator[None]:
        with amira.tenant.at_work() as work, superuser_engine.connect() as watch:
            work.session.execute(hold, {"id": portfolio_id})
            yield
            until = time.monotonic() + 20
            while watch.execute(waiting).scalar_one() < count:
                assert time.monotonic() < until, "the requests did not meet"
                watch.rollback()
                time.sleep(0.01)

    return hold_up
