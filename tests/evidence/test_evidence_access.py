"""Who reads evidence, who changes it, who opens a file."""

from __future__ import annotations

from uuid import UUID

import pytest

from app.actor import Actor, Role, RoleRequired
from app.evidence import access
from app.portfolio.access import EvidenceNotOpen, NotTheCandidate

TENANT, AMIRA, SOMEBODY = (UUID(int=number) for number in range(1, 4))
STAFF = {
    False: {Role.OFFICER},
    True: {Role.OFFICER, Role.VERIFIER, Role.DECISION_MAKER},
}
"""Whose role is enough, before a portfolio was submitted and since."""


@pytest.mark.parametrize("submitted", STAFF)
@pytest.mark.parametrize("role", Role)
def test_evidence_is_read_by_the_candidate_and_the_staff(role: Role, submitted: bool) -> None:
    access.check_may_read(Actor(TENANT, AMIRA, frozenset({role})), AMIRA, submitted=submitted)
    other = Actor(TENANT, SOMEBODY, frozenset({role}))
    if role in STAFF[submitted]:
        access.check_may_read(other, AMIRA, submitted=submitted)
    else:
        with pytest.raises(EvidenceNotOpen):
            access.check_may_read(other, AMIRA, submitted=submitted)


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


@pytest.mark.parametrize("submitted", STAFF)
@pytest.mark.parametrize("role", Role)
def test_a_file_is_opened_by_the_candidate_the_staff_and_those_who_assess_it(
    role: Role, submitted: bool
) -> None:
    def may_read(person: UUID, *referents: UUID) -> bool:
        actor = Actor(TENANT, person, frozenset({role}))
        return access.may_read_file(actor, AMIRA, frozenset(referents), submitted=submitted)

    assert may_read(SOMEBODY) is (role in STAFF[submitted])
    assert may_read(SOMEBODY, SOMEBODY)
    assert may_read(AMIRA)
