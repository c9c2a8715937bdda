"""Uploads that rest are given up, and room and store are free again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import Engine, text

from app.evidence import uploads
from app.evidence.handlers import arrival, resting
from app.jobs.shift import Shift
from app.portfolio.models import Portfolio
from tests import invariants, make
from tests.evidence.conftest import Shelves, problem
from tests.evidence.test_resuming import CONTENT, PIECE, grant, send
from tests.make import Json, Person, Tenant

Rest = Callable[[UUID, timedelta], None]


@pytest.fixture
def rest(superuser_engine: Engine) -> Rest:
    """Let an upload have rested for some time."""
    earlier = text("UPDATE evidence_upload SET granted_at = granted_at - :rest WHERE file_id = :id")

    def rest(file: UUID, time: timedelta) -> None:
        with superuser_engine.begin() as connection:
            connection.execute(earlier, {"id": file, "rest": time})

    return rest


@pytest.fixture
def small(amira: Person, item: UUID) -> UUID:
    """A small file, announced."""
    return id_of(make.granted(amira, item, make.new_file(make.WORDS)))


@pytest.fixture
def large(amira: Person, item: UUID, monkeypatch: pytest.MonkeyPatch) -> UUID:
    """A recording of which one part has arrived."""
    monkeypatch.setattr(uploads, "LARGEST_SINGLE", PIECE)
    monkeypatch.setattr(uploads, "PART_SIZE", PIECE)
    body = make.new_file(CONTENT, media_type="audio/wav", name="session.wav")
    file = id_of(make.granted(amira, item, body))
    send(grant(amira, file, 1))
    return file


def id_of(grant: Json) -> UUID:
    told = grant["file"]
    assert isinstance(told, dict)
    return UUID(told["id"])


def give_up(tenant: Tenant) -> Shift:
    """Do what the clock asks for each hour, and what follows from it."""
    shift = make.shift(tenant)
    resting.give_up(shift)
    return shift


def state(person: Person, file: UUID) -> str:
    told: dict[str, str] = person.get(f"/files/{file}").json()
    return told["state"]


def test_an_upload_that_rested_for_a_week_is_given_up_with_all_that_arrived(
    amira: Person, portfolio: UUID, large: UUID, rest: Rest, shelves: Shelves
) -> None:
    assert shelves.open_uploads(portfolio) == [f"incoming/{portfolio}/{large}"]
    rest(large, timedelta(days=7, minutes=1))
    arrival.discard_upload(give_up(amira.tenant), large)
    told = amira.get(f"/files/{large}").json()
    assert (told["state"], told["problem"]) == ("deleted", "upload-given-up")
    assert shelves.open_uploads(portfolio) == []
    assert amira.get(f"/portfolios/{portfolio}/storage").json()["used"] == 0
    assert problem(amira.get(f"/files/{large}/parts")) == (409, "file-step-not-open")
    invariants.check(amira.tenant)


def test_one_that_an_older_release_announced_goes_on_and_is_given_up_as_any(
    amira: Person, large: UUID, small: UUID, superuser_engine: Engine
) -> None:
    """It ran on for a while beside the new schema, and wrote nothing of a grant."""
    with superuser_engine.begin() as connection:
        for file, days in ((large, 1), (small, 8)):
            values = {"id": file, "rest": timedelta(days=days)}
            connection.execute(text("DELETE FROM evidence_upload WHERE file_id = :id"), values)
            connection.execute(
                text("UPDATE evidence_file SET announced_at = now() - :rest WHERE id = :id"), values
            )
    told = amira.get(f"/files/{large}/parts").json()
    assert [part["number"] for part in told["held"]] == [1]
    give_up(amira.tenant)
    assert (state(amira, large), state(amira, small)) == ("uploading", "deleted")
    send(grant(amira, large, 2))
    assert len(amira.get(f"/files/{large}/parts").json()["held"]) == 2


def test_it_is_recorded_with_the_reason_and_the_removal_is_queued(
    amira: Person, portfolio: UUID, small: UUID, rest: Rest
) -> None:
    rest(small, timedelta(days=8))
    give_up(amira.tenant)
    entry = text(
        "SELECT body::jsonb->'facts'->>'reason' FROM journal_entry"
        " WHERE action = 'evidence.file_removed' AND subject_id = :id"
    )
    queued = text(
        "SELECT count(*) FROM procrastinate.procrastinate_jobs"
        " WHERE task_name = 'evidence.discard_upload' AND args->>'subject_id' = :id"
    )
    with amira.tenant.at_work() as work:
        assert work.session.scalars(entry, {"id": small}).all() == ["abandoned"]
        assert work.session.scalars(queued, {"id": str(small)}).all() == [1]


def test_an_upload_that_rested_for_less_goes_on(
    amira: Person, small: UUID, large: UUID, rest: Rest
) -> None:
    for file in (small, large):
        rest(file, timedelta(days=6, hours=23))
    give_up(amira.tenant)
    assert (state(amira, small), state(amira, large)) == ("announced", "uploading")


def test_every_grant_lengthens_its_life(
    amira: Person, small: UUID, large: UUID, rest: Rest
) -> None:
    for file in (small, large):
        rest(file, timedelta(days=8))
    assert amira.post(f"/files/{small}/grant").status_code == 200
    grant(amira, large, 2)
    give_up(amira.tenant)
    assert (state(amira, small), state(amira, large)) == ("announced", "uploading")


def test_what_was_received_is_never_given_up(amira: Person, item: UUID, rest: Rest) -> None:
    received, kept = make.received(amira, item), make.file(amira, item)
    for file in (received, kept):
        rest(file, timedelta(days=400))
    give_up(amira.tenant)
    assert (state(amira, received), state(amira, kept)) == ("received", "available")


def test_what_was_claimed_of_it_is_claimed_of_the_whole_item(
    amira: Person, portfolio: UUID, item: UUID, small: UUID, rest: Rest
) -> None:
    claim = make.claim(amira, item, "1a", file_id=str(small), page=1)
    version = amira.get(f"/portfolios/{portfolio}").json()["version"]
    rest(small, timedelta(days=8))
    give_up(amira.tenant)
    shown = amira.get(f"/portfolios/{portfolio}").json()
    assert shown["version"] > version
    assert shown["files"] == []
    assert [(one["id"], one["file_id"]) for one in shown["claims"]] == [(claim["id"], None)]


def test_how_long_an_upload_may_rest_is_the_installation_s_choice(
    amira: Person, small: UUID, rest: Rest
) -> None:
    rest(small, timedelta(days=2))
    resting.give_up(replace(make.shift(amira.tenant), upload_life=timedelta(days=1)))
    assert state(amira, small) == "deleted"


def test_another_body_s_clock_gives_nothing_up_here(
    amira: Person, small: UUID, rest: Rest, other_tenant: Tenant
) -> None:
    rest(small, timedelta(days=8))
    give_up(other_tenant)
    assert state(amira, small) == "announced"


def test_a_closed_portfolio_keeps_no_upload_for_ever(
    amira: Person, portfolio: UUID, small: UUID, rest: Rest
) -> None:
    with amira.tenant.at_work() as work:
        held = work.session.get_one(Portfolio, portfolio)
        held.state = type(held.state)("withdrawn")
    rest(small, timedelta(days=8))
    give_up(amira.tenant)
    with amira.tenant.at_work() as work:
        found = text("SELECT state FROM evidence_file WHERE id = :id")
        assert work.session.scalars(found, {"id": small}).one() == "deleted"


def test_giving_up_twice_is_giving_up_once(amira: Person, small: UUID, rest: Rest) -> None:
    rest(small, timedelta(days=8))
    give_up(amira.tenant)
    give_up(amira.tenant)
    removals = text(
        "SELECT count(*) FROM journal_entry"
        " WHERE action = 'evidence.file_removed' AND subject_id = :id"
    )
    with amira.tenant.at_work() as work:
        assert work.session.scalars(removals, {"id": small}).one() == 1
