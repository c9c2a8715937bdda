"""Every step of assessment and decision, in every state, by everyone: what is open is written here.

Steps that must be refused are asked over HTTP of portfolios that stand in each state; what happens
where a step is open is told by the tests of that step.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

import pytest
from httpx2 import Response
from sqlalchemy import text
from starlette.testclient import TestClient

from app.actor import Role
from app.assessment.lifecycle import State as AssessmentState
from app.kit.db import Sessions
from app.portfolio.lifecycle import State
from app.storage.s3 import S3Store
from tests import assess, make
from tests.assess import Assessed, Panel, given, refused
from tests.make import Person


@dataclass(frozen=True, slots=True)
class Standing:
    """A portfolio with a draft decision, which a test puts into one state after the other."""

    case: Assessed
    decision: UUID
    panel: Panel

    def put_into(self, state: State) -> None:
        with self.panel.tenant.at_work() as work:
            work.session.execute(
                text(
                    "UPDATE portfolio SET state = :state, decided_at = coalesce(decided_at, now())"
                    " WHERE id = :id"
                ),
                {"state": state, "id": self.case.portfolio_id},
            )

    def put_assessment_into(self, state: AssessmentState) -> None:
        with self.panel.tenant.at_work() as work:
            work.session.execute(
                text(
                    "UPDATE assessment SET state = :state, reason = coalesce(reason, 'None.')"
                    " WHERE id = :id"
                ),
                {"state": state, "id": self.case.bruno_id},
            )


@pytest.fixture(scope="module")
def standing(lasting_panel: Panel) -> Standing:
    case = assess.verified(lasting_panel)
    return Standing(case, assess.drafted(lasting_panel.diana, case.portfolio_id), lasting_panel)


@pytest.fixture(scope="module")
def strangers(
    lasting_panel: Panel, worker_sessions: Sessions, store: S3Store, browser: TestClient
) -> Mapping[str, Person]:
    """People who may not know of the case: two of the same certification body, one of another."""
    elsewhere = make.tenant(worker_sessions, store, browser, name="Elsewhere")
    school = make.organisation(lasting_panel.tenant)
    return {
        "stranger": make.person(lasting_panel.tenant, "Milan", Role.CANDIDATE),
        "school": make.person(lasting_panel.tenant, "Tara", staff_of=school),
        "otto": make.person(elsewhere, "Otto", *(set(Role) - {Role.TRAINING_BODY})),
    }


def step(name: str, standing: Standing, person: Person) -> Response:
    """Have a person try a step that is taken on a portfolio."""
    path, dario = standing.case.path, {"referent_id": str(standing.panel.dario.id)}
    if name == "assign":
        return person.post(f"{path}/assignments", dario)
    if name == "moderate":
        return person.post(f"{path}/moderation", dario)
    if name == "interview":
        return person.post(f"{path}/interview", assess.interview())
    if name == "confirm":
        return person.post(f"{path}/interview/confirmation", if_match='"1"')
    if name == "replace":
        return person.put(f"{path}/interview", assess.interview(), if_match='"1"')
    if name == "verify":
        return person.post(f"{path}/verification", {"outcome": "confirmed"})
    if name == "decide":
        return person.post(f"{path}/decision", {"outcome": "granted"})
    if name == "discard":
        return person.delete(f"/decisions/{standing.decision}")
    return person.post(f"/decisions/{standing.decision}/signatures")


UNDER_ASSESSMENT = {State.SUBMITTED, State.IN_ASSESSMENT}
OPEN_IN: Mapping[str, set[State]] = {
    "assign": UNDER_ASSESSMENT,
    "moderate": {State.IN_ASSESSMENT},
    "interview": {State.IN_ASSESSMENT},
    "confirm": {State.IN_ASSESSMENT},
    "replace": {State.IN_ASSESSMENT},
    "verify": {State.ASSESSED},
    "decide": {State.ASSESSED},
    "sign": {State.ASSESSED},
}


@pytest.mark.parametrize(
    ("name", "state"),
    [(name, state) for name, open_in in OPEN_IN.items() for state in State if state not in open_in],
)
def test_a_step_is_refused_in_every_state_that_it_is_not_open_in(
    standing: Standing, name: str, state: State
) -> None:
    panel = standing.panel
    whose = {"verify": panel.vera, "decide": panel.diana, "sign": panel.diana}
    whose |= {"interview": panel.bruno, "confirm": panel.chloe, "replace": panel.bruno}
    standing.put_into(state)
    problem = refused(step(name, standing, whose.get(name, panel.officer)), 409, "step-not-open")
    assert problem["state"] == state


def test_where_the_state_is_right_something_else_stands_against_the_step_here(
    standing: Standing,
) -> None:
    panel = standing.panel
    standing.put_into(State.IN_ASSESSMENT)
    for name, person, kind in (
        ("assign", panel.officer, "enough-referents"),
        ("moderate", panel.officer, "moderation-not-needed"),
        ("interview", panel.bruno, "interview-recorded"),
        ("confirm", panel.bruno, "confirmed-by-other"),
        ("replace", panel.chloe, "replaced-by-recorder"),
        ("replace", panel.bruno, "interview-confirmed"),
    ):
        refused(step(name, standing, person), 409, kind)
    standing.put_into(State.ASSESSED)
    refused(step("verify", standing, panel.vera), 409, "already-verified")
    refused(step("decide", standing, panel.diana), 409, "decision-exists")


MAY: Mapping[str, set[str]] = {
    "assign": {"officer"},
    "moderate": {"officer"},
    "interview": {"bruno", "chloe"},
    "confirm": {"bruno", "chloe"},
    "replace": {"bruno", "chloe"},
    "verify": {"vera"},
    "decide": {"diana"},
    "sign": {"diana"},
    "discard": {"diana"},
}
EVERYONE = (
    *("officer", "bruno", "chloe", "dario", "vera", "diana", "amira"),
    *("stranger", "school", "otto"),
)


@pytest.mark.parametrize(
    ("name", "who"),
    [(name, who) for name, may in MAY.items() for who in EVERYONE if who not in may],
)
def test_a_step_is_for_those_whose_it_is_and_hidden_from_who_may_not_know_of_the_case(
    standing: Standing, strangers: Mapping[str, Person], name: str, who: str
) -> None:
    panel = standing.panel
    people = {
        "officer": panel.officer,
        "bruno": panel.bruno,
        "chloe": panel.chloe,
        "dario": panel.dario,
        "vera": panel.vera,
        "diana": panel.diana,
        "amira": standing.case.amira,
        **strangers,
    }
    person = people[who]
    of_interview = name in ("interview", "confirm", "replace")
    standing.put_into(State.IN_ASSESSMENT if of_interview else State.ASSESSED)
    answer = step(name, standing, person)
    if who in ("bruno", "chloe", "dario", "stranger", "school", "otto"):
        what = "decision" if name in ("sign", "discard") else "portfolio"
        refused(answer, 404, f"no-such-{what}")
    elif who == "vera" and name in ("decide", "sign", "discard"):
        refused(answer, 403, "decided-by-assessor")
    else:
        refused(answer, 403, "role-required")


OPEN_TO_ASSESSMENT: Mapping[str, set[AssessmentState]] = {
    "acceptance": {AssessmentState.ASSIGNED},
    "decline": {AssessmentState.ASSIGNED},
    "conflict": {
        AssessmentState.ASSIGNED,
        AssessmentState.ACCEPTED,
        AssessmentState.IN_PROGRESS,
    },
    "finalisation": {AssessmentState.IN_PROGRESS},
    "ratings/1a": {AssessmentState.IN_PROGRESS},
    "ratings": {AssessmentState.IN_PROGRESS},
}


def act(name: str, standing: Standing, person: Person) -> Response:
    """Have a person try a step of an assessment."""
    path = f"/assessments/{standing.case.bruno_id}/{name}"
    if name.startswith("ratings"):
        body = given(3) if name.endswith("1a") else {"ratings": {"1a": given(3)}}
        return person.put(path, body, if_match='"99"')
    bodies = {"finalisation": assess.COMMENT, "acceptance": None}
    return person.post(path, bodies.get(name, {"reason": "I know the candidate."}))


@pytest.mark.parametrize(
    ("name", "state"),
    [
        (name, state)
        for name, open_in in OPEN_TO_ASSESSMENT.items()
        for state in AssessmentState
        if state not in open_in
    ],
)
def test_a_step_of_an_assessment_is_refused_in_every_state_that_it_is_not_open_in(
    standing: Standing, name: str, state: AssessmentState
) -> None:
    standing.put_into(State.IN_ASSESSMENT)
    standing.put_assessment_into(state)
    kind = "ratings-closed" if name.startswith("ratings") else "assessment-step-not-open"
    problem = refused(act(name, standing, standing.panel.bruno), 409, kind)
    assert problem["state"] == state
    assert "open_steps" in problem


@pytest.mark.parametrize("name", OPEN_TO_ASSESSMENT)
@pytest.mark.parametrize("state", AssessmentState)
def test_an_assessment_is_there_for_its_own_referent_only(
    standing: Standing, name: str, state: AssessmentState
) -> None:
    panel = standing.panel
    standing.put_into(State.IN_ASSESSMENT)
    standing.put_assessment_into(state)
    refused(act(name, standing, panel.chloe), 404, "no-such-assessment")
    for person in (panel.officer, panel.vera, panel.diana, standing.case.amira):
        answer = act(name, standing, person)
        if name.startswith("ratings"):
            refused(answer, 403, "role-required")
        else:
            refused(answer, 404, "no-such-assessment")


def test_a_stale_rating_is_refused_where_the_state_is_right(standing: Standing) -> None:
    standing.put_into(State.IN_ASSESSMENT)
    standing.put_assessment_into(AssessmentState.IN_PROGRESS)
    refused(act("ratings/1a", standing, standing.panel.bruno), 409, "rating-locked")
    refused(act("ratings", standing, standing.panel.bruno), 409, "rating-locked")


@pytest.mark.parametrize("state", sorted(set(State) - UNDER_ASSESSMENT))
def test_a_portfolio_in_any_other_state_is_not_rated(standing: Standing, state: State) -> None:
    standing.put_into(state)
    standing.put_assessment_into(AssessmentState.IN_PROGRESS)
    for name in ("ratings/1a", "ratings"):
        problem = refused(act(name, standing, standing.panel.bruno), 409, "ratings-closed")
        assert problem["portfolio_state"] == state
    answer = act("finalisation", standing, standing.panel.bruno)
    refused(answer, 409, "not-under-assessment")
