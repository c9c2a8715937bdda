"""The same bytes in two candidates' portfolios: officers learn of it and settle it, nobody else."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from uuid import UUID

import pytest
from sqlalchemy import text

from app.actor import Role
from app.audit.queries import entries as entries_shown
from app.evidence.flags import raise_flag
from app.evidence.handlers import arrival
from app.evidence.models import File, FlagKind
from tests import make
from tests.evidence.conftest import problem, tree
from tests.make import Json, Person, Tenant
from tests.racing import at_once

SAME = b"Word for word the same reflection.\n"


@pytest.fixture
def milan(tenant: Tenant) -> Person:
    """Another candidate."""
    return make.person(tenant, "Milan", Role.CANDIDATE)


def handed_in(candidate: Person, content: bytes = SAME) -> tuple[str, str]:
    """Hand the file in, in a new portfolio; return the portfolio's and the file's id."""
    portfolio = make.portfolio(candidate)
    return str(portfolio), str(make.file(candidate, make.item(candidate, portfolio), content))


def flags(officer: Person, query: str = "") -> list[Json]:
    answer = officer.get(f"/flags{query}")
    assert answer.status_code == 200, answer.text
    found: list[Json] = answer.json()
    return found


def test_the_same_file_of_another_candidate_is_flagged_on_both_sides(
    amira: Person, milan: Person, officer: Person
) -> None:
    hers = handed_in(amira)
    assert flags(officer) == []
    his = handed_in(milan)
    found = {(one["portfolio_id"], one["file_id"]): one for one in flags(officer)}
    assert found.keys() == {hers, his}
    for one, other in ((hers, his), (his, hers)):
        flag = found[one]
        facts = flag["facts"]
        assert isinstance(facts, dict)
        assert (facts["other_portfolio"], facts["other_file"]) == other
        assert (flag["kind"], flag["is_open"], flag["reason"]) == ("duplicate", True, None)
        assert officer.get(f"/flags/{flag['id']}").json() == flag


def test_one_s_own_file_twice_and_another_tenant_s_are_no_duplicates(
    amira: Person, officer: Person, otto: Person
) -> None:
    portfolio = make.portfolio(amira)
    for _ in range(2):
        make.file(amira, make.item(amira, portfolio), SAME)
    handed_in(otto)
    assert flags(officer) == flags(otto) == []


def test_a_removed_file_is_no_duplicate(amira: Person, milan: Person, officer: Person) -> None:
    _, hers = handed_in(amira)
    assert amira.delete(f"/files/{hers}").status_code == 204
    handed_in(milan)
    assert flags(officer) == []


def test_of_two_kept_at_the_same_moment_each_is_seen(
    amira: Person, milan: Person, officer: Person
) -> None:
    files = [
        make.received(one, make.item(one, make.portfolio(one)), SAME) for one in (amira, milan)
    ]
    checks: list[Callable[[], None]] = [
        partial(arrival.check_file, make.shift(amira.tenant), file) for file in files
    ]
    at_once(checks)
    assert {one["file_id"] for one in flags(officer)} == {str(file) for file in files}


def test_checking_a_file_twice_flags_it_once(amira: Person, milan: Person, officer: Person) -> None:
    handed_in(amira)
    _, his = handed_in(milan)
    arrival.check_file(make.shift(amira.tenant), UUID(his))
    assert len(flags(officer)) == 2


def test_candidates_learn_nothing_of_it(
    amira: Person, milan: Person, officer: Person, bruno: Person
) -> None:
    portfolio, file = handed_in(amira)
    before = [amira.get(path).content for path in pages(portfolio, file)]
    his, _ = handed_in(milan)
    assert len(flags(officer)) == 2
    assert [amira.get(path).content for path in pages(portfolio, file)] == before
    told = tree(milan, UUID(his))["files"][0]
    assert (told["state"], told["problem"]) == ("available", None)
    for person in (amira, milan, bruno):
        for path in ("/flags", f"/flags/{flags(officer)[0]['id']}"):
            assert problem(person.get(path)) == (403, "role-required")


def pages(portfolio: str, file: str) -> list[str]:
    """Return all that a candidate reads."""
    return [
        f"/portfolios/{portfolio}",
        f"/portfolios/{portfolio}/readiness",
        f"/portfolios/{portfolio}/readings",
        f"/files/{file}",
        f"/journal?stream={portfolio}",
    ]


def test_an_officer_reads_nothing_of_flags_on_their_own_portfolio(
    tenant: Tenant, amira: Person, officer: Person
) -> None:
    both = make.person(tenant, "Olaf", Role.OFFICER, Role.CANDIDATE)
    _, hers = handed_in(amira)
    _, own = handed_in(both)
    found = {one["file_id"]: one["id"] for one in flags(officer)}
    assert found.keys() == {hers, own}
    assert flags(both) == []
    for id_ in found.values():
        assert problem(both.get(f"/flags/{id_}")) == (404, "no-such-flag")
        answer = both.post(f"/flags/{id_}/settlement", {"reason": "Nothing to see."})
        assert problem(answer) == (404, "no-such-flag")
    raised = [one for one in entries(officer) if one["action"] == "evidence.flag_raised"]
    assert len(raised) == 2
    assert [one for one in entries(both) if str(one["action"]).startswith("evidence.flag")] == []


def entries(person: Person) -> list[Json]:
    found: list[Json] = person.get("/journal?limit=200").json()
    return found


def test_an_officer_settles_a_flag_once_and_with_a_reason(
    amira: Person, milan: Person, officer: Person
) -> None:
    handed_in(amira)
    _, his = handed_in(milan)
    (flag,) = [one for one in flags(officer) if one["file_id"] == his]
    path = f"/flags/{flag['id']}/settlement"
    assert officer.post(path, {"reason": ""}).status_code == 422
    answer = officer.post(path, {"reason": "A form that everybody hands in."})
    assert answer.status_code == 200, answer.text
    assert (answer.json()["is_open"], answer.json()["settled_by"]) == (False, str(officer.id))
    assert problem(officer.post(path, {"reason": "Again."})) == (409, "flag-settled")
    assert [one["id"] for one in flags(officer, "?state=settled")] == [flag["id"]]
    assert len(flags(officer, "?state=open")) == 1
    (entry,) = [one for one in entries(officer) if one["action"] == "evidence.flag_settled"]
    assert (entry["stream_id"], entry["subject_id"]) == (str(amira.tenant.id), flag["id"])
    assert "everybody" not in str(entry["facts"])


def test_of_two_officers_at_once_one_settles(
    tenant: Tenant, amira: Person, milan: Person, officer: Person
) -> None:
    second = make.person(tenant, "Ottilie", Role.OFFICER)
    handed_in(amira)
    handed_in(milan)
    path = f"/flags/{flags(officer)[0]['id']}/settlement"
    answers = at_once([partial(one.post, path, {"reason": one.name}) for one in (officer, second)])
    assert sorted(one.status_code for one in answers) == [200, 409]


def test_who_is_tied_to_either_candidate_does_not_settle(tenant: Tenant, officer: Person) -> None:
    school = make.organisation(tenant)
    milan = make.person(tenant, "Milan", Role.CANDIDATE, training_body=school)
    amira = make.person(tenant, "Amira", Role.CANDIDATE)
    tied = make.person(tenant, "Olaf", Role.OFFICER, training_body=school)
    handed_in(amira)
    handed_in(milan)
    assert len(flags(tied)) == 2
    for flag in flags(tied):
        answer = tied.post(f"/flags/{flag['id']}/settlement", {"reason": "They are fine."})
        assert problem(answer) == (409, "conflict-of-interest")
    assert len(flags(officer, "?state=open")) == 2


def test_flags_are_read_by_kind_and_page_the_oldest_first(
    amira: Person, milan: Person, officer: Person
) -> None:
    handed_in(amira)
    _, his = handed_in(milan)
    with amira.tenant.at_work() as work:
        file = work.session.get_one(File, UUID(his))
        raise_flag(work, file, FlagKind.INTEGRITY, found="missing")
    assert len(flags(officer)) == 3
    (damaged,) = flags(officer, "?kind=integrity")
    assert (damaged["file_id"], damaged["facts"]) == (his, {"found": "missing"})
    assert [one["id"] for one in flags(officer)][-1] == damaged["id"]
    found: list[Json] = []
    path: str | None = "/flags?limit=1"
    while path is not None:
        answer = officer.get(path)
        found += answer.json()
        path = answer.links.get("next", {}).get("url")
    assert found == flags(officer)
    assert problem(officer.get("/flags?cursor=x")) == (400, "malformed-cursor")
    assert officer.get("/flags?kind=rumour").status_code == 422


def test_flags_of_another_body_do_not_exist(
    amira: Person, milan: Person, officer: Person, otto: Person
) -> None:
    handed_in(amira)
    handed_in(milan)
    assert flags(otto) == []
    for flag in flags(officer):
        assert problem(otto.get(f"/flags/{flag['id']}")) == (404, "no-such-flag")
        answer = otto.post(f"/flags/{flag['id']}/settlement", {"reason": "x"})
        assert problem(answer) == (404, "no-such-flag")


def test_a_form_that_all_hand_in_flags_each_once(tenant: Tenant, officer: Person) -> None:
    everyone = [make.person(tenant, f"Candidate {number}", Role.CANDIDATE) for number in range(4)]
    files = {handed_in(one)[1] for one in everyone}
    assert {one["file_id"] for one in flags(officer)} == files
    assert len(flags(officer)) == len(files)


OTHERS = text(
    "INSERT INTO flag (id, tenant_id, portfolio_id, file_id, kind, facts, raised_at,"
    " settled_at, settled_by, reason)"
    " SELECT gen_random_uuid(), tenant_id, portfolio_id, id, 'duplicate',"
    " jsonb_build_object('other_portfolio', portfolio_id), now(), now(), :officer, 'A form'"
    " FROM evidence_file, generate_series(1, 500) WHERE id = :file"
)
FLAGS_READ = text(
    "SELECT seq_tup_read + coalesce(idx_tup_fetch, 0) FROM pg_stat_xact_user_tables"
    " WHERE relname = 'flag'"
)


def test_a_page_of_the_journal_does_not_read_every_flag(
    tenant: Tenant, milan: Person, officer: Person
) -> None:
    """Only those on either side of which the reader's own portfolio is."""
    reader = make.person(tenant, "Ada", Role.OFFICER, Role.CANDIDATE)
    handed_in(reader)
    _, file = handed_in(milan)
    with tenant.at_work() as work:
        work.session.execute(OTHERS, {"officer": officer.id, "file": file})
    with reader.at_work() as work:
        for kind in ("seqscan", "hashjoin", "mergejoin"):  # which pay with as few rows as here
            work.session.execute(text(f"SET LOCAL enable_{kind} = off"))
        before = work.session.execute(FLAGS_READ).scalar_one()
        shown = entries_shown(work, None, 200, None).rows
        read = work.session.execute(FLAGS_READ).scalar_one() - before
    assert "evidence.flag_raised" not in {one.action for one in shown}
    assert read == 2


def test_the_digest_is_found_by_its_index(tenant: Tenant) -> None:
    """A look for the same bytes must not read every file of the certification body."""
    with tenant.at_work() as work:
        work.session.execute(text("SET LOCAL enable_seqscan = off"))
        plan = work.session.scalars(
            text(
                "EXPLAIN SELECT id FROM evidence_file"
                " WHERE tenant_id = :tenant AND sha256 = :sha256"
            ),
            {"tenant": tenant.id, "sha256": "0" * 64},
        ).all()
    assert "evidence_file_sha256_idx" in "\n".join(plan)
