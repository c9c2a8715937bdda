"""Who knows of a portfolio, who reads what is in it, and who takes which step."""

from __future__ import annotations

from uuid import UUID

import pytest

from app.actor import Actor, Role, RoleRequired, system
from app.kit.errors import Refusal
from app.portfolio import access
from app.portfolio.access import NoSuchPortfolio, NotTheCandidate, OwnCase
from app.portfolio.lifecycle import State, Step

TENANT, AMIRA, SOMEBODY, SCHOOL = (UUID(int=number) for number in range(1, 5))
FROM_SUBMISSION = {Role.VERIFIER, Role.DECISION_MAKER}
STAFF = {Role.OFFICER, *FROM_SUBMISSION}
TAKEN_HERE = [step for step in Step if f"portfolio.{step}" in access.RIGHTS]
CANDIDATES = {Step.APPLY, Step.SUBMIT, Step.WITHDRAW}


def somebody(*roles: Role, of: UUID | None = None) -> Actor:
    bodies = frozenset() if of is None else frozenset({of})
    return Actor(TENANT, SOMEBODY, frozenset(roles), training_bodies=bodies)


def amira(*roles: Role) -> Actor:
    return Actor(TENANT, AMIRA, frozenset(roles))


@pytest.mark.parametrize("role", Role)
def test_staff_know_of_every_submitted_portfolio_and_other_roles_of_none(role: Role) -> None:
    assert access.may_read(somebody(role), AMIRA, SCHOOL, submitted=True) is (role in STAFF)
    assert access.may_read_evidence(somebody(role), AMIRA, submitted=True) is (role in STAFF)
    assert access.may_read_as_staff(somebody(role), submitted=True) is (role in STAFF)


@pytest.mark.parametrize("role", Role)
def test_verifier_and_decision_maker_have_no_business_with_what_was_never_submitted(
    role: Role,
) -> None:
    known = role in STAFF - FROM_SUBMISSION
    assert access.may_read(somebody(role), AMIRA, SCHOOL, submitted=False) is known
    assert access.may_read_evidence(somebody(role), AMIRA, submitted=False) is known
    assert access.may_read_as_staff(somebody(role), submitted=False) is known


@pytest.mark.parametrize("submitted", [False, True])
def test_a_candidate_knows_of_their_own_portfolio_with_or_without_a_role(submitted: bool) -> None:
    assert access.may_read(amira(), AMIRA, None, submitted=submitted)
    assert access.may_read_evidence(amira(), AMIRA, submitted=submitted)
    access.check_may_read(amira(), AMIRA, None, submitted=submitted)


def test_the_service_itself_reads_every_portfolio() -> None:
    assert access.may_read_evidence(system(TENANT), AMIRA, submitted=False)


@pytest.mark.parametrize("submitted", [False, True])
def test_a_training_body_sees_its_candidate_but_not_the_evidence(submitted: bool) -> None:
    school = somebody(Role.TRAINING_BODY, of=SCHOOL)
    assert access.may_read(school, AMIRA, SCHOOL, submitted=submitted)
    assert not access.may_read_evidence(school, AMIRA, submitted=submitted)


def test_a_training_body_does_not_know_of_other_candidates() -> None:
    for of in (UUID(int=9), None):
        school = somebody(Role.TRAINING_BODY, of=UUID(int=8))
        assert not access.may_read(school, AMIRA, of, submitted=True)


def test_a_portfolio_that_may_not_be_read_does_not_exist() -> None:
    for role, submitted in ((Role.REFERENT, True), (Role.VERIFIER, False)):
        with pytest.raises(NoSuchPortfolio):
            access.check_may_read(somebody(role), AMIRA, SCHOOL, submitted=submitted)


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("step", Step)
def test_a_candidate_reads_why_it_was_sent_back_once_it_is_decided(
    step: Step, state: State
) -> None:
    sent_back = step in (Step.RETURN, Step.REFER_BACK)
    early = sent_back and state not in (State.DECIDED, State.CLOSED)
    for reader, may in (
        (amira(Role.CANDIDATE, Role.OFFICER), not early),
        (somebody(Role.VERIFIER), True),
        (somebody(Role.TRAINING_BODY, of=SCHOOL), False),
    ):
        assert access.may_read_reason(reader, AMIRA, state, step, submitted=True) is may


@pytest.mark.parametrize("role", Role)
def test_special_arrangements_are_for_the_candidate_and_the_officer(role: Role) -> None:
    assert access.may_read_arrangements(somebody(role), AMIRA) is (role == Role.OFFICER)
    assert access.may_read_arrangements(amira(), AMIRA)


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("step", TAKEN_HERE)
def test_a_step_is_taken_by_whom_it_belongs_to(step: Step, role: Role) -> None:
    mine, theirs = amira(role), somebody(role)
    if step in CANDIDATES:
        assert refused(mine, step) is (None if role == Role.CANDIDATE else RoleRequired)
        assert refused(theirs, step) is NotTheCandidate
    else:
        assert refused(theirs, step) is (None if role == Role.OFFICER else RoleRequired)
        assert refused(mine, step) is (OwnCase if role == Role.OFFICER else RoleRequired)


def test_the_steps_taken_here_are_those_up_to_submission_and_withdrawal() -> None:
    assert set(TAKEN_HERE) == CANDIDATES | {
        Step.ASK_FOR_INFORMATION,
        Step.REFUSE_ADMISSION,
        Step.ADMIT,
    }


def refused(actor: Actor, step: Step) -> type[Refusal] | None:
    try:
        access.check_may_take(actor, AMIRA, step)
    except Refusal as refusal:
        return type(refusal)
    return None
