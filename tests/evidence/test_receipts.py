"""The receipt of a submission: as data, as a printed page, and proofs that need no trust."""

from __future__ import annotations

import hashlib
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import UUID

import pikepdf
import pytest
import rfc8785
import urllib3
from sqlalchemy import Engine, text

from app.evidence.handlers import receipts
from app.evidence.printing import Listed, ReceiptFace, draw
from app.kit.ids import new_id
from app.storage.s3 import S3Store
from tests import make
from tests.evidence.conftest import problem
from tests.make import Person


@pytest.fixture
def submitted(amira: Person, officer: Person) -> UUID:
    return make.submitted(amira, officer)


def snapshot_id(person: Person, portfolio: UUID) -> UUID:
    return UUID(person.get(f"/portfolios/{portfolio}/snapshot").json()["id"])


def folded(proof: dict[str, Any]) -> str:
    """Compute the root as the standard writes it (RFC 9162, 2.1.3.2), sharing no code."""
    place, last = proof["index"], proof["size"] - 1
    found = hashlib.sha256(b"\0" + rfc8785.dumps(proof["entry"])).digest()
    assert found.hex() == proof["leaf"]
    for beside in map(bytes.fromhex, proof["path"]):
        assert last > 0
        if place & 1 or place == last:
            found = hashlib.sha256(b"\1" + beside + found).digest()
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            found = hashlib.sha256(b"\1" + found + beside).digest()
        place, last = place >> 1, last >> 1
    assert last == 0
    return found.hex()


def test_a_receipt_says_what_was_handed_in_and_under_which_root(
    amira: Person, submitted: UUID
) -> None:
    told = amira.get(f"/portfolios/{submitted}/snapshots/1/receipt").json()
    snapshot = amira.get(f"/portfolios/{submitted}/snapshot").json()
    manifest = amira.get(f"/portfolios/{submitted}/snapshot/manifest")

    assert told["root"] == snapshot["root"] == manifest.json()["root"]
    assert told["sealed_at"] == snapshot["sealed_at"]
    assert told["manifest_sha256"] == hashlib.sha256(manifest.content).hexdigest()
    assert told["entries"] == len(manifest.json()["entries"])
    head = manifest.json()["entries"][0]
    for name in ("framework_sha256", "scheme_sha256", "charter_sha256"):
        assert told[name] == head[name]
    words = hashlib.sha256(make.WORDS).hexdigest()
    assert [(one["name"], one["size"], one["sha256"]) for one in told["files"]] == [
        ("minutes.txt", len(make.WORDS), words)
    ] * 3
    assert told["pdf_sha256"] is None


def test_every_entry_can_be_proved_by_who_has_nothing_but_the_root(
    amira: Person, submitted: UUID
) -> None:
    path = f"/portfolios/{submitted}/snapshots/1"
    receipt = amira.get(f"{path}/receipt").json()
    file = receipt["files"][0]["id"]
    claim = make_claim(amira, submitted)
    for entry in ("snapshot", file, claim, "1a"):
        proof = amira.get(f"{path}/proof?entry={entry}").json()
        assert folded(proof) == receipt["root"]
        assert str(proof["entry"].get("id", "snapshot")) == entry
    proof = amira.get(f"{path}/proof?entry={file}").json()
    assert proof["entry"]["sha256"] == hashlib.sha256(make.WORDS).hexdigest()
    assert folded({**proof, "index": proof["index"], "path": proof["path"][::-1]}) != proof["root"]


def test_the_program_in_the_documentation_finds_a_changed_file(
    amira: Person, submitted: UUID, root: Path
) -> None:
    page = (root / "docs" / "evidence" / "keeping.md").read_text("utf-8")
    program = page.partition("```python\n")[2].partition("```")[0]
    said: dict[str, Any] = {}
    exec(program, said)  # noqa: S102 -- it is what the page tells people to run
    path = f"/portfolios/{submitted}/snapshots/1"
    receipt = amira.get(f"{path}/receipt").json()
    proof = amira.get(f"{path}/proof?entry={receipt['files'][0]['id']}").json()
    holds = said["is_what_was_handed_in"]
    assert holds(make.WORDS, proof, receipt["root"])
    assert not holds(make.WORDS + b"!", proof, receipt["root"])
    assert not holds(make.WORDS, proof, "0" * 64)
    forged = {**proof, "entry": {**proof["entry"], "sha256": hashlib.sha256(b"x").hexdigest()}}
    assert not holds(b"x", forged, receipt["root"])


def make_claim(person: Person, portfolio: UUID) -> str:
    return str(person.get(f"/portfolios/{portfolio}").json()["claims"][0]["id"])


def test_what_came_after_the_submission_has_no_proof(amira: Person, submitted: UUID) -> None:
    later = make.item(amira, submitted)
    found = amira.get(f"/portfolios/{submitted}/snapshots/1/proof?entry={later}")
    assert problem(found) == (404, "no-such-entry")


def test_a_submission_that_never_was_has_no_receipt(amira: Person, submitted: UUID) -> None:
    for number in (2, 2**31 - 1):
        found = amira.get(f"/portfolios/{submitted}/snapshots/{number}/receipt")
        assert problem(found) == (404, "no-snapshot")


@pytest.mark.parametrize("what", ["receipt", "receipt.pdf", "proof?entry=snapshot"])
def test_a_receipt_is_for_the_candidate_and_who_may_read_the_evidence(
    amira: Person, officer: Person, bruno: Person, otto: Person, submitted: UUID, what: str
) -> None:
    receipts.draw_receipt(make.shift(amira.tenant), snapshot_id(amira, submitted))
    path = f"/portfolios/{submitted}/snapshots/1/{what}"
    assert seen(amira, path) == seen(officer, path) != 404
    for stranger in (bruno, otto):
        assert problem(stranger.get(path)) == (404, "no-such-portfolio")


def seen(person: Person, path: str) -> int:
    """Return the status of an answer, unfollowed."""
    return person.tenant.browser.get(
        f"/api/v1{path}",
        headers={"authorization": f"Bearer {person.token}"},
        follow_redirects=False,
    ).status_code


def test_the_printed_receipt_comes_from_the_store_and_carries_the_root(
    amira: Person, submitted: UUID
) -> None:
    path = f"/portfolios/{submitted}/snapshots/1"
    assert problem(amira.get(f"{path}/receipt.pdf")) == (503, "receipt-not-drawn")

    receipts.draw_receipt(make.shift(amira.tenant), snapshot_id(amira, submitted))

    answer = amira.tenant.browser.get(
        f"/api/v1{path}/receipt.pdf",
        headers={"authorization": f"Bearer {amira.token}"},
        follow_redirects=False,
    )
    found = urllib3.request("GET", answer.headers["location"], retries=False, timeout=30)
    told = amira.get(f"{path}/receipt").json()
    assert hashlib.sha256(found.data).hexdigest() == told["pdf_sha256"]
    with pikepdf.open(BytesIO(found.data)) as document:
        assert document.Root.Lang == "en"


def test_a_receipt_is_drawn_once_however_often_its_job_runs(
    amira: Person, submitted: UUID, store: S3Store
) -> None:
    sealed, shift = snapshot_id(amira, submitted), make.shift(amira.tenant)
    for _ in range(3):
        receipts.draw_receipt(shift, sealed)
    with amira.tenant.at_work() as work:
        drawn = text(
            "SELECT count(*) FROM journal_entry"
            " WHERE subject_id = :id AND action = 'evidence.receipt_drawn'"
        )
        assert work.session.execute(drawn, {"id": sealed}).scalar_one() == 1
        key = work.session.execute(text("SELECT key FROM receipt")).scalar_one()
    assert store.exists(key)


def test_a_job_killed_after_the_store_draws_the_same_bytes_again(
    amira: Person, submitted: UUID, store: S3Store
) -> None:
    sealed, shift = snapshot_id(amira, submitted), make.shift(amira.tenant)
    receipts.draw_receipt(shift, sealed)
    with amira.tenant.at_work() as work:
        key, sha256 = work.session.execute(text("SELECT key, sha256 FROM receipt")).one()
    # What a worker leaves that dies between the store and the row, and what the next one makes.
    assert store.fingerprint(key).sha256 == sha256
    store.put(key, b"".join(store.read(key)), "application/pdf")


def test_receipts_that_nobody_drew_are_taken_up(
    amira: Person, submitted: UUID, superuser_engine: Engine
) -> None:
    sealed = snapshot_id(amira, submitted)
    with superuser_engine.begin() as connection:
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        connection.execute(
            text("UPDATE snapshot SET sealed_at = now() - interval '1 day' WHERE id = :id"),
            {"id": sealed},
        )
        connection.execute(
            text("DELETE FROM procrastinate.procrastinate_jobs WHERE args->>'subject_id' = :id"),
            {"id": str(sealed)},
        )
    receipts.take_up(make.shift(amira.tenant))
    with superuser_engine.connect() as connection:
        queued = connection.execute(
            text(
                "SELECT task_name FROM procrastinate.procrastinate_jobs"
                " WHERE args->>'subject_id' = :id"
            ),
            {"id": str(sealed)},
        )
        assert list(queued.scalars()) == ["evidence.draw_receipt"]


def test_a_submission_asks_for_its_receipt_and_for_locks(
    amira: Person, submitted: UUID, superuser_engine: Engine
) -> None:
    with superuser_engine.connect() as connection:
        queued = connection.execute(
            text(
                "SELECT task_name FROM procrastinate.procrastinate_jobs"
                " WHERE args->>'subject_id' = :id ORDER BY 1"
            ),
            {"id": str(snapshot_id(amira, submitted))},
        )
        assert list(queued.scalars()) == ["evidence.draw_receipt", "evidence.lock_snapshot"]


def face(language: str = "en", files: int = 3, name: str = "minutes.pdf") -> ReceiptFace:
    root = hashlib.sha256(b"root").hexdigest()
    return ReceiptFace(
        issuer="Chambre de certification des mentors",
        candidate="Amira Ben Saïd",
        portfolio=str(new_id()),
        number=1,
        sealed_at=datetime(2026, 8, 1, 9, 30, 12, tzinfo=UTC),
        root=root,
        manifest_sha256=root[::-1],
        entries=164,
        versions=dict.fromkeys(("framework", "scheme", "charter"), root),
        files=[Listed(name, 1_048_576 + n, root) for n in range(files)],
        language=language,
    )


@pytest.mark.parametrize(("files", "pages"), [(0, 1), (3, 1), (40, 2), (200, 5)])
def test_a_receipt_has_as_many_pages_as_its_files_need(files: int, pages: int) -> None:
    with pikepdf.open(BytesIO(draw(face(files=files)))) as document:
        assert len(document.pages) == pages


@pytest.mark.parametrize("name", ["会议记录.pdf", "notes 🎉.pdf", "W" * 200, "a b " * 50])
def test_any_name_of_a_file_can_be_printed(name: str) -> None:
    assert draw(face(name=name)).startswith(b"%PDF")


def test_the_same_receipt_gives_the_same_bytes() -> None:
    one = face()
    assert draw(one) == draw(one)


def test_the_printed_root_can_be_scanned(tmp_path: Path, tool: Callable[[str], str]) -> None:
    page = tmp_path / "receipt.pdf"
    page.write_bytes(draw(face()))
    image = [
        tool("pdftoppm"),
        "-r",
        "150",
        "-png",
        "-singlefile",
        str(page),
        str(tmp_path / "page"),
    ]
    subprocess.run(image, check=True)
    scanned = [tool("zbarimg"), "--quiet", "--raw", str(tmp_path / "page.png")]
    found = subprocess.run(scanned, check=True, capture_output=True, text=True)
    assert found.stdout.strip() == face().root


def test_a_receipt_is_printed_in_the_candidates_language(
    tmp_path: Path, tool: Callable[[str], str]
) -> None:
    page = tmp_path / "receipt.pdf"
    page.write_bytes(draw(face("fr")))
    read = [tool("pdftotext"), "-layout", str(page), "-"]
    words = " ".join(
        subprocess.run(read, check=True, capture_output=True, text=True).stdout.split()
    )
    for phrase in ("Reçu de votre dépôt", "1er août 2026 à 09:30:12 UTC", face().root[:32]):
        assert phrase in words
