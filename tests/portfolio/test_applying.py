"""From opening a portfolio to admission: what is asked, who answers, what is kept."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from app.actor import Role
from app.kit.ids import new_id
from app.people.service import end_role
from tests import make
from tests.make import Json, Person, Tenant
from tests.racing import at_once


def problem(answer: object) -> str:
    """Return the last word of a problem's type."""
    found: Json = answer.json()  # type: ignore[attr-defined]
    return str(found["type"]).rpartition("/")[2]


def history(person: Person, id_: UUID) -> list[Json]:
    found: list[Json] = person.get(f"/portfolios/{id_}/history").json()
    return found


def test_a_portfolio_is_pinned_to_the_versions_in_force(amira: Person) -> None:
    answer = amira.post("/portfolios", {"level": "senior"})
    assert answer.status_code == 201
    opened = answer.json()
    assert answer.headers["location"] == f"/api/v1/portfolios/{opened['id']}"
    assert (opened["state"], opened["level"], opened["version"]) == ("draft", "senior", 1)
    assert opened["candidate_id"] == str(amira.id)
    assert opened["open_steps"] == ["apply", "withdraw"]
    scheme = amira.tenant.browser.get("/api/v1/schemes/MENTORCERT-BM/versions/2020.1").json()
    assert opened["scheme_id"] == scheme["id"]


def test_a_candidate_has_one_unfinished_portfolio_for_each_level(amira: Person) -> None:
    id_ = make.portfolio(amira)
    make.portfolio(amira, level="senior")
    again = amira.post("/portfolios", {"level": "junior"})
    assert (again.status_code, problem(again)) == (409, "already-open")
    assert again.json()["portfolio"] == str(id_)
    assert amira.post(f"/portfolios/{id_}/withdrawal").status_code == 200
    assert amira.post("/portfolios", {"level": "junior"}).status_code == 201


def test_two_portfolios_opened_at_the_same_moment_are_one(amira: Person) -> None:
    def open_one() -> tuple[int, str]:
        answer = amira.post("/portfolios", {"level": "junior"})
        return answer.status_code, answer.json().get("type", "")

    assert sorted(at_once([open_one] * 6)) == [
        (201, ""),
        *[(409, "/problems/already-open")] * 5,
    ]
    assert len(amira.get("/portfolios").json()) == 1


def test_a_level_that_the_scheme_does_not_have_is_refused(amira: Person) -> None:
    answer = amira.post("/portfolios", {"level": "grandmaster"})
    assert (answer.status_code, problem(answer)) == (422, "no-such-level")
    assert answer.json()["levels"] == ["junior", "senior", "master"]
    assert amira.post("/portfolios", {"scheme": "X", "level": "junior"}).status_code == 404
    assert amira.get("/portfolios").json() == []


def test_only_candidates_open_portfolios(officer: Person, bruno: Person, amira: Person) -> None:
    for person in (officer, bruno):
        answer = person.post("/portfolios", {"level": "junior"})
        assert (answer.status_code, problem(answer)) == (403, "role-required")
    with amira.tenant.administrator.at_work() as work:
        end_role(work, amira.id, Role.CANDIDATE, None)
    assert amira.post("/portfolios", {"level": "junior"}).status_code == 403


def test_a_candidate_applies_and_is_admitted(amira: Person, officer: Person) -> None:
    id_ = make.portfolio(amira)
    assert amira.get(f"/portfolios/{id_}/application").status_code == 404
    body = {**make.application(), "special_arrangements": "A screen reader."}
    applied = amira.post(f"/portfolios/{id_}/application", body).json()
    assert (applied["state"], applied["version"]) == ("applied", 2)
    findings = {code: {"met": True, "finding": "Seen."} for code in make.DECLARED}
    admitted = officer.post(
        f"/portfolios/{id_}/admission", {"outcome": "admitted", "findings": findings}
    ).json()
    assert (admitted["state"], admitted["version"]) == ("admitted", 3)
    shown = amira.get(f"/portfolios/{id_}/application").json()
    assert shown["charter_language"] == "en"
    assert [one["code"] for one in shown["prerequisites"]] == sorted(make.DECLARED)
    hours = next(o for o in shown["prerequisites"] if o["code"] == "mentoring_hours_min")
    assert (hours["required"], hours["declared"]) == (50, 520)
    assert (hours["met"], hours["finding"]) == (True, "Seen.")
    assert [
        (o["step"], o["role"], o["from_state"], o["to_state"]) for o in history(amira, id_)
    ] == [
        ("apply", "candidate", "draft", "applied"),
        ("admit", "officer", "applied", "admitted"),
    ]


def test_the_accepted_charter_is_kept_by_its_hash(amira: Person) -> None:
    id_ = make.applied(amira)
    shown = amira.get(f"/portfolios/{id_}/application").json()
    charter = amira.tenant.browser.get("/api/v1/charters/ETHICS/versions/2020.1")
    assert shown["charter_hash"] == charter.json()["content_hash"]


def test_special_arrangements_are_between_candidate_and_officer(
    amira: Person, officer: Person, vera: Person, diana: Person
) -> None:
    id_ = make.portfolio(amira)
    body = {**make.application(), "special_arrangements": "A screen reader."}
    assert amira.post(f"/portfolios/{id_}/application", body).status_code == 200
    for person in (amira, officer):
        shown = person.get(f"/portfolios/{id_}/application").json()
        assert shown["special_arrangements"] == "A screen reader."
    make.submitted_as_it_is(id_, amira)
    for person in (vera, diana):
        answer = person.get(f"/portfolios/{id_}/application")
        assert answer.json()["special_arrangements"] is None
        assert "screen reader" not in answer.text


def test_who_does_not_accept_the_charter_does_not_apply(amira: Person) -> None:
    id_ = make.portfolio(amira)
    body = {**make.application(), "charter": {"accepted": False, "language": "en"}}
    answer = amira.post(f"/portfolios/{id_}/application", body)
    assert (answer.status_code, problem(answer)) == (422, "charter-not-accepted")
    assert history(amira, id_) == []


def test_an_application_declares_every_prerequisite_and_no_other(amira: Person) -> None:
    id_ = make.portfolio(amira)
    body = make.application(charm=1)
    del body["prerequisites"]["diploma_or_title"]  # type: ignore[attr-defined]
    answer = amira.post(f"/portfolios/{id_}/application", body)
    assert (answer.status_code, problem(answer)) == (422, "prerequisites-undeclared")
    assert answer.json()["missing"] == ["diploma_or_title"]
    assert answer.json()["unknown"] == ["charm"]
    assert amira.get(f"/portfolios/{id_}/application").status_code == 404


def test_information_asked_for_is_given_and_the_findings_begin_anew(
    amira: Person, officer: Person
) -> None:
    id_ = make.applied(amira)
    asked = {
        "outcome": "needs_info",
        "findings": {"mentoring_hours_min": {"met": False, "finding": "Which hours?"}},
        "reason": "Please list your hours.",
    }
    assert officer.post(f"/portfolios/{id_}/admission", asked).json()["state"] == "needs_info"
    assert history(amira, id_)[-1]["reason"] == "Please list your hours."
    body = make.application(mentoring_hours_min=60)
    assert amira.post(f"/portfolios/{id_}/application", body).json()["state"] == "applied"
    shown = {
        o["code"]: o for o in amira.get(f"/portfolios/{id_}/application").json()["prerequisites"]
    }
    assert shown["mentoring_hours_min"]["declared"] == 60
    assert shown["mentoring_hours_min"]["met"] is None
    assert shown["mentoring_hours_min"]["finding"] is None


@pytest.mark.parametrize("outcome", ["needs_info", "not_admitted"])
def test_a_no_comes_with_a_reason(amira: Person, officer: Person, outcome: str) -> None:
    id_ = make.applied(amira)
    answer = officer.post(f"/portfolios/{id_}/admission", {"outcome": outcome})
    assert (answer.status_code, problem(answer)) == (422, "reason-required")
    assert [one["step"] for one in history(amira, id_)] == ["apply"]


def test_nobody_is_admitted_unchecked_or_unmet(amira: Person, officer: Person) -> None:
    id_ = make.applied(amira)
    half = {"outcome": "admitted", "findings": {"charter_accepted": {"met": True}}}
    answer = officer.post(f"/portfolios/{id_}/admission", half)
    assert (answer.status_code, problem(answer)) == (409, "prerequisites-unchecked")
    assert "mentoring_hours_min" in answer.json()["unchecked"]
    findings = {code: {"met": code != "diploma_or_title"} for code in make.DECLARED}
    answer = officer.post(
        f"/portfolios/{id_}/admission", {"outcome": "admitted", "findings": findings}
    )
    assert (answer.status_code, problem(answer)) == (409, "prerequisites-unmet")
    assert answer.json()["unmet"] == ["diploma_or_title"]
    shown = amira.get(f"/portfolios/{id_}/application").json()
    assert [one["met"] for one in shown["prerequisites"]] == [None] * 6


def test_too_little_declared_cannot_be_found_met(amira: Person, officer: Person) -> None:
    id_ = make.portfolio(amira)
    amira.post(f"/portfolios/{id_}/application", make.application(mentoring_hours_min=49))
    findings = {code: {"met": True} for code in make.DECLARED}
    answer = officer.post(
        f"/portfolios/{id_}/admission", {"outcome": "admitted", "findings": findings}
    )
    assert (answer.status_code, answer.json()["unmet"]) == (409, ["mentoring_hours_min"])


def test_findings_name_prerequisites_of_the_level(amira: Person, officer: Person) -> None:
    id_ = make.applied(amira)
    body = {"outcome": "admitted", "findings": {"charm": {"met": True}}}
    answer = officer.post(f"/portfolios/{id_}/admission", body)
    assert (answer.status_code, problem(answer)) == (422, "unknown-prerequisites")
    assert answer.json()["unknown"] == ["charm"]


def test_an_officer_does_not_admit_themself(tenant: Tenant) -> None:
    both = make.person(tenant, "Odile", Role.OFFICER, Role.CANDIDATE)
    id_ = make.applied(both)
    for outcome in ("admitted", "needs_info", "not_admitted"):
        answer = both.post(f"/portfolios/{id_}/admission", {"outcome": outcome, "reason": "Mine."})
        assert (answer.status_code, problem(answer)) == (403, "own-case")
    assert [one["step"] for one in history(both, id_)] == ["apply"]


def test_two_officers_answer_at_once_and_one_of_them_counts(
    amira: Person, officer: Person, tenant: Tenant
) -> None:
    id_ = make.applied(amira)
    other = make.person(tenant, "Omar", Role.OFFICER)
    body = {"outcome": "not_admitted", "reason": "No diploma."}

    def answering(person: Person) -> Callable[[], int]:
        return lambda: person.post(f"/portfolios/{id_}/admission", body).status_code

    assert sorted(at_once([answering(officer), answering(other)])) == [200, 409]
    assert [one["step"] for one in history(amira, id_)] == ["apply", "refuse_admission"]


def test_a_withdrawn_portfolio_stays_on_record(amira: Person, officer: Person) -> None:
    id_ = make.admitted(amira, officer)
    assert amira.post(f"/portfolios/{id_}/withdrawal").json()["state"] == "withdrawn"
    again = amira.post(f"/portfolios/{id_}/withdrawal")
    assert (again.status_code, problem(again)) == (409, "step-not-open")
    assert again.json()["open_steps"] == []
    assert history(officer, id_)[-1]["step"] == "withdraw"


def test_a_training_body_sees_how_far_its_candidate_is_and_no_more(
    tenant: Tenant, officer: Person, amira: Person
) -> None:
    school = make.organisation(tenant)
    sanne = make.person(tenant, "Sanne", staff_of=school)
    milan = make.person(tenant, "Milan", Role.CANDIDATE, training_body=school)
    id_, not_theirs = make.applied(milan), make.applied(amira)
    body = {"outcome": "needs_info", "reason": "Your file on C-01 is thin."}
    assert officer.post(f"/portfolios/{id_}/admission", body).status_code == 200
    item = make.item(milan, id_, title="Minutes with the baker")

    assert [one["id"] for one in sanne.get("/portfolios").json()] == [str(id_)]
    steps = history(sanne, id_)
    assert [one["to_state"] for one in steps] == ["applied", "needs_info"]
    assert [one["reason"] for one in steps] == [None, None]
    assert history(milan, id_)[-1]["reason"] == "Your file on C-01 is thin."
    assert sanne.get(f"/portfolios/{id_}/readiness").json()["ready"] is False

    for path in ("", "/self-assessment", "/snapshot/manifest"):
        answer = sanne.get(f"/portfolios/{id_}{path}")
        assert (answer.status_code, problem(answer)) == (403, "evidence-not-open"), path
    assert sanne.get(f"/evidence/{item}").status_code == 404
    assert sanne.post(f"/portfolios/{id_}/withdrawal").status_code == 403
    assert sanne.post(f"/portfolios/{id_}/cases", {}).status_code == 422
    for path in ("", "/history", "/application", "/readiness"):
        assert sanne.get(f"/portfolios/{not_theirs}{path}").status_code == 404, path


def test_the_list_shows_each_what_they_may_know_of(
    amira: Person, officer: Person, bruno: Person, otto: Person, tenant: Tenant
) -> None:
    milan = make.person(tenant, "Milan", Role.CANDIDATE)
    first, second = make.portfolio(amira), make.applied(milan)
    elsewhere = make.portfolio(otto)
    assert seen(amira) == [str(first)]
    assert seen(milan) == [str(second)]
    assert seen(officer) == [str(first), str(second)]
    assert seen(officer, "?state=applied") == [str(second)]
    assert seen(bruno) == []
    assert seen(otto) == [str(elsewhere)]


def seen(person: Person, query: str = "") -> list[str]:
    """Return which portfolios a person finds in the list."""
    return [one["id"] for one in person.get(f"/portfolios{query}").json()]


PAGES_OF_A_PORTFOLIO = (
    *("", "/history", "/application", "/readiness", "/self-assessment"),
    *("/snapshot", "/snapshot/manifest", "/assignments", "/verification", "/result", "/decision"),
)


def test_verifier_and_decision_maker_learn_of_a_portfolio_when_it_is_submitted(
    amira: Person, officer: Person, vera: Person, diana: Person, tenant: Tenant
) -> None:
    both = make.person(tenant, "Vic", Role.VERIFIER, Role.CANDIDATE)
    own, id_ = make.portfolio(both), make.ready(amira, officer)
    item = make.item(amira, id_)
    things = [f"/evidence/{item}", f"/files/{make.file(amira, item)}"]
    assert seen(both) == [str(own)]
    assert seen(officer) == [str(own), str(id_)]
    for person in (vera, diana, both):
        for page in PAGES_OF_A_PORTFOLIO:
            unknown = person.get(f"/portfolios/{new_id()}{page}")
            answer = person.get(f"/portfolios/{id_}{page}")
            assert (answer.status_code, answer.content) == (404, unknown.content), page
        assert [person.get(path).status_code for path in things] == [404, 404]
    assert seen(vera) == seen(diana) == []
    assert officer.get(f"/portfolios/{id_}").status_code == 200

    assert amira.post(f"/portfolios/{id_}/submission").status_code == 200
    for person in (vera, diana):
        assert seen(person) == seen(person, "?state=submitted") == [str(id_)]
        for path in (f"/portfolios/{id_}", f"/portfolios/{id_}/history", *things):
            assert person.get(path).status_code == 200
    assert seen(both) == [str(own), str(id_)]

    assert amira.post(f"/portfolios/{id_}/withdrawal").status_code == 200
    assert seen(vera) == seen(diana) == [str(id_)], "what was submitted stays on record"


def test_the_list_is_paged_without_skipping_or_doubling(amira: Person) -> None:
    ids = [str(make.portfolio(amira, level=level)) for level in ("junior", "senior", "master")]
    found, path = [], "/portfolios?limit=2"
    while path:
        answer = amira.get(path)
        found += [one["id"] for one in answer.json()]
        path = answer.links["next"]["url"] if "next" in answer.links else ""
    assert found == ids


def test_a_step_refused_by_the_database_leaves_nothing(amira: Person, officer: Person) -> None:
    id_ = make.admitted(amira, officer)
    with (
        pytest.raises(IntegrityError, match="portfolio_submitted_check"),
        amira.tenant.at_work() as work,
    ):
        work.session.execute(text("UPDATE portfolio SET state = 'submitted'"))
    assert [one["to_state"] for one in history(amira, id_)] == ["applied", "admitted"]


def test_what_happened_is_never_rewritten(amira: Person) -> None:
    id_ = make.applied(amira)
    for statement in (
        "UPDATE portfolio_transition SET reason = 'x'",
        "DELETE FROM portfolio_transition",
        "DELETE FROM portfolio",
        "UPDATE duty SET duty = 'verifier'",
    ):
        with (
            pytest.raises(Exception, match=r"permission denied"),
            amira.tenant.at_work() as work,
        ):
            work.session.execute(text(statement))
    assert len(history(amira, id_)) == 1


def test_nobody_has_two_parts_in_one_case(amira: Person) -> None:
    id_ = make.portfolio(amira)
    insert = text(
        "INSERT INTO duty (tenant_id, portfolio_id, person_id, duty, taken_at)"
        " VALUES (:tenant, :portfolio, :person, 'referent', now())"
    )
    with pytest.raises(IntegrityError, match="duty_pkey"), amira.tenant.at_work() as work:
        work.session.execute(
            insert, {"tenant": amira.tenant.id, "portfolio": id_, "person": amira.id}
        )


def test_an_unknown_portfolio_and_one_of_another_tenant_look_the_same(
    amira: Person, otto: Person, tenant: Tenant
) -> None:
    theirs, others = (
        make.portfolio(otto),
        make.portfolio(make.person(tenant, "Milan", Role.CANDIDATE)),
    )
    for path in ("", "/history", "/application", "/readiness", "/snapshot", "/snapshot/manifest"):
        bodies = {
            (answer.status_code, answer.text)
            for answer in (
                amira.get(f"/portfolios/{id_}{path}") for id_ in (theirs, others, new_id())
            )
        }
        assert len(bodies) == 1
        assert next(iter(bodies))[0] == 404
