"""An archive that is not as the service made it is refused, in a sentence, and leaves nothing."""

from __future__ import annotations

import hashlib
import json
import struct
import zipfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import cast
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from starlette.testclient import TestClient

from app.actor import Role
from app.evidence import queries
from app.evidence.quota import Limits
from app.journal.service import record
from app.kit.canonical import canonical
from app.kit.clock import utc_now
from app.kit.db import Sessions
from app.kit.errors import Refusal
from app.kit.ids import new_id
from app.privacy import taking_in
from app.privacy.parcel import CONTENT, MANIFEST, SUMS, Member, sums
from app.privacy.taking_in import Task
from app.privacy.unpacking import unpacked
from app.storage.s3 import S3Store
from tests import make
from tests.make import Json, Person
from tests.privacy.conftest import Archive, brought_in, taken_along

Change = Callable[[dict[str, bytes]], None]


@pytest.fixture(scope="module")
def archive(worker_sessions: Sessions, store: S3Store, browser: TestClient) -> Archive:
    """A small portfolio with a file, taken along."""
    return small(make.tenant(worker_sessions, store, browser))


def small(tenant: make.Tenant) -> Archive:
    candidate = make.person(tenant, "Amira", Role.CANDIDATE)
    portfolio = make.portfolio(candidate)
    item = make.item(candidate, portfolio, case_id=str(make.case(candidate, portfolio)))
    file = make.file(candidate, item)
    make.consent(candidate, item)
    make.claim(candidate, item, "1a", file_id=str(file))
    return taken_along(candidate, portfolio)


@pytest.fixture(scope="module")
def aicha(elsewhere: tuple[Sessions, S3Store, TestClient]) -> Person:
    """A candidate of another installation, who brings all kinds of archives."""
    return make.person(make.tenant(*elsewhere), "Aicha", Role.CANDIDATE)


def members_of(archive: Archive) -> dict[str, bytes]:
    return dict(archive.members)


def zipped(members: dict[str, bytes], method: int = zipfile.ZIP_STORED) -> bytes:
    """Return members as a ZIP, whatever they are."""
    made = BytesIO()
    with zipfile.ZipFile(made, "w", method) as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), content, method)
    return made.getvalue()


def resealed(members: dict[str, bytes], manifest: Json | None = None) -> bytes:
    """Return an archive that is true to itself, as anybody can make one."""
    head = manifest or cast(Json, json.loads(members[MANIFEST]))
    of_files = {
        str(one["name"]): one["file"] for one in cast(list[Json], head["members"]) if "file" in one
    }
    listed = []
    for name, content in members.items():
        if name in (MANIFEST, SUMS):
            continue
        digest = hashlib.sha256(content).hexdigest()
        file = cast(str | None, of_files.get(name))
        listed.append(Member(name, len(content), digest, file))
    head["members"] = [
        {"name": one.name, "size": one.size, "sha256": one.sha256}
        | ({"file": one.file} if one.file else {})
        for one in listed
    ]
    text_ = canonical(head)
    listed.append(Member(MANIFEST, len(text_), hashlib.sha256(text_).hexdigest()))
    return zipped({**members, MANIFEST: text_, SUMS: sums(listed)})


def left_of(candidate: Person, portfolio: object, import_id: object) -> list[str]:
    """Return the keys in the store that an import could have left."""
    store = cast(S3Store, candidate.tenant.store)
    found = store._client.list_object_versions(Bucket=store._bucket)
    marks = (str(portfolio), str(import_id))
    keys = [one["Key"] for one in found.get("Versions", [])]
    return [key for key in keys if any(mark in key for mark in marks)]


def refused(candidate: Person, content: bytes, archive: Archive) -> Json:
    """Bring an archive in that must be refused; nothing of it may be left."""
    ended = brought_in(candidate, content)
    assert ended["state"] == "refused", ended
    portfolio = archive.json(MANIFEST)["portfolio"]
    assert candidate.get(f"/portfolios/{portfolio}").status_code == 404
    assert left_of(candidate, portfolio, ended["id"]) == []
    return ended


def file_name(members: dict[str, bytes]) -> str:
    (name,) = (name for name in members if name.startswith("files/"))
    return name


def test_an_altered_byte_anywhere_in_a_member_is_found(aicha: Person, archive: Archive) -> None:
    for name, content in archive.members.items():
        members = members_of(archive)
        members[name] = content[:-1] + bytes([content[-1] ^ 1])
        assert members[name] != content
        assert refused(aicha, zipped(members), archive)["problem"] in {
            "archive-altered",
            "not-an-archive",
        }, name


def test_a_flipped_bit_in_a_header_is_found(aicha: Person, archive: Archive) -> None:
    """In any of the first bytes, which are a member's header, and of the last, the directory."""
    content = archive.content
    # A member's time and the systems it was made on are read by nobody.
    for place in (0, 6, 8, 14, 18, 22, 26, 30, len(content) - 1, len(content) - 5):
        altered = bytearray(content)
        altered[place] ^= 4
        assert refused(aicha, bytes(altered), archive)["problem"] == "not-an-archive", place


def test_a_missing_member_is_found(aicha: Person, archive: Archive) -> None:
    for name in archive.members:
        members = members_of(archive)
        del members[name]
        expected = {"archive-altered", "not-an-archive"}
        assert refused(aicha, zipped(members), archive)["problem"] in expected, name


@pytest.mark.parametrize(
    "name",
    [
        "../outside.txt",
        "/etc/passwd",
        "files/../../outside.txt",
        "files\\outside.txt",
        "C:outside.txt",
        "files/01a1fedb-8f3e-72f7-beb3-3b23f24b77fe/../x.txt",
        "files/01a1fedb-8f3e-72f7-beb3-3b23f24b77fe/.hidden",
        "INDEX.HTML",
        "index.html/",
        "hello.txt",
        "e\N{COMBINING ACUTE ACCENT}.txt",
        "files/01a1fedb-8f3e-72f7-beb3-3b23f24b77fe/a\nb.txt",
    ],
)
def test_a_member_with_a_name_that_leads_elsewhere_is_refused(
    aicha: Person, archive: Archive, name: str
) -> None:
    members = {**members_of(archive), name: b"more"}
    assert refused(aicha, zipped(members), archive)["problem"] == "not-an-archive"


def test_an_extra_member_with_a_good_name_is_refused(aicha: Person, archive: Archive) -> None:
    members = {**members_of(archive), f"files/{new_id()}/more.txt": b"more"}
    assert refused(aicha, zipped(members), archive)["problem"] == "archive-altered"
    assert refused(aicha, resealed(members), archive)["problem"] == "not-an-archive"


def test_a_bomb_is_refused_unopened(aicha: Person, archive: Archive) -> None:
    """FAULTS 6: nothing is ever unpacked, so nothing can unfold."""
    members = members_of(archive)
    members[CONTENT] = b" " * (32 << 20)
    bomb = zipped(members, zipfile.ZIP_DEFLATED)
    assert len(bomb) < 1 << 20
    assert refused(aicha, bomb, archive)["problem"] == "not-an-archive"
    many = BytesIO()
    with zipfile.ZipFile(many, "w") as crowd:
        for number in range(30_000):
            crowd.writestr(f"files/{number}", b"")
    assert refused(aicha, many.getvalue(), archive)["problem"] == "not-an-archive"


def test_members_that_share_their_bytes_are_refused(aicha: Person, archive: Archive) -> None:
    """FAULTS 6: overlapping members are how a small archive without packing becomes a large one."""
    content = archive.content
    with zipfile.ZipFile(BytesIO(content)) as opened:
        first, second = opened.infolist()[:2]
    start = struct.unpack("<L", content[-6:-2])[0]
    directory = content[start:-22]
    moved = directory.replace(
        struct.pack("<L", second.header_offset) + second.filename.encode(),
        struct.pack("<L", first.header_offset) + second.filename.encode(),
    )
    assert moved != directory
    altered = content[:start] + moved + content[-22:]
    assert refused(aicha, altered, archive)["problem"] == "not-an-archive"


@pytest.mark.parametrize("where", ["before", "after", "within"])
def test_bytes_that_belong_to_nothing_are_refused(
    aicha: Person, archive: Archive, where: str
) -> None:
    """FAULTS 7: two readers of one file must not see different things."""
    content = archive.content
    start = struct.unpack("<L", content[-6:-2])[0]
    altered = {
        "before": b"MZ" + content,
        "after": content + b"more",
        "within": content[:start]
        + b"more"
        + content[start:-6]
        + struct.pack("<L", start + 4)
        + content[-2:],
    }[where]
    assert refused(aicha, altered, archive)["problem"] == "not-an-archive"


@pytest.mark.parametrize("content", [b"x", b"PK\x05\x06" + bytes(18), b"%PDF-1.7\n" * 40])
def test_what_is_no_archive_at_all_is_refused(
    aicha: Person, archive: Archive, content: bytes
) -> None:
    assert refused(aicha, content, archive)["problem"] == "not-an-archive"


def test_an_archive_of_another_schema_version_is_refused(aicha: Person, archive: Archive) -> None:
    manifest = archive.json(MANIFEST) | {"schema_version": 2}
    ended = refused(aicha, resealed(members_of(archive), manifest), archive)
    assert ended["problem"] == "archive-from-elsewhere"


def test_a_version_that_is_not_published_here_is_named(aicha: Person, archive: Archive) -> None:
    manifest = archive.json(MANIFEST)
    versions = cast(list[Json], manifest["versions"])
    versions[0]["version"], versions[1]["content_sha256"] = "2099.1", "0" * 64
    ended = refused(aicha, resealed(members_of(archive), manifest), archive)
    assert ended["problem"] == "versions-missing"
    assert "MENTORCERT 2099.1" in str(ended["problem_detail"])
    assert "MENTORCERT-BM 2020.1" in str(ended["problem_detail"])


def changed(archive: Archive, table: str, **values: object) -> bytes:
    """Return an archive, true to itself, in which the rows of a table say something else."""
    members = members_of(archive)
    document = json.loads(members[CONTENT])
    for row in document["tables"][table]:
        row.update(values)
    members[CONTENT] = canonical(document)
    return resealed(members)


def renamed(archive: Archive, id: object) -> bytes:
    """Return an archive, true to itself, whose portfolio goes by another identifier."""
    former = str(archive.json(MANIFEST)["portfolio"])
    members = {
        name: content.replace(former.encode(), str(id).encode())
        for name, content in archive.members.items()
    }
    return resealed(members)


def test_no_portfolio_comes_in_under_the_name_of_a_journal_that_is_kept_here(
    aicha: Person, archive: Archive
) -> None:
    """Its candidate would read that journal: the certification body's, or any other."""
    kept = new_id()
    with aicha.tenant.at_work() as work:
        record(work, kept, "people.named", kept)
    for stream in (aicha.tenant.id, kept):
        ended = brought_in(aicha, renamed(archive, stream))
        assert (ended["state"], ended["problem"]) == ("refused", "already-here")
        assert aicha.get(f"/journal?stream={stream}").status_code == 404


def test_not_even_by_hand_does_a_portfolio_take_its_tenant_s_identifier(aicha: Person) -> None:
    rename = text("UPDATE portfolio SET id = tenant_id WHERE id = :id")
    id = make.portfolio(make.person(aicha.tenant, "Berta", Role.CANDIDATE))
    with pytest.raises(IntegrityError, match="portfolio_id_check"), aicha.tenant.at_work() as work:
        work.session.execute(rename, {"id": id})


TOMORROW = "2199-01-01T00:00:00+00:00"


@pytest.mark.parametrize(
    ("table", "values"),
    [
        ("claim", {"portfolio_id": str(UUID(int=1))}),
        ("claim", {"framework_id": str(UUID(int=1))}),
        ("claim", {"indicator": "99z"}),
        ("claim", {"item_id": str(UUID(int=1))}),
        ("claim", {"reason": ""}),
        ("claim", {"reason": "x" * 10_001}),
        ("claim", {"reason": "NUL \x00"}),
        ("claim", {"reason": 7, "version": "seven"}),
        ("claim", {"version": 0}),
        ("claim", {"created_at": TOMORROW}),
        ("claim", {"created_at": "never"}),
        ("claim", {"tenant_id": str(UUID(int=1))}),
        ("claim", {"id": None}),
        ("client_case", {"pseudonym": "two\nlines"}),
        ("evidence_item", {"kind": "hearsay"}),
        ("evidence_item", {"practised_on": "2199-01-01"}),
        ("evidence_item", {"title": "two\nlines"}),
        ("evidence_file", {"name": "../../x\r\ny"}),
        ("evidence_file", {"media_type": "text/html"}),
        ("evidence_file", {"kind": "video"}),
        ("evidence_file", {"size": 1}),
        ("evidence_file", {"sha256": "0" * 64}),
        ("evidence_file", {"id": str(UUID(int=1))}),
        ("evidence_file", {"state": "sealed"}),
        ("evidence_file", {"state": "quarantined"}),
        ("evidence_file", {"upload_id": "x", "part_size": 1}),
    ],
)
def test_an_archive_says_no_more_than_could_be_entered_by_hand(
    aicha: Person, archive: Archive, table: str, values: Json
) -> None:
    ended = refused(aicha, changed(archive, table, **values), archive)
    assert ended["problem"] == "content-not-accepted", ended


STRANGE: tuple[object, ...] = (None, True, -1, 1.5, "", "x", [], {}, ["x"], {"x": None}, 2**52)


def places(value: object) -> list[tuple[object, ...]]:
    """Return the ways to everything in a document, but only to the first row of each list."""
    found: list[tuple[object, ...]] = []
    if isinstance(value, dict):
        inner = list(value.items())
    elif isinstance(value, list) and value:
        inner = [(0, value[0])]
    else:
        return found
    for key, one in inner:
        found += [(key,), *((key, *more) for more in places(one))]
    return found


def test_no_strange_document_breaks_the_worker(
    aicha: Person, archive: Archive, tmp_path: Path
) -> None:
    """Each place in portfolio.json says something strange, or nothing: refused, or entered."""
    announced = aicha.post("/imports", {"size": 1, "sha256": "0" * 64}).json()["import"]["id"]
    task = Task(UUID(announced), aicha.id, "", None, 1, "0" * 64)
    refusals = 0
    for number, place in enumerate(places(archive.json(CONTENT))):
        document = archive.json(CONTENT)
        holder = cast(dict[object, object], document)
        for step in place[:-1]:
            holder = cast(dict[object, object], holder[step])
        if number % 4:
            holder[place[-1]] = STRANGE[number % len(STRANGE)]
        else:
            del holder[place[-1]]
        path = tmp_path / "strange.zip"
        path.write_bytes(resealed({**archive.members, CONTENT: canonical(document)}))
        refusals += is_refused(aicha, task, path)
    assert refusals > 50
    assert aicha.delete(f"/imports/{announced}").status_code == 204


def is_refused(candidate: Person, task: Task, path: Path) -> bool:
    """Try an archive's content out and take it back; anything but a refusal is an error."""
    with candidate.tenant.at_work() as work, path.open("rb") as file:
        trial = work.session.begin_nested()
        try:
            taking_in._enter(work, task, unpacked(file), Limits(0, 0))
        except Refusal:
            return True
        finally:
            trial.rollback()
    return False


def test_after_every_refusal_the_archive_itself_is_still_taken_in(
    aicha: Person, archive: Archive
) -> None:
    """And what only others can give does not come in with it: a consent by a link."""
    ended = brought_in(aicha, changed(archive, "consent", how="link"))
    assert ended["state"] == "imported", ended
    found = aicha.get(f"/portfolios/{ended['portfolio_id']}").json()
    assert found["consents"] == []
    record = aicha.get(f"/portfolios/{ended['portfolio_id']}/imported-record").json()["record"]
    assert [one["how"] for one in record["tables"]["consent"]] == ["link"]


def test_a_consent_that_its_giver_withdrew_stays_withdrawn(
    elsewhere: tuple[Sessions, S3Store, TestClient], tenant: make.Tenant
) -> None:
    candidate = make.person(make.tenant(*elsewhere), "Amina", Role.CANDIDATE)
    own = small(tenant)
    link = {"how": "link", "invitation_id": str(new_id()), "signed_name": "Mara Example"}
    withdrawn = {"withdrawn_by": "person", "withdrawn_at": utc_now().isoformat()}
    ended = brought_in(candidate, changed(own, "consent", **link, **withdrawn))
    assert ended["state"] == "imported", ended
    with candidate.at_work() as work:
        portfolio = UUID(str(ended["portfolio_id"]))
        (kept,) = queries.consents(work, portfolio)
        assert (kept.withdrawn_by, kept.signed_name, kept.invitation_id) == ("person", None, None)
    make.consent(candidate, kept.item_id, person=kept.person)
    with candidate.at_work() as work:
        assert not queries.ready_items(work, portfolio)[kept.item_id].consented
