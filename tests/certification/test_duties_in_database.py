"""What the database refuses by itself, whatever the service does.

Every statement here is sent in the role of the web process, past all rules of the service.
"""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError, ProgrammingError
from starlette.testclient import TestClient

from app.actor import system
from app.kit.db import Sessions
from app.kit.ids import new_id
from app.storage.s3 import S3Store
from app.work import begin
from tests import assess, make
from tests.assess import Assessed, Panel
from tests.make import Person

Execute = Callable[..., int]


@pytest.fixture(scope="module")
def certified(lasting_panel: Panel) -> tuple[Assessed, str]:
    return assess.certified(lasting_panel)


@pytest.fixture(scope="module")
def execute(sessions: Sessions, store: S3Store, lasting_panel: Panel) -> Execute:
    """Send one statement as the web process, in the panel's tenant, and commit."""

    def run(statement: str, **values: object) -> int:
        with begin(sessions, system(lasting_panel.tenant.id), store) as work:
            everywhere = {"new": new_id(), "tenant": lasting_panel.tenant.id}
            return work.session.execute(text(statement), everywhere | values).rowcount  # type: ignore[attr-defined, no-any-return]

    return run


DECISION = """
INSERT INTO decision (id, tenant_id, portfolio_id, outcome, level, state, reasons, indicators,
    recommended, explanation, quorum, drafted_by, drafted_as, drafted_at, signed_at)
VALUES (:new, :tenant, :portfolio, 'granted', 'senior', 'discarded', NULL, '{}', 'granted', '{}',
    1, :person, :part, now(), NULL)"""
SIGNATURE = """
INSERT INTO decision_signature
    (tenant_id, portfolio_id, decision_id, person_id, signed_as, signed_at)
VALUES (:tenant, :portfolio, :decision, :person, :part, now())"""
ASSESSMENT = """
INSERT INTO assessment (id, tenant_id, portfolio_id, snapshot_id, framework_id, referent_id, part,
    state, version, rated, to_rate, due_on, assigned_at)
SELECT :new, :tenant, :portfolio, snapshot_id, framework_id, :person, :part, 'assigned', 1, 0, 75,
    current_date, now()
FROM assessment WHERE portfolio_id = :portfolio LIMIT 1"""
CONDUCTED = "UPDATE interview SET conducted_by = :person WHERE portfolio_id = :portfolio"
CONFIRMED = "UPDATE interview SET confirmed_by = :person WHERE portfolio_id = :portfolio"
VERIFIED = "UPDATE verification SET verifier_id = :person WHERE portfolio_id = :portfolio"


def decision_of(panel: Panel, portfolio: UUID) -> UUID:
    with panel.tenant.at_work() as work:
        found = work.session.execute(
            text("SELECT id FROM decision WHERE portfolio_id = :id"), {"id": portfolio}
        )
        return UUID(str(found.scalar_one()))


def others(panel: Panel, case: Assessed, *parts: str) -> list[Person]:
    """Return everyone who has another part in the case than these, and one who has none."""
    everyone = {
        "candidate": [case.amira],
        "referent": [panel.bruno, panel.chloe],
        "verifier": [panel.vera],
        "decision_maker": [panel.diana],
        "none": [panel.dario],
    }
    return [one for part, held in everyone.items() if part not in parts for one in held]


@pytest.mark.parametrize(
    ("statement", "part"),
    [
        (DECISION, "decision_maker"),
        (SIGNATURE, "decision_maker"),
        (ASSESSMENT, "referent"),
        (ASSESSMENT, "moderator"),
        (CONDUCTED, "referent"),
        (CONFIRMED, "referent"),
        (VERIFIED, "verifier"),
    ],
)
def test_whoever_has_another_part_in_the_case_or_none_is_kept_out(
    execute: Execute,
    lasting_panel: Panel,
    certified: tuple[Assessed, str],
    statement: str,
    part: str,
) -> None:
    case, _ = certified
    decision = decision_of(lasting_panel, case.portfolio_id)
    for person in others(lasting_panel, case, part):
        with pytest.raises(IntegrityError, match=r"foreign key|referent_id_key"):
            execute(
                statement,
                portfolio=case.portfolio_id,
                person=person.id,
                part=part,
                decision=decision,
            )


def test_the_right_person_may_so_it_is_the_part_that_the_database_looks_at(
    execute: Execute, lasting_panel: Panel, certified: tuple[Assessed, str]
) -> None:
    case, _ = certified
    values = {"portfolio": case.portfolio_id, "part": "decision_maker"}
    assert execute(DECISION, person=lasting_panel.diana.id, **values) == 1
    for part in ("referent", "verifier", "candidate"):
        with pytest.raises(IntegrityError, match="check"):
            execute(DECISION, person=lasting_panel.bruno.id, **(values | {"part": part}))


def test_nobody_is_given_a_second_part_or_another_one(
    execute: Execute, lasting_panel: Panel, certified: tuple[Assessed, str]
) -> None:
    case, _ = certified
    values = {"portfolio": case.portfolio_id, "person": lasting_panel.bruno.id}
    with pytest.raises(IntegrityError, match="duty_pkey"):
        execute(
            "INSERT INTO duty (tenant_id, portfolio_id, person_id, duty, taken_at)"
            " VALUES (:tenant, :portfolio, :person, 'decision_maker', now())",
            **values,
        )
    with pytest.raises((ProgrammingError, IntegrityError)):
        execute(
            "UPDATE duty SET duty = 'decision_maker'"
            " WHERE portfolio_id = :portfolio AND person_id = :person",
            **values,
        )
    with pytest.raises((ProgrammingError, IntegrityError)):
        execute(
            "DELETE FROM duty WHERE portfolio_id = :portfolio AND person_id = :person", **values
        )


def test_an_interview_is_not_confirmed_by_the_one_who_held_it(
    execute: Execute, certified: tuple[Assessed, str]
) -> None:
    case, _ = certified
    with pytest.raises(IntegrityError, match="interview_confirmed_check"):
        execute(
            "UPDATE interview SET confirmed_by = conducted_by WHERE portfolio_id = :portfolio",
            portfolio=case.portfolio_id,
        )


CERTIFICATE = """
INSERT INTO certificate (id, tenant_id, portfolio_id, decision_id, holder_id, number, serial,
    level, facts, status, version, issued_at, issued_on, valid_until)
SELECT :new, :tenant, d.portfolio_id, d.id, p.candidate_id, 'MC-X', 999999998, :level, '{}',
    'active', 1, now(), current_date, current_date + 1
FROM decision d JOIN portfolio p ON p.id = d.portfolio_id WHERE d.id = :decision"""


def issue(panel: Panel, sessions: Sessions, decision: UUID, level: str = "junior") -> None:
    with begin(sessions, system(panel.tenant.id), panel.tenant.store) as work:
        values = {"new": new_id(), "tenant": panel.tenant.id, "level": level, "decision": decision}
        work.session.execute(text(CERTIFICATE), values)


def test_there_is_no_certificate_without_a_signed_decision_that_grants_it(
    panel: Panel, sessions: Sessions
) -> None:
    case = assess.verified(panel)
    decision = assess.drafted(panel.diana, case.portfolio_id)
    with pytest.raises(IntegrityError, match="needs a signed decision"):
        issue(panel, sessions, decision)
    with panel.tenant.at_work() as work:
        work.session.execute(
            text("UPDATE decision SET state = 'signed', signed_at = now() WHERE id = :id"),
            {"id": decision},
        )
    with pytest.raises(IntegrityError, match="needs a signed decision"):
        issue(panel, sessions, decision)


def test_there_is_no_certificate_on_a_refusal_nor_at_another_level(
    panel: Panel, sessions: Sessions
) -> None:
    refusal = assess.verified(panel)
    no = assess.drafted(panel.diana, refusal.portfolio_id, "refused", reasons="Little was shown.")
    assess.signed(panel.diana, no)
    with pytest.raises(IntegrityError, match="needs a signed decision"):
        issue(panel, sessions, no)
    lower = assess.verified(panel, level="senior")
    yes = assess.drafted(
        panel.diana,
        lower.portfolio_id,
        "granted_lower_level",
        level="junior",
        reasons="Recordings.",
    )
    assess.signed(panel.diana, yes)
    with pytest.raises(IntegrityError, match="needs a signed decision"):
        issue(panel, sessions, yes, level="senior")
    with pytest.raises(IntegrityError, match="decision_id"):
        issue(panel, sessions, yes)


@pytest.mark.parametrize(
    "change",
    [
        "number = 'MC-S-2026-000001-01'",
        "serial = 999999997",
        "level = 'master'",
        "facts = replace(facts, 'Amira', 'Milan')",
        "holder_id = (SELECT id FROM person WHERE id <> holder_id LIMIT 1)",
        "issued_at = issued_at - interval '1 day'",
        "issued_on = issued_on - 1",
        "valid_until = valid_until + 3650",
        "decision_id = :new",
        "portfolio_id = :new",
    ],
)
def test_what_was_issued_is_never_changed(
    execute: Execute, certified: tuple[Assessed, str], change: str
) -> None:
    _, number = certified
    with pytest.raises(IntegrityError, match="stays as it is"):
        execute(f"UPDATE certificate SET {change} WHERE number = :number", number=number)  # noqa: S608


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM certificate",
        "DELETE FROM certificate_status_change",
        "UPDATE certificate_status_change SET status = 'withdrawn'",
        "DELETE FROM decision_signature",
        "UPDATE decision_signature SET person_id = :new",
        "DELETE FROM decision",
        "DELETE FROM rating",
        "DELETE FROM assessment",
        "TRUNCATE decision_signature",
    ],
)
def test_nothing_that_was_decided_can_be_removed(
    execute: Execute, certified: tuple[Assessed, str], statement: str
) -> None:
    assert certified
    with pytest.raises((ProgrammingError, IntegrityError)):
        execute(statement)


def test_a_tenant_does_not_see_the_others_certificates_but_the_public_sees_all(
    certified: tuple[Assessed, str],
    other_tenant: make.Tenant,
    sessions: Sessions,
    store: S3Store,
    browser: TestClient,
) -> None:
    _, number = certified
    with begin(sessions, system(other_tenant.id), store) as work:
        for table in ("certificate", "decision", "decision_signature", "assessment", "rating"):
            count = work.session.execute(text(f"SELECT count(*) FROM {table}"))  # noqa: S608
            assert count.scalar_one() == 0
    assert browser.get(f"/api/v1/certificates/{number}").status_code == 200
