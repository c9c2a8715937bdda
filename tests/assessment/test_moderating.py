"""A third referent, called when two disagree."""

from __future__ import annotations

from uuid import UUID

from app.actor import Role
from tests import assess, make
from tests.assess import NOT_ASSESSABLE, Assessed, Panel, done, refused
from tests.make import Json, Person


def disagreed(panel: Panel, bruno: dict[str, int], chloe: dict[str, int]) -> Assessed:
    """Have a portfolio rated 2 by both but for the indicators named."""
    amira = panel.candidate()
    id = make.submitted_portfolio(amira)
    one = assess.final(panel.officer, id, panel.bruno, **bruno)
    other = assess.final(panel.officer, id, panel.chloe, **chloe)
    return Assessed(id, amira, one, other)


def call(panel: Panel, case: Assessed, referent: Person) -> UUID:
    answer = panel.officer.post(f"{case.path}/moderation", {"referent_id": str(referent.id)})
    assert answer.status_code == 201, answer.text
    return UUID(answer.json()["id"])


def call_refused(panel: Panel, case: Assessed, referent: Person, kind: str) -> Json:
    body = {"referent_id": str(referent.id)}
    return refused(panel.officer.post(f"{case.path}/moderation", body), 409, kind)


def moderated(panel: Panel, case: Assessed, **ratings: int) -> UUID:
    id = call(panel, case, panel.dario)
    assess.accept(panel.dario, id)
    assess.rate_all(panel.dario, id, **ratings)
    assess.finalise(panel.dario, id)
    return id


def test_a_portfolio_is_not_concluded_while_the_two_disagree(panel: Panel) -> None:
    case = disagreed(panel, {"_1a": 1}, {"_1b": 3, "_1c": 0})
    problem = refused(
        panel.bruno.post(f"{case.path}/interview", assess.interview()), 409, "disagreement-open"
    )
    assert problem["indicators"] == ["1a", "1c"], "2 and 3 agree"
    refused(panel.diana.get(f"{case.path}/result"), 409, "not-assessed-yet")
    assert assess.state(case) == "in_assessment"


def test_the_third_referent_rates_the_disputed_indicators_only_and_blind(panel: Panel) -> None:
    case = disagreed(panel, {"_1a": 1}, {"_9c": 0})
    id = call(panel, case, panel.dario)
    refused(panel.dario.get(f"/assessments/{case.bruno_id}"), 404, "no-such-assessment")
    assess.accept(panel.dario, id)
    seen = assess.desk(panel.dario, id)
    assert (seen["part"], seen["to_rate"]) == ("moderator", 2)
    assert {code: one["rating"] for code, one in assess.ratings(seen).items()} == {
        "1a": None,
        "9c": None,
    }
    answer = panel.dario.put(f"/assessments/{id}/ratings/1b", assess.given(2), if_match='"1"')
    refused(answer, 404, "not-in-this-assessment")


def test_the_median_of_three_counts_and_the_case_is_verified(panel: Panel) -> None:
    case = disagreed(panel, {"_1a": 1, "_1b": 0}, {"_1b": 3})
    moderated(panel, case, _1a=3, _1b=1)
    plan = done(panel.bruno.get(f"{case.path}/interview/plan"))
    assert (plan["weak"], plan["in_doubt"]) == (["1b"], ["1a"])
    assess.interviewed(panel.bruno, panel.chloe, case.portfolio_id)

    found = assess.result(panel.vera, case)
    assert (
        found["1a"] | {"ratings": [1, 2], "third": 3, "rating": 2, "how": "median"} == found["1a"]
    )
    assert (found["1b"]["rating"], found["1c"]["how"]) == (1, "equal")
    drawn = done(panel.vera.get(f"{case.path}/verification"))
    assert drawn["rule"] == "refused_or_third_referent_or_appeal"
    assert (drawn["required"], drawn["share"]) == (True, 1.0)


def test_nobody_is_called_where_nobody_disagrees(panel: Panel) -> None:
    call_refused(panel, assess.both_final(panel), panel.dario, "moderation-not-needed")


def test_nobody_is_called_before_both_are_final(panel: Panel) -> None:
    amira = panel.candidate()
    id = make.submitted_portfolio(amira)
    one = assess.final(panel.officer, id, panel.bruno)
    case = Assessed(id, amira, one, one)
    call_refused(panel, case, panel.dario, "step-not-open")
    other = assess.taken_on(panel.officer, id, panel.chloe)
    call_refused(panel, case, panel.dario, "not-assessed-yet")
    assess.rate_all(panel.chloe, other, _1a=0)
    call_refused(panel, case, panel.dario, "not-assessed-yet")


def test_the_third_is_another_referent_without_a_conflict(panel: Panel) -> None:
    case = disagreed(panel, {"_1a": 1}, {})
    call_refused(panel, case, panel.bruno, "already-assigned")
    call_refused(panel, case, panel.vera, "not-a-referent")
    id = call(panel, case, panel.dario)
    eve = make.person(panel.tenant, "Eve", Role.REFERENT)
    call_refused(panel, case, eve, "enough-referents")
    assess.accept(panel.dario, id)
    call_refused(panel, case, eve, "enough-referents")


def test_an_officer_does_not_call_themself_as_the_third(panel: Panel) -> None:
    case = disagreed(panel, {"_1a": 1}, {})
    both = make.person(panel.tenant, "Oleg", Role.OFFICER, Role.REFERENT)
    answer = both.post(f"{case.path}/moderation", {"referent_id": str(both.id)})
    refused(answer, 403, "self-assigned")
    call(panel, case, both)


def test_a_third_who_declines_or_declares_a_conflict_is_replaced(panel: Panel) -> None:
    case = disagreed(panel, {"_1a": 1}, {})
    first = call(panel, case, panel.dario)
    done(panel.dario.post(f"/assessments/{first}/decline", {"reason": "On leave."}))
    eve = make.person(panel.tenant, "Eve", Role.REFERENT)
    second = call(panel, case, eve)
    assess.accept(eve, second)
    done(eve.post(f"/assessments/{second}/conflict", {"reason": "A cousin."}))
    last = make.person(panel.tenant, "Fay", Role.REFERENT)
    id = call(panel, case, last)
    assess.accept(last, id)
    assess.rate_all(last, id)
    assess.finalise(last, id)
    assess.interviewed(panel.bruno, panel.chloe, case.portfolio_id)
    assert assess.result(panel.vera, case)["1a"]["rating"] == 2


def test_the_third_takes_no_part_in_the_interview(panel: Panel) -> None:
    case = disagreed(panel, {"_1a": 1}, {})
    moderated(panel, case)
    path = f"{case.path}/interview"
    for answer in (
        panel.dario.post(path, assess.interview()),
        panel.dario.put(path, assess.interview(), if_match='"1"'),
        panel.dario.post(f"{path}/confirmation", if_match='"1"'),
        panel.dario.get(path),
    ):
        refused(answer, 404, "no-such-portfolio")


def test_new_disagreements_after_a_return_are_put_to_another_third(panel: Panel) -> None:
    case = disagreed(panel, {"_1a": 1}, {})
    moderated(panel, case)
    assess.interviewed(panel.bruno, panel.chloe, case.portfolio_id)
    body = {"outcome": "returned", "indicators": ["2a"], "comment": "Look again."}
    done(panel.vera.post(f"{case.path}/verification", body))
    for person, id, rating in ((panel.bruno, case.bruno_id, 0), (panel.chloe, case.chloe_id, 3)):
        assess.rate_all(person, id, usual=rating)
        assess.finalise(person, id)
    assert assess.state(case) == "in_assessment"

    call_refused(panel, case, panel.dario, "already-assigned")
    eve = make.person(panel.tenant, "Eve", Role.REFERENT)
    id = call(panel, case, eve)
    assess.accept(eve, id)
    assert list(assess.ratings(assess.desk(eve, id))) == ["2a"]
    assess.rate_all(eve, id, usual=3)
    assess.finalise(eve, id)
    assert assess.state(case) == "assessed"
    found = assess.result(panel.vera, case)
    assert (found["1a"]["third"], found["2a"]["third"], found["2a"]["rating"]) == (2, 3, 3)


def test_not_assessable_counts_as_nought_and_no_counting_claim_as_one_at_most(
    panel: Panel,
) -> None:
    amira = panel.candidate()
    id = make.submitted_portfolio(amira)
    made = {}
    for referent in (panel.bruno, panel.chloe):
        made[referent.name] = mine = assess.taken_on(panel.officer, id, referent)
        assess.rate_all(referent, mine, usual=3, _1a=NOT_ASSESSABLE)
        seen = assess.desk(referent, mine)
        no = assess.accepted(assess.claims(seen, "1b"), sufficient=False, reason="Too short.")
        partly = assess.accepted(assess.claims(seen, "1c"))
        partly = [one | {"verdict": "accepted_partly"} for one in partly]
        first, *rest = assess.claims(seen, "3a")
        some = [
            *assess.accepted([first], reliable=False, reason="Hearsay."),
            *assess.accepted(rest),
        ]
        for code, judged in (("1b", no), ("1c", partly), ("3a", some)):
            body = assess.given(3, judged)
            done(referent.put(f"/assessments/{mine}/ratings/{code}", body, if_match='"2"'))
        assess.finalise(referent, mine)
    case = Assessed(id, amira, made["Bruno"], made["Chloé"])
    plan = done(panel.bruno.get(f"{case.path}/interview/plan"))
    assert plan["weak"] == ["1a", "1b"]
    assess.interviewed(panel.bruno, panel.chloe, id)
    found = assess.result(panel.vera, case)
    counted = {code: found[code]["rating"] for code in ("1a", "1b", "1c", "3a", "1d")}
    assert counted == {"1a": 0, "1b": 1, "1c": 3, "3a": 3, "1d": 3}


def test_a_third_does_not_stand_in_for_a_referent_who_steps_back(panel: Panel) -> None:
    case = disagreed(panel, {"_1a": 1}, {})
    moderated(panel, case)
    assess.interviewed(panel.bruno, panel.chloe, case.portfolio_id)
    body = {"outcome": "returned", "indicators": ["2a"], "comment": "Look again."}
    done(panel.vera.post(f"{case.path}/verification", body))
    done(panel.bruno.post(f"/assessments/{case.bruno_id}/conflict", {"reason": "A cousin."}))
    eve = make.person(panel.tenant, "Eve", Role.REFERENT)
    assess.final(panel.officer, case.portfolio_id, eve)
    assess.rate_all(panel.chloe, case.chloe_id)
    assess.finalise(panel.chloe, case.chloe_id)
    assert assess.state(case) == "assessed"
    assert assess.result(panel.vera, case)["1a"]["how"] == "equal"
