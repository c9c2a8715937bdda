"""The interview: what it covers, who enters and who confirms it, and what it raises."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import timedelta
from typing import cast

import pytest

from app.actor import Role
from app.framework.content.scheme import Outcome
from app.kit.clock import utc_now
from tests import assess, make
from tests.assess import Assessed, Panel, done, interview, refused
from tests.make import Json
from tests.racing import at_once


@pytest.fixture
def case(panel: Panel) -> Assessed:
    """Both are final and agree; 1a and 2b are weak."""
    return assess.both_final(panel, _1a=1, _2b=0)


@pytest.fixture(scope="module")
def waiting(lasting_panel: Panel) -> Assessed:
    """The same, for tests of what is refused."""
    return assess.both_final(lasting_panel, _1a=1, _2b=0)


def answers(body: Json) -> dict[str, Json]:
    return body["answers"]  # type: ignore[return-value]


def test_the_plan_names_what_is_weak_and_draws_three_more_the_same_for_both(
    panel: Panel, case: Assessed
) -> None:
    plan = done(panel.bruno.get(f"{case.path}/interview/plan"))
    assert (plan["weak"], plan["in_doubt"], len(plan["drawn"])) == (["1a", "2b"], [], 3)  # type: ignore[arg-type]
    assert done(panel.chloe.get(f"{case.path}/interview/plan")) == plan
    for person in (panel.officer, panel.diana, case.amira):
        answer = person.get(f"{case.path}/interview/plan")
        refused(answer, 403, "role-required")
    refused(panel.dario.get(f"{case.path}/interview/plan"), 404, "no-such-portfolio")


def test_the_other_referents_confirmation_concludes_the_assessment(
    panel: Panel, case: Assessed
) -> None:
    answer = panel.bruno.post(f"{case.path}/interview", interview())
    assert answer.status_code == 201
    assert (answer.json()["minutes"], answer.json()["confirmed_at"]) == (60, None)
    assert assess.state(case) == "in_assessment"
    refused(panel.bruno.post(f"{case.path}/interview", interview()), 409, "interview-recorded")
    refused(panel.chloe.post(f"{case.path}/interview", interview()), 409, "interview-recorded")
    path = f"{case.path}/interview/confirmation"
    refused(panel.bruno.post(path, if_match='"1"'), 409, "confirmed-by-other")

    assert done(assess.confirmed(panel.chloe, case.portfolio_id))["confirmed_at"] is not None
    assert assess.state(case) == "assessed"
    drawn = done(panel.vera.get(f"{case.path}/verification"))
    assert (drawn["required"], drawn["rule"]) == (True, "referent_assessments_up_to")
    assert 0 <= drawn["lot"] < 1  # type: ignore[operator]
    refused(panel.chloe.post(path, if_match='"1"'), 409, "step-not-open")


def test_the_draw_for_verification_is_on_record(panel: Panel, case: Assessed) -> None:
    assess.interviewed(panel.bruno, panel.chloe, case.portfolio_id)
    with panel.tenant.at_work() as work:
        row = work.session.connection().exec_driver_sql(
            "SELECT v.lot, v.share, v.required, v.seed, s.root FROM verification v"
            " JOIN snapshot s ON s.id = v.snapshot_id WHERE v.portfolio_id = %s",
            (case.portfolio_id,),
        )
        lot, share, required, seed, root = row.one()
    assert (lot, required) == (assess.lot_of(root, seed), lot < share)
    assert done(panel.vera.get(f"{case.path}/verification"))["seed"] == seed


def test_the_journal_holds_a_draw_to_its_seed_without_telling_it(
    panel: Panel, case: Assessed
) -> None:
    assess.interviewed(panel.bruno, panel.chloe, case.portfolio_id)
    seed = str(done(panel.vera.get(f"{case.path}/verification"))["seed"])
    path = f"/journal?stream={case.portfolio_id}&limit=200"
    (drawn,) = (one for one in panel.vera.get(path).json() if one["action"] == "verification.drawn")
    assert drawn["facts"] == {"seed_sha256": hashlib.sha256(bytes.fromhex(seed)).hexdigest()}
    for person in (panel.bruno, panel.chloe, case.amira):
        for read in (path, f"{case.path}/verification", f"{case.path}/snapshot"):
            assert seed not in person.get(read).text


def test_the_candidate_reads_no_outcome_in_the_journal_before_it_is_decided(
    panel: Panel, case: Assessed
) -> None:
    assess.interviewed(panel.bruno, panel.chloe, case.portfolio_id)
    entries = case.amira.get(f"/journal?stream={case.portfolio_id}&limit=200").json()
    assert "portfolio.conclude" in [one["action"] for one in entries]
    told = json.dumps([one["facts"] for one in entries])
    assert not [outcome for outcome in Outcome if f'"{outcome}"' in told]


def test_an_interview_is_confirmed_once_there_is_one(panel: Panel, case: Assessed) -> None:
    path = f"{case.path}/interview"
    refused(panel.chloe.post(f"{path}/confirmation", if_match='"1"'), 404, "no-interview")
    refused(panel.bruno.put(path, interview(), if_match='"1"'), 404, "no-interview")
    refused(panel.chloe.get(path), 404, "no-interview")


def test_an_interview_that_leaves_something_out_is_refused_and_says_what(
    lasting_panel: Panel, waiting: Assessed
) -> None:
    body = interview()
    del answers(body)["2b"]
    for code in [code for code in answers(body) if code.startswith("15")]:
        del answers(body)[code]
    answer = lasting_panel.bruno.post(f"{waiting.path}/interview", body)
    problem = refused(answer, 422, "interview-incomplete")
    assert "2b" in problem["missing"]  # type: ignore[operator]
    assert problem["competences"] == [15]


@pytest.mark.parametrize(
    ("code", "raised_to"), [("1a", 3), ("1a", 1), ("1a", 0), ("2b", 2), ("1b", 4), ("1b", 2)]
)
def test_an_interview_raises_by_one_step_at_most(
    lasting_panel: Panel, waiting: Assessed, code: str, raised_to: int
) -> None:
    answer = lasting_panel.bruno.post(f"{waiting.path}/interview", interview({code: raised_to}))
    problem = refused(answer, 422, "raise-not-allowed")
    assert (problem["indicator"], problem["may_raise_by"]) == (code, 1)


def test_a_raise_takes_a_note(lasting_panel: Panel, waiting: Assessed) -> None:
    body = interview({"1a": 2})
    answers(body)["1a"]["note"] = None
    answer = lasting_panel.bruno.post(f"{waiting.path}/interview", body)
    assert refused(answer, 422, "raise-needs-note")["indicator"] == "1a"


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({"minutes": 4}, "minute-out-of-range"),
        ({"held_at": (utc_now() + timedelta(hours=1)).isoformat()}, "not-held-yet"),
        ({"held_at": "2020-01-01T10:00:00Z"}, "held-before-submission"),
        ({"held_at": "0001-01-01T00:00:00+14:00"}, "held-before-submission"),
        ({"held_at": "9999-12-31T23:59:59-14:00"}, "not-held-yet"),
        ({"held_at": "2026-01-01T10:00:00"}, "not-as-described"),
        ({"held_at": "yesterday"}, "not-as-described"),
        ({"minutes": 0}, "not-as-described"),
        ({"minutes": 10**30}, "not-as-described"),
        ({"summary": ""}, "not-as-described"),
        ({"summary": "\x00"}, "not-as-described"),
        ({"answers": {}}, "not-as-described"),
        ({"answers": {"1a": {}}}, "not-as-described"),
        ({"answers": {"\x00": {"minute": 1}}}, "not-as-described"),
        ({"confirmed_at": "2026-01-01T10:00:00Z"}, "not-as-described"),
    ],
)
def test_an_interview_that_cannot_be_is_refused(
    lasting_panel: Panel, waiting: Assessed, changes: Json, kind: str
) -> None:
    answer = lasting_panel.bruno.post(f"{waiting.path}/interview", interview() | changes)
    refused(answer, 422, kind)


def test_an_answer_about_an_unknown_indicator_is_refused(
    lasting_panel: Panel, waiting: Assessed
) -> None:
    body = interview()
    answers(body)["99z"] = {"minute": 1}
    answer = lasting_panel.bruno.post(f"{waiting.path}/interview", body)
    assert refused(answer, 422, "unknown-indicators")["unknown"] == ["99z"]


def test_a_raise_counts_only_when_the_other_has_confirmed_it(panel: Panel, case: Assessed) -> None:
    assert panel.bruno.post(f"{case.path}/interview", interview({"1a": 2})).status_code == 201
    plan = done(panel.chloe.get(f"{case.path}/interview/plan"))
    assert plan["weak"] == ["1a", "2b"]
    done(assess.confirmed(panel.chloe, case.portfolio_id))
    found = assess.result(panel.diana, case)
    assert (found["1a"]["ratings"], found["1a"]["raised_to"], found["1a"]["rating"]) == (
        [1, 1],
        2,
        2,
    )
    assert (found["2b"]["raised_to"], found["2b"]["rating"]) == (None, 0)


def test_after_a_return_a_raise_neither_lowers_nor_adds_up(panel: Panel, case: Assessed) -> None:
    assess.interviewed(panel.bruno, panel.chloe, case.portfolio_id, {"1a": 2, "2b": 1})
    body = {"outcome": "returned", "indicators": ["1a", "2b"], "comment": "Look again."}
    done(panel.vera.post(f"{case.path}/verification", body))
    for person, id in ((panel.bruno, case.bruno_id), (panel.chloe, case.chloe_id)):
        assess.rate_all(person, id, _1a=0, _2b=3)
        assess.finalise(person, id)
    assert assess.state(case) == "assessed"
    found = assess.result(panel.diana, case)
    assert (found["1a"]["rating"], found["2b"]["rating"]) == (1, 3)


def test_only_the_two_referents_hold_and_confirm_an_interview(
    lasting_panel: Panel, waiting: Assessed
) -> None:
    officer, vera, diana = lasting_panel.officer, lasting_panel.vera, lasting_panel.diana
    for person in (officer, vera, diana, waiting.amira):
        path = f"{waiting.path}/interview"
        refused(person.post(path, interview()), 403, "role-required")
        refused(person.put(path, interview(), if_match='"1"'), 403, "role-required")
        refused(person.post(f"{path}/confirmation", if_match='"1"'), 403, "role-required")
    also = make.person(lasting_panel.tenant, "Vic", *officer.roles, *lasting_panel.dario.roles)
    refused(also.post(f"{waiting.path}/interview", interview()), 403, "not-assessing-this")


def test_a_confirmation_repeated_after_a_return_concludes_nothing(
    panel: Panel, case: Assessed
) -> None:
    assess.interviewed(panel.bruno, panel.chloe, case.portfolio_id)
    body = {"outcome": "returned", "indicators": ["1a"], "comment": "Look again."}
    done(panel.vera.post(f"{case.path}/verification", body))
    again = done(assess.confirmed(panel.chloe, case.portfolio_id))
    assert again["confirmed_at"] is not None
    assert assess.state(case) == "in_assessment"


def recorded(panel: Panel, case: Assessed, raises: Mapping[str, int] = {}) -> None:
    answer = panel.bruno.post(f"{case.path}/interview", interview(raises))
    assert (answer.status_code, answer.headers["etag"]) == (201, '"1"')


def raises_in(read: Json) -> dict[str, int]:
    """Return the raises among the answers of an interview."""
    found = {one["indicator"]: one["raised_to"] for one in cast(list[Json], read["answers"])}
    return {str(code): cast(int, to) for code, to in found.items() if to is not None}


def test_the_referents_read_the_interview_and_all_its_answers_at_once(
    panel: Panel, case: Assessed
) -> None:
    recorded(panel, case, {"1a": 2})
    for person in (panel.bruno, panel.chloe):
        answer = person.get(f"{case.path}/interview")
        read = done(answer)
        assert (answer.headers["etag"], read["version"]) == ('"1"', 1)
        assert (read["summary"], read["confirmed_at"]) == (interview()["summary"], None)
        told = {str(one["indicator"]): one for one in cast(list[Json], read["answers"])}
        assert list(told) == sorted(assess.CODES)
        assert told["1a"] == {
            "indicator": "1a",
            "minute": 5,
            "note": "Told in detail.",
            "raised_to": 2,
        }


def test_staff_read_the_interview_once_assessed_and_the_candidate_once_decided(
    panel: Panel,
) -> None:
    school = make.organisation(panel.tenant)
    amira = make.person(panel.tenant, "Amira", Role.CANDIDATE, training_body=school)
    tutor = make.person(panel.tenant, "Tara", staff_of=school)
    portfolio = make.submitted_portfolio(amira)
    path = f"/portfolios/{portfolio}/interview"
    for referent in (panel.bruno, panel.chloe):
        assess.final(panel.officer, portfolio, referent)
    assert panel.bruno.post(path, interview()).status_code == 201
    staff = (panel.officer, panel.vera, panel.diana)
    for person in (*staff, amira, tutor):
        refused(person.get(path), 404, "no-interview")
    for person in (panel.dario, panel.candidate("Milan")):
        refused(person.get(path), 404, "no-such-portfolio")

    done(assess.confirmed(panel.chloe, portfolio))
    for person in staff:
        assert len(done(person.get(path))["answers"]) == len(assess.CODES)  # type: ignore[arg-type]
    for person in (amira, tutor):
        refused(person.get(path), 404, "no-interview")

    done(panel.vera.post(f"/portfolios/{portfolio}/verification", {"outcome": "confirmed"}))
    assess.signed(panel.diana, assess.drafted(panel.diana, portfolio))
    assert done(amira.get(path))["confirmed_at"] is not None
    refused(tutor.get(path), 404, "no-interview")
    refused(panel.dario.get(path), 404, "no-such-portfolio")


def test_a_candidate_who_is_staff_as_well_reads_no_sooner(panel: Panel) -> None:
    omar = make.person(panel.tenant, "Omar", Role.CANDIDATE, Role.OFFICER)
    portfolio = make.submitted_portfolio(omar)
    for referent in (panel.bruno, panel.chloe):
        assess.final(panel.officer, portfolio, referent)
    assess.interviewed(panel.bruno, panel.chloe, portfolio)
    refused(omar.get(f"/portfolios/{portfolio}/interview"), 404, "no-interview")


def test_a_referent_who_comes_in_for_another_rates_before_reading_the_interview(
    panel: Panel, case: Assessed
) -> None:
    assess.interviewed(panel.bruno, panel.chloe, case.portfolio_id)
    body = {"outcome": "returned", "indicators": ["1a"], "comment": "Look again."}
    done(panel.vera.post(f"{case.path}/verification", body))
    conflict = {"reason": "A cousin."}
    done(panel.bruno.post(f"/assessments/{case.bruno_id}/conflict", conflict))
    path = f"{case.path}/interview"
    refused(panel.bruno.get(path), 404, "no-such-portfolio")
    id = assess.taken_on(panel.officer, case.portfolio_id, panel.dario)
    refused(panel.dario.get(path), 404, "no-such-portfolio")
    assess.rate_all(panel.dario, id)
    assess.finalise(panel.dario, id)
    done(panel.dario.get(path))


def test_who_recorded_an_interview_replaces_it_until_it_is_confirmed(
    panel: Panel, case: Assessed
) -> None:
    recorded(panel, case, {"1a": 2})
    path = f"{case.path}/interview"
    new = interview({"2b": 1}) | {"minutes": 75, "summary": "Entered with care."}
    refused(panel.chloe.put(path, new, if_match='"1"'), 409, "replaced-by-recorder")
    refused(panel.bruno.put(path, new), 428, "version-required")
    answer = panel.bruno.put(path, new, if_match='"1"')
    assert (done(answer)["minutes"], answer.headers["etag"]) == (75, '"2"')
    refused(panel.bruno.put(path, new, if_match='"1"'), 412, "stale-version")

    read = done(panel.chloe.get(path))
    assert (read["version"], read["summary"]) == (2, "Entered with care.")
    assert raises_in(read) == {"2b": 1}
    done(assess.confirmed(panel.chloe, case.portfolio_id))
    found = assess.result(panel.diana, case)
    assert (found["1a"]["raised_to"], found["2b"]["raised_to"]) == (None, 1)

    refused(panel.bruno.put(path, new, if_match='"2"'), 409, "step-not-open")
    body = {"outcome": "returned", "indicators": ["1b"], "comment": "Look again."}
    done(panel.vera.post(f"{case.path}/verification", body))
    refused(panel.bruno.put(path, new, if_match='"2"'), 409, "interview-confirmed")


def test_a_replacement_is_in_the_journal_and_the_first_answers_are_kept(
    panel: Panel, case: Assessed
) -> None:
    recorded(panel, case, {"1a": 2})
    done(panel.bruno.put(f"{case.path}/interview", interview({"2b": 1}), if_match='"1"'))
    with panel.tenant.at_work() as work:
        rows = work.session.connection().exec_driver_sql(
            "SELECT a.version, a.indicator FROM interview_answer a"
            " JOIN interview i ON i.id = a.interview_id"
            " WHERE i.portfolio_id = %s AND a.raised_to IS NOT NULL ORDER BY a.version",
            (case.portfolio_id,),
        )
        assert [tuple(row) for row in rows] == [(1, "1a"), (2, "2b")]
    assess.confirmed(panel.chloe, case.portfolio_id)
    entries = panel.vera.get(f"/journal?stream={case.portfolio_id}&limit=200").json()
    (entry,) = (one for one in entries if one["action"] == "interview.replaced")
    assert (entry["facts"]["version"], len(entry["facts"]["indicators"])) == (2, len(assess.CODES))


def test_a_replacement_is_checked_as_the_first_was(panel: Panel, case: Assessed) -> None:
    recorded(panel, case)
    path = f"{case.path}/interview"
    for body, kind in (
        (interview({"1a": 3}), "raise-not-allowed"),
        (interview() | {"minutes": 4}, "minute-out-of-range"),
        (interview() | {"held_at": "2020-01-01T10:00:00Z"}, "held-before-submission"),
        (interview() | {"answers": {"1a": {"minute": 1}}}, "interview-incomplete"),
    ):
        refused(panel.bruno.put(path, body, if_match='"1"'), 422, kind)
    assert done(panel.chloe.get(path))["version"] == 1


def test_nothing_is_confirmed_but_what_was_read(panel: Panel, case: Assessed) -> None:
    recorded(panel, case)
    path = f"{case.path}/interview"
    read = panel.chloe.get(path).headers["etag"]
    done(panel.bruno.put(path, interview({"1a": 2}), if_match='"1"'))
    refused(panel.chloe.post(f"{path}/confirmation"), 428, "version-required")
    refused(panel.chloe.post(f"{path}/confirmation", if_match=read), 412, "stale-version")
    assert assess.state(case) == "in_assessment"
    done(panel.chloe.post(f"{path}/confirmation", if_match='"2"'))
    assert assess.state(case) == "assessed"


def test_an_interview_replaced_and_confirmed_at_once_is_the_one_that_was_read(
    panel: Panel, case: Assessed
) -> None:
    recorded(panel, case)
    path = f"{case.path}/interview"
    replaced, confirmed = at_once(
        [
            lambda: panel.bruno.put(path, interview({"1a": 2}), if_match='"1"'),
            lambda: panel.chloe.post(f"{path}/confirmation", if_match='"1"'),
        ]
    )
    assert sorted((replaced.status_code == 200, confirmed.status_code == 200)) == [False, True]
    version = done(panel.bruno.get(path))["version"]
    assert version == (1 if confirmed.status_code == 200 else 2)
