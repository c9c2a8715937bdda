"""Who may assess whom."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest

from app.actor import Actor, Role, RoleRequired, system
from app.assessment.access import (
    ConflictOfInterest,
    NotAssessingThis,
    PartyToTheCase,
    Ties,
    check_is_referent,
    check_may_oversee,
    check_no_conflict,
    may_read_ratings,
)
from app.portfolio.access import Part

SCHOOL, FIRM = uuid4(), uuid4()


def ties(*organisations: UUID) -> Ties:
    return Ties(uuid4(), frozenset(organisations))


def referent() -> Actor:
    return Actor(uuid4(), uuid4(), frozenset({Role.REFERENT}))


def test_strangers_have_no_conflict_of_interest() -> None:
    check_no_conflict(ties(SCHOOL), ties(FIRM), declared=False)
    check_no_conflict(ties(), ties(), declared=False)


def test_nobody_assesses_themself() -> None:
    amira = ties(FIRM)
    with pytest.raises(ConflictOfInterest) as refused:
        check_no_conflict(amira, amira, declared=False)
    assert refused.value.members == {"grounds": ["own_portfolio", "same_organisation"]}


def test_a_common_employer_or_training_body_is_a_conflict() -> None:
    with pytest.raises(ConflictOfInterest) as refused:
        check_no_conflict(ties(SCHOOL, FIRM), ties(SCHOOL), declared=False)
    assert refused.value.members == {"grounds": ["same_organisation"]}


def test_a_conflict_once_declared_stays_one() -> None:
    with pytest.raises(ConflictOfInterest) as refused:
        check_no_conflict(ties(), ties(), declared=True)
    assert refused.value.members == {"grounds": ["declared"]}


def test_only_a_referent_of_this_portfolio_does_a_referents_acts() -> None:
    bruno, chloe = referent(), referent()
    check_is_referent(bruno, {bruno.person_id}, "interview.hold")
    with pytest.raises(NotAssessingThis):
        check_is_referent(chloe, {bruno.person_id}, "interview.hold")


def test_a_referent_who_lost_the_role_does_them_no_longer() -> None:
    bruno = Actor(uuid4(), uuid4(), frozenset({Role.CANDIDATE}))
    with pytest.raises(RoleRequired):
        check_is_referent(bruno, {bruno.person_id}, "interview.hold")


def test_not_even_the_service_holds_an_interview() -> None:
    with pytest.raises(NotAssessingThis):
        check_is_referent(system(uuid4()), {uuid4()}, "interview.hold")


@pytest.mark.parametrize("part", [None, Part.VERIFIER, Part.DECISION_MAKER])
def test_staff_see_how_the_assessments_stand(part: Part | None) -> None:
    vera = Actor(uuid4(), uuid4(), frozenset({Role.VERIFIER}))
    check_may_oversee(vera, part, "result.read")
    with pytest.raises(RoleRequired):
        check_may_oversee(vera, part, "assessment.assign")


@pytest.mark.parametrize("part", [Part.CANDIDATE, Part.REFERENT, Part.MODERATOR])
def test_staff_who_are_assessed_or_assess_themselves_do_not(part: Part) -> None:
    versatile = Actor(uuid4(), uuid4(), frozenset({Role.REFERENT, Role.VERIFIER, Role.OFFICER}))
    with pytest.raises(PartyToTheCase) as refused:
        check_may_oversee(versatile, part, "result.read")
    assert (refused.value.status, refused.value.members) == (403, {"part": part})


@pytest.mark.parametrize("role", Role)
def test_staff_read_what_each_referent_gave_but_not_in_their_own_case(role: Role) -> None:
    candidate_id, school = uuid4(), uuid4()
    somebody = Actor(uuid4(), uuid4(), frozenset({role}))
    amira = Actor(uuid4(), candidate_id, frozenset({role}))
    tutor = Actor(uuid4(), uuid4(), frozenset({role}), training_bodies=frozenset({school}))
    staff = role in (Role.OFFICER, Role.VERIFIER, Role.DECISION_MAKER)
    assert may_read_ratings(somebody, candidate_id, school) is staff
    assert may_read_ratings(somebody, candidate_id, None) is staff
    assert not may_read_ratings(amira, candidate_id, None)
    assert not may_read_ratings(tutor, candidate_id, school)
