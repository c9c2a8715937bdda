"""Who looked at what: the candidate may know, and one referent must not learn of another."""

from __future__ import annotations

from uuid import UUID

import pytest
from sqlalchemy import text

from app.actor import Actor, Role
from app.evidence.access import reads_as
from app.journal.service import record
from app.portfolio.access import Part
from app.portfolio.models import Duty
from tests import assess, make
from tests.assess import Panel
from tests.evidence.conftest import problem, tree
from tests.make import Json, Person, Tenant


def opened(person: Person, file: str) -> None:
    answer = person.tenant.browser.get(
        f"/api/v1/files/{file}/content",
        headers={"authorization": f"Bearer {person.token}"},
        follow_redirects=False,
    )
    assert answer.status_code == 307, answer.text


def told(person: Person, portfolio: UUID) -> list[tuple[object, ...]]:
    """Return role, name and id of those who opened files, as a person reads it."""
    answer = person.get(f"/portfolios/{portfolio}/readings")
    assert answer.status_code == 200, answer.text
    return [(one["role"], one["person_name"], one["person_id"]) for one in answer.json()]


@pytest.fixture
def case(panel: Panel, amira: Person) -> UUID:
    """A submitted portfolio whose files two referents, a verifier and an officer have opened."""
    id_ = make.submitted_portfolio(amira)
    file = str(tree(amira, id_)["files"][0]["id"])
    for referent in (panel.bruno, panel.chloe):
        assess.taken_on(panel.officer, id_, referent)
    for person in (panel.bruno, amira, panel.chloe, panel.vera, panel.officer, panel.diana):
        opened(person, file)
    return id_


def test_the_candidate_sees_who_looked_at_what_and_when(
    panel: Panel, amira: Person, case: UUID
) -> None:
    assert told(amira, case) == [
        ("decision_maker", "Diana", str(panel.diana.id)),
        ("officer", "Olga", str(panel.officer.id)),
        ("verifier", "Vera", str(panel.vera.id)),
        ("referent", None, None),
        ("referent", None, None),
    ]
    answer = amira.get(f"/portfolios/{case}/readings")
    file = tree(amira, case)["files"][0]
    assert {(one["file_id"], one["file_name"]) for one in answer.json()} == {
        (file["id"], "minutes.txt")
    }
    times = [str(one["at"]) for one in answer.json()]
    assert times == sorted(times, reverse=True)
    for hidden in (panel.bruno, panel.chloe):
        assert str(hidden.id) not in answer.text
        assert hidden.name not in answer.text


def test_officers_read_all_names(panel: Panel, case: UUID) -> None:
    assert [name for _, name, _ in told(panel.officer, case)] == [
        *("Diana", "Olga", "Vera", "Chloé", "Bruno")
    ]


def test_a_third_referent_is_told_as_the_others_are(panel: Panel, amira: Person) -> None:
    id_ = make.submitted_portfolio(amira)
    file = str(tree(amira, id_)["files"][0]["id"])
    assess.final(panel.officer, id_, panel.bruno, _1a=0)
    assess.final(panel.officer, id_, panel.chloe, _1a=3)
    body = {"referent_id": str(panel.dario.id)}
    called = panel.officer.post(f"/portfolios/{id_}/moderation", body)
    assert called.status_code == 201, called.text
    assess.accept(panel.dario, UUID(called.json()["id"]))
    for referent in (panel.bruno, panel.dario):
        opened(referent, file)
    assert told(amira, id_) == [("referent", None, None)] * 2
    journal = amira.get(f"/journal?stream={id_}&limit=200").text
    assert journal.count("evidence.file_read") == 2
    assert str(panel.dario.id) not in journal
    for referent in (panel.bruno, panel.chloe, panel.dario):
        answer = referent.get(f"/portfolios/{id_}/readings")
        assert problem(answer) == (404, "no-such-portfolio")


def test_whoever_assesses_the_case_reads_no_readings_whatever_roles_they_hold(
    tenant: Tenant, panel: Panel, amira: Person
) -> None:
    both = make.person(tenant, "Bea", Role.REFERENT, Role.OFFICER, Role.VERIFIER)
    id_ = make.submitted_portfolio(amira)
    file = str(tree(amira, id_)["files"][0]["id"])
    assess.taken_on(panel.officer, id_, both)
    assess.taken_on(panel.officer, id_, panel.chloe)
    for referent in (both, panel.chloe):
        opened(referent, file)
    assert problem(both.get(f"/portfolios/{id_}/readings")) == (403, "readings-not-open")
    journal = both.get(f"/journal?stream={id_}&limit=200")
    read = [one["actor_id"] for one in journal.json() if one["action"] == "evidence.file_read"]
    assert read == [str(both.id)]
    seen = panel.officer.get(f"/journal?stream={id_}&limit=200").json()
    assert len([one for one in seen if one["action"] == "evidence.file_read"]) == 2


def test_nobody_else_reads_who_looked(
    panel: Panel, otto: Person, amira: Person, case: UUID
) -> None:
    path = f"/portfolios/{case}/readings"
    other = make.person(amira.tenant, "Milan", Role.CANDIDATE)
    for person in (other, otto, panel.dario):
        assert problem(person.get(path)) == (404, "no-such-portfolio")
    for person in (panel.vera, panel.diana):
        assert problem(person.get(path)) == (403, "role-required")


def test_readings_come_in_pages_the_newest_first(panel: Panel, amira: Person, case: UUID) -> None:
    everything = amira.get(f"/portfolios/{case}/readings").json()
    found: list[Json] = []
    path: str | None = f"/portfolios/{case}/readings?limit=2"
    while path is not None:
        answer = amira.get(path)
        assert len(answer.json()) in (1, 2)
        found += answer.json()
        path = answer.links.get("next", {}).get("url")
    assert found == everything
    for cursor in ("x", "WyJ4Il0", "WyItMSJd"):
        answer = amira.get(f"/portfolios/{case}/readings?cursor={cursor}")
        assert problem(answer) == (400, "malformed-cursor")
    assert amira.get(f"/portfolios/{case}/readings?limit=1000000000").status_code == 422


def test_readings_of_before_roles_were_noted_are_told_by_the_part_in_the_case(
    panel: Panel, amira: Person
) -> None:
    id_ = make.submitted_portfolio(amira)
    file = UUID(str(tree(amira, id_)["files"][0]["id"]))
    with amira.tenant.at_work() as work:
        work.session.add(
            Duty(
                tenant_id=amira.tenant.id,
                portfolio_id=id_,
                person_id=panel.dario.id,
                duty=Part.MODERATOR,
                taken_at=work.now,
            )
        )
    for person in (panel.dario, panel.officer):
        with person.at_work() as work:
            record(work, id_, "evidence.file_read", file)
    assert told(amira, id_) == [
        (None, "Olga", str(panel.officer.id)),
        ("referent", None, None),
    ]


def test_what_was_opened_in_place_of_the_file_is_named(panel: Panel, amira: Person) -> None:
    id_ = make.submitted_portfolio(amira)
    file = UUID(str(tree(amira, id_)["files"][0]["id"]))
    with panel.vera.at_work() as work:
        record(work, id_, "evidence.file_read", file, role=Role.VERIFIER, rendition="preview")
    (row,) = amira.get(f"/portfolios/{id_}/readings").json()
    assert (row["file_id"], row["rendition"], row["role"]) == (str(file), "preview", "verifier")


def test_the_role_of_a_reading_is_in_the_journal(panel: Panel, amira: Person, case: UUID) -> None:
    roles = text(
        "SELECT body::json->'facts'->>'role' FROM journal_entry"
        " WHERE stream_id = :id AND action = 'evidence.file_read' ORDER BY seq"
    )
    with amira.tenant.at_work() as work:
        noted = list(work.session.scalars(roles, {"id": case}))
    assert noted == ["referent", "referent", "verifier", "officer", "decision_maker"]


def test_who_assesses_reads_as_a_referent_before_anything_else(bruno: Person) -> None:
    everything = Actor(bruno.tenant.id, bruno.id, frozenset(Role))
    assert reads_as(everything, frozenset({bruno.id})) == Role.REFERENT
    assert reads_as(everything, frozenset()) == Role.OFFICER
