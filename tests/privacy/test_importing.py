"""Bringing an archive in: who may, in what order, and what a kill or a race leaves behind."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import cast
from uuid import UUID

import pytest
import urllib3
from httpx2 import Response

from app.evidence import room
from app.kit.ids import new_id
from app.privacy import handlers, importing
from app.privacy.models import Import
from app.storage.s3 import S3Store
from tests import invariants, make
from tests.evidence.conftest import problem
from tests.make import Json, Person, Tenant
from tests.privacy.conftest import Archive, brought_in, sent, taken_along
from tests.privacy.test_exporting import Cut, Killed
from tests.privacy.test_hostile_archives import file_name, left_of, resealed
from tests.racing import at_once


@pytest.fixture
def archive(amira: Person) -> Archive:
    """A portfolio with two files, taken along."""
    id = make.portfolio(amira)
    item = make.item(amira, id)
    make.file(amira, item, name="one.txt")
    make.file(amira, item, b"Another file.\n", name="two.txt")
    return taken_along(amira, id)


def portfolio_of(archive: Archive) -> str:
    return str(archive.json("manifest.json")["portfolio"])


def announced(candidate: Person, content: bytes) -> Json:
    body = {"size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    answer = candidate.post("/imports", body)
    assert answer.status_code == 201, answer.text
    return cast(Json, answer.json())


def test_an_import_is_its_candidate_s_alone(
    aicha: Person, tenant_elsewhere: Tenant, archive: Archive
) -> None:
    berta = make.person(tenant_elsewhere, "Berta", *aicha.roles)
    id = sent(aicha, archive.content)
    for method, path in (
        ("GET", ""),
        ("POST", "/grant"),
        ("POST", "/completion"),
        ("DELETE", ""),
    ):
        answer = berta.send(method, f"/imports/{id}{path}")
        assert problem(answer) == (404, "no-such-import"), path
    parts = {"parts": [{"number": 1, "size": 1, "sha256": "0" * 64}]}
    assert problem(berta.post(f"/imports/{id}/parts", parts)) == (404, "no-such-import")


def test_only_a_candidate_brings_an_archive_in(officer: Person, archive: Archive) -> None:
    body = {"size": 7, "sha256": "0" * 64}
    assert problem(officer.post("/imports", body)) == (403, "role-required")


def test_a_candidate_brings_one_archive_in_at_a_time(aicha: Person, archive: Archive) -> None:
    first = cast(Json, announced(aicha, archive.content)["import"])["id"]
    body = {"size": 7, "sha256": "0" * 64}
    answer = aicha.post("/imports", body)
    assert problem(answer) == (409, "import-under-way")
    assert answer.json()["import_id"] == first
    assert aicha.delete(f"/imports/{first}").status_code == 204
    assert problem(aicha.post(f"/imports/{first}/completion")) == (409, "import-settled")
    assert problem(aicha.post(f"/imports/{first}/grant")) == (409, "import-settled")
    second = brought_in(aicha, archive.content)
    assert second["state"] == "imported"
    assert aicha.post(f"/imports/{second['id']}/completion").json()["state"] == "imported"


def test_what_was_never_sent_is_refused(aicha: Person, archive: Archive) -> None:
    id = cast(Json, announced(aicha, archive.content)["import"])["id"]
    assert aicha.post(f"/imports/{id}/completion").status_code == 202
    handlers.take_in(make.shift(aicha.tenant), UUID(str(id)))
    assert aicha.get(f"/imports/{id}").json()["problem"] == "archive-not-sent"


def test_what_is_sent_is_what_was_announced(aicha: Person, archive: Archive) -> None:
    granted = announced(aicha, archive.content)
    altered = archive.content[:-1] + b"?"
    assert make.send(granted["request"], altered) in (400, 403)
    assert make.send(granted["request"], archive.content + b"?") in (400, 403)


def test_a_large_archive_is_sent_in_parts(
    aicha: Person, archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "LARGEST_SINGLE", 1000)
    granted = announced(aicha, archive.content)
    assert granted["parts"] == {"count": 1, "size": 8 << 20}
    id = cast(Json, granted["import"])["id"]
    digest = hashlib.sha256(archive.content).hexdigest()
    wrong = {"parts": [{"number": 1, "size": 5, "sha256": digest}]}
    assert problem(aicha.post(f"/imports/{id}/parts", wrong)) == (422, "parts-out-of-range")
    part = {"number": 1, "size": len(archive.content), "sha256": digest}
    links = aicha.post(f"/imports/{id}/parts", {"parts": [part]}).json()["parts"]
    assert make.send(links[0]["request"], archive.content) == 200
    assert aicha.post(f"/imports/{id}/completion").status_code == 202
    handlers.take_in(make.shift(aicha.tenant), UUID(str(id)))
    assert aicha.get(f"/imports/{id}").json()["state"] == "imported"


def test_parts_grow_with_the_archive_so_that_they_are_not_too_many() -> None:
    for size in (1, 100 << 20, 64 << 30):
        part = importing.part_size(size)
        assert part >= importing.SMALLEST_PART
        assert -(-size // part) <= importing.MOST_PARTS


@pytest.mark.parametrize("call", ["download", "put_file", "delete"])
def test_a_killed_worker_s_import_is_finished_by_the_next(
    aicha: Person, archive: Archive, call: str
) -> None:
    """FAULTS 22, for an import: never half of it, and never twice."""
    id = sent(aicha, archive.content)
    shift = make.shift(aicha.tenant)
    with pytest.raises(Killed):
        handlers.take_in(replace(shift, store=cast(S3Store, Cut(shift.store, call))), id)
    if call != "delete":
        assert aicha.get(f"/portfolios/{portfolio_of(archive)}").status_code == 404
    for _ in range(2):
        handlers.take_in(shift, id)
    assert aicha.get(f"/imports/{id}").json()["state"] == "imported"
    found = aicha.get(f"/portfolios/{portfolio_of(archive)}").json()
    assert [one["state"] for one in found["files"]] == ["available", "available"]
    left = left_of(aicha, portfolio_of(archive), id)
    assert sorted(key.split("/")[0] for key in left) == ["evidence", "evidence"]


def test_an_import_that_is_refused_after_a_kill_leaves_nothing(
    aicha: Person, archive: Archive
) -> None:
    id = sent(aicha, archive.content)
    shift = make.shift(aicha.tenant)
    with pytest.raises(Killed):
        handlers.take_in(replace(shift, store=cast(S3Store, Cut(shift.store, "put_file"))), id)
    make.portfolio(aicha)
    handlers.take_in(shift, id)
    assert aicha.get(f"/imports/{id}").json()["problem"] == "portfolio-open"
    assert left_of(aicha, portfolio_of(archive), id) == []


SIZES = len(make.WORDS) + len(b"Another file.\n")


@pytest.mark.parametrize("whose", ["person", "tenant"])
def test_an_archive_without_room_for_its_files_is_refused_and_leaves_nothing(
    aicha: Person, archive: Archive, whose: str
) -> None:
    id = sent(aicha, archive.content)
    size = SIZES - 1
    shift = make.shift(aicha.tenant)
    with pytest.raises(Killed):
        handlers.take_in(replace(shift, store=cast(S3Store, Cut(shift.store, "put_file"))), id)
    limits = {"person": (size, 0), "tenant": (0, size)}[whose]
    full = replace(shift, person_bytes=limits[0], tenant_bytes=limits[1])
    handlers.take_in(full, id)
    told = aicha.get(f"/imports/{id}").json()
    assert (told["state"], told["problem"]) == ("refused", "quota-exceeded")
    assert aicha.get(f"/portfolios/{portfolio_of(archive)}").status_code == 404
    assert left_of(aicha, portfolio_of(archive), id) == []
    again = sent(aicha, archive.content)
    handlers.take_in(replace(shift, person_bytes=SIZES, tenant_bytes=SIZES), again)
    assert aicha.get(f"/imports/{again}").json()["state"] == "imported"


def test_of_imports_and_announcements_at_the_limit_as_many_get_room_as_there_is(
    amira: Person, tenant_elsewhere: Tenant
) -> None:
    acts: list[Callable[[], object]] = []
    ids: list[tuple[Person, UUID]] = []
    for number in range(3):
        owner = make.person(amira.tenant, f"Owner {number}", *amira.roles)
        portfolio = make.portfolio(owner)
        make.file(owner, make.item(owner, portfolio))
        who = make.person(tenant_elsewhere, f"Guest {number}", *amira.roles)
        id = sent(who, taken_along(owner, portfolio).content)
        ids.append((who, id))
        acts.append(partial(handlers.take_in, make.shift(tenant_elsewhere), id))
    announcing = make.person(tenant_elsewhere, "Announcing", *amira.roles)
    item = make.item(announcing, make.portfolio(announcing))
    body = make.new_file(make.WORDS)
    acts += [partial(announcing.post, f"/evidence/{item}/files", body)] * 3
    with tenant_elsewhere.at_work() as work:
        room.limit_room(work, None, 2 * len(make.WORDS))

    answers = at_once(acts)

    announced = [answer.status_code for answer in answers if isinstance(answer, Response)]
    ended = [who.get(f"/imports/{id}").json() for who, id in ids]
    entered = [one for one in ended if one["state"] == "imported"]
    assert len(entered) + announced.count(201) == 2
    assert {one["problem"] for one in ended if one not in entered} <= {"quota-exceeded"}
    invariants.check(tenant_elsewhere)


def test_of_two_who_bring_the_same_portfolio_at_once_one_has_it(
    aicha: Person, tenant_elsewhere: Tenant, archive: Archive
) -> None:
    """And what the other's import removes is never the one's."""
    berta = make.person(tenant_elsewhere, "Berta", *aicha.roles)
    ids = {who: sent(who, archive.content) for who in (aicha, berta)}
    shift = make.shift(tenant_elsewhere)
    at_once([partial(handlers.take_in, shift, id) for id in ids.values()])
    ended = {who: who.get(f"/imports/{id}").json() for who, id in ids.items()}
    assert sorted(one["state"] for one in ended.values()) == ["imported", "refused"]
    (winner,) = (who for who, one in ended.items() if one["state"] == "imported")
    found = winner.get(f"/portfolios/{portfolio_of(archive)}").json()
    assert [one["state"] for one in found["files"]] == ["available", "available"]
    for one in found["files"]:
        answer = winner.tenant.browser.get(
            f"/api/v1/files/{one['id']}/content",
            headers={"authorization": f"Bearer {winner.token}"},
            follow_redirects=False,
        )
        assert urllib3.request("GET", answer.headers["location"]).status == 200


def test_what_is_announced_and_never_sent_is_given_up_after_some_days(
    aicha: Person, archive: Archive
) -> None:
    id = cast(Json, announced(aicha, archive.content)["import"])["id"]
    with aicha.tenant.at_work() as work:
        found = work.session.get_one(Import, UUID(str(id)))
        found.announced_at = work.now - timedelta(days=8)
    handlers.clear_away(make.shift(aicha.tenant))
    assert aicha.get(f"/imports/{id}").json()["state"] == "given_up"
    assert brought_in(aicha, archive.content)["state"] == "imported"


def test_a_harmful_file_in_an_archive_is_rejected_as_any_upload(
    aicha: Person, amira: Person
) -> None:
    """FAULTS 13: its portfolio comes in, and the file stays out."""
    id = make.portfolio(amira)
    make.file(amira, make.item(amira, id), make.WORDS + b" " * 64)
    archive = taken_along(amira, id)
    members = dict(archive.members)
    eicar = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$" + b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
    harmful = eicar.ljust(len(make.WORDS) + 64)
    members[file_name(members)] = harmful
    members["portfolio.json"] = members["portfolio.json"].replace(
        hashlib.sha256(make.WORDS + b" " * 64).hexdigest().encode(),
        hashlib.sha256(harmful).hexdigest().encode(),
    )
    ended = brought_in(aicha, resealed(members))
    assert ended["state"] == "imported", ended
    (file,) = aicha.get(f"/portfolios/{id}").json()["files"]
    assert (file["state"], file["problem"]) == ("rejected", "malware-found")


def test_the_record_of_an_import_is_for_those_who_read_the_evidence(
    aicha: Person, amira: Person, archive: Archive, tenant_elsewhere: Tenant
) -> None:
    brought_in(aicha, archive.content)
    path = f"/portfolios/{portfolio_of(archive)}/imported-record"
    assert aicha.get(path).status_code == 200
    berta = make.person(tenant_elsewhere, "Berta", *aicha.roles)
    assert problem(berta.get(path)) == (404, "no-such-portfolio")
    assert problem(amira.get(path)) == (404, "nothing-imported")
    assert problem(amira.get(f"/portfolios/{new_id()}/imported-record")) == (
        404,
        "no-such-portfolio",
    )
