"""Testimony of mentees and witnesses: theirs from the first word to the last."""

from __future__ import annotations

import json
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from starlette.testclient import TestClient

from app.evidence import models, testimony
from app.evidence.evaluation import AnswersMissing, questions
from app.evidence.models import Snapshot
from app.kit.canonical import digest
from tests import make
from tests.evidence.conftest import problem, tree
from tests.evidence.test_asking import SIGN, TESTIMONY, link_for, submit
from tests.make import Json, Person

ANSWERS = {f"q-{one.code}": "2" for one in questions().questions}


def given(candidate: Person, item: UUID, browser: TestClient) -> Json:
    """Have a testimony given; return it as the candidate sees it."""
    assert submit(browser, link_for(candidate, item, "testimony"), SIGN).status_code == 303
    (found,) = candidate.get(f"/evidence/{item}/testimonies").json()
    return dict(found)


def test_a_testimony_is_signed_with_name_and_time(
    amira: Person, portfolio: UUID, item: UUID, browser: TestClient
) -> None:
    found = given(amira, item, browser)
    assert found["text"] == "Elle m’a écoutée.\nSouvent."
    assert found["signed_name"] == "Mara Example"
    assert found["relation"] == "mentee"
    assert found["indicators"] == ["2b"]
    assert found["answers"] == {}
    with amira.at_work() as work:
        kept = work.session.get_one(models.Testimony, UUID(str(found["id"])))
        assert digest(testimony.statement(kept)) == kept.sha256 == found["sha256"]
    (shown,) = tree(amira, portfolio)["testimonies"]
    assert {**shown, "signed_at": None} == {**found, "signed_at": None}


def test_the_page_names_what_it_should_be_about(
    amira: Person, item: UUID, browser: TestClient
) -> None:
    page = browser.get(link_for(amira, item, "testimony")).text
    assert "2b" in page
    assert "Minutes of the first meeting" in page


def test_nobody_changes_a_testimony(amira: Person, item: UUID, browser: TestClient) -> None:
    found = given(amira, item, browser)
    for statement in (
        "UPDATE testimony SET words = 'Brilliant.'",
        "DELETE FROM testimony",
    ):
        with pytest.raises(DBAPIError, match="denied"), amira.at_work() as work:
            work.session.execute(text(statement))
    assert amira.delete(f"/evidence/{item}/testimonies").status_code == 405
    (still,) = amira.get(f"/evidence/{item}/testimonies").json()
    assert still == found


def test_an_evaluation_answers_every_question(
    amira: Person, item: UUID, browser: TestClient
) -> None:
    link = link_for(amira, item, "testimony", form="evaluation", language="en")
    assert "I would choose this mentor again." in browser.get(link).text
    few = {**SIGN, **ANSWERS, "q-again": ""}
    page = submit(browser, link, few)
    assert page.status_code == 422
    assert "Answer each question." in page.text
    assert submit(browser, link, {**SIGN, **ANSWERS, "q-again": "9"}).status_code == 422
    assert submit(browser, link, {**SIGN, **ANSWERS}).status_code == 303
    (found,) = amira.get(f"/evidence/{item}/testimonies").json()
    assert found["answers"] == {one.code: 2 for one in questions().questions}
    assert found["questions"] == questions().version


def test_the_questions_stand_in_both_languages() -> None:
    found = questions()
    written = [*(one.words for one in found.questions), *(step.words for step in found.scale)]
    assert all(words[language].strip() for words in written for language in ("en", "fr"))
    with pytest.raises(AnswersMissing):
        found.check({})


@pytest.mark.parametrize("words", ["", "   ", "x" * 10_001, "a\0b"])
def test_a_testimony_says_something_that_can_be_kept(
    amira: Person, item: UUID, browser: TestClient, words: str
) -> None:
    link = link_for(amira, item, "testimony")
    assert submit(browser, link, {**SIGN, "words": words}).status_code == 422


def test_who_prefers_not_to_write_says_so(
    amira: Person, portfolio: UUID, item: UUID, browser: TestClient
) -> None:
    submit(browser, link_for(amira, item, "testimony"), {"answer": "decline"})
    (asked,) = amira.get(f"/portfolios/{portfolio}/invitations").json()
    assert asked["state"] == "declined"
    assert amira.get(f"/evidence/{item}/testimonies").json() == []


def test_a_signed_testimony_counts_without_a_file(
    amira: Person, portfolio: UUID, item: UUID, browser: TestClient
) -> None:
    make.claim(amira, item, "2b")
    path = f"/portfolios/{portfolio}/readiness"
    assert "files_available" in {one["rule"] for one in amira.get(path).json()["unmet"]}
    given(amira, item, browser)
    assert "files_available" not in {one["rule"] for one in amira.get(path).json()["unmet"]}


def test_a_candidate_may_leave_a_testimony_out_before_submission(
    amira: Person, portfolio: UUID, item: UUID, browser: TestClient
) -> None:
    given(amira, item, browser)
    version = amira.get(f"/evidence/{item}").headers["etag"]
    assert amira.delete(f"/evidence/{item}", if_match=version).status_code == 204
    assert tree(amira, portfolio)["testimonies"] == []


def test_a_testimony_is_sealed_with_its_digest_and_shown_to_referents(
    amira: Person, officer: Person, browser: TestClient
) -> None:
    portfolio = make.ready(amira, officer)
    item = make.item(amira, portfolio, kind="testimony")
    make.claim(amira, item, "2b")
    found = given(amira, item, browser)
    assert amira.post(f"/portfolios/{portfolio}/submission").status_code == 200
    with amira.at_work() as work:
        sealed = work.session.query(Snapshot).filter_by(portfolio_id=portfolio).one()
        manifest, content = json.loads(sealed.manifest), json.loads(sealed.content)
    (entry,) = [one for one in manifest["entries"] if one["kind"] == "testimony"]
    assert entry["id"] == found["id"]
    assert entry["content_sha256"] == found["sha256"]
    (shown,) = content["testimonies"]
    assert {**shown, "signed_at": None} == {**found, "signed_at": None}
    version = amira.get(f"/evidence/{item}").headers["etag"]
    refused = amira.delete(f"/evidence/{item}", if_match=version)
    assert problem(refused) == (409, "evidence-sealed")


def test_testimonies_are_read_by_those_who_read_the_evidence(
    amira: Person, officer: Person, bruno: Person, otto: Person, item: UUID, browser: TestClient
) -> None:
    given(amira, item, browser)
    path = f"/evidence/{item}/testimonies"
    assert len(officer.get(path).json()) == 1
    assert bruno.get(path).status_code == 404
    assert otto.get(path).status_code == 404


def test_what_the_framework_does_not_know_is_not_asked_about(amira: Person, item: UUID) -> None:
    body = {**TESTIMONY, "indicators": ["99z"]}
    refused = amira.post(f"/evidence/{item}/testimony-requests", body)
    assert problem(refused) == (422, "unknown-indicators")
