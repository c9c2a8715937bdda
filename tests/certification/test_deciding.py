"""Deciding: the computed outcome confirmed, or departed from downward, and signed by a quorum."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import cast
from uuid import UUID, uuid4

import pytest
from httpx2 import Response
from sqlalchemy import text

from app.actor import Role
from app.assessment.agreement import settle
from app.assessment.scoring import recommend
from app.people import queries as people
from app.portfolio import queries as portfolios
from tests import assess, make, rules
from tests.assess import Assessed, Panel, done, drafted, refused, signed, verified
from tests.make import Json, Person
from tests.racing import at_once

WHY = "The recordings show less than the minutes say."
SEVEN = {f"_{code}": 0 for code in rules.codes_of(*range(8, 16))}
"""Ratings that leave seven competences: the rules refuse."""


def decide(decider: Person, case: Assessed, body: Json) -> Response:
    return decider.post(f"{case.path}/decision", body)


def explanation(panel: Panel, decision: UUID) -> Json:
    with panel.tenant.at_work() as work:
        row = work.session.connection().exec_driver_sql(
            "SELECT explanation FROM decision WHERE id = %s", (decision,)
        )
        return cast(Json, json.loads(row.scalar_one()))


def certificates(panel: Panel) -> int:
    with panel.tenant.at_work() as work:
        rows = work.session.connection().exec_driver_sql("SELECT count(*) FROM certificate")
        return int(rows.scalar_one())


def returned(panel: Panel, case: Assessed, rating: int) -> None:
    """Have the verifier return 1a, and both rate it anew."""
    body = {"outcome": "returned", "indicators": ["1a"], "comment": "Look again."}
    done(panel.vera.post(f"{case.path}/verification", body))
    rated_again(panel, case, rating)


def rated_again(panel: Panel, case: Assessed, rating: int) -> None:
    for person, id in ((panel.bruno, case.bruno_id), (panel.chloe, case.chloe_id)):
        assess.rate_all(person, id, usual=rating)
        assess.finalise(person, id)


def test_the_computed_outcome_is_confirmed_and_signed(panel: Panel) -> None:
    case = verified(panel)
    answer = decide(panel.diana, case, {"outcome": "granted"})
    draft = answer.json()
    assert answer.status_code == 201
    assert (draft["state"], draft["outcome"], draft["recommended"], draft["level"]) == (
        "drafted",
        "granted",
        "granted",
        "junior",
    )
    assert (draft["quorum"], draft["signatures"], draft["certificate_number"]) == (1, 0, None)
    assert certificates(panel) == 0

    made = signed(panel.diana, UUID(draft["id"]))
    assert (made["state"], made["signatures"]) == ("signed", 1)
    assert assess.state(case) == "decided"
    assert certificates(panel) == 1
    for person in (case.amira, panel.diana, panel.officer):
        seen = done(person.get(f"{case.path}/decision"))
        assert seen["certificate_number"] == made["certificate_number"]


def test_a_decision_is_drafted_once_at_a_time(panel: Panel) -> None:
    case = verified(panel)
    first = drafted(panel.diana, case.portfolio_id)
    problem = refused(decide(panel.diana, case, {"outcome": "granted"}), 409, "decision-exists")
    assert problem["decision"] == str(first)
    assert panel.diana.delete(f"/decisions/{first}").status_code == 204
    refused(panel.diana.delete(f"/decisions/{first}"), 409, "draft-taken-back")
    refused(panel.diana.post(f"/decisions/{first}/signatures"), 409, "draft-taken-back")
    refused(panel.diana.get(f"{case.path}/decision"), 404, "no-such-decision")
    second = drafted(panel.diana, case.portfolio_id)
    signed(panel.diana, second)
    refused(panel.diana.post(f"/decisions/{second}/signatures"), 409, "already-signed")
    refused(panel.diana.delete(f"/decisions/{second}"), 409, "already-signed")
    refused(decide(panel.diana, case, {"outcome": "granted"}), 409, "step-not-open")
    assert certificates(panel) == 1


def test_drafts_at_once_leave_one(panel: Panel) -> None:
    case = verified(panel)
    answers = at_once([lambda: decide(panel.diana, case, {"outcome": "granted"})] * 4)
    assert sorted(one.status_code for one in answers) == [201, 409, 409, 409]


def test_signatures_at_once_make_one_certificate(panel: Panel) -> None:
    case = verified(panel)
    decision = drafted(panel.diana, case.portfolio_id)
    deciders = [panel.diana, make.person(panel.tenant, "Dora", Role.DECISION_MAKER)] * 2
    answers = at_once(
        [lambda one=one: one.post(f"/decisions/{decision}/signatures") for one in deciders]  # type: ignore[misc]
    )
    assert sorted(one.status_code for one in answers) == [200, 409, 409, 409]
    assert certificates(panel) == 1


HELD = tuple(
    text(f"SELECT FROM {table} WHERE portfolio_id = :id FOR UPDATE")
    for table in ("assessment", "interview", "verification", "decision")
)


def test_who_reads_a_case_does_not_wait_for_who_changes_it(panel: Panel) -> None:
    case = verified(panel)
    drafted(panel.diana, case.portfolio_id)
    pages = [(panel.officer, f"{case.path}/{page}") for page in ("assignments", "result")]
    pages += [(panel.diana, f"{case.path}/{page}") for page in ("verification", "decision")]
    pages += [(panel.bruno, f"{case.path}/interview/plan"), (panel.bruno, f"{case.path}/interview")]
    pages += [(panel.officer, "/portfolios"), (panel.officer, f"{case.path}/interview")]
    pages += [(panel.bruno, "/assessments"), (panel.bruno, f"/assessments/{case.bruno_id}")]
    with ThreadPoolExecutor(1) as thread, panel.tenant.at_work() as work:
        portfolios.portfolio(work, case.portfolio_id)
        for held in HELD:
            work.session.execute(held, {"id": case.portfolio_id})
        for person, path in pages:
            answer = thread.submit(person.get, path).result(timeout=20)
            assert answer.status_code == 200, path


@pytest.mark.parametrize(
    ("body", "status", "kind"),
    [
        ({"outcome": "granted_lower_level", "level": "junior"}, 422, "reasons-required"),
        ({"outcome": "refused"}, 422, "reasons-required"),
        ({"outcome": "partial"}, 422, "reasons-required"),
        ({"outcome": "referred_back", "indicators": ["1a"]}, 422, "reasons-required"),
        ({"outcome": "referred_back", "reasons": WHY}, 422, "indicators-needed"),
        (
            {"outcome": "referred_back", "reasons": WHY, "indicators": ["99z"]},
            422,
            "unknown-indicators",
        ),
        ({"outcome": "granted_lower_level", "reasons": WHY}, 422, "level-not-reached"),
        (
            {"outcome": "granted_lower_level", "level": "master", "reasons": WHY},
            422,
            "level-not-reached",
        ),
        ({"outcome": "granted", "level": "junior"}, 422, "level-not-asked"),
        ({"outcome": "refused", "level": "junior", "reasons": WHY}, 422, "level-not-asked"),
        ({}, 422, "not-as-described"),
        ({"outcome": "promoted"}, 422, "not-as-described"),
        ({"outcome": "refused", "reasons": "\x00"}, 422, "not-as-described"),
        ({"outcome": "granted", "quorum": 0}, 422, "not-as-described"),
        ({"outcome": "granted", "recommended": "granted"}, 422, "not-as-described"),
    ],
)
def test_a_decision_that_cannot_be_is_refused(
    lasting_panel: Panel, undecided: Assessed, body: Json, status: int, kind: str
) -> None:
    refused(decide(lasting_panel.diana, undecided, body), status, kind)
    refused(lasting_panel.diana.get(f"{undecided.path}/decision"), 404, "no-such-decision")


def test_a_result_is_never_raised(panel: Panel) -> None:
    case = verified(panel, **SEVEN)  # type: ignore[arg-type]
    for chosen in ("granted", "granted_lower_level", "partial"):
        answer = decide(panel.diana, case, {"outcome": chosen, "reasons": WHY, "level": "junior"})
        problem = refused(answer, 409, "result-not-raised")
        assert (problem["computed"], problem["chosen"]) == ("refused", chosen)
    made = signed(panel.diana, drafted(panel.diana, case.portfolio_id, "refused", reasons=WHY))
    assert (made["outcome"], made["certificate_number"]) == ("refused", None)
    seen = done(case.amira.get(f"{case.path}/decision"))
    assert (seen["outcome"], seen["reasons"]) == ("refused", WHY)
    assert certificates(panel) == 0


def test_a_decision_may_depart_downward_with_reasons(panel: Panel) -> None:
    case = verified(panel, level="senior")
    body = {"level": "junior", "reasons": WHY}
    decision = drafted(panel.diana, case.portfolio_id, "granted_lower_level", **body)
    made = signed(panel.diana, decision)
    number = cast(str, made["certificate_number"])
    assert number.startswith("MC-J-")
    assert panel.tenant.browser.get(f"/api/v1/certificates/{number}").json()["level"] == "junior"


def test_a_lower_level_that_the_rules_give_is_certified(panel: Panel) -> None:
    case = verified(panel, level="senior", _1a=1, _1b=1)
    found = done(panel.diana.get(f"{case.path}/result"))
    assert (found["outcome"], found["level"]) == ("granted_lower_level", "junior")
    answer = decide(panel.diana, case, {"outcome": "granted"})
    refused(answer, 409, "result-not-raised")
    decision = drafted(
        panel.diana, case.portfolio_id, "granted_lower_level", level="junior", reasons=WHY
    )
    considered = [
        (one["level"], one["passed"])
        for one in cast(list[Json], explanation(panel, decision)["levels"])
    ]
    assert considered == [("senior", False), ("junior", True)]
    assert cast(str, signed(panel.diana, decision)["certificate_number"]).startswith("MC-J-")


def test_a_partial_award_makes_no_certificate(panel: Panel) -> None:
    case = verified(panel, _2d=1)
    assert done(panel.diana.get(f"{case.path}/result"))["outcome"] == "partial"
    made = signed(panel.diana, drafted(panel.diana, case.portfolio_id, "partial", reasons=WHY))
    assert (made["level"], made["certificate_number"]) == (None, None)
    assert assess.state(case) == "decided"


def test_nobody_decides_before_the_verifier_has_confirmed(panel: Panel) -> None:
    case = assess.assessed(panel)
    answer = decide(panel.diana, case, {"outcome": "granted"})
    problem = refused(answer, 409, "verification-pending")
    assert problem["rule"] == "referent_assessments_up_to"
    done(panel.vera.post(f"{case.path}/verification", {"outcome": "confirmed"}))
    drafted(panel.diana, case.portfolio_id)


def test_nobody_decides_before_the_portfolio_is_assessed(panel: Panel) -> None:
    case = assess.both_final(panel)
    refused(decide(panel.diana, case, {"outcome": "granted"}), 409, "step-not-open")


def test_a_portfolio_is_referred_back_once_with_named_indicators(panel: Panel) -> None:
    case = verified(panel)
    back: Json = {"reasons": WHY, "indicators": ["1a"]}
    made = signed(panel.diana, drafted(panel.diana, case.portfolio_id, "referred_back", **back))
    assert (made["state"], made["indicators"]) == ("signed", ["1a"])
    assert assess.state(case) == "in_assessment"
    open_ = {
        code
        for code, row in assess.ratings(assess.desk(panel.bruno, case.bruno_id)).items()
        if not row["locked"]
    }
    assert open_ == {"1a"}

    rated_again(panel, case, 3)
    assert assess.state(case) == "assessed"
    answer = decide(panel.diana, case, {"outcome": "granted"})
    problem = refused(answer, 409, "verification-pending")
    assert problem["rule"] == "returned_or_referred_back"
    done(panel.vera.post(f"{case.path}/verification", {"outcome": "confirmed"}))
    answer = decide(panel.diana, case, {"outcome": "referred_back", **back})
    assert refused(answer, 409, "referred-back-before")["max"] == 1
    made = signed(panel.diana, drafted(panel.diana, case.portfolio_id))
    assert made["certificate_number"] is not None


def test_the_candidate_reads_no_decision_before_the_portfolio_is_decided(panel: Panel) -> None:
    case = verified(panel)
    back: Json = {"reasons": WHY, "indicators": ["1a"]}
    signed(panel.diana, drafted(panel.diana, case.portfolio_id, "referred_back", **back))
    path = f"{case.path}/decision"
    assert done(panel.diana.get(path))["outcome"] == "referred_back"
    refused(case.amira.get(path), 404, "no-such-decision")
    rated_again(panel, case, 3)
    refused(case.amira.get(path), 404, "no-such-decision")
    done(panel.vera.post(f"{case.path}/verification", {"outcome": "confirmed"}))
    decision = drafted(panel.diana, case.portfolio_id)
    refused(case.amira.get(path), 404, "no-such-decision")
    signed(panel.diana, decision)
    assert done(case.amira.get(path))["outcome"] == "granted"


def reasons(person: Person, case: Assessed) -> dict[str, str | None]:
    """Return the reasons of the steps that send a portfolio back, as a person reads them."""
    history = cast(list[Json], person.get(f"{case.path}/history").json())
    return {
        str(one["step"]): cast(str | None, one["reason"])
        for one in history
        if one["step"] in ("return", "refer_back")
    }


def test_the_candidate_reads_why_a_portfolio_was_sent_back_once_it_is_decided(
    panel: Panel,
) -> None:
    case = assess.assessed(panel)
    returned(panel, case, 3)
    done(panel.vera.post(f"{case.path}/verification", {"outcome": "confirmed"}))
    back: Json = {"reasons": WHY, "indicators": ["1a"]}
    signed(panel.diana, drafted(panel.diana, case.portfolio_id, "referred_back", **back))
    told = {"return": "Look again.", "refer_back": WHY}
    for person in (panel.officer, panel.vera, panel.diana):
        assert reasons(person, case) == told
    assert reasons(case.amira, case) == {"return": None, "refer_back": None}
    rated_again(panel, case, 3)
    done(panel.vera.post(f"{case.path}/verification", {"outcome": "confirmed"}))
    decision = drafted(panel.diana, case.portfolio_id)
    assert reasons(case.amira, case) == {"return": None, "refer_back": None}
    signed(panel.diana, decision)
    assert reasons(case.amira, case) == told


def test_whoever_may_not_know_of_a_portfolio_cannot_tell_whether_there_is_a_decision(
    panel: Panel,
) -> None:
    case = verified(panel)
    decision = drafted(panel.diana, case.portfolio_id)
    for person in (panel.bruno, panel.dario, panel.candidate("Milan")):
        for id in (decision, uuid4()):
            refused(person.post(f"/decisions/{id}/signatures"), 404, "no-such-decision")
            refused(person.delete(f"/decisions/{id}"), 404, "no-such-decision")


def test_a_draft_is_not_signed_while_the_portfolio_is_back_with_the_referents(
    panel: Panel,
) -> None:
    case = assess.assessed(panel)
    with panel.tenant.at_work() as work:
        work.session.connection().exec_driver_sql(
            "UPDATE verification SET required = false WHERE portfolio_id = %s",
            (case.portfolio_id,),
        )
    decision = drafted(panel.diana, case.portfolio_id)
    body = {"outcome": "returned", "indicators": ["2d"], "comment": "Look again."}
    done(panel.vera.post(f"{case.path}/verification", body))
    path = f"/decisions/{decision}/signatures"
    refused(panel.diana.post(path), 409, "step-not-open")

    rated_again(panel, case, 1)
    refused(panel.diana.post(path), 409, "verification-pending")
    done(panel.vera.post(f"{case.path}/verification", {"outcome": "confirmed"}))
    refused(panel.diana.post(path), 409, "result-changed")
    assert certificates(panel) == 0
    assert panel.diana.delete(f"/decisions/{decision}").status_code == 204
    made = signed(panel.diana, drafted(panel.diana, case.portfolio_id, "partial", reasons=WHY))
    assert made["certificate_number"] is None


def test_a_draft_on_a_portfolio_that_was_withdrawn_is_not_signed(panel: Panel) -> None:
    case = verified(panel, level="master", usual=3)
    decision = drafted(panel.diana, case.portfolio_id)
    done(case.amira.post(f"{case.path}/withdrawal"))
    refused(panel.diana.post(f"/decisions/{decision}/signatures"), 409, "step-not-open")
    assert done(panel.diana.get(f"{case.path}/decision"))["signatures"] == 0


def named(case: Assessed, name: str) -> None:
    """Give a candidate another name."""
    with case.amira.tenant.at_work() as work:
        people.person(work, case.amira.id).name = name


def test_nobody_is_certified_under_a_name_that_cannot_be_printed(panel: Panel) -> None:
    case = verified(panel, level="master", usual=3)
    named(case, "Amira 李\u0301 \u202eأ")
    problem = refused(decide(panel.diana, case, {"outcome": "granted"}), 422, "undrawable-text")
    assert problem["characters"] == [
        "李 (U+674E, CJK UNIFIED IDEOGRAPH-674E)",
        "(U+202E, RIGHT-TO-LEFT OVERRIDE)",
        "أ (U+0623, ARABIC LETTER ALEF WITH HAMZA ABOVE)",
    ]
    refused(panel.diana.get(f"{case.path}/decision"), 404, "no-such-decision")

    named(case, "Ami\u0301ra\u00a0O’Neill-Щерба")
    decision = drafted(panel.diana, case.portfolio_id)
    named(case, "李")
    refused(panel.diana.post(f"/decisions/{decision}/signatures"), 422, "undrawable-text")
    assert done(panel.diana.get(f"{case.path}/decision"))["signatures"] == 0


def test_a_refusal_is_decided_whatever_the_name(panel: Panel) -> None:
    case = verified(panel)
    named(case, "李小龍")
    made = signed(panel.diana, drafted(panel.diana, case.portfolio_id, "refused", reasons=WHY))
    assert (made["state"], made["certificate_number"]) == ("signed", None)


def test_a_master_certificate_takes_the_signatures_of_two_persons(panel: Panel) -> None:
    case = verified(panel, level="master", usual=3)
    dora = make.person(panel.tenant, "Dora", Role.DECISION_MAKER)
    decision = drafted(panel.diana, case.portfolio_id)
    for _ in range(2):
        once = signed(panel.diana, decision)
        assert (once["state"], once["quorum"], once["signatures"]) == ("drafted", 2, 1)
    assert certificates(panel) == 0
    refused(case.amira.get(f"{case.path}/decision"), 404, "no-such-decision")

    twice = signed(dora, decision)
    assert (twice["state"], twice["signatures"]) == ("signed", 2)
    assert cast(str, twice["certificate_number"]).startswith("MC-M-")


def test_whoever_assessed_or_verified_does_not_decide(panel: Panel) -> None:
    rita = make.person(panel.tenant, "Rita", Role.REFERENT, Role.DECISION_MAKER)
    vic = make.person(panel.tenant, "Vic", Role.VERIFIER, Role.DECISION_MAKER)
    amira = panel.candidate()
    portfolio = make.submitted_portfolio(amira)
    one = assess.final(panel.officer, portfolio, rita)
    other = assess.final(panel.officer, portfolio, panel.chloe)
    assess.interviewed(rita, panel.chloe, portfolio)
    case = Assessed(portfolio, amira, one, other)
    done(vic.post(f"{case.path}/verification", {"outcome": "confirmed"}))
    for person, part in ((rita, "referent"), (vic, "verifier")):
        answer = decide(person, case, {"outcome": "granted"})
        assert refused(answer, 403, "decided-by-assessor")["part"] == part
    decision = drafted(panel.diana, portfolio)
    for person in (rita, vic):
        answer = person.post(f"/decisions/{decision}/signatures")
        refused(answer, 403, "decided-by-assessor")
        refused(person.delete(f"/decisions/{decision}"), 403, "decided-by-assessor")
    for person in (panel.officer, panel.vera, amira):
        refused(person.post(f"/decisions/{decision}/signatures"), 403, "role-required")
    refused(panel.bruno.post(f"/decisions/{decision}/signatures"), 404, "no-such-decision")
    assert assess.state(case) == "assessed"


def test_whoever_decides_does_not_assess_afterwards(panel: Panel) -> None:
    both = make.person(panel.tenant, "Vic", Role.REFERENT, Role.DECISION_MAKER)
    case = assess.both_final(panel, _1a=1)
    assess.interviewed(panel.bruno, panel.chloe, case.portfolio_id)
    done(panel.vera.post(f"{case.path}/verification", {"outcome": "confirmed"}))
    back: Json = {"reasons": WHY, "indicators": ["1a"]}
    signed(both, drafted(both, case.portfolio_id, "referred_back", **back))
    for person, id, rating in ((panel.bruno, case.bruno_id, 0), (panel.chloe, case.chloe_id, 3)):
        assess.rate_all(person, id, usual=rating)
        assess.finalise(person, id)
    answer = panel.officer.post(f"{case.path}/moderation", {"referent_id": str(both.id)})
    problem = refused(answer, 403, "parts-kept-apart")
    assert (problem["held"], problem["wanted"]) == ("decision_maker", "moderator")


def test_nobody_with_a_conflict_of_interest_decides(panel: Panel) -> None:
    school = make.organisation(panel.tenant)
    amira = make.person(
        panel.tenant, "Amira", Role.CANDIDATE, Role.DECISION_MAKER, training_body=school
    )
    tutor = make.person(panel.tenant, "Tara", Role.DECISION_MAKER, staff_of=school)
    portfolio = make.submitted_portfolio(amira)
    declared = make.person(panel.tenant, "Dora", Role.REFERENT, Role.DECISION_MAKER)
    earlier = assess.assign(
        panel.officer, make.submitted_portfolio(amira, level="senior"), declared
    )
    done(declared.post(f"/assessments/{earlier}/conflict", {"reason": "My sister."}))

    assess.final(panel.officer, portfolio, panel.bruno)
    assess.final(panel.officer, portfolio, panel.chloe)
    assess.interviewed(panel.bruno, panel.chloe, portfolio)
    done(panel.vera.post(f"/portfolios/{portfolio}/verification", {"outcome": "confirmed"}))
    for person, grounds in (
        (amira, ["own_portfolio", "same_organisation"]),
        (tutor, ["same_organisation"]),
        (declared, ["declared"]),
    ):
        answer = person.post(f"/portfolios/{portfolio}/decision", {"outcome": "granted"})
        assert refused(answer, 409, "conflict-of-interest")["grounds"] == grounds


def test_a_decision_that_does_not_exist_is_not_found(lasting_panel: Panel) -> None:
    diana = lasting_panel.diana
    refused(diana.post(f"/decisions/{uuid4()}/signatures"), 404, "no-such-decision")
    refused(diana.delete(f"/decisions/{uuid4()}"), 404, "no-such-decision")
    refused(diana.post("/decisions/1/signatures"), 422, "not-as-described")
    refused(diana.get(f"/portfolios/{uuid4()}/decision"), 404, "no-such-portfolio")


def test_an_explanation_holds_rules_scheme_inputs_and_outcome_and_can_be_worked_out_again(
    panel: Panel,
) -> None:
    case = assess.both_final(panel, level="master", usual=3, _1a=1, _1b=2)
    assess.interviewed(panel.bruno, panel.chloe, case.portfolio_id, {"1a": 2})
    done(panel.vera.post(f"{case.path}/verification", {"outcome": "confirmed"}))
    kept = explanation(panel, drafted(panel.diana, case.portfolio_id))

    scheme, framework = rules.scheme(), rules.framework()
    assert kept["scheme"] == f"{scheme.code} {scheme.version}"
    lines = cast(dict[str, Json], kept["indicators"])
    assert lines["1a"] == {
        "ratings": [1, 1],
        "third": None,
        "how": "equal",
        "raised_to": 2,
        "rating": 2,
    }
    ratings: dict[str, int] = {}
    for code, line in lines.items():
        given, third = cast(list[int], line["ratings"]), cast(int | None, line["third"])
        settled = settle(scheme.assessment.agreement, given, third)
        assert settled.how == line["how"]
        raised = cast(int | None, line["raised_to"])
        rating = settled.rating if raised is None else raised
        assert rating is not None
        assert rating == line["rating"]
        ratings[code] = rating
    again = recommend(scheme, framework, cast(str, kept["applied_for"]), ratings)
    assert (again.outcome, again.level) == (kept["outcome"], kept["level"])
    (level,) = cast(list[Json], kept["levels"])
    assert level["competences_won"] == list(again.applied_for.won)
    assert [
        (one["rule"], one["threshold"], one["holds"]) for one in cast(list[Json], level["rules"])
    ] == [("all-competent", "2", True), ("exemplary", "0.33", True)]
