"""Database and store are compared both ways, and what one of them lacks is found."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import Engine, text

from app import worker
from app.evidence.handlers import reconciling
from app.evidence.handlers.reconciling import Comparison, Figures, reconcile
from app.evidence.queries import comparing
from app.jobs.shift import Shift
from app.kit.db import Sessions
from app.kit.ids import new_id
from app.storage.s3 import S3Store
from app.work import Work
from tests import invariants, make
from tests.evidence.conftest import Shelves
from tests.make import Json, Person, Tenant


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let everything be a day old."""
    monkeypatch.setattr(reconciling, "OLD", timedelta(minutes=-5))


def compare(tenant: Tenant, *others: Tenant) -> Figures:
    """Compare, and return what was found of the first certification body."""
    return reconcile([make.shift(one) for one in (tenant, *others)]).by_tenant[tenant.id]


def flags(tenant: Tenant, file: UUID) -> list[str]:
    kinds = text("SELECT kind FROM flag WHERE file_id = :id")
    with tenant.at_work() as work:
        return list(work.session.scalars(kinds, {"id": file}))


@pytest.mark.usefixtures("later")
class TestWhatIsMissing:
    def test_where_all_is_well_nothing_is_found(
        self, amira: Person, item: UUID, other_tenant: Tenant
    ) -> None:
        for _ in range(3):
            make.file(amira, item)
        make.granted(amira, item, make.new_file(make.WORDS))
        assert compare(amira.tenant, other_tenant) == Figures(files=3, objects=3)
        invariants.check(amira.tenant)

    def test_a_kept_file_without_its_object_is_flagged_once(
        self, amira: Person, item: UUID, store: S3Store, portfolio: UUID
    ) -> None:
        lost, kept = make.file(amira, item), make.file(amira, item)
        store.delete(f"evidence/{portfolio}/{lost}")
        assert compare(amira.tenant) == Figures(files=2, objects=1, missing=1)
        assert compare(amira.tenant).missing == 1
        assert flags(amira.tenant, lost) == ["integrity"]
        assert flags(amira.tenant, kept) == []

    def test_a_file_kept_while_the_store_was_listed_is_not_missing(
        self, amira: Person, item: UUID, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        file = make.file(amira, item)
        list_objects = S3Store.objects

        def before_it_came(store: S3Store, prefix: str) -> object:
            return (one for one in list_objects(store, prefix) if str(file) not in one.key)

        monkeypatch.setattr(S3Store, "objects", before_it_came)
        assert compare(amira.tenant).missing == 0
        assert flags(amira.tenant, file) == []

    def test_files_are_read_page_by_page_in_the_order_of_their_keys(
        self, amira: Person, item: UUID, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        files = {make.file(amira, item) for _ in range(5)}
        monkeypatch.setattr(comparing, "PAGE", 2)
        found = list(comparing.expected(amira.tenant.at_work))
        assert {one.file_id for one in found} == files
        assert [one.key for one in found] == sorted(one.key for one in found)


class TestWhatNobodyNeeds:
    @pytest.mark.usefixtures("later")
    def test_what_was_sent_again_after_the_file_was_settled_is_removed(
        self, amira: Person, portfolio: UUID, item: UUID, store: S3Store, shelves: Shelves
    ) -> None:
        file = make.file(amira, item)
        shelves.put(f"incoming/{portfolio}/{file}", make.WORDS)
        shelves.put(f"derived/{portfolio}/{file}/poster.webp", make.WORDS)
        assert compare(amira.tenant).removed == 1
        assert shelves.incoming(portfolio) == {}
        assert store.exists(f"derived/{portfolio}/{file}/poster.webp")
        assert shelves.kept(portfolio) == {str(file): make.WORDS}

    @pytest.mark.usefixtures("later")
    def test_what_was_made_of_a_file_that_is_deleted_is_removed(
        self, amira: Person, portfolio: UUID, item: UUID, shelves: Shelves
    ) -> None:
        file = make.file(amira, item)
        shelves.put(f"derived/{portfolio}/{file}/poster.webp", make.WORDS)
        assert amira.delete(f"/files/{file}").status_code == 204
        assert compare(amira.tenant).removed == 1
        assert shelves.derived(portfolio, file) == {}

    @pytest.mark.usefixtures("later")
    def test_a_file_that_an_older_database_does_not_know_of_is_counted_and_never_removed(
        self, amira: Person, portfolio: UUID, item: UUID, store: S3Store, shelves: Shelves
    ) -> None:
        """The database was put back to a moment before it was announced; its portfolio is there."""
        file = new_id()
        shelves.put(f"incoming/{portfolio}/{file}", make.WORDS)
        shelves.put(f"derived/{portfolio}/{file}/poster.webp", make.WORDS)
        store.open_upload(f"incoming/{portfolio}/{new_id()}", media_type="a/b")
        assert compare(amira.tenant) == Figures(objects=2, unknown=3)
        assert shelves.incoming(portfolio) == {str(file): make.WORDS}
        assert shelves.derived(portfolio, file) == {"poster.webp": make.WORDS}
        assert len(shelves.open_uploads(portfolio)) == 1

    @pytest.mark.usefixtures("later")
    def test_only_the_body_whose_portfolio_it_is_is_asked(
        self,
        amira: Person,
        portfolio: UUID,
        item: UUID,
        otto: Person,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        make.granted(amira, item, make.new_file(make.WORDS))
        make.received(amira, item)
        asked: set[UUID] = set()
        states = comparing.states

        def noted(work: Work, ids: Collection[UUID]) -> object:
            asked.add(work.actor.tenant_id)
            return states(work, ids)

        monkeypatch.setattr(comparing, "states", noted)
        assert compare(amira.tenant, otto.tenant).objects == 1
        assert asked == {amira.tenant.id}

    @pytest.mark.usefixtures("later")
    def test_what_is_on_its_way_stays(
        self, amira: Person, portfolio: UUID, item: UUID, shelves: Shelves
    ) -> None:
        grant = make.granted(amira, item, make.new_file(make.WORDS))
        assert make.send(grant["request"], make.WORDS) == 200
        received = make.received(amira, item)
        assert compare(amira.tenant) == Figures(objects=2)
        assert str(received) in shelves.incoming(portfolio)
        assert len(shelves.incoming(portfolio)) == 2

    @pytest.mark.usefixtures("later")
    def test_what_lies_with_the_evidence_is_counted_and_never_removed(
        self, amira: Person, portfolio: UUID, item: UUID, shelves: Shelves
    ) -> None:
        stray = new_id()
        shelves.put(f"evidence/{portfolio}/{stray}", make.WORDS)
        shelves.put(f"receipts/{portfolio}/{new_id()}/x.pdf", make.WORDS)
        assert compare(amira.tenant).unknown == 2
        assert shelves.kept(portfolio) == {str(stray): make.WORDS}

    def test_what_is_younger_than_a_day_is_left_alone(
        self, amira: Person, portfolio: UUID, item: UUID, shelves: Shelves
    ) -> None:
        shelves.put(f"incoming/{portfolio}/{new_id()}", make.WORDS)
        assert compare(amira.tenant) == Figures(objects=1)
        assert len(shelves.incoming(portfolio)) == 1

    @pytest.mark.usefixtures("later")
    def test_what_belongs_to_no_portfolio_is_left_alone(
        self, amira: Person, portfolio: UUID, otto: Person, shelves: Shelves
    ) -> None:
        theirs = make.portfolio(otto)
        shelves.put(f"incoming/{theirs}/{make.file(otto, make.item(otto, theirs))}", make.WORDS)
        found = reconcile([make.shift(amira.tenant)])
        assert found.nobodys >= 1
        assert len(shelves.incoming(theirs)) == 1
        assert compare(amira.tenant, otto.tenant).removed == 0
        assert shelves.incoming(theirs) == {}

    def test_without_certification_bodies_nothing_is_looked_at(self) -> None:
        assert reconcile([]) == Comparison()


class TestOpenUploads:
    @pytest.mark.usefixtures("later")
    def test_an_upload_that_no_file_waits_for_is_given_up(
        self, amira: Person, portfolio: UUID, item: UUID, store: S3Store, shelves: Shelves
    ) -> None:
        body: Json = {**make.new_file(make.WORDS), "size": 70 * 2**20}
        grant = make.granted(amira, item, body)["file"]
        assert isinstance(grant, dict)
        awaited = f"incoming/{portfolio}/{grant['id']}"
        store.open_upload(awaited, media_type="a/b")  # asked for twice, its answer was lost
        settled = make.file(amira, item)
        store.open_upload(f"incoming/{portfolio}/{settled}", media_type="a/b")
        assert len(shelves.open_uploads(portfolio)) == 3
        assert compare(amira.tenant).aborted == 2
        assert shelves.open_uploads(portfolio) == [awaited]
        parts = {"parts": [{"number": 1, "size": 8 * 2**20, "sha256": "0" * 64}]}
        assert amira.post(f"/files/{grant['id']}/parts", parts).status_code == 200
        assert amira.get(f"/files/{grant['id']}/parts").json()["held"] == []

    @pytest.mark.usefixtures("later")
    def test_one_that_a_killed_worker_left_of_something_it_made_is_given_up(
        self, amira: Person, portfolio: UUID, item: UUID, store: S3Store, shelves: Shelves
    ) -> None:
        prefix = f"derived/{portfolio}/{make.file(amira, item)}/"
        store.open_upload(f"{prefix}playable", media_type="a/b")
        assert compare(amira.tenant).aborted == 1
        assert list(store.open_uploads(prefix)) == []

    def test_a_young_one_is_left_alone(
        self, amira: Person, portfolio: UUID, store: S3Store, shelves: Shelves
    ) -> None:
        store.open_upload(f"incoming/{portfolio}/{new_id()}", media_type="a/b")
        assert compare(amira.tenant).aborted == 0
        assert len(shelves.open_uploads(portfolio)) == 1


class TestWhatIsKeptOfIt:
    def test_the_figures_are_kept_and_recorded_for_each_body(
        self, amira: Person, item: UUID, other_tenant: Tenant, superuser_engine: Engine
    ) -> None:
        make.file(amira, item)
        with superuser_engine.begin() as connection:
            wrong = text("UPDATE storage_use SET bytes = 1 WHERE person_id = :person")
            connection.execute(wrong, {"person": amira.id})
        assert compare(amira.tenant, other_tenant) == Figures(files=1, objects=1, drifted=1)
        assert compare(amira.tenant, other_tenant).drifted == 0
        kept = text("SELECT files, drifted FROM store_comparison ORDER BY id")
        entries = text(
            "SELECT (body::jsonb->'facts'->>'drifted')::int FROM journal_entry"
            " WHERE action = 'evidence.store_compared' ORDER BY seq"
        )
        for tenant, rows in ((amira.tenant, [(1, 1), (1, 0)]), (other_tenant, [(0, 0), (0, 0)])):
            with tenant.at_work() as work:
                assert [tuple(row) for row in work.session.execute(kept)] == rows
                found = work.session.scalars(entries).all()
                assert found == [drifted for _, drifted in rows]
        invariants.check(amira.tenant)

    def test_the_clock_asks_for_all_bodies_at_once(
        self, amira: Person, otto: Person, worker_sessions: Sessions
    ) -> None:
        seen: list[UUID] = []

        def act(shifts: Sequence[Shift]) -> None:
            seen.extend(shift.tenant_id for shift in shifts)

        def shift(id: str) -> Shift:
            return replace(make.shift(amira.tenant), tenant_id=UUID(id))

        worker.do_for_all_at_once(act, shift, worker_sessions, 0)
        assert {amira.tenant.id, otto.tenant.id} <= set(seen)
        assert "evidence.reconcile" in worker.OVERALL
