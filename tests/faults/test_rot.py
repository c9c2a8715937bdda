"""FAULTS 21 at length: many objects of all sizes, bits flipped at random places on the disk."""

from __future__ import annotations

import hashlib
import os
import random
from pathlib import Path
from uuid import UUID

import pytest

from app.evidence.handlers import integrity
from app.evidence.lifecycle import State
from app.evidence.models import Damage, File
from app.kit.ids import new_id
from app.storage.s3 import S3Store
from tests import make
from tests.make import Person

pytestmark = pytest.mark.skipif(
    os.environ.get("MENTORCERT_LONG_FAULTS") != "1",
    reason="takes minutes; `make faults` runs it",
)

SEED = 21
SIZES = (1, 17, 300, 4_096, 70_000, 1_000_000, 9_000_000)
"""In bytes; the store keeps the largest in several chunks."""
COUNT, FLIPPED, LOST = 140, 40, 20


@pytest.fixture
def kept(amira: Person, store: S3Store) -> dict[UUID, bytes]:
    """Files in a portfolio, kept as the worker keeps them."""
    portfolio = make.portfolio(amira)
    item = make.item(amira, portfolio)
    chance = random.Random(SEED)  # noqa: S311 -- a sample that can be drawn again
    contents: dict[UUID, bytes] = {}
    with amira.tenant.at_work() as work:
        for number in range(COUNT):
            # Found again on the disk by its beginning, which nothing else has.
            content = new_id().bytes * 2 + chance.randbytes(SIZES[number % len(SIZES)])
            file = File(
                id=new_id(),
                tenant_id=amira.tenant.id,
                portfolio_id=portfolio,
                item_id=item,
                name=f"{number}.txt",
                media_type="text/plain",
                kind="document",
                size=len(content),
                sha256=hashlib.sha256(content).hexdigest(),
                state=State.AVAILABLE,
                announced_at=work.now,
                received_at=work.now,
                settled_at=work.now,
            )
            work.session.add(file)
            store.put(file.key, content, "text/plain")
            contents[file.id] = content
    return contents


def test_all_that_rots_or_vanishes_is_found_and_nothing_else(
    amira: Person,
    kept: dict[UUID, bytes],
    store: S3Store,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    chance = random.Random(SEED)  # noqa: S311
    chosen = chance.sample(sorted(kept), FLIPPED + LOST)
    flipped, lost = chosen[:FLIPPED], chosen[FLIPPED:]
    disk = list(tmp_path_factory.getbasetemp().glob("shared[0-9]*/var/store/data/*.dat"))
    for file in flipped:
        flip(disk, kept[file], chance)
    with amira.tenant.at_work() as work:
        for file in lost:
            store.delete(work.session.get_one(File, file).key)

    found = integrity.verify(make.shift(amira.tenant), haste=1.0, second_look=1.0)

    assert found.files == COUNT
    assert set(found.damaged) == set(chosen)
    assert {found.damaged[file] for file in lost} == {Damage.MISSING}
    assert Damage.MISSING not in {found.damaged[file] for file in flipped}


def flip(disk: list[Path], content: bytes, chance: random.Random) -> None:
    """Flip one bit of an object's first chunk where the store keeps it."""
    for path in disk:
        start = path.read_bytes().find(content[:32])
        if start >= 0:
            place = start + chance.randrange(min(len(content), 4_000_000))
            with path.open("r+b") as file:
                file.seek(place)
                byte = file.read(1)[0]
                file.seek(place)
                file.write(bytes([byte ^ (1 << chance.randrange(8))]))
            return
    raise AssertionError("the store does not keep it on this disk")
