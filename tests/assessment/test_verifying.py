"""A verifier confirms a finished assessment, or returns named indicators."""

from __future__ import annotations

from decimal import Decimal
from typing import cast

import pytest
from httpx2 import Response

from app.actor import Role
from tests import assess, make
from tests.assess import NOT_ASSESSABLE, Assessed, Panel, done, refused
from tests.make import Json

RETURN: Json = {
    "outcome": "returned",
    "indicators": ["1a", "9c"],
    "comment": "The minutes are missing.",
}


@pytest.fixture
def case(panel: Panel) -> Assessed:
    return assess.assessed(panel)


def verify(panel: Panel, case: Assessed, body: Json) -> Response:
    return panel.vera.post(f"{case.path}/verification", body)


def kept(panel: Panel, case: Assessed, code: str) -> tuple[int | None, int | None]:
    """Return Bruno's first and present rating of an indicator."""
    with panel.tenant.at_work() as work:
        row = work.session.connection().exec_driver_sql(
            "SELECT first_rating, rating FROM rating WHERE assessment_id = %s AND indicator = %s",
            (case.bruno_id, code),
        )
        first, present = row.one()
    return first, present


def draws(panel: Panel, case: Assessed) -> list[tuple[str | None, Decimal, str]]:
    """Return what was found in each draw, its lot and its seed."""
    with panel.tenant.at_work() as work:
        rows = work.session.connection().exec_driver_sql(
            "SELECT outcome, lot, seed FROM verification WHERE portfolio_id = %s ORDER BY drawn_at",
            (case.portfolio_id,),
        )
        return [(outcome, lot, seed) for outcome, lot, seed in rows]


def test_a_verifier_confirms_an_assessment_once(panel: Panel, case: Assessed) -> None:
    found = done(verify(panel, case, {"outcome": "confirmed"}))
    assert (found["outcome"], found["indicators"]) == ("confirmed", [])
    assert found["verified_at"] is not None
    refused(verify(panel, case, {"outcome": "confirmed"}), 409, "already-verified")
    refused(verify(panel, case, RETURN), 409, "already-verified")
    assert assess.state(case) == "assessed"


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ({"outcome": "returned"}, "return-needs-reason"),
        ({"outcome": "returned", "indicators": ["1a"]}, "return-needs-reason"),
        ({"outcome": "returned", "comment": "Look again."}, "return-needs-reason"),
        ({**RETURN, "indicators": ["1a", "99z"]}, "unknown-indicators"),
        ({**RETURN, "comment": " "}, "not-as-described"),
        ({**RETURN, "indicators": ["\x00"]}, "not-as-described"),
        ({**RETURN, "outcome": "lost"}, "not-as-described"),
        ({**RETURN, "verifier_id": None}, "not-as-described"),
    ],
)
def test_a_return_names_known_indicators_and_says_why(
    lasting_panel: Panel, standing_case: Assessed, body: Json, kind: str
) -> None:
    refused(verify(lasting_panel, standing_case, body), 422, kind)
    assert assess.state(standing_case) == "assessed"
    found = done(lasting_panel.vera.get(f"{standing_case.path}/verification"))
    assert found["outcome"] is None


@pytest.fixture(scope="module")
def standing_case(lasting_panel: Panel) -> Assessed:
    return assess.assessed(lasting_panel)


def test_a_return_opens_the_named_indicators_of_both_referents_and_no_other(
    panel: Panel, case: Assessed
) -> None:
    done(verify(panel, case, RETURN))
    assert assess.state(case) == "in_assessment"
    for person, id in ((panel.bruno, case.bruno_id), (panel.chloe, case.chloe_id)):
        seen = assess.desk(person, id)
        assert (seen["state"], seen["rated"]) == ("in_progress", 75)
        rows = assess.ratings(seen)
        assert {code for code, row in rows.items() if not row["locked"]} == {"1a", "9c"}
        version = cast(int, rows["1b"]["version"])
        answer = person.put(
            f"/assessments/{id}/ratings/1b", assess.given(3), if_match=f'"{version}"'
        )
        assert refused(answer, 409, "rating-locked")["indicator"] == "1b"
        answer = person.put(
            f"/assessments/{id}/ratings",
            {"ratings": {"1a": assess.given(3), "1b": assess.given(3)}},
            if_match=assess.tag(seen),
        )
        assert refused(answer, 409, "rating-locked")["indicators"] == ["1b"]


def test_judgements_on_locked_indicators_stay_as_they_are(panel: Panel, case: Assessed) -> None:
    done(verify(panel, case, RETURN))
    seen = assess.desk(panel.bruno, case.bruno_id)
    no = assess.accepted(assess.claims(seen, "1b"), valid=False, reason="Not valid after all.")
    answer = panel.bruno.put(
        f"/assessments/{case.bruno_id}/ratings/1a", assess.given(2, no), if_match='"2"'
    )
    refused(answer, 422, "unknown-claims")


def test_a_returned_assessment_is_rated_final_concluded_and_drawn_again(
    panel: Panel, case: Assessed
) -> None:
    done(verify(panel, case, RETURN))
    for person, id in ((panel.bruno, case.bruno_id), (panel.chloe, case.chloe_id)):
        assess.rate_all(person, id, usual=3)
        assess.finalise(person, id)
    assert assess.state(case) == "assessed"
    (before, _, first), (now, lot, second) = draws(panel, case)
    assert (before, now) == ("returned", None)
    assert first != second, "who knows one draw does not know the next"
    root = str(done(panel.vera.get(f"{case.path}/snapshot"))["root"])
    assert lot == assess.lot_of(root, second)
    assert kept(panel, case, "1a") == (2, 3), "the first rating is kept"
    assert kept(panel, case, "1b") == (2, 2)
    found = assess.result(panel.diana, case)
    assert {code for code, one in found.items() if one["rating"] == 3} == {"1a", "9c"}
    done(verify(panel, case, {"outcome": "confirmed"}))


def test_what_was_returned_is_verified_again_by_a_rule_of_its_own(
    panel: Panel, case: Assessed
) -> None:
    drawn = done(panel.vera.get(f"{case.path}/verification"))
    assert drawn["rule"] == "referent_assessments_up_to"
    for rating in (3, 2):
        done(verify(panel, case, RETURN))
        for person, id in ((panel.bruno, case.bruno_id), (panel.chloe, case.chloe_id)):
            assess.rate_all(person, id, usual=rating)
            assess.finalise(person, id)
        drawn = done(panel.vera.get(f"{case.path}/verification"))
        assert (drawn["required"], drawn["rule"], drawn["share"]) == (
            True,
            "returned_or_referred_back",
            1.0,
        )


def test_what_was_not_assessable_at_first_stays_so_on_record(panel: Panel) -> None:
    case = assess.assessed(panel, _1a=NOT_ASSESSABLE)
    assert kept(panel, case, "1a") == (None, None)
    done(verify(panel, case, RETURN))
    assess.rate_all(panel.bruno, case.bruno_id, usual=3)
    assess.finalise(panel.bruno, case.bruno_id)
    assert kept(panel, case, "1a") == (None, 3)


def test_a_return_is_in_the_portfolios_history_with_its_reason(
    panel: Panel, case: Assessed
) -> None:
    done(verify(panel, case, RETURN))
    history = cast(list[Json], panel.officer.get(f"{case.path}/history").json())
    last = history[-1]
    assert (last["step"], last["from_state"], last["to_state"], last["reason"]) == (
        "return",
        "assessed",
        "in_assessment",
        RETURN["comment"],
    )


def test_nobody_verifies_what_they_assessed_or_handed_in(panel: Panel) -> None:
    referent = make.person(panel.tenant, "Vic", Role.REFERENT, Role.VERIFIER)
    amira = make.person(panel.tenant, "Amira", Role.CANDIDATE, Role.VERIFIER)
    portfolio = make.submitted_portfolio(amira)
    assess.final(panel.officer, portfolio, panel.bruno)
    assess.final(panel.officer, portfolio, referent)
    assess.interviewed(panel.bruno, referent, portfolio)
    path = f"/portfolios/{portfolio}/verification"
    problem = refused(referent.post(path, {"outcome": "confirmed"}), 403, "parts-kept-apart")
    assert (problem["held"], problem["wanted"]) == ("referent", "verifier")
    problem = refused(amira.post(path, {"outcome": "confirmed"}), 409, "conflict-of-interest")
    assert problem["grounds"] == ["own_portfolio"]


def test_nobody_with_a_conflict_of_interest_verifies(panel: Panel) -> None:
    school = make.organisation(panel.tenant)
    amira = make.person(panel.tenant, "Amira", Role.CANDIDATE, training_body=school)
    tutor = make.person(panel.tenant, "Tara", Role.VERIFIER, staff_of=school)
    declared = make.person(panel.tenant, "Dora", Role.REFERENT, Role.VERIFIER)
    earlier = assess.assign(
        panel.officer, make.submitted_portfolio(amira, level="senior"), declared
    )
    done(declared.post(f"/assessments/{earlier}/conflict", {"reason": "My sister."}))
    portfolio = make.submitted_portfolio(amira)
    assess.final(panel.officer, portfolio, panel.bruno)
    assess.final(panel.officer, portfolio, panel.chloe)
    assess.interviewed(panel.bruno, panel.chloe, portfolio)
    path = f"/portfolios/{portfolio}/verification"
    for person, ground in ((tutor, "same_organisation"), (declared, "declared")):
        for body in ({"outcome": "confirmed"}, RETURN):
            problem = refused(person.post(path, body), 409, "conflict-of-interest")
            assert problem["grounds"] == [ground]
    assert done(panel.vera.get(path))["outcome"] is None
    done(panel.vera.post(path, {"outcome": "confirmed"}))


def test_the_verifier_does_not_decide_nor_the_decision_maker_verify(panel: Panel) -> None:
    both = make.person(panel.tenant, "Vic", Role.VERIFIER, Role.DECISION_MAKER)
    case = assess.assessed(panel)
    done(both.post(f"{case.path}/verification", {"outcome": "confirmed"}))
    answer = both.post(f"{case.path}/decision", {"outcome": "granted"})
    assert refused(answer, 403, "decided-by-assessor")["part"] == "verifier"


def test_there_is_no_verification_before_the_assessment_is_finished(panel: Panel) -> None:
    case = assess.both_final(panel)
    refused(panel.vera.get(f"{case.path}/verification"), 404, "no-verification")
    refused(verify(panel, case, {"outcome": "confirmed"}), 409, "step-not-open")
