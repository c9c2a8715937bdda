"""Reading back what is kept: every flipped bit and every missing object is found (FAULTS 21).

The bits are flipped where the store keeps them on disk, behind its back.
"""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import text
from starlette.testclient import TestClient

from app.certification import handlers as certification
from app.evidence import integrity as findings
from app.evidence.handlers import integrity
from app.evidence.handlers.integrity import Limits, Verified
from app.evidence.models import Damage
from app.kit.settings import Settings
from app.storage import StoreUnavailable
from app.storage.s3 import S3Store
from tests import assess, make
from tests.evidence.conftest import Shelves, problem
from tests.make import Person, Tenant
from tests.web.test_pages import text_of

EVERYTHING = Limits()
HURRY = 1.0
"""Seconds: the store answers at once here, or never."""


@pytest.fixture
def disk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder in which the store keeps the bytes of all objects."""
    (folder,) = tmp_path_factory.getbasetemp().glob("shared[0-9]*/var/store/data")
    return folder


def words() -> bytes:
    """Return a text that nobody else has."""
    return f"{os.urandom(200).hex()}\n".encode()


def flip_a_bit(disk: Path, content: bytes) -> None:
    """Flip one bit of an object on the store's disk, wherever it lies, once or more often."""
    found = 0
    for path in disk.glob("*.dat"):
        start = path.read_bytes().find(content)
        while start >= 0:
            found += 1
            with path.open("r+b") as file:
                file.seek(start + len(content) // 2)
                byte = file.read(1)[0]
                file.seek(start + len(content) // 2)
                file.write(bytes([byte ^ 1]))
            start = path.read_bytes().find(content)
    assert found > 0


def verify(tenant: Tenant, limits: Limits = EVERYTHING) -> Verified:
    return integrity.verify(make.shift(tenant), limits, haste=HURRY, second_look=HURRY)


def flags(officer: Person) -> list[str]:
    found = text("SELECT file_id FROM flag WHERE kind = 'integrity'")
    with officer.tenant.at_work() as work:
        return [str(one) for one in work.session.scalars(found)]


def test_every_flipped_bit_and_every_missing_object_is_found(
    amira: Person, officer: Person, item: UUID, portfolio: UUID, disk: Path, shelves: Shelves
) -> None:
    """FAULTS 21: what rotted or vanished on the store's disk is found, all of it."""
    contents = [words() for _ in range(6)]
    files = [make.file(amira, item, content) for content in contents]
    flipped, missing, swapped, cut, *whole = files
    flip_a_bit(disk, contents[0])
    keys = {file: f"evidence/{portfolio}/{file}" for file in files}
    shelves.client.delete_object(Bucket=shelves.bucket, Key=keys[missing])
    shelves.put(keys[swapped], contents[2][::-1])
    shelves.put(keys[cut], contents[3][:-1])

    found = verify(amira.tenant)

    assert found.damaged == {
        flipped: Damage.UNREADABLE,
        missing: Damage.MISSING,
        swapped: Damage.DIGEST,
        cut: Damage.SIZE,
    }
    assert found.files == 6
    assert found.bytes == sum(map(len, contents))
    for file in found.damaged:
        refused = amira.get(f"/files/{file}/content")
        assert problem(refused) == (409, "file-damaged")
        assert refused.json()["damage"] == found.damaged[file]
        assert amira.get(f"/files/{file}").json()["damaged_at"] is not None
    for file in whole:
        told = amira.get(f"/files/{file}").json()
        assert told["damaged_at"] is None
        assert told["last_verified_at"] is not None
    assert sorted(flags(officer)) == sorted(map(str, found.damaged))


def test_what_is_damaged_is_entered_once_and_mended_when_it_reads_back_again(
    amira: Person, officer: Person, item: UUID, portfolio: UUID, shelves: Shelves
) -> None:
    content = words()
    file = make.file(amira, item, content)
    key = f"evidence/{portfolio}/{file}"
    marker = shelves.client.delete_object(Bucket=shelves.bucket, Key=key)["VersionId"]
    for _ in range(2):
        assert verify(amira.tenant).damaged == {file: Damage.MISSING}
    assert flags(officer) == [str(file)]

    # Somebody brings it back: here by taking away what hides it, elsewhere from a backup.
    shelves.client.delete_object(Bucket=shelves.bucket, Key=key, VersionId=marker)
    assert verify(amira.tenant).damaged == {}

    assert amira.get(f"/files/{file}").json()["damaged_at"] is None
    entries = text(
        "SELECT action FROM journal_entry WHERE subject_id = :id"
        " AND action IN ('evidence.file_damaged', 'evidence.file_mended') ORDER BY seq"
    )
    with amira.tenant.at_work() as work:
        assert list(work.session.scalars(entries, {"id": file})) == [
            "evidence.file_damaged",
            "evidence.file_mended",
        ]


def test_a_night_takes_what_waited_longest_and_no_more_than_it_may(
    amira: Person, item: UUID
) -> None:
    for _ in range(3):
        make.file(amira, item, words())
    for _ in range(3):
        assert verify(amira.tenant, Limits(files=1)).files == 1
    times = [one["last_verified_at"] for one in read(amira, item)]
    assert None not in times
    assert len(set(times)) == 3
    assert verify(amira.tenant, Limits(bytes=1)).files == 1


def read(person: Person, item: UUID) -> list[dict[str, str]]:
    found = text("SELECT id FROM evidence_file WHERE item_id = :id ORDER BY id")
    with person.tenant.at_work() as work:
        ids = list(work.session.scalars(found, {"id": item}))
    return [person.get(f"/files/{id}").json() for id in ids]


def test_a_store_that_is_away_damages_nothing(
    amira: Person, item: UUID, settings: Settings
) -> None:
    file = make.file(amira, item, words())
    away = S3Store.from_settings(replace(settings, s3_endpoint="http://127.0.0.1:1"), patience=1.0)
    with pytest.raises(StoreUnavailable):
        integrity.verify(
            replace(make.shift(amira.tenant), store=away), haste=HURRY, second_look=HURRY
        )
    told = amira.get(f"/files/{file}").json()
    assert (told["damaged_at"], told["last_verified_at"]) == (None, None)


def test_a_file_that_was_removed_meanwhile_is_not_missing(
    amira: Person, officer: Person, item: UUID
) -> None:
    file = make.file(amira, item, words())
    assert amira.delete(f"/files/{file}").status_code == 204
    with amira.tenant.at_work() as work:
        assert not findings.note_damage(work, file, Damage.MISSING)
    assert flags(officer) == []


def test_nobody_reads_back_the_files_of_another_tenant(
    amira: Person, item: UUID, other_tenant: Tenant
) -> None:
    make.file(amira, item, words())
    assert verify(other_tenant).files == 0


def test_the_register_says_that_evidence_behind_a_certificate_failed(
    tenant: Tenant, browser: TestClient
) -> None:
    """FAULTS 21: anyone who checks the certificate sees that its evidence is damaged."""
    case, number = assess.certified(assess.panel(tenant))
    assert browser.get(f"/api/v1/certificates/{number}").json()["evidence_intact"] is True
    assert "integrity failed" not in text_of(browser.get(f"/verify/{number}").text)

    damaged = verify(tenant).damaged  # its files are rows only, so all of them are missing
    for file in damaged:
        certification.note_damage(make.shift(tenant), file)

    told = browser.get(f"/api/v1/certificates/{number}").json()
    assert (told["evidence_intact"], told["valid"], told["status"]) == (False, True, "active")
    english = browser.get(f"/verify/{number}", headers={"accept-language": "en"}).text
    assert "Evidence integrity failed" in text_of(english)
    assert "Intégrité des preuves en défaut" in text_of(
        browser.get(f"/verify/{number}?lang=fr").text
    )
    for secret in (case.portfolio_id, *damaged):
        assert str(secret) not in english

    shift = make.shift(tenant)
    with shift.work() as work:
        findings.note_intact(work, list(damaged))
    certification.note_damage(shift, next(iter(damaged)))
    assert browser.get(f"/api/v1/certificates/{number}").json()["evidence_intact"] is True


def test_a_certificate_issued_on_damaged_evidence_says_so_from_the_first(
    tenant: Tenant, browser: TestClient
) -> None:
    panel = assess.panel(tenant)
    case = assess.verified(panel)
    assert verify(tenant).damaged != {}
    answer = assess.signed(panel.diana, assess.drafted(panel.diana, case.portfolio_id))
    number = str(answer["certificate_number"])
    assert browser.get(f"/api/v1/certificates/{number}").json()["evidence_intact"] is False
