"""Carrying retention out: what goes, what stays, what holds it, and the record of what went."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import cast
from uuid import UUID

import pytest
from sqlalchemy import Engine, text

from app.certification import handlers as certification
from app.evidence.handlers import arrival, locking
from app.kit.clock import utc_now
from app.kit.settings import Settings
from app.storage.s3 import S3Store
from tests import make
from tests.evidence.conftest import Shelves, problem
from tests.make import Json, Person
from tests.racing import at_once

REASON = {"kind": "legal", "reason": "A court asked for it."}


def withdrawn(person: Person, portfolio: UUID, engine: Engine, days: int) -> None:
    """Have a portfolio be withdrawn for so many days."""
    version = person.get(f"/portfolios/{portfolio}").headers["etag"]
    answer = person.post(f"/portfolios/{portfolio}/withdrawal", {}, if_match=version)
    assert answer.status_code == 200, answer.text
    since = utc_now() - timedelta(days=days)
    with engine.begin() as connection:
        connection.execute(
            text("UPDATE portfolio SET state_since = :since WHERE id = :id"),
            {"since": since, "id": portfolio},
        )


def night(person: Person) -> None:
    """Do what the worker does by night, and the jobs that follow."""
    shift = make.shift(person.tenant)
    certification.carry_out_retention(shift)
    for file in gone(person):
        arrival.discard_upload(shift, UUID(str(file["file_id"])))


def gone(person: Person) -> list[Json]:
    found = text("SELECT file_id, sha256 FROM disposal ORDER BY id")
    with person.tenant.at_work() as work:
        return [dict(row) for row in work.session.execute(found).mappings()]


def test_a_recording_of_a_withdrawn_portfolio_goes_before_its_documents(
    amira: Person,
    officer: Person,
    portfolio: UUID,
    item: UUID,
    recording: bytes,
    shelves: Shelves,
    superuser_engine: Engine,
) -> None:
    voice = make.file(amira, item, recording, media_type="audio/wav", name="session.wav")
    words = make.file(amira, item)
    withdrawn(amira, portfolio, superuser_engine, 100)

    due = officer.get("/retention/due").json()
    assert [(one["file_id"], one["kept_as"], one["ending"]) for one in due] == [
        (str(voice), "recording", "given_up")
    ]
    night(amira)

    assert list(shelves.kept(portfolio)) == [str(words)]
    told = amira.get(f"/files/{voice}").json()
    assert (told["state"], told["sha256"] is not None) == ("deleted", True)
    refused = amira.get(f"/files/{voice}/content")
    assert problem(refused) == (410, "file-disposed")
    [record] = officer.get("/disposals").json()
    assert record["file_id"] == str(voice)
    assert record["sha256"] == told["sha256"]
    assert record["cleared_at"] is not None
    assert officer.get("/retention/due").json() == []


def test_nothing_of_a_portfolio_goes_that_is_not_at_its_end(
    amira: Person, portfolio: UUID, item: UUID, superuser_engine: Engine
) -> None:
    make.file(amira, item)
    with superuser_engine.begin() as connection:
        connection.execute(
            text("UPDATE portfolio SET state_since = now() - interval '50 years' WHERE id = :id"),
            {"id": portfolio},
        )
    night(amira)
    assert gone(amira) == []


def test_what_was_sealed_goes_in_spite_of_its_lock_when_its_time_is_over(
    amira: Person,
    officer: Person,
    vera: Person,
    shelves: Shelves,
    superuser_engine: Engine,
) -> None:
    portfolio = make.submitted(amira, officer)
    shift = make.shift(amira.tenant)
    locking.renew_locks(shift)
    withdrawn(amira, portfolio, superuser_engine, 300)
    night(amira)
    assert gone(amira) == []
    withdraw_longer(superuser_engine, portfolio)

    night(amira)

    assert len(gone(amira)) == 3
    assert shelves.kept(portfolio) == {}
    receipt = amira.get(f"/portfolios/{portfolio}/snapshots/1/receipt").json()
    assert {one["sha256"] for one in receipt["files"]} == {one["sha256"] for one in gone(amira)}


def withdraw_longer(engine: Engine, portfolio: UUID) -> None:
    with engine.begin() as connection:
        connection.execute(
            text("UPDATE portfolio SET state_since = now() - interval '2 years' WHERE id = :id"),
            {"id": portfolio},
        )


def test_a_hold_keeps_everything_until_it_is_released(
    amira: Person, officer: Person, portfolio: UUID, item: UUID, superuser_engine: Engine
) -> None:
    file = make.file(amira, item)
    hold = officer.post(f"/portfolios/{portfolio}/holds", REASON).json()["id"]
    assert problem(amira.delete(f"/files/{file}")) == (409, "under-hold")
    withdrawn(amira, portfolio, superuser_engine, 800)
    night(amira)
    assert gone(amira) == []
    assert officer.get("/retention/due").json() == []

    released = officer.post(f"/holds/{hold}/release")
    assert released.json()["released_at"] is not None
    assert problem(officer.post(f"/holds/{hold}/release")) == (409, "hold-released")
    night(amira)
    assert [one["file_id"] for one in gone(amira)] == [file]


def test_a_hold_keeps_a_whole_item_with_its_files_until_it_is_released(
    amira: Person, officer: Person, portfolio: UUID, item: UUID
) -> None:
    file = make.file(amira, item)
    hold = officer.post(f"/portfolios/{portfolio}/holds", REASON).json()["id"]
    version = amira.get(f"/evidence/{item}").headers["etag"]
    assert problem(amira.delete(f"/evidence/{item}", if_match=version)) == (409, "under-hold")
    assert amira.get(f"/files/{file}").json()["state"] == "available"
    officer.post(f"/holds/{hold}/release")
    assert amira.delete(f"/evidence/{item}", if_match=version).status_code == 204
    assert amira.get(f"/files/{file}").json()["state"] == "deleted"


def test_of_two_holds_each_keeps_it(
    amira: Person, officer: Person, portfolio: UUID, item: UUID, superuser_engine: Engine
) -> None:
    make.file(amira, item)
    first = officer.post(f"/portfolios/{portfolio}/holds", REASON).json()["id"]
    officer.post(f"/portfolios/{portfolio}/holds", {**REASON, "kind": "appeal"})
    officer.post(f"/holds/{first}/release")
    withdrawn(amira, portfolio, superuser_engine, 800)
    night(amira)
    assert gone(amira) == []
    listed = officer.get(f"/portfolios/{portfolio}/holds").json()
    assert [(one["kind"], one["released_at"] is None) for one in listed] == [
        ("legal", False),
        ("appeal", True),
    ]


def test_a_hold_and_a_disposal_at_once_leave_a_held_file_or_a_record(
    amira: Person, officer: Person, portfolio: UUID, item: UUID, superuser_engine: Engine
) -> None:
    for _ in range(3):
        make.file(amira, item)
    withdrawn(amira, portfolio, superuser_engine, 800)
    acts: list[Callable[[], object]] = [
        partial(certification.carry_out_retention, make.shift(amira.tenant)),
        partial(officer.post, f"/portfolios/{portfolio}/holds", REASON),
    ]
    at_once(acts)
    late = text(
        "SELECT count(*) FROM disposal d JOIN retention_hold h USING (tenant_id, portfolio_id)"
        " JOIN journal_entry p ON p.subject_id = h.id AND p.action = 'evidence.hold_placed'"
        " JOIN evidence_file f ON f.id = d.file_id WHERE f.state <> 'deleted'"
    )
    with amira.tenant.at_work() as work:
        assert work.session.execute(late).scalar_one() == 0
    went = len(gone(amira))
    certification.carry_out_retention(make.shift(amira.tenant))
    assert len(gone(amira)) == went


class Killed(BaseException):
    """The worker is killed here."""


class DyingStore(S3Store):
    """The real store, whose user dies right after it removed something."""

    def delete(self, key: str, *, despite_lock: bool = False) -> None:
        super().delete(key, despite_lock=despite_lock)
        if key.startswith("evidence/"):
            raise Killed


def test_a_worker_killed_between_the_store_and_the_row_is_made_up_for(
    amira: Person,
    portfolio: UUID,
    item: UUID,
    shelves: Shelves,
    superuser_engine: Engine,
    settings: Settings,
) -> None:
    file = make.file(amira, item)
    withdrawn(amira, portfolio, superuser_engine, 800)
    shift = make.shift(amira.tenant)
    certification.carry_out_retention(shift)
    assert str(file) in shelves.kept(portfolio)  # the row came first, the bytes are still there
    dying = replace(shift, store=DyingStore.from_settings(settings))
    with pytest.raises(Killed):
        arrival.discard_upload(dying, file)
    assert shelves.kept(portfolio) == {}
    assert cleared(amira, file) is None

    arrival.discard_upload(shift, file)

    assert cleared(amira, file) is not None
    assert len(gone(amira)) == 1


def cleared(person: Person, file: UUID) -> object:
    found = text("SELECT cleared_at FROM evidence_file WHERE id = :id")
    with person.tenant.at_work() as work:
        return work.session.execute(found, {"id": file}).scalar_one()


def test_the_scheme_manager_sets_the_periods_and_they_hold_at_once(
    amira: Person, officer: Person, portfolio: UUID, item: UUID, superuser_engine: Engine
) -> None:
    make.file(amira, item)
    withdrawn(amira, portfolio, superuser_engine, 100)
    found = officer.get("/retention")
    assert (found.json()["version"], found.headers["etag"]) == (0, '"0"')
    periods = cast(dict[str, dict[str, int | None]], found.json())
    periods.pop("version")
    night(amira)
    assert gone(amira) == []

    periods["document"]["given_up"] = 3
    changed = officer.put("/retention", periods, if_match='"0"')
    assert (changed.status_code, changed.json()["version"]) == (200, 1)
    assert problem(officer.put("/retention", periods, if_match='"0"')) == (412, "stale-version")
    assert problem(officer.put("/retention", periods)) == (428, "version-required")

    night(amira)
    [record] = officer.get("/disposals").json()
    assert (record["kept_as"], record["schedule_version"]) == ("document", 1)


@pytest.mark.parametrize("months", [2, 601, -1, 1.5, "for ever"])
def test_a_period_is_neither_too_short_nor_senseless(officer: Person, months: object) -> None:
    periods = officer.get("/retention").json()
    periods.pop("version")
    periods["sealed"]["certified"] = months
    refused = officer.put("/retention", periods, if_match='"0"')
    assert problem(refused) == (422, "not-as-described")


def test_each_body_has_periods_of_its_own(officer: Person, otto: Person) -> None:
    periods = officer.get("/retention").json()
    periods.pop("version")
    assert officer.put("/retention", periods, if_match='"0"').status_code == 200
    assert otto.get("/retention").json()["version"] == 0


def test_who_may_not_look_after_retention_is_told_so(
    amira: Person, vera: Person, otto: Person, officer: Person, portfolio: UUID
) -> None:
    hold = officer.post(f"/portfolios/{portfolio}/holds", REASON).json()["id"]
    for refused in (
        amira.get("/retention"),
        amira.get("/retention/due"),
        amira.get("/disposals"),
        amira.post(f"/portfolios/{portfolio}/holds", REASON),
        amira.get(f"/portfolios/{portfolio}/holds"),
        amira.post(f"/holds/{hold}/release"),
        vera.post(f"/holds/{hold}/release"),
        vera.put("/retention", officer.get("/retention").json(), if_match='"0"'),
    ):
        assert refused.status_code in (403, 422), refused.text
    assert problem(otto.get(f"/portfolios/{portfolio}/holds")) == (404, "no-such-portfolio")
    assert problem(otto.post(f"/portfolios/{portfolio}/holds", REASON)) == (
        404,
        "no-such-portfolio",
    )
    assert problem(otto.post(f"/holds/{hold}/release")) == (404, "no-such-hold")


def test_a_hold_is_out_of_the_candidates_sight(
    amira: Person, officer: Person, portfolio: UUID
) -> None:
    officer.post(f"/portfolios/{portfolio}/holds", REASON)
    entries = amira.get(f"/journal?stream={portfolio}").json()
    assert [one for one in entries if "hold" in one["action"]] == []


def test_nobody_takes_a_record_of_what_went_back(
    amira: Person, portfolio: UUID, item: UUID, superuser_engine: Engine
) -> None:
    make.file(amira, item)
    withdrawn(amira, portfolio, superuser_engine, 800)
    night(amira)
    for act in ("DELETE FROM disposal", "UPDATE disposal SET size = 1"):
        with amira.tenant.at_work() as work, pytest.raises(Exception, match="permission denied"):
            work.session.execute(text(act))
