"""What each person can see of an assessment, and when."""

from __future__ import annotations

from typing import cast

import pytest

from app.actor import Role
from tests import assess, make
from tests.assess import Panel, done, given, refused
from tests.make import Json, Person, Tenant


def test_a_referent_sees_nothing_of_the_other_referents_assessment(panel: Panel) -> None:
    portfolio = make.submitted_portfolio(panel.candidate())
    mine = assess.taken_on(panel.officer, portfolio, panel.bruno)
    hers = assess.taken_on(panel.officer, portfolio, panel.chloe)
    assess.rate_all(panel.chloe, hers, usual=3)
    answer = panel.chloe.get(f"/assessments/{hers}")
    assert '"rating" : 3' in answer.text or '"rating":3' in answer.text

    refused(panel.bruno.get(f"/assessments/{hers}"), 404, "no-such-assessment")
    version = answer.headers["etag"]
    for path, body in (
        ("acceptance", None),
        ("decline", {"reason": "No."}),
        ("conflict", {"reason": "No."}),
        ("finalisation", assess.COMMENT),
    ):
        refused(panel.bruno.post(f"/assessments/{hers}/{path}", body), 404, "no-such-assessment")
    put = panel.bruno.put(f"/assessments/{hers}/ratings/1a", given(0), if_match='"2"')
    refused(put, 404, "no-such-assessment")
    put = panel.bruno.put(
        f"/assessments/{hers}/ratings", {"ratings": {"1a": given(0)}}, if_match=version
    )
    refused(put, 404, "no-such-assessment")

    assert [one["id"] for one in panel.bruno.get("/assessments").json()] == [str(mine)]
    refused(panel.bruno.get(f"/portfolios/{portfolio}/result"), 404, "no-such-portfolio")
    refused(panel.bruno.get(f"/portfolios/{portfolio}/assignments"), 404, "no-such-portfolio")
    assert assess.ratings(assess.desk(panel.chloe, hers))["1a"]["rating"] == 3


def test_an_interview_plan_shows_nothing_before_both_are_final(panel: Panel) -> None:
    portfolio = make.submitted_portfolio(panel.candidate())
    assess.final(panel.officer, portfolio, panel.chloe, usual=1)
    assess.taken_on(panel.officer, portfolio, panel.bruno)
    answer = panel.bruno.get(f"/portfolios/{portfolio}/interview/plan")
    problem = refused(answer, 409, "not-assessed-yet")
    assert set(problem) == {"type", "title", "status", "detail"}


def test_ratings_leave_no_trace_in_what_the_candidate_sees(panel: Panel) -> None:
    amira = panel.candidate()
    portfolio = make.submitted_portfolio(amira)
    one = assess.taken_on(panel.officer, portfolio, panel.bruno)
    other = assess.taken_on(panel.officer, portfolio, panel.chloe)
    before = amira.get(f"/portfolios/{portfolio}")

    assess.rate_all(panel.bruno, one, usual=3)
    done(panel.bruno.put(f"/assessments/{one}/ratings/1a", given(1), if_match='"2"'))
    assess.rate_all(panel.chloe, other, usual=3, _1a=1)
    assess.finalise(panel.bruno, one)
    assess.finalise(panel.chloe, other)

    after = amira.get(f"/portfolios/{portfolio}")
    assert (after.headers["etag"], after.content) == (before.headers["etag"], before.content)
    for path in (f"/assessments/{one}", f"/portfolios/{portfolio}/verification"):
        assert amira.get(path).status_code in (403, 404)
    assert amira.get("/assessments").json() == []


def test_nobody_reads_a_result_before_the_portfolio_is_assessed(panel: Panel) -> None:
    case = assess.both_final(panel)
    for person in (panel.officer, panel.vera, panel.diana):
        problem = refused(person.get(f"{case.path}/result"), 409, "not-assessed-yet")
        assert problem["state"] == "in_assessment"
    refused(case.amira.get(f"{case.path}/result"), 409, "not-assessed-yet")
    assess.interviewed(panel.bruno, panel.chloe, case.portfolio_id)
    for person in (panel.officer, panel.vera, panel.diana):
        found = done(person.get(f"{case.path}/result"))
        assert found["outcome"] == "granted"
        assert found["indicators"][0]["ratings"] == [2, 2]  # type: ignore[index]


def test_candidate_and_training_body_see_the_result_after_the_decision_without_whose_rating(
    panel: Panel,
) -> None:
    school, other_school = make.organisation(panel.tenant), make.organisation(panel.tenant, "Other")
    amira = make.person(panel.tenant, "Amira", Role.CANDIDATE, training_body=school)
    tutor = make.person(panel.tenant, "Tara", staff_of=school)
    stranger = make.person(panel.tenant, "Saul", staff_of=other_school)
    portfolio = make.submitted_portfolio(amira)
    path = f"/portfolios/{portfolio}/result"
    assess.final(panel.officer, portfolio, panel.bruno, usual=3)
    assess.final(panel.officer, portfolio, panel.chloe, usual=2)
    assess.interviewed(panel.bruno, panel.chloe, portfolio)
    done(panel.vera.post(f"/portfolios/{portfolio}/verification", {"outcome": "confirmed"}))
    decision = assess.drafted(panel.diana, portfolio)
    for person in (amira, tutor):
        assert refused(person.get(path), 409, "not-assessed-yet")["state"] == "assessed"
    refused(amira.get(f"/portfolios/{portfolio}/decision"), 404, "no-such-decision")
    refused(tutor.get(f"/portfolios/{portfolio}/decision"), 403, "role-required")

    assess.signed(panel.diana, decision)
    for person in (amira, tutor):
        found = done(person.get(path))
        line = found["indicators"][0]  # type: ignore[index]
        assert (line["rating"], line["how"]) == (2, "both_competent")
        assert (line["ratings"], line["third"], line["given"]) == (None, None, None)
    refused(stranger.get(path), 404, "no-such-portfolio")
    refused(panel.candidate("Milan").get(path), 404, "no-such-portfolio")
    staff = done(panel.vera.get(path))["indicators"][0]  # type: ignore[index]
    assert staff["ratings"] == [3, 2]


def test_staff_read_the_words_behind_the_result_and_what_was_given_beside_what_counts(
    panel: Panel,
) -> None:
    omar = make.person(panel.tenant, "Omar", Role.CANDIDATE, Role.OFFICER)
    portfolio = make.submitted_portfolio(omar)
    for referent, rating, words in ((panel.bruno, 3, "Clear."), (panel.chloe, 2, "Told well.")):
        id = assess.taken_on(panel.officer, portfolio, referent)
        assess.rate_all(referent, id)
        no = assess.accepted(
            assess.claims(assess.desk(referent, id), "1a"), sufficient=False, reason="Too short."
        )
        body = given(rating, no) | {"comment": words}
        done(referent.put(f"/assessments/{id}/ratings/1a", body, if_match='"2"'))
        assess.finalise(referent, id)
    assess.interviewed(panel.bruno, panel.chloe, portfolio)
    path = f"/portfolios/{portfolio}/result"
    for person in (panel.officer, panel.vera, panel.diana):
        line = done(person.get(path))["indicators"][0]  # type: ignore[index]
        assert (line["indicator"], line["ratings"]) == ("1a", [1, 1])
        assert line["given"] == [
            {"part": "referent", "rating": 3, "not_assessable": False, "comment": "Clear."},
            {"part": "referent", "rating": 2, "not_assessable": False, "comment": "Told well."},
        ]

    done(panel.vera.post(f"/portfolios/{portfolio}/verification", {"outcome": "confirmed"}))
    outcome = str(done(panel.diana.get(path))["outcome"])
    assess.signed(
        panel.diana, assess.drafted(panel.diana, portfolio, outcome, reasons="As computed.")
    )
    line = done(omar.get(path))["indicators"][0]  # type: ignore[index]
    assert (line["ratings"], line["given"]) == (None, None)


def test_the_decision_maker_still_sees_the_verification_after_drafting(panel: Panel) -> None:
    case = assess.verified(panel)
    assess.drafted(panel.diana, case.portfolio_id)
    found = done(panel.diana.get(f"{case.path}/verification"))
    assert (found["required"], found["outcome"]) == (True, "confirmed")


@pytest.mark.parametrize("role", [Role.OFFICER, Role.VERIFIER, Role.DECISION_MAKER])
def test_a_referent_who_is_also_staff_sees_no_more_before_the_portfolio_is_assessed(
    panel: Panel, role: Role
) -> None:
    versatile = make.person(panel.tenant, "Vic", Role.REFERENT, role)
    portfolio = make.submitted_portfolio(panel.candidate())
    hers = assess.final(panel.officer, portfolio, panel.chloe, usual=3)
    assess.taken_on(panel.officer, portfolio, versatile)
    refused(versatile.get(f"/assessments/{hers}"), 404, "no-such-assessment")
    refused(versatile.get(f"/portfolios/{portfolio}/result"), 409, "not-assessed-yet")
    answer = versatile.get(f"/portfolios/{portfolio}/assignments")
    assert answer.status_code == 403, answer.text
    assert assess.COMMENT["comment"] not in answer.text


def test_nobody_elsewhere_can_tell_what_exists_from_what_does_not(
    panel: Panel, other_tenant: Tenant
) -> None:
    case = assess.verified(panel)
    decision = assess.drafted(panel.diana, case.portfolio_id)
    everything = make.person(other_tenant, "Omar", *(set(Role) - {Role.TRAINING_BODY}))
    nowhere = "01a1fcfe-0000-7000-8000-000000000000"
    stranger = str(everything.id)
    confirmed, granted = {"outcome": "confirmed"}, {"outcome": "granted"}
    asked = [
        ("POST", "/portfolios/{portfolio}/assignments", {"referent_id": stranger}),
        ("GET", "/portfolios/{portfolio}/assignments", None),
        ("POST", "/portfolios/{portfolio}/moderation", {"referent_id": stranger}),
        ("GET", "/portfolios/{portfolio}/interview/plan", None),
        ("POST", "/portfolios/{portfolio}/interview", assess.interview()),
        ("GET", "/portfolios/{portfolio}/interview", None),
        ("PUT", "/portfolios/{portfolio}/interview", assess.interview()),
        ("POST", "/portfolios/{portfolio}/interview/confirmation", None),
        ("GET", "/portfolios/{portfolio}/verification", None),
        ("POST", "/portfolios/{portfolio}/verification", confirmed),
        ("GET", "/portfolios/{portfolio}/result", None),
        ("POST", "/portfolios/{portfolio}/decision", granted),
        ("GET", "/portfolios/{portfolio}/decision", None),
        ("POST", "/decisions/{decision}/signatures", None),
        ("DELETE", "/decisions/{decision}", None),
        ("GET", "/assessments/{assessment}", None),
        ("POST", "/assessments/{assessment}/acceptance", None),
        ("POST", "/assessments/{assessment}/decline", {"reason": "No."}),
        ("POST", "/assessments/{assessment}/conflict", {"reason": "No."}),
        ("POST", "/assessments/{assessment}/finalisation", assess.COMMENT),
        ("PUT", "/assessments/{assessment}/ratings/1a", given(2)),
        ("PUT", "/assessments/{assessment}/ratings", {"ratings": {"1a": given(2)}}),
    ]
    for method, path, body in asked:
        answers = []
        for portfolio, decided, assessment in (
            (case.portfolio_id, decision, case.bruno_id),
            (nowhere, nowhere, nowhere),
        ):
            where = path.format(portfolio=portfolio, decision=decided, assessment=assessment)
            answer = everything.send(method, where, json=body, headers={"if_match": '"2"'})
            answers.append((answer.status_code, answer.content, answer.headers.get("etag")))
        assert answers[0] == answers[1], path
        assert answers[0][0] == 404, path
    assert everything.get("/assessments").json() == []
    assert assess.state(case) == "assessed"


def test_referents_read_the_files_while_they_are_part_of_the_case(panel: Panel) -> None:
    portfolio = make.submitted_portfolio(panel.candidate())
    id = assess.taken_on(panel.officer, portfolio, panel.bruno)
    content = cast(Json, cast(Json, assess.desk(panel.bruno, id)["snapshot"])["content"])
    file = f"/files/{cast(list[Json], content['files'])[0]['id']}/content"
    waiting = assess.assign(panel.officer, portfolio, panel.chloe)

    def status(person: Person) -> int:
        bearer = {"authorization": f"Bearer {person.token}"}
        address = make.API + file
        answer = person.tenant.browser.get(address, headers=bearer, follow_redirects=False)
        return answer.status_code

    assert status(panel.bruno) == 307
    for person in (panel.chloe, panel.dario):
        assert status(person) == 404
    assess.accept(panel.chloe, waiting)
    assert status(panel.chloe) == 307
    done(panel.chloe.post(f"/assessments/{waiting}/conflict", {"reason": "My sister."}))
    assert status(panel.chloe) == 404
