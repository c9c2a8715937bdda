"""Reading the journal: who may, and how much of it."""

from __future__ import annotations

from uuid import UUID

import pytest
from httpx2 import Response
from sqlalchemy import text

from app.actor import NOBODY, Role
from app.journal.service import record
from app.kit.ids import new_id
from app.portfolio.access import Part
from app.portfolio.lifecycle import State
from app.portfolio.models import Duty
from tests import make
from tests.make import Person, Tenant


def actions(answer: Response) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [one["action"] for one in answer.json()]


@pytest.fixture
def case(tenant: Tenant, under_assessment: UUID) -> UUID:
    """The same portfolio once it is assessed: results are open to those who read them."""
    put_into(tenant, under_assessment, State.ASSESSED)
    return under_assessment


@pytest.fixture
def under_assessment(amira: Person, bruno: Person, chloe: Person) -> UUID:
    """A portfolio that two referents are at work on."""
    id = make.portfolio(amira)
    take_part(bruno, id, Part.REFERENT)
    take_part(chloe, id, Part.REFERENT)
    with bruno.at_work() as work:
        record(work, id, "evidence.file_read", new_id())
        record(work, id, "assessment.rated", new_id(), rating=3)
    with chloe.at_work() as work:
        record(work, id, "assessment.rated", new_id(), rating=0)
    return id


def take_part(person: Person, portfolio_id: UUID, part: Part) -> None:
    with person.at_work() as work:
        work.session.add(
            Duty(
                tenant_id=person.tenant.id,
                portfolio_id=portfolio_id,
                person_id=person.id,
                duty=part,
                taken_at=work.now,
            )
        )


def put_into(tenant: Tenant, portfolio_id: UUID, state: State) -> None:
    with tenant.at_work() as work:
        work.session.execute(
            text(
                "UPDATE portfolio SET state = :state, submitted_at = now(), decided_at = now()"
                " WHERE id = :id"
            ),
            {"state": state, "id": portfolio_id},
        )


def test_a_candidate_sees_who_opened_which_file_but_no_rating(
    amira: Person, bruno: Person, case: UUID
) -> None:
    answer = amira.get(f"/journal?stream={case}")
    assert actions(answer) == ["portfolio.opened", "evidence.file_read"]
    # A referent, whoever it was: that there is a third would tell that two disagreed.
    assert answer.json()[1]["actor_id"] == str(NOBODY)
    assert str(bruno.id) not in answer.text
    assert "rating" not in answer.text


@pytest.mark.parametrize("role", [Role.OFFICER, Role.VERIFIER, Role.ADMINISTRATOR])
def test_staff_see_everything_recorded_of_a_portfolio(
    tenant: Tenant, case: UUID, role: Role
) -> None:
    staff = make.person(tenant, "Sam", role)
    assert actions(staff.get(f"/journal?stream={case}")) == [
        "portfolio.opened",
        "evidence.file_read",
        "assessment.rated",
        "assessment.rated",
    ]


@pytest.mark.parametrize("role", [Role.OFFICER, Role.VERIFIER, Role.ADMINISTRATOR])
def test_staff_read_what_referents_did_when_results_are_open_and_their_own_acts_before(
    tenant: Tenant, bruno: Person, under_assessment: UUID, role: Role
) -> None:
    case, staff = under_assessment, make.person(tenant, "Sam", role)
    with bruno.at_work() as work:
        record(work, case, "interview.recorded", new_id(), indicators=["1a"])
    with staff.at_work() as work:
        record(work, case, "assessment.assigned", new_id(), referent=bruno.id)
    shown: dict[State, tuple[list[str], bool]] = {}
    for state in State:
        put_into(tenant, case, state)
        everything = staff.get("/journal?limit=200")
        of_case = [one["action"] for one in everything.json() if one["stream_id"] == str(case)]
        assert of_case == actions(staff.get(f"/journal?stream={case}"))
        shown[state] = of_case, '"rating":' in everything.text
    others = ["portfolio.opened", "evidence.file_read"]
    rated = ["assessment.rated", "assessment.rated", "interview.recorded"]
    own = ["assessment.assigned"]
    assert shown == {
        state: ([*others, *rated, *own], True)
        if state in (State.ASSESSED, State.DECIDED, State.CLOSED)
        else ([*others, *own], False)
        for state in State
    }


@pytest.mark.parametrize(
    "role", [role for role in Role if role not in ("officer", "verifier", "administrator")]
)
def test_others_read_no_journal(tenant: Tenant, case: UUID, role: Role) -> None:
    school = make.organisation(tenant)
    body = role is Role.TRAINING_BODY
    other = make.person(tenant, "Oz", *([] if body else [role]), staff_of=school if body else None)
    everything = other.get("/journal")
    assert everything.status_code == 403
    assert everything.json()["type"] == "/problems/role-required"
    answer = other.get(f"/journal?stream={case}")
    assert answer.status_code == 404
    assert answer.content == other.get(f"/journal?stream={new_id()}").content


def test_a_referent_who_is_an_officer_too_does_not_learn_the_other_s_ratings(
    administrator: Person, bruno: Person, case: UUID
) -> None:
    administrator.post(f"/persons/{bruno.id}/roles", {"role": "officer"})
    answer = bruno.get(f"/journal?stream={case}")
    rated = [one for one in answer.json() if one["action"] == "assessment.rated"]
    assert [(one["actor_id"], one["facts"]) for one in rated] == [(str(bruno.id), {"rating": 3})]
    assert '"rating":0' not in bruno.get("/journal?limit=200").text


def test_a_candidate_who_is_an_officer_too_does_not_learn_the_ratings(
    administrator: Person, amira: Person, case: UUID
) -> None:
    administrator.post(f"/persons/{amira.id}/roles", {"role": "officer"})
    assert "assessment.rated" not in actions(amira.get(f"/journal?stream={case}"))
    everything = actions(amira.get("/journal?limit=200"))
    assert "assessment.rated" not in everything
    assert "people.person_added" in everything


def test_the_verifier_of_a_case_sees_all_of_it(vera: Person, case: UUID) -> None:
    take_part(vera, case, Part.VERIFIER)
    assert actions(vera.get(f"/journal?stream={case}")).count("assessment.rated") == 2


@pytest.mark.parametrize("limit", [1, 2, 3, 200])
def test_pages_follow_each_other_without_gaps_or_repetition(
    administrator: Person, case: UUID, limit: int
) -> None:
    with administrator.at_work() as work:  # all of the same moment
        for number in range(7):
            record(work, case, "portfolio.touched", case, number=number)
            record(work, administrator.tenant.id, "people.touched", case, number=number)
    path, seen = f"/journal?limit={limit}", []
    while path:
        answer = administrator.get(path)
        assert len(answer.json()) <= limit
        seen += [(one["at"], one["stream_id"], one["seq"]) for one in answer.json()]
        path = answer.links.get("next", {}).get("url", "")
    assert seen == sorted(set(seen))
    everything = administrator.get("/journal?limit=200").json()
    assert len(seen) == len(everything)


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("limit=0", 422),
        ("limit=201", 422),
        ("limit=1000000000", 422),
        ("cursor=!", 400),
        ("cursor=", 400),
        ("cursor=W10", 400),
        ("cursor=" + "W1tb" * 15_000, 400),
        ("stream=1", 422),
    ],
)
def test_a_page_that_cannot_be_is_refused(administrator: Person, query: str, status: int) -> None:
    assert administrator.get(f"/journal?{query}").status_code == status


def test_an_entry_shows_identifiers_and_figures_and_no_names(
    administrator: Person, amira: Person
) -> None:
    listed = administrator.get("/journal?limit=200")
    assert str(amira.id) in listed.text
    assert amira.name not in listed.text
    assert "@" not in listed.text
