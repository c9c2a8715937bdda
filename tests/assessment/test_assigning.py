"""Who is asked to assess a portfolio, and what each can answer."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from app.actor import Role
from app.kit.clock import utc_now
from app.people.models import Organisation, OrganisationKind
from app.people.service import end_role
from app.portfolio.lifecycle import State as PortfolioState
from tests import assess, make
from tests.assess import Panel, done, refused
from tests.make import Json, Person
from tests.racing import at_once

WHY = {"reason": "I know the candidate well."}


@pytest.fixture
def amira(panel: Panel) -> Person:
    return panel.candidate()


@pytest.fixture
def portfolio(amira: Person) -> UUID:
    return make.submitted_portfolio(amira)


def ask(panel: Panel, portfolio: UUID, referent: Person, status: int, kind: str) -> Json:
    """Assign somebody, which must be refused."""
    body = {"referent_id": str(referent.id)}
    return refused(panel.officer.post(f"/portfolios/{portfolio}/assignments", body), status, kind)


def standing(panel: Panel, portfolio: UUID) -> list[tuple[str, str]]:
    """Return the part and state of each assessment, as the officer sees it."""
    listed = panel.officer.get(f"/portfolios/{portfolio}/assignments").json()
    return [(one["part"], one["state"]) for one in listed]


def test_an_officer_asks_a_referent_who_finds_it_in_the_queue(
    panel: Panel, portfolio: UUID
) -> None:
    answer = panel.officer.post(
        f"/portfolios/{portfolio}/assignments", {"referent_id": str(panel.bruno.id)}
    )
    assert answer.status_code == 201
    made = answer.json()
    assert made["state"] == "assigned"
    assert made["open_steps"] == ["accept", "decline", "declare_conflict"]
    assert (made["rated"], made["to_rate"]) == (0, 75)
    assert made["due_on"] == (datetime.now(UTC) + timedelta(days=45)).date().isoformat()

    (waiting,) = panel.bruno.get("/assessments").json()
    assert (waiting["id"], waiting["portfolio_id"]) == (made["id"], str(portfolio))
    assert panel.chloe.get("/assessments").json() == []


def test_the_assessment_begins_when_as_many_have_accepted_as_the_scheme_asks(
    panel: Panel, amira: Person, portfolio: UUID
) -> None:
    one = assess.assign(panel.officer, portfolio, panel.bruno)
    other = assess.assign(panel.officer, portfolio, panel.chloe)
    assess.accept(panel.bruno, one)
    assert done(amira.get(f"/portfolios/{portfolio}"))["state"] == "submitted"
    assess.accept(panel.chloe, other)
    assert done(amira.get(f"/portfolios/{portfolio}"))["state"] == "in_assessment"
    assert standing(panel, portfolio) == [("referent", "in_progress")] * 2


def test_only_someone_who_is_a_referent_now_is_asked(panel: Panel, portfolio: UUID) -> None:
    ask(panel, portfolio, panel.vera, 409, "not-a-referent")
    with panel.tenant.administrator.at_work() as work:
        end_role(work, panel.bruno.id, Role.REFERENT, None)
    ask(panel, portfolio, panel.bruno, 409, "not-a-referent")
    assert standing(panel, portfolio) == []


def test_nobody_unknown_is_asked(panel: Panel, portfolio: UUID, other_tenant: make.Tenant) -> None:
    stranger = make.person(other_tenant, "Stella", Role.REFERENT)
    ask(panel, portfolio, stranger, 404, "no-such-person")
    nobody = {"referent_id": str(uuid4())}
    answer = panel.officer.post(f"/portfolios/{portfolio}/assignments", nobody)
    refused(answer, 404, "no-such-person")


def test_nobody_assesses_their_own_portfolio(panel: Panel) -> None:
    amira = make.person(panel.tenant, "Amira", Role.CANDIDATE, Role.REFERENT)
    problem = ask(panel, make.submitted_portfolio(amira), amira, 409, "conflict-of-interest")
    assert problem["grounds"] == ["own_portfolio"]


def test_nobody_from_the_candidates_employer_or_training_body_assesses(panel: Panel) -> None:
    school = make.organisation(panel.tenant)
    firm = make.organisation(panel.tenant, "Bakery", OrganisationKind.EMPLOYER)
    amira = make.person(panel.tenant, "Amira", Role.CANDIDATE, employer=firm, training_body=school)
    portfolio = make.submitted_portfolio(amira)
    colleague = make.person(panel.tenant, "Carl", Role.REFERENT, employer=firm)
    trained = make.person(panel.tenant, "Tina", Role.REFERENT, training_body=school)
    teaching = make.person(panel.tenant, "Theo", Role.REFERENT, staff_of=school)
    for referent in (colleague, trained, teaching):
        problem = ask(panel, portfolio, referent, 409, "conflict-of-interest")
        assert problem["grounds"] == ["same_organisation"]
    assess.assign(panel.officer, portfolio, panel.bruno)


def test_a_tie_that_was_cut_while_the_case_went_on_still_binds(panel: Panel) -> None:
    school = make.organisation(panel.tenant)
    amira = make.person(panel.tenant, "Amira", Role.CANDIDATE, training_body=school)
    before = make.person(panel.tenant, "Theo", Role.REFERENT, staff_of=school)
    ends_staff_role(panel, before, school)
    portfolio = make.submitted_portfolio(amira)
    tutor = make.person(panel.tenant, "Tara", Role.REFERENT, staff_of=school)
    former = make.person(panel.tenant, "Tom", Role.REFERENT, staff_of=school)
    ends_staff_role(panel, former, school)

    person = panel.officer.get(f"/persons/{amira.id}")
    body = {key: person.json()[key] for key in ("name", "email", "language")}
    answer = panel.officer.put(f"/persons/{amira.id}", body, if_match=person.headers["etag"])
    assert done(answer)["training_body_id"] is None
    for referent in (tutor, former):
        problem = ask(panel, portfolio, referent, 409, "conflict-of-interest")
        assert problem["grounds"] == ["same_organisation"]
    assess.assign(panel.officer, portfolio, before)


def ends_staff_role(panel: Panel, person: Person, school: Organisation) -> None:
    with panel.tenant.administrator.at_work() as work:
        end_role(work, person.id, Role.TRAINING_BODY, school.id)


def test_an_officer_who_is_a_referent_too_does_not_assign_themself(
    panel: Panel, portfolio: UUID
) -> None:
    both = make.person(panel.tenant, "Oleg", Role.OFFICER, Role.REFERENT)
    path, body = f"/portfolios/{portfolio}/assignments", {"referent_id": str(both.id)}
    refused(both.post(path, body), 403, "self-assigned")
    assert standing(panel, portfolio) == []
    assess.assign(both, portfolio, panel.bruno)
    assess.assign(panel.officer, portfolio, both)


def test_a_conflict_declared_once_keeps_a_referent_from_all_portfolios_of_that_candidate(
    panel: Panel, amira: Person, portfolio: UUID
) -> None:
    id = assess.assign(panel.officer, portfolio, panel.bruno)
    answer = done(panel.bruno.post(f"/assessments/{id}/conflict", WHY))
    assert (answer["state"], answer["open_steps"]) == ("conflict", [])

    later = make.submitted_portfolio(amira, level="senior")
    problem = ask(panel, later, panel.bruno, 409, "conflict-of-interest")
    assert problem["grounds"] == ["declared"]
    assess.assign(panel.officer, make.submitted_portfolio(panel.candidate("Milan")), panel.bruno)


def test_a_person_is_asked_once_about_a_portfolio(panel: Panel, portfolio: UUID) -> None:
    id = assess.assign(panel.officer, portfolio, panel.bruno)
    ask(panel, portfolio, panel.bruno, 409, "already-assigned")
    done(panel.bruno.post(f"/assessments/{id}/decline", WHY))
    ask(panel, portfolio, panel.bruno, 409, "already-assigned")


def test_no_more_referents_are_asked_than_the_scheme_wants(panel: Panel, portfolio: UUID) -> None:
    assess.assign(panel.officer, portfolio, panel.bruno)
    assess.taken_on(panel.officer, portfolio, panel.chloe)
    ask(panel, portfolio, panel.dario, 409, "enough-referents")


def test_requests_at_once_do_not_assign_too_many(panel: Panel, portfolio: UUID) -> None:
    referents = [
        make.person(panel.tenant, name, Role.REFERENT) for name in ("Rhea", "Sam", "Tom", "Uma")
    ]
    path = f"/portfolios/{portfolio}/assignments"
    answers = at_once(
        [
            lambda one=one: panel.officer.post(path, {"referent_id": str(one.id)}).status_code  # type: ignore[misc]
            for one in referents
        ]
    )
    assert sorted(answers) == [201, 201, 409, 409]


def test_who_declines_is_replaced(panel: Panel, portfolio: UUID) -> None:
    id = assess.assign(panel.officer, portfolio, panel.bruno)
    assess.assign(panel.officer, portfolio, panel.chloe)
    answer = done(panel.bruno.post(f"/assessments/{id}/decline", WHY))
    assert (answer["state"], answer["reason"]) == ("declined", WHY["reason"])
    assess.assign(panel.officer, portfolio, panel.dario)
    assert panel.bruno.get("/assessments").json() == []
    assert standing(panel, portfolio) == [
        ("referent", "declined"),
        ("referent", "assigned"),
        ("referent", "assigned"),
    ]


def test_who_finds_a_conflict_while_assessing_is_replaced_by_another(
    panel: Panel, portfolio: UUID
) -> None:
    assess.final(panel.officer, portfolio, panel.chloe)
    id = assess.taken_on(panel.officer, portfolio, panel.bruno)
    assess.rate_all(panel.bruno, id)
    done(panel.bruno.post(f"/assessments/{id}/conflict", WHY))

    ask(panel, portfolio, panel.chloe, 409, "already-assigned")
    assess.final(panel.officer, portfolio, panel.dario)
    assess.interviewed(panel.chloe, panel.dario, portfolio)
    found = done(panel.diana.get(f"/portfolios/{portfolio}/result"))
    assert found["outcome"] == "granted"
    refused(panel.bruno.get(f"/portfolios/{portfolio}/interview/plan"), 404, "no-such-portfolio")


@pytest.mark.parametrize("act", ["decline", "conflict"])
def test_a_no_takes_a_reason(panel: Panel, portfolio: UUID, act: str) -> None:
    id = assess.assign(panel.officer, portfolio, panel.bruno)
    for body in ({}, {"reason": ""}, {"reason": "   "}, {"reason": "\x00"}):
        refused(panel.bruno.post(f"/assessments/{id}/{act}", body), 422, "not-as-described")


def test_a_portfolio_that_was_withdrawn_is_neither_taken_on_nor_finished(
    panel: Panel, amira: Person, portfolio: UUID
) -> None:
    waiting = assess.assign(panel.officer, portfolio, panel.bruno)
    rated = assess.taken_on(panel.officer, portfolio, panel.chloe)
    assess.rate_all(panel.chloe, rated)
    done(amira.post(f"/portfolios/{portfolio}/withdrawal"))

    answer = panel.bruno.post(f"/assessments/{waiting}/acceptance")
    assert refused(answer, 409, "not-under-assessment")["portfolio_state"] == "withdrawn"
    answer = panel.chloe.post(f"/assessments/{rated}/finalisation", assess.COMMENT)
    refused(answer, 409, "not-under-assessment")
    answer = panel.chloe.put(f"/assessments/{rated}/ratings/1a", assess.given(3), if_match='"2"')
    assert refused(answer, 409, "ratings-closed")["portfolio_state"] == "withdrawn"
    ask(panel, portfolio, panel.dario, 409, "step-not-open")
    done(panel.bruno.post(f"/assessments/{waiting}/decline", WHY))


def queue(referent: Person, query: str = "") -> list[str]:
    return [one["id"] for one in referent.get(f"/assessments{query}").json()]


def test_a_portfolio_that_was_withdrawn_leaves_the_queues_of_its_referents(
    panel: Panel, amira: Person, portfolio: UUID
) -> None:
    waiting = assess.assign(panel.officer, portfolio, panel.bruno)
    begun = assess.taken_on(panel.officer, portfolio, panel.chloe)
    other = make.submitted_portfolio(panel.candidate("Milan"))
    kept = [str(assess.assign(panel.officer, other, one)) for one in (panel.bruno, panel.chloe)]
    assert queue(panel.bruno) == [str(waiting), kept[0]]
    assert queue(panel.chloe) == [str(begun), kept[1]]

    done(amira.post(f"/portfolios/{portfolio}/withdrawal"))
    assert [queue(panel.bruno), queue(panel.chloe)] == [kept[:1], kept[1:]]
    assert queue(panel.chloe, "?state=in_progress") == [str(begun)], "it can still be looked up"
    assert assess.desk(panel.chloe, begun)["state"] == "in_progress"


def test_a_queue_is_work_on_portfolios_that_are_under_assessment(
    panel: Panel, portfolio: UUID
) -> None:
    assess.taken_on(panel.officer, portfolio, panel.bruno)
    with_work = set()
    for state in PortfolioState:
        with panel.tenant.at_work() as work:
            work.session.execute(
                text("UPDATE portfolio SET state = :state, decided_at = now() WHERE id = :id"),
                {"state": state, "id": portfolio},
            )
        if queue(panel.bruno):
            with_work.add(state)
    assert with_work == {
        PortfolioState.SUBMITTED,
        PortfolioState.IN_ASSESSMENT,
        PortfolioState.CLARIFICATION,
    }


def test_a_portfolio_not_submitted_yet_is_not_assigned(panel: Panel, amira: Person) -> None:
    ask(panel, make.portfolio(amira), panel.bruno, 409, "step-not-open")


def test_somebody_with_another_part_in_the_case_is_not_assigned(panel: Panel) -> None:
    versatile = make.person(panel.tenant, "Vic", Role.REFERENT, Role.VERIFIER, Role.DECISION_MAKER)
    case = assess.assessed(panel)
    body = {"outcome": "returned", "indicators": ["1a"], "comment": "Look again."}
    done(versatile.post(f"{case.path}/verification", body))
    done(panel.bruno.post(f"/assessments/{case.bruno_id}/conflict", WHY))
    problem = ask(panel, case.portfolio_id, versatile, 403, "parts-kept-apart")
    assert (problem["held"], problem["wanted"]) == ("verifier", "referent")


def test_what_was_submitted_shows_once_the_assessment_is_accepted(
    panel: Panel, portfolio: UUID
) -> None:
    id = assess.assign(panel.officer, portfolio, panel.bruno)
    before = assess.desk(panel.bruno, id)
    assert before["snapshot"]["content"] is None  # type: ignore[index]
    assert before["ratings"] == []
    assess.accept(panel.bruno, id)
    after = assess.desk(panel.bruno, id)
    assert len(assess.claims(after)) == 81
    assert list(assess.ratings(after)) == list(assess.CODES)
    done(panel.bruno.post(f"/assessments/{id}/conflict", WHY))
    assert assess.desk(panel.bruno, id)["snapshot"]["content"] is None  # type: ignore[index]


def test_a_desk_is_sent_again_only_when_it_changed(panel: Panel, portfolio: UUID) -> None:
    id = assess.taken_on(panel.officer, portfolio, panel.bruno)
    first = panel.bruno.get(f"/assessments/{id}")
    known = first.headers["etag"]
    again = panel.bruno.get(f"/assessments/{id}", if_none_match=known)
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", known)
    assess.rate_all(panel.bruno, id)
    changed = panel.bruno.get(f"/assessments/{id}", if_none_match=known)
    assert (changed.status_code, changed.headers["etag"] != known) == (200, True)
    assert panel.bruno.get(f"/assessments/{id}", if_none_match='"x"').status_code == 200


def test_a_queue_comes_in_pages_the_longest_waiting_first(panel: Panel) -> None:
    portfolios = [make.submitted_portfolio(panel.candidate(f"Candidate {n}")) for n in range(3)]
    ids = [str(assess.assign(panel.officer, one, panel.bruno)) for one in portfolios]
    seen: list[str] = []
    path: str | None = "/assessments?limit=2"
    while path is not None:
        answer = panel.bruno.get(path)
        assert len(answer.json()) <= 2
        seen += [one["id"] for one in answer.json()]
        path = answer.links["next"]["url"] if "next" in answer.links else None
    assert seen == ids

    assess.accept(panel.bruno, UUID(ids[1]))
    listed = {
        state: [one["id"] for one in panel.bruno.get(f"/assessments?state={state}").json()]
        for state in ("assigned", "in_progress", "final")
    }
    assert listed == {"assigned": [ids[0], ids[2]], "in_progress": [ids[1]], "final": []}


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=201", "limit=x", "state=lost", "cursor=%00", "cursor=abc"]
)
def test_a_queue_that_cannot_be_is_refused(panel: Panel, query: str) -> None:
    answer = panel.bruno.get(f"/assessments?{query}")
    assert answer.headers["content-type"] == "application/problem+json"
    assert 400 <= answer.status_code < 500


def test_the_due_date_follows_the_schemes_service_level(panel: Panel, portfolio: UUID) -> None:
    assess.assign(panel.officer, portfolio, panel.bruno)
    (one,) = panel.bruno.get("/assessments").json()
    assert one["due_on"] == (utc_now() + timedelta(days=45)).date().isoformat()
