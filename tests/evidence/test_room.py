"""Room for files: nobody goes beyond a limit, and what goes gives its room back."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from uuid import UUID

import pytest
from httpx2 import Response
from sqlalchemy import Engine, text

from app.actor import Role
from app.evidence import room
from app.evidence.handlers import arrival
from app.evidence.queries import storage
from app.evidence.quota import Limits, QuotaExceeded, Use, check
from tests import invariants, make
from tests.evidence.conftest import Shelves, problem
from tests.make import Json, Person, Tenant
from tests.racing import at_once

SIZE = len(make.WORDS)


def limit(tenant: Tenant, *, per_person: int | None = None, per_tenant: int | None = None) -> None:
    with tenant.at_work() as work:
        room.limit_room(work, per_person, per_tenant)


def announce(person: Person, item: UUID, size: int = SIZE) -> Response:
    body: Json = {**make.new_file(make.WORDS), "size": size}
    return person.post(f"/evidence/{item}/files", body)


def used(person: Person, portfolio: UUID) -> int:
    told: Json = person.get(f"/portfolios/{portfolio}/storage").json()
    assert isinstance(told["used"], int)
    return told["used"]


class TestTheRule:
    def test_a_file_may_fill_the_room_and_not_go_beyond_it(self) -> None:
        check(Limits(10, 10), Use(4, 4), 6)
        for use, whose in ((Use(5, 5), "person"), (Use(4, 5), "certification_body")):
            with pytest.raises(QuotaExceeded) as refused:
                check(Limits(10, 10), use, 6)
            told = {"whose": whose, "used": 5, "limit": 10, "asked": 6}
            assert refused.value.members == told

    def test_no_limit_is_none(self) -> None:
        check(Limits(0, 0), Use(2**60, 2**62), 2**53)


class TestFifteen:
    """FAULTS 15."""

    @pytest.mark.parametrize("whose", ["per_person", "per_tenant"])
    def test_of_fifty_grants_at_the_limit_as_many_are_given_as_there_is_room_for(
        self, amira: Person, portfolio: UUID, item: UUID, whose: str
    ) -> None:
        limit(amira.tenant, **{whose: 7 * SIZE + 1})
        answers = at_once([partial(announce, amira, item)] * 50)
        assert sorted(answer.status_code for answer in answers) == [201] * 7 + [409] * 43
        assert used(amira, portfolio) == 7 * SIZE
        invariants.check(amira.tenant)

    def test_people_of_one_body_share_its_room(self, tenant: Tenant) -> None:
        people = [make.person(tenant, f"P{number}", Role.CANDIDATE) for number in range(4)]
        acts: list[Callable[[], Response]] = []
        for one in people:
            item = make.item(one, make.portfolio(one))
            acts += [partial(announce, one, item)] * 5
        limit(tenant, per_tenant=9 * SIZE)
        answers = at_once(acts)
        assert sorted(answer.status_code for answer in answers) == [201] * 9 + [409] * 11
        invariants.check(tenant)


class TestOverHttp:
    def test_a_file_without_room_is_refused_with_the_figures(
        self, amira: Person, portfolio: UUID, item: UUID
    ) -> None:
        limit(amira.tenant, per_person=SIZE + 10)
        assert announce(amira, item).status_code == 201
        answer = announce(amira, item, 11)
        assert problem(answer) == (409, "quota-exceeded")
        told = answer.json()
        assert (told["used"], told["limit"], told["asked"]) == (SIZE, SIZE + 10, 11)
        assert announce(amira, item, 10).status_code == 201
        assert len(amira.get(f"/portfolios/{portfolio}").json()["files"]) == 2

    def test_a_large_file_without_room_opens_no_upload(
        self, amira: Person, portfolio: UUID, item: UUID, shelves: Shelves
    ) -> None:
        limit(amira.tenant, per_person=SIZE)
        assert announce(amira, item, 2**30).status_code == 409
        assert shelves.open_uploads(portfolio) == []

    def test_a_file_that_was_rejected_or_removed_gives_its_room_back(
        self, amira: Person, portfolio: UUID, item: UUID
    ) -> None:
        limit(amira.tenant, per_person=SIZE)
        removed = make.file(amira, item)
        assert announce(amira, item).status_code == 409
        assert amira.delete(f"/files/{removed}").status_code == 204
        assert used(amira, portfolio) == 0
        never_sent = announce(amira, item).json()["file"]["id"]
        assert amira.post(f"/files/{never_sent}/completion", {}).status_code == 202
        assert used(amira, portfolio) == SIZE
        arrival.check_file(make.shift(amira.tenant), UUID(never_sent))
        assert used(amira, portfolio) == 0
        assert announce(amira, item).status_code == 201
        invariants.check(amira.tenant)

    def test_all_portfolios_of_a_person_count_together(
        self, amira: Person, portfolio: UUID, item: UUID
    ) -> None:
        announce(amira, item)
        second = make.portfolio(amira, level="senior")
        announce(amira, make.item(amira, second))
        assert used(amira, portfolio) == used(amira, second) == 2 * SIZE

    def test_the_limit_is_that_of_the_installation_until_the_body_has_its_own(
        self, amira: Person, portfolio: UUID
    ) -> None:
        path = f"/portfolios/{portfolio}/storage"
        assert amira.get(path).json() == {"used": 0, "limit": 100 * 2**30}
        limit(amira.tenant, per_person=5)
        assert amira.get(path).json() == {"used": 0, "limit": 5}
        limit(amira.tenant, per_person=0)
        assert amira.get(path).json() == {"used": 0, "limit": None}

    def test_who_runs_the_body_sees_how_much_all_files_take_up(
        self, amira: Person, officer: Person, administrator: Person, otto: Person, item: UUID
    ) -> None:
        announce(amira, item)
        limit(amira.tenant, per_tenant=77)
        for one in (officer, administrator):
            assert one.get("/storage").json() == {"used": SIZE, "limit": 77}
        assert otto.get("/storage").json() == {"used": 0, "limit": None}
        assert problem(amira.get("/storage")) == (403, "role-required")

    def test_whose_room_it_is_is_nobody_else_s_business(
        self, amira: Person, officer: Person, bruno: Person, otto: Person, portfolio: UUID
    ) -> None:
        path = f"/portfolios/{portfolio}/storage"
        assert officer.get(path).status_code == 200
        for stranger in (bruno, otto):
            assert problem(stranger.get(path)) == (404, "no-such-portfolio")

    def test_another_body_s_limit_is_its_own(
        self, amira: Person, item: UUID, other_tenant: Tenant
    ) -> None:
        limit(other_tenant, per_person=1, per_tenant=1)
        assert announce(amira, item).status_code == 201


class TestCounting:
    def test_what_was_counted_wrongly_is_put_right_and_recorded(
        self, amira: Person, item: UUID, superuser_engine: Engine
    ) -> None:
        announce(amira, item)
        wrong = text("UPDATE storage_use SET bytes = 5 WHERE person_id = :person")
        with superuser_engine.begin() as connection:
            connection.execute(wrong, {"person": amira.id})
        with amira.tenant.at_work() as work:
            assert storage.drift(work) == {amira.id: (5, SIZE)}
            assert room.count_anew(work) == 1
        with amira.tenant.at_work() as work:
            assert storage.drift(work) == {}
            assert room.count_anew(work) == 0
        invariants.check(amira.tenant)

    def test_a_sum_that_is_too_small_keeps_no_file_from_going(
        self, amira: Person, item: UUID, superuser_engine: Engine
    ) -> None:
        file = announce(amira, item).json()["file"]["id"]
        wrong = text("UPDATE storage_use SET bytes = 0 WHERE person_id = :person")
        with superuser_engine.begin() as connection:
            connection.execute(wrong, {"person": amira.id})
        assert amira.delete(f"/files/{file}").status_code == 204

    def test_counting_anew_while_files_come_and_go_is_right(
        self, amira: Person, item: UUID
    ) -> None:
        def count() -> None:
            for _ in range(5):
                with amira.tenant.at_work() as work:
                    storage.put_right(work, amira.id)

        def come_and_go() -> None:
            for _ in range(3):
                file = announce(amira, item).json()["file"]["id"]
                announce(amira, item)
                assert amira.delete(f"/files/{file}").status_code == 204

        at_once([count, come_and_go, count, come_and_go])
        invariants.check(amira.tenant)
