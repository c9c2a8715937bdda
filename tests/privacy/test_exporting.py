"""A candidate takes a portfolio along: everything they may see, and nothing else."""

from __future__ import annotations

import hashlib
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import cast
from uuid import UUID

import pytest
from sqlalchemy import Engine, select, text

from app.evidence.handlers import arrival
from app.evidence.models import File
from app.jobs.shift import Shift
from app.journal.service import record
from app.kit.db import Table
from app.kit.ids import new_id
from app.portfolio.access import Part
from app.portfolio.models import Duty
from app.privacy import handlers, packing
from app.privacy.models import Export
from app.storage import StoreUnavailable
from app.storage.s3 import S3Store
from tests import assess, make
from tests.assess import Assessed, Panel
from tests.evidence.conftest import problem, silence
from tests.make import Json, Person, Tenant
from tests.privacy.conftest import Archive, asked, fetched, taken_along
from tests.racing import at_once


@pytest.fixture
def portfolio(amira: Person) -> UUID:
    return make.portfolio(amira)


def test_every_file_goes_along_with_checksums_that_anyone_can_check(
    amira: Person, portfolio: UUID, tmp_path: Path, tool: Callable[[str], str]
) -> None:
    item = make.item(amira, portfolio, kind="recording")
    sound = silence(2)
    kept = make.file(amira, item, sound, media_type="audio/wav", name="séance n° 1.wav")
    same = make.file(amira, item, name="séance n° 1.wav")
    archive = taken_along(amira, portfolio)
    assert archive.members[f"files/{kept}/s_ance_n_1.wav"] == sound
    assert archive.members[f"files/{same}/s_ance_n_1.wav.txt"] == make.WORDS
    said = subprocess.run(
        [tool("sha256sum"), "-c", "--strict", "SHA256SUMS"],
        cwd=archive.unpack(tmp_path),
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    assert len(said) == len(archive.members) - 1
    listed = cast(list[Json], archive.json("manifest.json")["members"])
    assert [(one["name"], one["sha256"]) for one in listed] == [
        (name, hashlib.sha256(content).hexdigest())
        for name, content in archive.members.items()
        if name not in ("manifest.json", "SHA256SUMS")
    ]


def test_every_field_of_the_candidate_s_own_is_in_it(amira: Person, portfolio: UUID) -> None:
    item = make.item(amira, portfolio, case_id=str(make.case(amira, portfolio)))
    file = make.file(amira, item)
    make.claim(amira, item, "7m", file_id=str(file))
    make.consent(amira, item)
    archive = taken_along(amira, portfolio)
    seen = amira.get(f"/portfolios/{portfolio}").json()
    assert [one["reason"] for one in archive.rows("claim")] == [
        one["reason"] for one in seen["claims"]
    ]
    assert archive.rows("client_case")[0]["pseudonym"] == "C-01"
    assert archive.rows("consent")[0]["person"] == "the mentee of C-01"
    assert archive.rows("evidence_file")[0]["sha256"] == hashlib.sha256(make.WORDS).hexdigest()
    assert cast(Json, archive.json("portfolio.json")["candidate"])["name"] == "Amira"
    versions = cast(list[Json], archive.json("manifest.json")["versions"])
    assert [one["kind"] for one in versions] == ["framework", "scheme", "charter"]


def test_the_same_content_gives_the_same_bytes(amira: Person, portfolio: UUID) -> None:
    make.file(amira, make.item(amira, portfolio))
    one, other = taken_along(amira, portfolio).members, taken_along(amira, portfolio).members
    names = [name for name in one if name.startswith(("files/", "index"))]
    assert [*one] == [*other]
    assert [one[name] for name in names] == [other[name] for name in names]


def test_an_archive_tells_of_the_outcome_what_its_candidate_may_know(panel: Panel) -> None:
    """Before the decision nothing: no rating, nor who gave it, no draw, no draft of a decision."""
    case = assess.verified(panel)
    opened_by_three(panel, case)
    decision = assess.drafted(panel.diana, case.portfolio_id)
    before = taken_along(case.amira, case.portfolio_id)
    assert "results.json" not in before.members
    told = everything(before)
    staff = (panel.bruno, panel.chloe, panel.dario, panel.vera, panel.diana)
    assert [one.name for one in staff if str(one.id) in told] == []
    words = (assess.COMMENT["comment"], str(case.bruno_id), "assessment.", "granted")
    assert [word for word in words if word in told] == []
    assert journal_of(before) == journal_read(case)
    assert named_for(before, "evidence.file_read") == [None] * 3
    assert named_for(before, "portfolio.export_asked") == [str(case.amira.id)]

    number = assess.signed(panel.diana, decision)["certificate_number"]
    after = taken_along(case.amira, case.portfolio_id)
    results = after.json("results.json")
    for name in ("result", "decision", "interview"):
        assert results[name] == case.amira.get(f"{case.path}/{name}").json(), name
    assert cast(Json, results["certificate"])["number"] == number
    assert [one.name for one in staff if str(one.id) in everything(after)] == []
    assert "<dd>granted</dd>" in after.members["index.html"].decode()
    assert "<dd>accordé</dd>" in after.members["index.fr.html"].decode()


def opened_by_three(panel: Panel, case: Assessed) -> None:
    """Have three referents open a file: that there is a third tells that two disagreed."""
    with panel.dario.at_work() as work:
        of_case = select(File.id).where(File.portfolio_id == case.portfolio_id)
        file = work.session.scalars(of_case.limit(1)).one()
        work.session.add(
            Duty(
                tenant_id=panel.tenant.id,
                portfolio_id=case.portfolio_id,
                person_id=panel.dario.id,
                duty=Part.REFERENT,
                taken_at=work.now,
            )
        )
        record(work, case.portfolio_id, "evidence.file_read", file)
    for person in (panel.bruno, panel.chloe):
        answer = person.tenant.browser.get(
            f"{make.API}/files/{file}/content",
            headers={"authorization": f"Bearer {person.token}"},
            follow_redirects=False,
        )
        assert answer.status_code == 307, (person.name, answer.text)


def named_for(archive: Archive, action: str) -> list[object]:
    """Return who did something, as far as an archive's journal says it."""
    entries = cast(list[Json], archive.json("portfolio.json")["journal"])
    return [one["actor_id"] for one in entries if one["action"] == action]


def test_what_is_between_officers_stays_wherever_it_was_recorded(
    amira: Person, officer: Person, portfolio: UUID
) -> None:
    for action in ("evidence.flag_raised", "evidence.flag_settled", "evidence.hold_placed"):
        with officer.at_work() as work:
            record(work, portfolio, action, new_id())
    told = {action for _, action, _ in journal_of(taken_along(amira, portfolio))}
    assert told == {"portfolio.opened", "portfolio.export_asked"}


def everything(archive: Archive) -> str:
    return b"".join(archive.members.values()).decode("utf-8", "replace")


def journal_of(archive: Archive) -> list[tuple[object, ...]]:
    entries = cast(list[Json], archive.json("portfolio.json")["journal"])
    return [(one["seq"], one["action"], one["facts"]) for one in entries]


def journal_read(case: Assessed) -> list[tuple[object, ...]]:
    """Return what the candidate reads of the journal, up to when the archive was made."""
    shown = case.amira.get(f"/journal?stream={case.portfolio_id}&limit=200").json()
    later = {"portfolio.export_made", "portfolio.export_fetched"}
    return [
        (one["seq"], one["action"], one["facts"]) for one in shown if one["action"] not in later
    ]


def test_an_archive_is_its_candidate_s_alone(
    amira: Person, officer: Person, otto: Person, portfolio: UUID
) -> None:
    berta = make.person(amira.tenant, "Berta", *amira.roles)
    path = f"/portfolios/{portfolio}/exports"
    assert problem(officer.post(path)) == (403, "not-the-candidate")
    for stranger in (berta, otto):
        assert problem(stranger.post(path)) == (404, "no-such-portfolio")
    export = asked(amira, portfolio)
    handlers.make_export(make.shift(amira.tenant), export)
    assert fetched(amira, export).members
    for someone in (officer, berta, otto):
        for address in (f"/exports/{export}", f"/exports/{export}/content"):
            assert problem(someone.get(address)) == (404, "no-such-export")
    reader = amira.with_token(make.token(amira, "portfolio:read"))
    assert reader.post(path).status_code == 403


def test_an_archive_is_fetched_once_it_is_made_and_for_some_days(
    amira: Person, portfolio: UUID, store: S3Store
) -> None:
    export = asked(amira, portfolio)
    assert amira.get(f"/exports/{export}").json()["state"] == "waiting"
    assert problem(amira.get(f"/exports/{export}/content")) == (409, "export-not-made")
    shift = make.shift(amira.tenant)
    handlers.make_export(shift, export)
    archive = fetched(amira, export)
    said = amira.get(f"/exports/{export}").json()
    assert said["size"] == len(archive.content)
    assert said["sha256"] == hashlib.sha256(archive.content).hexdigest()
    handlers.clear_away(shift)
    assert amira.get(f"/exports/{export}").json()["state"] == "made"
    with amira.tenant.at_work() as work:
        made = work.session.get_one(Export, export)
        made.expires_at, key = work.now - timedelta(seconds=1), made.key
    handlers.clear_away(shift)
    assert amira.get(f"/exports/{export}").json()["state"] == "expired"
    assert problem(amira.get(f"/exports/{export}/content")) == (409, "export-not-made")
    assert not store.exists(key)
    entries = amira.get(f"/journal?stream={portfolio}").json()
    assert [one["action"] for one in entries if "export" in one["action"]] == [
        "portfolio.export_asked",
        "portfolio.export_made",
        "portfolio.export_fetched",
        "portfolio.export_expired",
    ]


def test_who_asks_twice_at_once_gets_one_archive(amira: Person, portfolio: UUID) -> None:
    asks = [lambda: asked(amira, portfolio)] * 4
    (export,) = set(at_once(asks))
    shift = make.shift(amira.tenant)
    at_once([lambda: handlers.make_export(shift, export)] * 2)
    assert fetched(amira, export).members
    assert asked(amira, portfolio) != export


@dataclass(frozen=True, slots=True)
class Meddling:
    """The store, where something happens just before a file is read, or put there."""

    store: S3Store
    before: Callable[[str], None]
    put: Callable[[str], None] = lambda _: None

    def __getattr__(self, name: str) -> object:
        return getattr(self.store, name)

    def put_file(self, key: str, path: Path, media_type: str) -> None:
        self.put(key)
        self.store.put_file(key, path, media_type)

    def read(self, key: str) -> Iterator[bytes]:
        self.before(key)
        yield from self.store.read(key)


def meddled(candidate: Person, before: Callable[[str], None]) -> Shift:
    shift = make.shift(candidate.tenant)
    return replace(shift, store=cast(S3Store, Meddling(shift.store, before)))


def test_a_file_that_is_deleted_meanwhile_is_left_out(amira: Person, portfolio: UUID) -> None:
    item = make.item(amira, portfolio)
    goes, stays = make.file(amira, item, name="goes.txt"), make.file(amira, item, name="stays.txt")

    def delete(key: str) -> None:
        if key.endswith(str(goes)) and amira.delete(f"/files/{goes}").status_code == 204:
            arrival.discard_upload(make.shift(amira.tenant), goes)

    export = asked(amira, portfolio)
    handlers.make_export(meddled(amira, delete), export)
    archive = fetched(amira, export)
    assert [name for name in archive.members if "/" in name] == [f"files/{stays}/stays.txt"]
    states = {one["id"]: one["state"] for one in archive.rows("evidence_file")}
    assert states == {str(goes): "deleted", str(stays): "available"}


def test_a_file_that_is_lost_or_damaged_is_named_and_the_officer_told(
    amira: Person, portfolio: UUID, store: S3Store, superuser_engine: Engine
) -> None:
    """FAULTS 21: what cannot be given back is said, and the rest goes along."""
    item = make.item(amira, portfolio)
    gone, other, good = (make.file(amira, item, name=f"{number}.txt") for number in range(3))
    store.delete(f"evidence/{portfolio}/{gone}")
    store.delete(f"evidence/{portfolio}/{other}")
    store.put(f"evidence/{portfolio}/{other}", b"?" * len(make.WORDS), "text/plain")
    archive = taken_along(amira, portfolio)
    assert [name for name in archive.members if "/" in name] == [f"files/{good}/2.txt"]
    assert archive.json("manifest.json")["without_bytes"] == [
        {"file": str(gone), "state": "available", "found": "missing"},
        {"file": str(other), "state": "available", "found": "digest"},
    ]
    with superuser_engine.connect() as connection:
        query = text("SELECT file_id, kind FROM flag WHERE portfolio_id = :id ORDER BY raised_at")
        flags = [tuple(row) for row in connection.execute(query, {"id": portfolio})]
    assert [*flags] == [(gone, "integrity"), (other, "integrity")]


class Killed(BaseException):
    """The worker was killed here."""


@dataclass(frozen=True, slots=True)
class Cut:
    """The store, after whose answer to one call the worker is killed."""

    store: S3Store
    call: str

    def __getattr__(self, name: str) -> object:
        found = getattr(self.store, name)
        if name != self.call:
            return found

        def done_and_killed(*given: object, **named: object) -> None:
            found(*given, **named)
            raise Killed

        return done_and_killed


@dataclass(frozen=True, slots=True)
class CutAt:
    """The store, before whose removal of some object the worker is killed."""

    store: S3Store
    mark: str

    def __getattr__(self, name: str) -> object:
        return getattr(self.store, name)

    def delete(self, key: str) -> None:
        if self.mark in key:
            raise Killed
        self.store.delete(key)


@pytest.mark.parametrize("call", ["read", "delete", "put_file"])
def test_a_killed_worker_s_archive_is_made_by_the_next(
    amira: Person, portfolio: UUID, call: str
) -> None:
    """FAULTS 22, for an export: whatever was left is replaced."""
    make.file(amira, make.item(amira, portfolio))
    export = asked(amira, portfolio)
    shift = make.shift(amira.tenant)
    with pytest.raises(Killed):
        handlers.make_export(replace(shift, store=cast(S3Store, Cut(shift.store, call))), export)
    assert problem(amira.get(f"/exports/{export}/content")) == (409, "export-not-made")
    make.item(amira, portfolio, title="Added since")
    handlers.make_export(shift, export)
    assert len(fetched(amira, export).rows("evidence_item")) == 2


def test_while_the_store_is_away_an_archive_waits(amira: Person, portfolio: UUID) -> None:
    """FAULTS 20: the job comes back."""

    def away(_: str) -> None:
        raise StoreUnavailable

    make.file(amira, make.item(amira, portfolio))
    export = asked(amira, portfolio)
    with pytest.raises(StoreUnavailable):
        handlers.make_export(meddled(amira, away), export)
    assert amira.get(f"/exports/{export}").json()["state"] == "making"
    handlers.make_export(make.shift(amira.tenant), export)
    assert fetched(amira, export).members


def test_a_withdrawn_consent_s_recording_does_not_leave(amira: Person, portfolio: UUID) -> None:
    """A quarantined file is named, and its bytes stay."""
    file = make.file(amira, make.item(amira, portfolio))
    with amira.tenant.at_work() as work:
        work.session.execute(
            text("UPDATE evidence_file SET state = 'quarantined' WHERE id = :id"), {"id": file}
        )
    archive = taken_along(amira, portfolio)
    assert not [name for name in archive.members if name.startswith("files/")]
    assert archive.json("manifest.json")["without_bytes"] == [
        {"file": str(file), "state": "quarantined", "found": None}
    ]
    assert "quarantined" in archive.members["index.html"].decode()


@pytest.fixture
def recorded(amira: Person, portfolio: UUID) -> tuple[UUID, str]:
    """A recording with captions, and the consent to it: the file's and the consent's ids."""
    item = make.item(amira, portfolio, kind="recording")
    file = make.file(amira, item, silence(2), media_type="audio/wav", name="talk.wav")
    words = "WEBVTT\n\n00:00.000 --> 00:01.000\nWhat nobody else may read.\n"
    path, kind = f"/files/{file}/captions/en", {"content_type": "text/vtt"}
    assert amira.send("PUT", path, content=words.encode(), headers=kind).status_code == 200
    return file, str(make.consent(amira, item)["id"])


def withdraw(candidate: Person, consent: str) -> None:
    answer = candidate.post(f"/consents/{consent}/withdrawal", {"reason": "They asked me to."})
    assert answer.status_code == 200, answer.text


def queued(tenant: Tenant, engine: Engine, task: str) -> list[str]:
    """Return the subjects of a tenant's jobs of a kind."""
    rows = text(
        "SELECT args->>'subject_id' FROM procrastinate.procrastinate_jobs"
        " WHERE task_name = :task AND args->>'tenant_id' = :tenant"
    )
    with engine.connect() as connection:
        found = connection.execute(rows, {"task": task, "tenant": str(tenant.id)})
        return [str(id) for (id,) in found]


def test_a_withdrawal_takes_back_the_archive_that_was_made_before(
    amira: Person,
    portfolio: UUID,
    recorded: tuple[UUID, str],
    store: S3Store,
    superuser_engine: Engine,
) -> None:
    file, consent = recorded
    export = asked(amira, portfolio)
    shift = make.shift(amira.tenant)
    handlers.make_export(shift, export)
    assert "What nobody else may read" in everything(fetched(amira, export))
    withdraw(amira, consent)
    jobs = queued(amira.tenant, superuser_engine, "privacy.withdraw_exports")
    assert jobs == [str(file)]
    for _ in range(2):
        handlers.withdraw_exports(shift, file)
    assert problem(amira.get(f"/exports/{export}/content")) == (409, "export-not-made")
    assert not store.exists(f"takeout/{portfolio}/{export}.zip")
    after = everything(taken_along(amira, portfolio))
    assert "What nobody else may read" not in after


@pytest.mark.parametrize("lost", [False, True])
def test_a_recording_that_is_withdrawn_while_the_archive_is_made_does_not_leave(
    amira: Person, portfolio: UUID, recorded: tuple[UUID, str], store: S3Store, lost: bool
) -> None:
    """Neither its bytes nor what was said in it: the archive is begun anew."""
    file, consent = recorded
    if lost:
        store.delete(f"evidence/{portfolio}/{file}")
    made = []

    def withdrawn(key: str) -> None:
        made.append(key)
        if len(made) == 1:
            withdraw(amira, consent)

    export = asked(amira, portfolio)
    shift = make.shift(amira.tenant)
    meddling = Meddling(shift.store, lambda _: None, withdrawn)
    handlers.make_export(replace(shift, store=cast(S3Store, meddling)), export)
    archive = fetched(amira, export)
    assert made == [f"takeout/{portfolio}/{export}.zip"] * 2
    assert archive.rows("captions") == []
    assert not [name for name in archive.members if name.startswith("files/")]
    assert archive.json("manifest.json")["without_bytes"] == [
        {"file": str(file), "state": "quarantined", "found": "missing" if lost else None}
    ]


def test_a_new_archive_takes_the_place_of_the_former(
    amira: Person, portfolio: UUID, store: S3Store
) -> None:
    """And of one that a worker left, killed before it could remove it."""
    first, shift = asked(amira, portfolio), make.shift(amira.tenant)
    handlers.make_export(shift, first)
    second = asked(amira, portfolio)
    killed = replace(shift, store=cast(S3Store, CutAt(shift.store, str(first))))
    with pytest.raises(Killed):
        handlers.make_export(killed, second)
    assert fetched(amira, second).members
    handlers.clear_away(shift)
    assert [amira.get(f"/exports/{id}").json()["state"] for id in (first, second)] == [
        "expired",
        "made",
    ]
    third = asked(amira, portfolio)
    handlers.make_export(shift, third)
    for former in (first, second):
        assert problem(amira.get(f"/exports/{former}/content")) == (409, "export-not-made")
        assert not store.exists(f"takeout/{portfolio}/{former}.zip")
    assert fetched(amira, third).members


# --- What goes along is decided for every table -----------------------------------------------


def in_database(engine: Engine) -> set[str]:
    with engine.connect() as connection:
        found = connection.execute(
            text(
                "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace"
                " AND relkind IN ('r', 'p')"
            )
        )
        return {str(name) for (name,) in found}


def test_for_every_table_somebody_decided_whether_it_goes_along(owner_engine: Engine) -> None:
    """A table added tomorrow belongs into `app/privacy/packing.py`, on one of its lists."""
    lists = [packing.WORKING, packing.RECORD, packing.RELEASED, packing.STAYS]
    decided = [name for one in lists for name in one]
    assert len(decided) == len(set(decided))
    assert in_database(owner_engine) - {"alembic_version"} == set(decided)
    assert {*packing.WORKING, *packing.RECORD} <= Table.metadata.tables.keys()


def test_no_column_that_stays_is_misspelt() -> None:
    for name, columns in packing.LEFT_OUT.items():
        assert columns <= set(Table.metadata.tables[name].columns.keys()), name


def test_a_model_has_every_column_that_its_table_has(owner_engine: Engine) -> None:
    """What goes along is read by the models: a column that they lack would be lost."""
    with owner_engine.connect() as connection:
        for name in (*packing.WORKING, *packing.RECORD):
            found = connection.execute(
                text("SELECT column_name FROM information_schema.columns WHERE table_name = :name"),
                {"name": name},
            )
            assert {str(column) for (column,) in found} == set(
                Table.metadata.tables[name].columns.keys()
            ), name
