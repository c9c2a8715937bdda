"""A referent's signed word on named evidence, by somebody who does not assess the portfolio."""

from __future__ import annotations

import json
from functools import partial
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from app.actor import Role
from app.evidence import validating
from app.evidence.models import Snapshot, Validation
from app.kit.canonical import digest
from tests import make
from tests.evidence.conftest import problem, tree
from tests.make import Json, Person
from tests.racing import at_once

WORD = {"statement": "I know these cases and this self-analysis.", "holds": True}


@pytest.fixture
def portfolio(amira: Person) -> UUID:
    return make.portfolio(amira)


@pytest.fixture
def item(amira: Person, portfolio: UUID) -> UUID:
    """A piece of evidence with a document."""
    found = make.item(amira, portfolio)
    make.file(amira, found)
    return found


def asked(candidate: Person, item: UUID, *codes: str) -> UUID:
    answer = candidate.post(
        f"/evidence/{item}/validation-requests", {"indicators": codes or ("15a", "15b")}
    )
    assert answer.status_code == 201, answer.text
    return UUID(answer.json()["id"])


def taken(referent: Person, id_: UUID) -> None:
    answer = referent.post(f"/validations/{id_}/acceptance")
    assert answer.status_code == 200, answer.text


def word(referent: Person, id_: UUID | str, **changes: object) -> Json:
    """Return a referent's word on what a validation shows them now."""
    desk = referent.get(f"/validations/{id_}")
    shown = desk.json()["named"] if desk.status_code == 200 else None
    return {**WORD, "named": shown or {"files": [], "testimonies": []}, **changes}


def signed(candidate: Person, referent: Person, item: UUID, **changes: object) -> Json:
    id_ = asked(candidate, item)
    taken(referent, id_)
    answer = referent.post(f"/validations/{id_}/signature", word(referent, id_, **changes))
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def pool(referent: Person, state: str = "open") -> list[str]:
    return [one["id"] for one in referent.get(f"/validations?state={state}").json()]


def lacking(candidate: Person, portfolio: UUID) -> list[object]:
    found = candidate.get(f"/portfolios/{portfolio}/readiness").json()["unmet"]
    return [line["indicator"] for line in found if line["rule"] == "referent_validation"]


def opens(person: Person, file: str) -> int:
    return person.tenant.browser.get(
        f"{make.API}/files/{file}/content",
        headers={"authorization": f"Bearer {person.token}"},
        follow_redirects=False,
    ).status_code


def test_a_referent_takes_a_request_from_the_pool_reads_and_signs(
    amira: Person, bruno: Person, chloe: Person, portfolio: UUID, item: UUID
) -> None:
    id_ = asked(amira, item)
    (file,) = tree(amira, portfolio)["files"]
    assert pool(bruno) == pool(chloe) == [str(id_)]
    assert bruno.get(f"/validations/{id_}").status_code == 404
    assert opens(bruno, str(file["id"])) == 404

    taken(bruno, id_)
    assert (pool(bruno), pool(bruno, "taken"), pool(chloe)) == ([], [str(id_)], [])
    desk = bruno.get(f"/validations/{id_}").json()
    assert desk["files"][0]["sha256"] == file["sha256"]
    assert opens(bruno, str(file["id"])) == 307
    assert opens(chloe, str(file["id"])) == 404

    done = bruno.post(f"/validations/{id_}/signature", word(bruno, id_)).json()
    assert done["signed_name"] == "Bruno"
    assert done["named"]["files"] == [{"id": file["id"], "sha256": file["sha256"]}]
    assert pool(bruno, "signed") == [str(id_)]
    assert opens(bruno, str(file["id"])) == 404
    (shown,) = tree(amira, portfolio)["validations"]
    assert shown["sha256"] == done["sha256"]
    with bruno.at_work() as work:
        kept = work.session.get_one(Validation, id_)
        assert digest(validating.signed(kept)) == kept.sha256


def test_readiness_asks_for_it_for_15a_and_15b(
    amira: Person, bruno: Person, portfolio: UUID, item: UUID
) -> None:
    for code in ("15a", "15b"):
        make.claim(amira, item, code)
    assert lacking(amira, portfolio) == ["15a", "15b"]
    signed(amira, bruno, item)
    assert lacking(amira, portfolio) == []


def test_a_no_counts_for_nothing_and_says_why(
    amira: Person, bruno: Person, chloe: Person, portfolio: UUID, item: UUID
) -> None:
    make.claim(amira, item, "15a")
    id_ = asked(amira, item, "15a")
    taken(bruno, id_)
    refused = bruno.post(f"/validations/{id_}/signature", word(bruno, id_, holds=False))
    assert problem(refused) == (422, "reason-for-denial")
    denied = word(bruno, id_, holds=False, reason="No planned actions are shown.")
    assert bruno.post(f"/validations/{id_}/signature", denied).status_code == 200
    assert lacking(amira, portfolio) == ["15a"]
    again = asked(amira, item, "15a")
    taken(chloe, again)
    chloe.post(f"/validations/{again}/signature", word(chloe, again))
    assert lacking(amira, portfolio) == []


def test_it_lapses_when_what_was_named_is_gone(
    amira: Person, bruno: Person, portfolio: UUID, item: UUID
) -> None:
    make.claim(amira, item, "15a")
    signed(amira, bruno, item)
    make.file(amira, item, b"Something beside it.\n")
    assert lacking(amira, portfolio) == []
    named = tree(amira, portfolio)["files"][0]["id"]
    assert amira.delete(f"/files/{named}").status_code == 204
    assert lacking(amira, portfolio) == ["15a"]


def test_who_validated_does_not_assess(
    amira: Person, bruno: Person, officer: Person, chloe: Person
) -> None:
    portfolio = make.ready(amira, officer)
    item = UUID(str(tree(amira, portfolio)["evidence"][0]["id"]))
    id_ = asked(amira, item)
    taken(bruno, id_)
    assert amira.post(f"/portfolios/{portfolio}/submission").status_code == 200
    refused = officer.post(f"/portfolios/{portfolio}/assignments", {"referent_id": str(bruno.id)})
    assert problem(refused) == (403, "parts-kept-apart")
    assert refused.json()["held"] == "validator"
    done = officer.post(f"/portfolios/{portfolio}/assignments", {"referent_id": str(chloe.id)})
    assert done.status_code == 201


def test_who_assesses_does_not_validate(
    amira: Person, bruno: Person, officer: Person, chloe: Person
) -> None:
    portfolio = make.submitted(amira, officer)
    officer.post(f"/portfolios/{portfolio}/assignments", {"referent_id": str(bruno.id)})
    item = UUID(str(tree(amira, portfolio)["evidence"][0]["id"]))
    id_ = asked(amira, item)
    assert (pool(bruno), pool(chloe)) == ([], [str(id_)])
    refused = bruno.post(f"/validations/{id_}/acceptance")
    assert problem(refused) == (403, "parts-kept-apart")


def test_a_conflict_of_interest_keeps_a_referent_out(amira: Person, item: UUID) -> None:
    school = make.organisation(amira.tenant)
    candidate = make.person(amira.tenant, "Milan", Role.CANDIDATE, training_body=school)
    colleague = make.person(amira.tenant, "Colleague", Role.REFERENT, training_body=school)
    himself = make.person(amira.tenant, "Both", Role.CANDIDATE, Role.REFERENT)
    own = make.item(candidate, make.portfolio(candidate))
    make.file(candidate, own)
    tied = asked(candidate, own)
    other = asked(amira, item)
    assert pool(colleague) == [str(other)]
    refused = colleague.post(f"/validations/{tied}/acceptance")
    assert problem(refused) == (409, "conflict-of-interest")
    mine = make.item(himself, make.portfolio(himself))
    make.file(himself, mine)
    self_asked = asked(himself, mine)
    assert str(self_asked) not in pool(himself)
    assert himself.post(f"/validations/{self_asked}/acceptance").status_code == 409


def test_a_page_of_the_pool_is_full_though_others_are_kept_out_of_ones_sight(
    amira: Person, item: UUID
) -> None:
    school = make.organisation(amira.tenant)
    colleague = make.person(amira.tenant, "Colleague", Role.REFERENT, training_body=school)
    for name in ("Milan", "Nadia"):
        candidate = make.person(amira.tenant, name, Role.CANDIDATE, training_body=school)
        tied = make.item(candidate, make.portfolio(candidate))
        make.file(candidate, tied)
        asked(candidate, tied)
    free = asked(amira, item)
    first = colleague.get("/validations?state=open&limit=1").json()
    assert [one["id"] for one in first] == [str(free)]


def test_only_referents_of_the_same_body_see_the_pool(
    amira: Person, officer: Person, other_tenant: make.Tenant, item: UUID
) -> None:
    id_ = asked(amira, item)
    assert problem(officer.get("/validations")) == (403, "role-required")
    foreign = make.person(other_tenant, "Foreign", Role.REFERENT)
    assert pool(foreign) == []
    assert foreign.post(f"/validations/{id_}/acceptance").status_code == 404
    assert foreign.post(f"/validations/{id_}/signature", word(foreign, id_)).status_code == 404


def test_of_two_referents_at_once_one_takes_it(
    amira: Person, bruno: Person, chloe: Person, item: UUID
) -> None:
    path = f"/validations/{asked(amira, item)}/acceptance"
    answers = at_once([partial(bruno.post, path), partial(chloe.post, path)])
    assert sorted(answer.status_code for answer in answers) == [200, 409]


def test_nobody_signs_for_what_they_were_not_shown(
    amira: Person, bruno: Person, portfolio: UUID, item: UUID
) -> None:
    id_ = asked(amira, item)
    taken(bruno, id_)
    seen = word(bruno, id_)
    make.file(amira, item, b"Put in after the referent looked.\n")
    refused = bruno.post(f"/validations/{id_}/signature", seen)
    assert problem(refused) == (409, "not-what-was-shown")
    first = tree(amira, portfolio)["files"][0]["id"]
    now = word(bruno, id_)
    assert amira.delete(f"/files/{first}").status_code == 204
    refused = bruno.post(f"/validations/{id_}/signature", now)
    assert problem(refused) == (409, "not-what-was-shown")
    unnamed = bruno.post(f"/validations/{id_}/signature", WORD)
    assert unnamed.status_code == 422
    shown = word(bruno, id_)
    done = bruno.post(f"/validations/{id_}/signature", shown)
    assert done.json()["named"] == shown["named"]


def test_once_signed_the_evidence_is_shown_no_more(
    amira: Person, bruno: Person, item: UUID
) -> None:
    id_ = signed(amira, bruno, item)["id"]
    desk = bruno.get(f"/validations/{id_}").json()
    assert desk["validation"]["statement"] == WORD["statement"]
    assert (desk["title"], desk["files"], desk["claims"]) == (None, [], [])


def test_who_never_signs_reads_no_longer_than_evidence_is_open(
    amira: Person, bruno: Person, portfolio: UUID, item: UUID
) -> None:
    id_ = asked(amira, item)
    taken(bruno, id_)
    (file,) = tree(amira, portfolio)["files"]
    assert opens(bruno, str(file["id"])) == 307
    assert amira.post(f"/portfolios/{portfolio}/withdrawal").status_code == 200
    assert opens(bruno, str(file["id"])) == 404
    assert bruno.get(f"/validations/{id_}").json()["files"] == []


def test_a_validation_is_handed_back_for_another_referent(
    amira: Person, bruno: Person, chloe: Person, portfolio: UUID, item: UUID
) -> None:
    id_ = asked(amira, item)
    path = f"/validations/{id_}/release"
    assert problem(bruno.post(path)) == (404, "no-such-validation")
    taken(bruno, id_)
    assert chloe.post(path).status_code == 404
    assert bruno.post(path).json()["state"] == "open"
    (file,) = tree(amira, portfolio)["files"]
    assert opens(bruno, str(file["id"])) == 404
    assert pool(chloe) == [str(id_)]
    taken(chloe, id_)
    assert chloe.post(f"/validations/{id_}/signature", word(chloe, id_)).status_code == 200
    assert problem(chloe.post(path)) == (409, "validation-not-open")


def test_what_was_signed_is_signed_once_and_stays(amira: Person, bruno: Person, item: UUID) -> None:
    id_ = str(signed(amira, bruno, item)["id"])
    again = bruno.post(f"/validations/{id_}/signature", word(bruno, id_, statement="Or not."))
    assert problem(again) == (409, "validation-not-open")
    assert problem(amira.delete(f"/validations/{id_}")) == (409, "validation-not-open")
    with pytest.raises(IntegrityError, match="stays as it was signed"), bruno.at_work() as work:
        work.session.execute(text("UPDATE validation SET statement = 'Or not.'"))


def test_somebody_else_does_not_sign(
    amira: Person, bruno: Person, chloe: Person, item: UUID
) -> None:
    id_ = asked(amira, item)
    assert bruno.post(f"/validations/{id_}/signature", word(bruno, id_)).status_code == 404
    taken(bruno, id_)
    assert chloe.post(f"/validations/{id_}/signature", word(chloe, id_)).status_code == 404
    assert chloe.get(f"/validations/{id_}").status_code == 404


def test_a_request_is_asked_once_and_can_be_taken_back(
    amira: Person, bruno: Person, item: UUID
) -> None:
    id_ = asked(amira, item)
    body = {"indicators": ["15a"]}
    refused = amira.post(f"/evidence/{item}/validation-requests", body)
    assert problem(refused) == (409, "validation-asked")
    assert bruno.delete(f"/validations/{id_}").status_code == 404
    assert amira.delete(f"/validations/{id_}").status_code == 204
    assert pool(bruno) == []
    assert problem(bruno.post(f"/validations/{id_}/acceptance")) == (409, "validation-not-open")
    asked(amira, item, "15a")


def test_there_must_be_something_to_validate(amira: Person, portfolio: UUID) -> None:
    empty = make.item(amira, portfolio)
    body = {"indicators": ["15a"]}
    refused = amira.post(f"/evidence/{empty}/validation-requests", body)
    assert problem(refused) == (409, "nothing-to-validate")


def test_a_file_still_being_checked_is_not_signed_for(
    amira: Person, bruno: Person, item: UUID
) -> None:
    id_ = asked(amira, item)
    taken(bruno, id_)
    make.received(amira, item, b"More.\n")
    refused = bruno.post(f"/validations/{id_}/signature", word(bruno, id_))
    assert problem(refused) == (409, "still-being-checked")


def test_it_is_sealed_with_what_was_handed_in(amira: Person, officer: Person) -> None:
    portfolio = make.submitted(amira, officer)
    with amira.at_work() as work:
        sealed = work.session.query(Snapshot).filter_by(portfolio_id=portfolio).one()
        manifest, content = json.loads(sealed.manifest), json.loads(sealed.content)
    (entry,) = [one for one in manifest["entries"] if one["kind"] == "validation"]
    (shown,) = content["validations"]
    assert entry["content_sha256"] == shown["sha256"]
    assert (entry["holds"], entry["indicators"]) == (True, ["15a", "15b"])
