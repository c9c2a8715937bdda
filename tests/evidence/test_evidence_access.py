"""Who reads evidence, who changes it, who opens a file."""

from __future__ import annotations

from uuid import UUID

import pytest

from app.actor import Actor, Role, RoleRequired
from app.evidence import access
from app.portfolio.access import EvidenceNotOpen, NotTheCandidate

TENANT, AMIRA, SOMEBODY = (UUID(int=number) for number in range(1, 4))
STAFF = {Role.OFFICER, Role.VERIFIER, Role.DECISION_MAKER}


@pytest.mark.parametrize("role", Role)
def test_evidence_is_read_by_the_candidate_and_the_staff(role: Role) -> None:
    access.check_may_read(Actor(TENANT, AMIRA, frozenset({role})), AMIRA)
    other = Actor(TENANT, SOMEBODY, frozenset({role}))
    if role in STAFF:
        access.check_may_read(other, AMIRA)
    else:
        with pytest.raises(EvidenceNotOpen):
            access.check_may_read(other, AMIRA)


@pytest.mark.parametrize("role", Role)
def test_evidence_is_changed_by_its_candidate_alone(role: Role) -> None:
    own = Actor(TENANT, AMIRA, frozenset({role}))
    if role == Role.CANDIDATE:
        access.check_may_change(own, AMIRA)
    else:
        with pytest.raises(RoleRequired):
            access.check_may_change(own, AMIRA)
    with pytest.raises(NotTheCandidate):
        access.check_may_change(Actor(TENANT, SOMEBODY, frozenset({role})), AMIRA)


@pytest.mark.parametrize("role", Role)
def test_a_file_is_opened_by_the_candidate_the_staff_and_those_who_assess_it(role: Role) -> None:
    nobody: frozenset[UUID] = frozenset()
    somebody = Actor(TENANT, SOMEBODY, frozenset({role}))
    assert access.may_read_file(somebody, AMIRA, nobody) is (role in STAFF)
    assert access.may_read_file(somebody, AMIRA, frozenset({SOMEBODY}))
    assert access.may_read_file(Actor(TENANT, AMIRA, frozenset({role})), AMIRA, nobody)
