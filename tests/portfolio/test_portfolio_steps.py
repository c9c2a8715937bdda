"""Every state, every step that has an address, everybody who might try it."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

import pytest
from sqlalchemy import text
from starlette.testclient import TestClient

from app.actor import Role
from app.kit.db import Sessions
from app.portfolio import access
from app.portfolio.lifecycle import PATHS, State, Step
from app.storage.s3 import S3Store
from tests import make
from tests.make import Json, Person

STEPS: dict[Step, tuple[str, Json]] = {
    Step.APPLY: ("application", make.application()),
    Step.ADMIT: (
        "admission",
        {"outcome": "admitted", "findings": {code: {"met": True} for code in make.DECLARED}},
    ),
    Step.ASK_FOR_INFORMATION: ("admission", {"outcome": "needs_info", "reason": "Which hours?"}),
    Step.REFUSE_ADMISSION: ("admission", {"outcome": "not_admitted", "reason": "No diploma."}),
    Step.SUBMIT: ("submission", {}),
    Step.WITHDRAW: ("withdrawal", {}),
}

SET = text(
    "UPDATE portfolio SET state = :state, submitted_at = now(), decided_at = now() WHERE id = :id"
)
COUNT = text(
    "SELECT p.state, p.version, (SELECT count(*) FROM portfolio_transition),"
    " (SELECT count(*) FROM snapshot), (SELECT count(*) FROM journal_entry)"
    " FROM portfolio p WHERE p.id = :id"
)


@dataclass(frozen=True, slots=True)
class Company:
    """One complete portfolio, and everybody who might try a step with it."""

    portfolio_id: UUID
    candidate: Person
    people: dict[str, Person]

    def put_into(self, state: State) -> None:
        with self.candidate.tenant.at_work() as work:
            work.session.execute(SET, {"state": state, "id": self.portfolio_id})

    def standing(self) -> tuple[object, ...]:
        with self.candidate.tenant.at_work() as work:
            return tuple(work.session.execute(COUNT, {"id": self.portfolio_id}).one())


@pytest.fixture(scope="module")
def company(worker_sessions: Sessions, store: S3Store, browser: TestClient) -> Company:
    tenant = make.tenant(worker_sessions, store, browser)
    elsewhere = make.tenant(worker_sessions, store, browser, name="Elsewhere")
    school = make.organisation(tenant)
    amira = make.person(tenant, "Amira", Role.CANDIDATE, training_body=school)
    officer = make.person(tenant, "Olga", Role.OFFICER)
    people = {
        role.value: make.person(tenant, role.value, role)
        for role in Role
        if role not in (Role.TRAINING_BODY, Role.OFFICER)
    }
    people |= {
        "amira": amira,
        "officer": officer,
        "school": make.person(tenant, "Sanne", staff_of=school),
        "other school": make.person(
            tenant, "Sven", staff_of=make.organisation(tenant, "Another school")
        ),
        "officer elsewhere": make.person(elsewhere, "Otto", Role.OFFICER, Role.CANDIDATE),
    }
    return Company(make.ready(amira, officer), amira, people)


def expected(name: str, person: Person, state: State, step: Step) -> int:
    """Return the status that the tables of rights and of steps lead to."""
    act = f"portfolio.{step}"
    # Every portfolio here was submitted once.
    if name not in ("amira", "school") and (
        name == "officer elsewhere" or not access.may_read_as_staff(person.actor, submitted=True)
    ):
        return 404
    if Role.CANDIDATE in access.RIGHTS[act]:
        allowed = name == "amira"
    else:
        allowed = bool(access.RIGHTS[act] & person.roles)
    if not allowed:
        return 403
    return 200 if (state, step) in PATHS else 409


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("state", State)
def test_a_step_is_open_to_whom_and_when_the_tables_say(
    company: Company, state: State, step: Step
) -> None:
    place, body = STEPS[step]
    path = f"/portfolios/{company.portfolio_id}/{place}"
    company.put_into(state)
    statuses = {
        name: expected(name, person, state, step) for name, person in company.people.items()
    }
    before = company.standing()
    for name, person in company.people.items():
        if statuses[name] != 200:
            answer = person.post(path, body)
            assert answer.status_code == statuses[name], (name, answer.text)
            assert answer.headers["content-type"] == "application/problem+json"
    assert company.standing() == before
    for name, person in company.people.items():
        if statuses[name] == 200:
            answer = person.post(path, body)
            assert answer.status_code == 200, (name, answer.text)
            assert answer.json()["state"] == PATHS[state, step]


def test_the_matrix_knows_a_yes_and_every_kind_of_no(company: Company) -> None:
    answers = {
        expected(name, person, state, step)
        for name, person in company.people.items()
        for state in State
        for step in STEPS
    }
    assert answers == {200, 403, 404, 409}
