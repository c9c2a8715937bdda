"""Consent of recorded persons, and what happens from the moment it is withdrawn."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from starlette.testclient import TestClient

from app.actor import Role
from app.evidence.handlers import arrival
from app.evidence.models import Consent, Snapshot
from tests import make
from tests.evidence.conftest import problem, silence, tree
from tests.evidence.test_asking import GIVE, asked, later, letter_to, link_for, link_in, submit
from tests.make import Json, Person
from tests.racing import at_once


@pytest.fixture
def recorded(amira: Person, portfolio: UUID, recording: bytes) -> tuple[UUID, UUID]:
    """A piece of evidence with a recording: their ids."""
    item = make.item(amira, portfolio, kind="recording", title="A talk")
    return item, sound(amira, item, recording)


def sound(candidate: Person, item: UUID, recording: bytes) -> UUID:
    return make.file(candidate, item, recording, media_type="audio/wav", name="talk.wav")


def opened(person: Person, file: UUID) -> int:
    """Ask for a file's bytes, and return the status without following the link."""
    return person.tenant.browser.get(
        f"{make.API}/files/{file}/content",
        headers={"authorization": f"Bearer {person.token}"},
        follow_redirects=False,
    ).status_code


def overview(person: Person, portfolio: UUID) -> dict[str, list[Json]]:
    answer = person.get(f"/portfolios/{portfolio}/consents")
    assert answer.status_code == 200, answer.text
    found: dict[str, list[Json]] = answer.json()
    return found


def words(found: Iterable[object]) -> list[str]:
    """Return a list of ids as they are written."""
    return [str(one) for one in found]


def given(candidate: Person, item: UUID, browser: TestClient, **changes: str) -> str:
    """Have consent given by a link; return the link to withdraw it."""
    assert submit(browser, link_for(candidate, item, **changes), GIVE).status_code == 303
    with candidate.tenant.at_work() as work:
        newest = work.session.execute(
            text("SELECT id FROM invitation WHERE kind = 'withdrawal' ORDER BY id DESC LIMIT 1")
        ).scalar_one()
    return link_in(letter_to(candidate, newest))


def state_of(candidate: Person, file: UUID) -> object:
    return candidate.get(f"/files/{file}").json()["state"]


def readiness(candidate: Person, portfolio: UUID) -> set[tuple[str, object]]:
    found = candidate.get(f"/portfolios/{portfolio}/readiness").json()["unmet"]
    return {(line["rule"], line["evidence_id"]) for line in found}


def test_a_recording_counts_once_the_recorded_person_consents(
    amira: Person, portfolio: UUID, recorded: tuple[UUID, UUID], browser: TestClient
) -> None:
    item, _ = recorded
    make.claim(amira, item, "2b")
    lacking = ("recordings_need_consent", str(item))
    link = link_for(amira, item)
    assert lacking in readiness(amira, portfolio)
    assert "talk.wav" in browser.get(link).text
    submit(browser, link, GIVE)
    assert lacking not in readiness(amira, portfolio)
    (consent,) = overview(amira, portfolio)["consents"]
    assert consent["how"] == "link"
    assert consent["scope"] == "assessment"
    assert consent["signed_name"] == "Mara Example"
    assert consent["state"] == "standing"


def test_who_declines_is_believed(
    amira: Person, portfolio: UUID, recorded: tuple[UUID, UUID], browser: TestClient
) -> None:
    item, _ = recorded
    make.claim(amira, item, "2b")
    answer = submit(browser, link_for(amira, item), {"answer": "decline"})
    assert answer.headers["location"].startswith("/i/done/declined")
    found = overview(amira, portfolio)
    assert found["consents"] == []
    assert [one["state"] for one in found["requests"]] == ["declined"]
    assert ("recordings_need_consent", str(item)) in readiness(amira, portfolio)


def test_a_candidate_does_not_enter_what_others_give_by_link(amira: Person, item: UUID) -> None:
    refused = amira.post(f"/evidence/{item}/consents", make.new_consent(how="link"))
    assert problem(refused) == (422, "consent-by-link")


def test_a_consent_stays_as_it_was_given(
    amira: Person, recorded: tuple[UUID, UUID], browser: TestClient
) -> None:
    given(amira, recorded[0], browser)
    with pytest.raises(IntegrityError, match="stays as it was given"), amira.at_work() as work:
        work.session.execute(text("UPDATE consent SET scope = 'assessment_and_training'"))


def test_from_the_moment_of_withdrawal_nobody_opens_the_recording(
    amira: Person,
    officer: Person,
    portfolio: UUID,
    recorded: tuple[UUID, UUID],
    browser: TestClient,
) -> None:
    item, file = recorded
    withdrawal = given(amira, item, browser)
    for _ in range(2):
        page = browser.get(withdrawal)
        assert "Withdraw your consent" in page.text
    for person in (amira, officer):
        assert opened(person, file) == 307
    answer = submit(browser, withdrawal, {})
    assert answer.headers["location"].startswith("/i/done/withdrawn")

    assert state_of(amira, file) == "quarantined"
    for person in (amira, officer):
        assert problem(person.get(f"/files/{file}/content")) == (409, "file-not-readable")
    found = overview(amira, portfolio)
    assert words(found["quarantined_files"]) == [str(file)]
    (consent,) = found["consents"]
    assert (consent["state"], consent["withdrawn_by"]) == ("withdrawn", "person")
    assert browser.get(withdrawal).status_code == 404


def test_a_withdrawal_says_what_no_longer_counts(
    amira: Person, portfolio: UUID, recorded: tuple[UUID, UUID], browser: TestClient
) -> None:
    item, file = recorded
    paper = make.item(amira, portfolio)
    make.file(amira, paper)
    alone = make.claim(amira, item, "2b", file_id=str(file), from_ms=0, to_ms=1000)
    whole = make.claim(amira, item, "3a")
    make.claim(amira, paper, "3a")
    submit(browser, given(amira, item, browser), {})
    found = overview(amira, portfolio)
    lost = {(one["claim_id"], one["indicator"]) for one in found["lost_claims"]}
    assert lost == {(alone["id"], "2b"), (whole["id"], "3a")}
    assert words(found["bare_indicators"]) == ["2b"]
    assert ("file_quarantined", str(item)) in readiness(amira, portfolio)
    assert ("files_available", str(item)) in readiness(amira, portfolio)


def test_documents_and_pictures_of_the_same_evidence_stay(
    amira: Person, portfolio: UUID, recorded: tuple[UUID, UUID], browser: TestClient
) -> None:
    item, file = recorded
    paper = make.file(amira, item)
    make.claim(amira, item, "2b")
    submit(browser, given(amira, item, browser), {})
    assert state_of(amira, file) == "quarantined"
    assert state_of(amira, paper) == "available"
    assert overview(amira, portfolio)["lost_claims"] == []


def test_a_recording_still_on_its_way_is_shut_when_it_arrives(
    amira: Person, portfolio: UUID, recording: bytes, browser: TestClient
) -> None:
    item = make.item(amira, portfolio, kind="recording")
    withdrawal = given(amira, item, browser)
    file = make.received(amira, item, recording, media_type="audio/wav", name="talk.wav")
    submit(browser, withdrawal, {})
    assert state_of(amira, file) == "received"
    arrival.check_file(make.shift(amira.tenant), file)
    assert state_of(amira, file) == "quarantined"


def test_a_new_consent_opens_nothing_that_was_shut_but_allows_a_new_recording(
    amira: Person,
    portfolio: UUID,
    recorded: tuple[UUID, UUID],
    browser: TestClient,
) -> None:
    item, file = recorded
    make.claim(amira, item, "2b")
    submit(browser, given(amira, item, browser), {})
    new = sound(amira, item, silence(3))
    assert ("recordings_need_consent", str(item)) in readiness(amira, portfolio)
    given(amira, item, browser, person="somebody else")
    assert ("recordings_need_consent", str(item)) in readiness(amira, portfolio)
    given(amira, item, browser)
    assert ("recordings_need_consent", str(item)) not in readiness(amira, portfolio)
    assert (state_of(amira, file), state_of(amira, new)) == ("quarantined", "available")


LACKING = "recordings_need_consent"


def test_who_declines_is_heard_beside_those_who_consent(
    amira: Person, portfolio: UUID, recorded: tuple[UUID, UUID], browser: TestClient
) -> None:
    item, _ = recorded
    make.claim(amira, item, "2b")
    given(amira, item, browser, person="the mentee")
    assert (LACKING, str(item)) not in readiness(amira, portfolio)
    submit(browser, link_for(amira, item, person="a colleague"), {"answer": "decline"})
    assert (LACKING, str(item)) in readiness(amira, portfolio)
    # Neither the candidate's own entry clears that, nor another question that is taken back.
    make.consent(amira, item, person="a colleague")
    again = asked(amira, item, person="a colleague")
    assert amira.delete(f"/invitations/{again}").status_code == 204
    assert (LACKING, str(item)) in readiness(amira, portfolio)
    given(amira, item, browser, person="a colleague")
    assert (LACKING, str(item)) not in readiness(amira, portfolio)


def test_a_question_without_an_answer_stands_against_the_recording_until_it_is_taken_back(
    amira: Person, portfolio: UUID, recorded: tuple[UUID, UUID], browser: TestClient
) -> None:
    item, _ = recorded
    make.claim(amira, item, "2b")
    given(amira, item, browser, person="the mentee")
    open_ = asked(amira, item, person="a colleague")
    assert (LACKING, str(item)) in readiness(amira, portfolio)
    later(amira, open_, asked_at="-15 days", expires_at="-1 day")
    assert (LACKING, str(item)) in readiness(amira, portfolio)
    assert amira.delete(f"/invitations/{open_}").status_code == 204
    assert (LACKING, str(item)) not in readiness(amira, portfolio)


def test_the_candidates_word_does_not_undo_a_withdrawal_by_the_person(
    amira: Person, portfolio: UUID, recorded: tuple[UUID, UUID], browser: TestClient
) -> None:
    item, _ = recorded
    make.claim(amira, item, "2b")
    submit(browser, given(amira, item, browser), {})
    sound(amira, item, silence(3))
    for how in ("written", "recorded"):
        make.consent(amira, item, how=how)
    assert (LACKING, str(item)) in readiness(amira, portfolio)
    given(amira, item, browser)
    assert (LACKING, str(item)) not in readiness(amira, portfolio)


def test_two_people_under_one_label_do_not_speak_for_each_other(
    amira: Person, portfolio: UUID, recorded: tuple[UUID, UUID], browser: TestClient
) -> None:
    item, _ = recorded
    make.claim(amira, item, "2b")
    withdrawal = given(amira, item, browser)
    earlier = link_for(amira, item)
    submit(browser, withdrawal, {})
    sound(amira, item, silence(3))
    submit(browser, earlier, GIVE)
    assert (LACKING, str(item)) in readiness(amira, portfolio)
    submit(browser, link_for(amira, item), {**GIVE, "name": "Nora Other"})
    assert (LACKING, str(item)) in readiness(amira, portfolio)
    given(amira, item, browser)
    assert (LACKING, str(item)) not in readiness(amira, portfolio)


def test_a_recording_put_in_after_a_consent_by_link_needs_a_new_one(
    amira: Person, portfolio: UUID, recorded: tuple[UUID, UUID], browser: TestClient
) -> None:
    item, _ = recorded
    make.claim(amira, item, "2b")
    given(amira, item, browser)
    assert (LACKING, str(item)) not in readiness(amira, portfolio)
    sound(amira, item, silence(3))
    make.consent(amira, item)
    assert (LACKING, str(item)) in readiness(amira, portfolio)
    given(amira, item, browser)
    assert (LACKING, str(item)) not in readiness(amira, portfolio)


def test_an_officer_notes_a_withdrawal_on_paper_with_a_reason(
    amira: Person,
    officer: Person,
    portfolio: UUID,
    recorded: tuple[UUID, UUID],
    browser: TestClient,
) -> None:
    item, file = recorded
    link = given(amira, item, browser)
    (consent,) = overview(amira, portfolio)["consents"]
    path = f"/consents/{consent['id']}/withdrawal"
    assert problem(officer.post(path, {})) == (422, "withdrawal-reason-needed")
    assert problem(amira.post(path, {})) == (409, "withdrawn-by-the-person-only")
    done = officer.post(path, {"reason": "A letter of 3 March."})
    assert done.json()["withdrawn_by"] == "officer"
    assert done.json()["withdrawal_reason"] == "A letter of 3 March."
    assert problem(officer.post(path, {"reason": "Again."})) == (409, "already-withdrawn")
    assert state_of(amira, file) == "quarantined"
    assert browser.get(link).status_code == 404


def test_a_candidate_notes_the_withdrawal_of_what_they_entered(
    amira: Person, portfolio: UUID, recorded: tuple[UUID, UUID]
) -> None:
    item, file = recorded
    consent = make.consent(amira, item)
    done = amira.post(f"/consents/{consent['id']}/withdrawal", {})
    assert done.json()["withdrawn_by"] == "candidate"
    assert state_of(amira, file) == "quarantined"


def test_others_withdraw_nothing(
    amira: Person, bruno: Person, otto: Person, vera: Person, recorded: tuple[UUID, UUID]
) -> None:
    item, file = recorded
    path = f"/consents/{make.consent(amira, item)['id']}/withdrawal"
    for stranger in (bruno, otto, vera):
        assert stranger.post(path, {"reason": "No."}).status_code == 404
    assert state_of(amira, file) == "available"


def test_of_two_withdrawals_at_once_one_is_entered(
    amira: Person,
    officer: Person,
    portfolio: UUID,
    recorded: tuple[UUID, UUID],
    browser: TestClient,
) -> None:
    item, file = recorded
    link = given(amira, item, browser)
    (consent,) = overview(amira, portfolio)["consents"]
    path = f"/consents/{consent['id']}/withdrawal"
    answers = at_once(
        [
            partial(submit, browser, link, {}),
            partial(submit, browser, link, {}),
            partial(officer.post, path, {"reason": "A letter."}),
        ]
    )
    assert sorted(answer.status_code for answer in answers) in ([200, 404, 404], [303, 404, 409])
    assert state_of(amira, file) == "quarantined"


def test_both_sides_find_it_in_the_journal_without_a_name(
    amira: Person, portfolio: UUID, recorded: tuple[UUID, UUID], browser: TestClient
) -> None:
    item, _ = recorded
    submit(browser, given(amira, item, browser), {})
    entries = amira.get(f"/journal?stream={portfolio}&limit=200")
    acts = [one["action"] for one in entries.json()]
    for act in ("consent_asked", "consent_given", "consent_withdrawn", "file_quarantined"):
        assert f"evidence.{act}" in acts
    for personal in ("Mara", "example.org", "mentee of C-01"):
        assert personal not in entries.text


def test_what_was_sealed_stays_as_it_was_and_the_file_is_shut(
    amira: Person, officer: Person, recording: bytes, browser: TestClient
) -> None:
    portfolio = make.ready(amira, officer)
    item = make.item(amira, portfolio, kind="recording")
    file = sound(amira, item, recording)
    make.claim(amira, item, "2b", file_id=str(file))
    withdrawal = given(amira, item, browser)
    assert amira.post(f"/portfolios/{portfolio}/submission").status_code == 200
    sealed = _sealed(amira, portfolio)
    submit(browser, withdrawal, {})
    assert _sealed(amira, portfolio) == sealed
    assert '"withdrawn_at":null' in sealed[1]
    assert state_of(amira, file) == "quarantined"
    assert tree(amira, portfolio)["consents"][0]["withdrawn_at"] is not None


def _sealed(candidate: Person, portfolio: UUID) -> tuple[str, str]:
    with candidate.tenant.at_work() as work:
        found = work.session.query(Snapshot).filter_by(portfolio_id=portfolio).one()
        return found.manifest, found.content


def test_a_consent_of_another_tenant_is_out_of_reach(
    amira: Person, otto: Person, recorded: tuple[UUID, UUID], browser: TestClient
) -> None:
    given(amira, recorded[0], browser)
    with otto.at_work() as work:
        assert work.session.query(Consent).count() == 0


def test_an_account_is_not_needed_and_does_not_help(
    amira: Person, item: UUID, browser: TestClient
) -> None:
    """The candidate cannot answer in the other person's place, whatever they send."""
    id_ = asked(amira, item)
    assert amira.post(f"/invitations/{id_}", GIVE).status_code == 405
    assert browser.get(f"/i/{id_}").status_code == 404
    assert Role.CANDIDATE in amira.roles
