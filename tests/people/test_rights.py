"""The table of rights: every act of every feature, for every role."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from uuid import UUID

import pytest

import app
from app.actor import Actor, Rights, Role, RoleRequired, check_right, system

TENANT, PERSON = UUID(int=1), UUID(int=2)


def tables() -> Iterator[tuple[str, Rights]]:
    for feature in pkgutil.iter_modules(app.__path__, "app."):
        if not feature.ispkg:
            continue
        package = importlib.import_module(feature.name)
        names = [inner.name for inner in pkgutil.iter_modules(package.__path__)]
        if "access" in names:
            access = importlib.import_module(f"{feature.name}.access")
            yield feature.name, access.RIGHTS


RIGHTS = dict(tables())
ACTS = [(feature, act) for feature, rights in RIGHTS.items() for act in rights]


def test_every_feature_with_acts_has_a_table() -> None:
    assert {"app.people", "app.portfolio", "app.evidence", "app.assessment", "app.audit"} <= set(
        RIGHTS
    )


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize(("feature", "act"), ACTS)
def test_a_role_does_what_the_table_says_and_nothing_else(
    feature: str, act: str, role: Role
) -> None:
    rights = RIGHTS[feature]
    actor = Actor(TENANT, PERSON, frozenset({role}))
    if role in rights[act]:
        check_right(actor, rights, act)
    else:
        with pytest.raises(RoleRequired) as refusal:
            check_right(actor, rights, act)
        assert refusal.value.members == {"act": act, "roles_allowed": sorted(rights[act])}


@pytest.mark.parametrize(("feature", "act"), ACTS)
def test_somebody_without_a_role_does_nothing(feature: str, act: str) -> None:
    with pytest.raises(RoleRequired):
        check_right(Actor(TENANT, PERSON), RIGHTS[feature], act)


@pytest.mark.parametrize(("feature", "act"), ACTS)
def test_every_act_is_somebody_s_and_the_service_s_own(feature: str, act: str) -> None:
    assert RIGHTS[feature][act], "an act that nobody may do is none"
    check_right(system(TENANT), RIGHTS[feature], act)


@pytest.mark.parametrize(("feature", "act"), ACTS)
def test_an_act_is_named_once(feature: str, act: str) -> None:
    assert [one for one in RIGHTS if act in RIGHTS[one]] == [feature]


@pytest.mark.parametrize(
    ("role", "never"),
    [
        (Role.CANDIDATE, "assessment.rate"),
        (Role.OFFICER, "assessment.rate"),
        (Role.REFERENT, "decision.draft"),
        (Role.REFERENT, "decision.sign"),
        (Role.TRAINING_BODY, "assessment.assign"),
        (Role.DECISION_MAKER, "assessment.rate"),
    ],
)
def test_what_the_process_keeps_from_a_role_is_kept_from_it(role: Role, never: str) -> None:
    allowed = [rights[never] for rights in RIGHTS.values() if never in rights]
    assert allowed, f"{never} is not in any table"
    assert all(role not in roles for roles in allowed)
