"""Asking somebody without an account: the letter, the link, and the one answer behind it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from uuid import UUID

import pytest
from httpx2 import Response
from sqlalchemy import Engine, text
from starlette.testclient import TestClient

from app.evidence.handlers.invitations import send_invitation, take_up
from app.evidence.models import Invitation
from app.mail import Letter, Undeliverable
from app.people import queries as people
from tests import make
from tests.evidence.conftest import problem
from tests.make import Letters, Person
from tests.racing import at_once

LINK = re.compile(r"http://localhost:8000(/i/[\w-]{43})")
CANARY = "canary.of.the.mentee@example.org"
CONSENT = {
    "person": "the mentee of C-01",
    "email": CANARY,
    "language": "en",
    "scope": "assessment_and_training",
}
TESTIMONY = {
    "person": "the mentee of C-01",
    "relation": "mentee",
    "email": CANARY,
    "language": "fr",
    "indicators": ["2b"],
}
GIVE = {"answer": "give", "name": "Mara Example", "scope": "assessment", "agree": "yes"}
SIGN = {"answer": "give", "name": "Mara Example", "words": "Elle m’a écoutée.\r\nSouvent."}
OWN_SITE = {"sec-fetch-site": "same-origin"}


def asked(candidate: Person, item: UUID, kind: str = "consent", **changes: object) -> UUID:
    """Ask for a consent or testimony."""
    body = {**(CONSENT if kind == "consent" else TESTIMONY), **changes}
    answer = candidate.post(f"/evidence/{item}/{kind}-requests", body)
    assert answer.status_code == 201, answer.text
    return UUID(answer.json()["id"])


def letter_to(candidate: Person, invitation: UUID) -> Letter:
    """Have the worker write the letter of an invitation."""
    post = Letters()
    send_invitation(make.shift(candidate.tenant, post), invitation)
    (letter,) = post.sent
    return letter


def link_in(letter: Letter) -> str:
    found = LINK.search(letter.text)
    assert found is not None, letter.text
    return found[1]


def link_for(candidate: Person, item: UUID, kind: str = "consent", **changes: object) -> str:
    return link_in(letter_to(candidate, asked(candidate, item, kind, **changes)))


def submit(
    browser: TestClient,
    link: str,
    fields: Mapping[str, str],
    headers: Mapping[str, str] = OWN_SITE,
) -> Response:
    return browser.post(link, data=dict(fields), headers=dict(headers), follow_redirects=False)


def states(candidate: Person, portfolio: UUID) -> list[str]:
    return [one["state"] for one in candidate.get(f"/portfolios/{portfolio}/invitations").json()]


def later(candidate: Person, invitation: UUID, **changes: str) -> None:
    """Move moments of an invitation, as if time had passed; each is an interval from now."""
    sets = ", ".join(f"{name} = now() + interval '{value}'" for name, value in changes.items())
    with candidate.tenant.at_work() as work:
        work.session.execute(
            text(f"UPDATE invitation SET {sets} WHERE id = :id"),  # noqa: S608
            {"id": invitation},
        )


def row(candidate: Person, id: UUID) -> Invitation:
    with candidate.tenant.at_work() as work:
        return work.session.get_one(Invitation, id)


@dataclass(frozen=True, slots=True)
class Kind:
    name: str
    fields: Mapping[str, str]
    done: str


KINDS = [Kind("consent", GIVE, "consented"), Kind("testimony", SIGN, "testified")]
each_kind = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)


@each_kind
def test_somebody_without_an_account_answers_by_the_link_in_a_letter(
    amira: Person, portfolio: UUID, item: UUID, browser: TestClient, kind: Kind
) -> None:
    id_ = asked(amira, item, kind.name)
    assert states(amira, portfolio) == ["asked"]
    letter = letter_to(amira, id_)
    assert letter.to == CANARY
    assert "Amira" in letter.subject
    assert states(amira, portfolio) == ["sent"]

    page = browser.get(link_in(letter))
    assert page.status_code == 200
    assert "Amira" in page.text
    assert "the mentee of C-01" in page.text
    answered = submit(browser, link_in(letter), kind.fields)
    assert answered.status_code == 303
    assert answered.headers["location"].startswith(f"/i/done/{kind.done}")
    assert browser.get(answered.headers["location"]).status_code == 200
    assert states(amira, portfolio) == ["given"]


@each_kind
def test_the_candidate_never_sees_the_link_or_the_address_again(
    amira: Person, portfolio: UUID, item: UUID, kind: Kind
) -> None:
    id_ = asked(amira, item, kind.name)
    secret = link_in(letter_to(amira, id_)).rpartition("/")[2]
    for path in (
        f"/invitations/{id_}",
        f"/portfolios/{portfolio}/invitations",
        f"/portfolios/{portfolio}/consents",
        f"/portfolios/{portfolio}",
        f"/journal?stream={portfolio}",
    ):
        shown = amira.get(path).text
        assert CANARY not in shown
        assert secret not in shown


def test_only_a_hash_of_the_link_is_kept(amira: Person, item: UUID) -> None:
    id_ = asked(amira, item)
    secret = link_in(letter_to(amira, id_)).rpartition("/")[2]
    kept = row(amira, id_).hash
    assert kept is not None
    assert secret.encode() not in kept
    assert len(kept) == 32


@each_kind
def test_looking_at_the_page_changes_nothing(
    amira: Person, portfolio: UUID, item: UUID, browser: TestClient, kind: Kind
) -> None:
    """Mail scanners open every link, more than once and with HEAD too."""
    link = link_for(amira, item, kind.name)
    before = amira.get(f"/portfolios/{portfolio}").json()["version"]
    for _ in range(3):
        assert browser.get(link).status_code == 200
        assert browser.get(f"{link}?answer=give&name=Scanner&agree=yes").status_code == 200
        browser.head(link)
    assert states(amira, portfolio) == ["sent"]
    assert amira.get(f"/portfolios/{portfolio}").json()["version"] == before
    assert submit(browser, link, kind.fields).status_code == 303


@each_kind
def test_a_link_is_good_for_one_answer(
    amira: Person, portfolio: UUID, item: UUID, browser: TestClient, kind: Kind
) -> None:
    link = link_for(amira, item, kind.name)
    assert submit(browser, link, kind.fields).status_code == 303
    again = submit(browser, link, {**kind.fields, "name": "Somebody Else"})
    assert again.status_code == 404
    assert browser.get(link).status_code == 404
    assert "Somebody Else" not in amira.get(f"/portfolios/{portfolio}").text


@each_kind
def test_of_two_answers_at_once_one_counts(
    amira: Person, portfolio: UUID, item: UUID, browser: TestClient, kind: Kind
) -> None:
    link = link_for(amira, item, kind.name)
    names = [f"Mara {number}" for number in range(4)]
    answers = at_once(
        [partial(submit, browser, link, {**kind.fields, "name": name}) for name in names]
    )
    assert sorted(answer.status_code for answer in answers) == [303, 404, 404, 404]
    tree = amira.get(f"/portfolios/{portfolio}").json()
    kept = tree["consents"] if kind.name == "consent" else tree["testimonies"]
    assert len(kept) == 1


def test_links_that_are_not_good_all_look_the_same(
    amira: Person, item: UUID, browser: TestClient
) -> None:
    used = link_for(amira, item)
    submit(browser, used, GIVE)
    expired_id = asked(amira, item)
    expired = link_in(letter_to(amira, expired_id))
    later(amira, expired_id, asked_at="-2 days", expires_at="-1 day")
    revoked_id = asked(amira, item)
    revoked = link_in(letter_to(amira, revoked_id))
    assert amira.delete(f"/invitations/{revoked_id}").status_code == 204
    replaced_id = asked(amira, item)
    replaced = link_in(letter_to(amira, replaced_id))
    later(amira, replaced_id, sent_at="-1 hour")
    assert amira.post(f"/invitations/{replaced_id}/renewal", {}).status_code == 200
    unknown, nonsense = "/i/" + "x" * 43, "/i/short"
    links = [used, expired, revoked, replaced, unknown, nonsense]

    pages = [browser.get(link) for link in links]
    pages += [submit(browser, link, GIVE) for link in links]
    assert {page.status_code for page in pages} == {404}
    assert len({page.text for page in pages}) == 1
    assert "This link cannot be used" in pages[0].text
    assert {str(sorted(_lasting(page))) for page in pages} == {str(sorted(_lasting(pages[0])))}


def _lasting(page: Response) -> Mapping[str, str]:
    return {name: value for name, value in page.headers.items() if name != "x-request-id"}


def test_an_expired_question_can_be_asked_again(
    amira: Person, portfolio: UUID, item: UUID, browser: TestClient
) -> None:
    id_ = asked(amira, item)
    old = link_in(letter_to(amira, id_))
    later(amira, id_, asked_at="-15 days", sent_at="-15 days", expires_at="-1 day")
    assert states(amira, portfolio) == ["expired"]
    take_up(make.shift(amira.tenant))
    assert row(amira, id_).email is None
    assert problem(amira.post(f"/invitations/{id_}/renewal", {})) == (422, "address-needed")

    again = amira.post(f"/invitations/{id_}/renewal", {"email": "mara@example.org"})
    assert again.json()["state"] == "asked"
    new = link_in(letter_to(amira, id_))
    assert browser.get(old).status_code == 404
    assert submit(browser, new, GIVE).status_code == 303


def test_a_question_taken_back_can_be_asked_again(
    amira: Person, portfolio: UUID, item: UUID, browser: TestClient
) -> None:
    id_ = asked(amira, item)
    assert amira.delete(f"/invitations/{id_}").status_code == 204
    assert amira.delete(f"/invitations/{id_}").status_code == 204
    assert states(amira, portfolio) == ["revoked"]
    assert row(amira, id_).email is None
    sent = Letters()
    send_invitation(make.shift(amira.tenant, sent), id_)
    assert sent.sent == []
    amira.post(f"/invitations/{id_}/renewal", {"email": "mara@example.org"})
    assert submit(browser, link_in(letter_to(amira, id_)), GIVE).status_code == 303


def test_an_answer_is_neither_taken_back_nor_asked_for_twice(
    amira: Person, item: UUID, browser: TestClient
) -> None:
    id_ = asked(amira, item)
    submit(browser, link_in(letter_to(amira, id_)), {"answer": "decline"})
    assert problem(amira.delete(f"/invitations/{id_}")) == (409, "invitation-answered")
    refused = amira.post(f"/invitations/{id_}/renewal", {"email": CANARY})
    assert problem(refused) == (409, "invitation-answered")


def test_nobody_is_written_to_again_within_minutes(amira: Person, item: UUID) -> None:
    id_ = asked(amira, item)
    letter_to(amira, id_)
    assert problem(amira.post(f"/invitations/{id_}/renewal", {})) == (409, "asked-just-now")


def test_a_portfolio_is_no_way_to_write_to_many(amira: Person, item: UUID) -> None:
    for number in range(30):
        asked(amira, item, email=f"mentee{number}@example.org")
    refused = amira.post(f"/evidence/{item}/consent-requests", CONSENT)
    assert problem(refused) == (409, "too-many-asked")


def test_letters_of_questions_asked_again_count_towards_the_day(amira: Person, item: UUID) -> None:
    """A question keeps its row when it is asked again; every letter counts all the same."""
    for number in range(28):
        asked(amira, item, email=f"mentee{number}@example.org")
    id_ = asked(amira, item)
    path = f"/invitations/{id_}/renewal"
    assert amira.post(path, {"email": "one@example.org"}).status_code == 200
    refused = amira.post(path, {"email": "two@example.org"})
    assert problem(refused) == (409, "too-many-asked")


def test_one_question_is_asked_again_a_few_times_only(amira: Person, item: UUID) -> None:
    path = f"/invitations/{asked(amira, item)}/renewal"
    for number in range(5):
        answer = amira.post(path, {"email": f"mentee{number}@example.org"})
        assert answer.status_code == 200, answer.text
    refused = amira.post(path, {"email": "mentee6@example.org"})
    assert problem(refused) == (409, "asked-often")


@each_kind
def test_the_address_is_forgotten_with_the_answer(
    amira: Person,
    item: UUID,
    browser: TestClient,
    superuser_engine: Engine,
    kind: Kind,
) -> None:
    """No table holds it any more, not even what is kept to answer a repeated request."""
    canary = f"{kind.name}.canary@example.org"
    body = {**(CONSENT if kind.name == "consent" else TESTIMONY), "email": canary}
    answer = amira.post(f"/evidence/{item}/{kind.name}-requests", body, idempotency_key="once")
    id_ = UUID(answer.json()["id"])
    link = link_in(letter_to(amira, id_))
    assert _tables_with(superuser_engine, canary) == ["public.invitation"]
    submit(browser, link, kind.fields)
    for (withdrawal,) in _withdrawals(amira):
        letter_to(amira, withdrawal)
    assert _tables_with(superuser_engine, canary) == []


def _withdrawals(candidate: Person) -> list[tuple[UUID]]:
    with candidate.tenant.at_work() as work:
        found = work.session.execute(text("SELECT id FROM invitation WHERE kind = 'withdrawal'"))
        return [tuple(row) for row in found]


def _tables_with(engine: Engine, word: str) -> list[str]:
    tables = text(
        "SELECT schemaname || '.' || tablename FROM pg_tables"
        " WHERE schemaname IN ('public', 'procrastinate') ORDER BY 1"
    )
    with engine.connect() as connection:
        return [
            name
            for name in connection.scalars(tables)
            if connection.execute(
                text(f"SELECT EXISTS (SELECT FROM {name} t WHERE t::text LIKE :word)"),  # noqa: S608
                {"word": f"%{word}%"},
            ).scalar_one()
        ]


def test_the_address_of_somebody_who_never_answers_is_forgotten_too(
    amira: Person, item: UUID
) -> None:
    expired, waiting = asked(amira, item), asked(amira, item)
    later(amira, expired, asked_at="-15 days", expires_at="-1 day")
    take_up(make.shift(amira.tenant))
    assert row(amira, expired).email is None
    assert row(amira, waiting).email == CANARY


class Lost(Exception):
    pass


@dataclass(frozen=True, slots=True)
class Broken:
    """A mail server that fails, before or after it took the letter."""

    letters: Letters
    takes: bool
    failure: type[Exception]

    def send(self, letter: Letter, at: object) -> None:
        if self.takes:
            self.letters.sent.append(letter)
        raise self.failure


@pytest.mark.parametrize("takes", [False, True], ids=["before", "after"])
def test_a_worker_that_dies_around_sending_makes_a_new_link(
    amira: Person, portfolio: UUID, item: UUID, browser: TestClient, takes: bool
) -> None:
    id_ = asked(amira, item)
    lost = Broken(Letters(), takes, Lost)
    with pytest.raises(Lost):
        send_invitation(make.shift(amira.tenant, lost), id_)
    assert states(amira, portfolio) == ["asked"]
    link = link_in(letter_to(amira, id_))
    assert states(amira, portfolio) == ["sent"]
    for old in lost.letters.sent:
        assert browser.get(link_in(old)).status_code == 404
    assert submit(browser, link, GIVE).status_code == 303


def test_a_letter_that_was_sent_is_not_sent_again(amira: Person, item: UUID) -> None:
    id_ = asked(amira, item)
    letter_to(amira, id_)
    again = Letters()
    send_invitation(make.shift(amira.tenant, again), id_)
    assert again.sent == []


def test_the_letter_is_deferred_with_the_question_and_names_ids_only(
    amira: Person, item: UUID, superuser_engine: Engine
) -> None:
    """A crash between the commit and the mail loses nothing: the job is kept with the question."""
    id_ = asked(amira, item)
    with superuser_engine.connect() as connection:
        jobs = connection.execute(
            text(
                "SELECT args FROM procrastinate.procrastinate_jobs"
                " WHERE task_name = 'evidence.send_invitation' AND args->>'subject_id' = :id"
            ),
            {"id": str(id_)},
        ).all()
    assert [row.args for row in jobs] == [
        {"tenant_id": str(amira.tenant.id), "subject_id": str(id_)}
    ]


def test_an_address_that_nobody_has_is_said_to_be_wrong(
    amira: Person, portfolio: UUID, item: UUID
) -> None:
    id_ = asked(amira, item)
    send_invitation(make.shift(amira.tenant, Broken(Letters(), False, Undeliverable)), id_)
    assert states(amira, portfolio) == ["undeliverable"]
    again = amira.post(f"/invitations/{id_}/renewal", {"email": "right@example.org"})
    assert again.json()["state"] == "asked"
    assert letter_to(amira, id_).to == "right@example.org"


@pytest.mark.parametrize("address", ["two@at@example.org", "a,b@example.org", "x>@example.org"])
def test_what_is_no_address_is_refused_at_once(amira: Person, item: UUID, address: str) -> None:
    refused = amira.post(f"/evidence/{item}/consent-requests", {**CONSENT, "email": address})
    assert refused.status_code == 422


@pytest.mark.parametrize("kind", ["consent", "testimony"])
def test_candidates_do_not_ask_themselves(amira: Person, item: UUID, kind: str) -> None:
    with amira.at_work() as work:
        own = people.person(work, amira.id).email
    body = {**(CONSENT if kind == "consent" else TESTIMONY), "email": own.upper()}
    refused = amira.post(f"/evidence/{item}/{kind}-requests", body)
    assert problem(refused) == (422, "own-address")
    id_ = asked(amira, item, kind)
    letter_to(amira, id_)
    later(amira, id_, sent_at="-1 hour")
    refused = amira.post(f"/invitations/{id_}/renewal", {"email": own})
    assert problem(refused) == (422, "own-address")


def test_another_site_cannot_answer(
    amira: Person, portfolio: UUID, item: UUID, browser: TestClient
) -> None:
    link = link_for(amira, item)
    for headers in (
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site", "origin": "http://testserver"},
        {"origin": "https://elsewhere.example"},
    ):
        assert problem(submit(browser, link, GIVE, headers)) == (403, "sent-from-elsewhere")
    assert states(amira, portfolio) == ["sent"]
    # An older browser, which says "null" because the page names no referrer.
    assert submit(browser, link, GIVE, {"origin": "null"}).status_code == 303


@pytest.mark.parametrize(
    ("language", "title"), [("en", "May this recording be shown?"), ("fr", "Cet enregistrement")]
)
def test_the_page_speaks_the_person_s_language_and_the_other_one(
    amira: Person, item: UUID, browser: TestClient, language: str, title: str
) -> None:
    link = link_for(amira, item, language=language)
    page = browser.get(link, headers={"accept-language": "de"})
    assert title in page.text
    assert f'<html lang="{language}">' in page.text
    assert page.headers["content-language"] == language
    other = "fr" if language == "en" else "en"
    assert title not in browser.get(f"{link}?lang={other}").text


def test_the_page_keeps_itself_to_itself(amira: Person, item: UUID, browser: TestClient) -> None:
    page = browser.get(link_for(amira, item))
    assert page.headers["cache-control"] == "no-store"
    assert page.headers["referrer-policy"] == "no-referrer"
    assert page.headers["x-robots-tag"] == "noindex"
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "form-action 'self'" in policy
    assert "<script" not in page.text


def test_what_people_wrote_is_shown_as_text(
    amira: Person, portfolio: UUID, browser: TestClient
) -> None:
    hostile = make.item(amira, portfolio, title="<script>alert(1)</script>")
    page = browser.get(link_for(amira, hostile, person="<b>me</b>"))
    assert "<script" not in page.text
    assert "&lt;script&gt;" in page.text
    assert "<b>me</b>" not in page.text


@pytest.mark.parametrize(
    ("fields", "missing"),
    [
        ({**GIVE, "name": " "}, "Type your name."),
        ({**GIVE, "name": "x" * 201}, "Type your name."),
        ({**GIVE, "agree": ""}, "tick that you have understood"),
        ({**GIVE, "scope": ""}, "Choose what you agree to"),
        ({**GIVE, "scope": "everything"}, "Choose what you agree to"),
    ],
)
def test_a_form_with_something_missing_comes_back_with_what_was_filled_in(
    amira: Person,
    portfolio: UUID,
    item: UUID,
    browser: TestClient,
    fields: Mapping[str, str],
    missing: str,
) -> None:
    link = link_for(amira, item)
    page = submit(browser, link, fields)
    assert page.status_code == 422
    assert missing in page.text
    assert states(amira, portfolio) == ["sent"]
    assert submit(browser, link, GIVE).status_code == 303


def test_nobody_consents_to_more_than_was_asked(
    amira: Person, item: UUID, browser: TestClient
) -> None:
    link = link_for(amira, item, scope="assessment")
    assert "training of" not in browser.get(link).text
    wider = submit(browser, link, {**GIVE, "scope": "assessment_and_training"})
    assert wider.status_code == 422


def test_other_people_s_requests_do_not_exist(
    amira: Person, otto: Person, bruno: Person, item: UUID
) -> None:
    id_ = asked(amira, item)
    for stranger in (otto, bruno, make.person(amira.tenant, "Another")):
        assert stranger.get(f"/invitations/{id_}").status_code == 404
        assert stranger.post(f"/invitations/{id_}/renewal", {}).status_code == 404
        assert stranger.delete(f"/invitations/{id_}").status_code == 404
        refused = stranger.post(f"/evidence/{item}/consent-requests", CONSENT)
        assert refused.status_code == 404


def test_staff_may_look_but_not_ask(
    amira: Person, officer: Person, portfolio: UUID, item: UUID
) -> None:
    id_ = asked(amira, item)
    assert officer.get(f"/invitations/{id_}").json()["state"] == "asked"
    refused = officer.post(f"/evidence/{item}/consent-requests", CONSENT)
    assert problem(refused) == (403, "not-the-candidate")
    assert problem(officer.delete(f"/invitations/{id_}")) == (403, "not-the-candidate")


def test_what_is_asked_about_evidence_goes_with_it(
    amira: Person, item: UUID, browser: TestClient
) -> None:
    link = link_for(amira, item)
    version = amira.get(f"/evidence/{item}").headers["etag"]
    assert amira.delete(f"/evidence/{item}", if_match=version).status_code == 204
    assert browser.get(link).status_code == 404


def test_nobody_is_asked_again_about_evidence_that_was_removed(
    amira: Person, portfolio: UUID, item: UUID, browser: TestClient
) -> None:
    """Nor does a letter go out, or a link open, if a question was left over."""
    id_ = asked(amira, item)
    link = link_in(letter_to(amira, id_))
    later(amira, id_, sent_at="-1 hour")
    waiting = asked(amira, item)
    with amira.at_work() as work:
        gone = "UPDATE evidence_item SET removed_at = :now, case_id = NULL WHERE id = :id"
        work.session.execute(text(gone), {"id": item, "now": work.now})
    refused = amira.post(f"/invitations/{id_}/renewal", {})
    assert problem(refused) == (404, "no-such-evidence")
    post = Letters()
    send_invitation(make.shift(amira.tenant, post), waiting)
    assert post.sent == []
    assert browser.get(link).status_code == 404


def test_the_page_says_that_a_case_is_over_before_anybody_writes(
    amira: Person, portfolio: UUID, item: UUID, browser: TestClient
) -> None:
    link, waiting = link_for(amira, item), asked(amira, item)
    assert browser.get(link).status_code == 200
    assert amira.post(f"/portfolios/{portfolio}/withdrawal").status_code == 200
    page = browser.get(link)
    assert page.status_code == 404
    assert "This link cannot be used" in page.text
    post = Letters()
    send_invitation(make.shift(amira.tenant, post), waiting)
    assert post.sent == []


def test_a_link_of_a_case_that_is_over_is_good_no_longer(
    amira: Person, portfolio: UUID, item: UUID, browser: TestClient
) -> None:
    link = link_for(amira, item)
    assert amira.post(f"/portfolios/{portfolio}/withdrawal").status_code == 200
    assert submit(browser, link, GIVE).status_code == 404
