"""What a candidate puts into a portfolio: cases, items, consents, claims, own ratings."""

from __future__ import annotations

from uuid import UUID

import pytest
from sqlalchemy import text

from app.evidence.handlers import arrival
from app.kit.ids import new_id
from tests import make
from tests.evidence.conftest import Shelves, problem, tree
from tests.make import Json, Person


class TestCases:
    def test_a_client_case_has_a_pseudonym_of_its_own(self, amira: Person, portfolio: UUID) -> None:
        id_ = make.case(amira, portfolio)
        body = {"pseudonym": "C-01", "sector": "x", "size": "large", "began_on": "2025-01-01"}
        again = amira.post(f"/portfolios/{portfolio}/cases", body)
        assert problem(again) == (409, "pseudonym-taken")
        assert [one["id"] for one in tree(amira, portfolio)["cases"]] == [str(id_)]

    @pytest.mark.parametrize(
        ("dates", "kind"),
        [
            ({"began_on": "2999-01-01"}, "in-the-future"),
            ({"began_on": "2025-05-01", "ended_on": "2025-04-30"}, "case-ends-before-it-begins"),
        ],
    )
    def test_a_case_has_begun_and_ends_after_that(
        self, amira: Person, portfolio: UUID, dates: Json, kind: str
    ) -> None:
        body = {"pseudonym": "C-01", "sector": "x", "size": "micro", **dates}
        assert problem(amira.post(f"/portfolios/{portfolio}/cases", body)) == (422, kind)
        assert tree(amira, portfolio)["cases"] == []

    def test_a_case_that_evidence_refers_to_stays(self, amira: Person, portfolio: UUID) -> None:
        case = make.case(amira, portfolio)
        item = make.item(amira, portfolio, case_id=str(case))
        answer = amira.delete(f"/portfolios/{portfolio}/cases/{case}")
        assert problem(answer) == (409, "case-in-use")
        assert amira.delete(f"/evidence/{item}", if_match='"1"').status_code == 204
        assert amira.delete(f"/portfolios/{portfolio}/cases/{case}").status_code == 204
        assert tree(amira, portfolio)["cases"] == []
        answer = amira.delete(f"/portfolios/{portfolio}/cases/{case}")
        assert problem(answer) == (404, "no-such-case")

    def test_a_case_of_another_portfolio_is_not_found(self, amira: Person, portfolio: UUID) -> None:
        elsewhere = make.portfolio(amira, level="senior")
        case = make.case(amira, elsewhere)
        answer = amira.delete(f"/portfolios/{portfolio}/cases/{case}")
        assert problem(answer) == (404, "no-such-case")
        answer = amira.post(f"/portfolios/{portfolio}/evidence", make.new_item(case_id=str(case)))
        assert problem(answer) == (404, "no-such-case")
        assert len(tree(amira, elsewhere)["cases"]) == 1


class TestItems:
    def test_an_item_is_described_anew_against_its_version(
        self, amira: Person, portfolio: UUID, item: UUID
    ) -> None:
        shown = amira.get(f"/evidence/{item}")
        assert (shown.headers["etag"], shown.json()["version"]) == ('"1"', 1)
        body = make.new_item(title="Minutes of the second meeting")
        path = f"/evidence/{item}"
        assert problem(amira.put(path, body)) == (428, "version-required")
        assert problem(amira.put(path, body, if_match='"2"')) == (412, "stale-version")
        assert problem(amira.put(path, body, if_match="1")) == (412, "stale-version")
        changed = amira.put(path, body, if_match='"1"')
        assert (changed.status_code, changed.headers["etag"]) == (200, '"2"')
        assert problem(amira.put(path, body, if_match='"1"')) == (412, "stale-version")
        assert tree(amira, portfolio)["evidence"][0]["title"] == "Minutes of the second meeting"

    def test_an_item_is_taken_out_against_its_version(
        self, amira: Person, portfolio: UUID, item: UUID
    ) -> None:
        path = f"/evidence/{item}"
        assert problem(amira.delete(path)) == (428, "version-required")
        assert amira.put(path, make.new_item(), if_match='"1"').status_code == 200
        assert problem(amira.delete(path, if_match='"1"')) == (412, "stale-version")
        assert len(tree(amira, portfolio)["evidence"]) == 1
        assert amira.delete(path, if_match='"2"').status_code == 204

    def test_an_item_is_of_a_kind_that_the_framework_knows(
        self, amira: Person, portfolio: UUID, item: UUID
    ) -> None:
        body = make.new_item(kind="rumour")
        for answer in (
            amira.post(f"/portfolios/{portfolio}/evidence", body),
            amira.put(f"/evidence/{item}", body, if_match='"1"'),
        ):
            assert problem(answer) == (422, "unknown-evidence-kind")
            assert "documentation" in answer.json()["known"]

    def test_an_item_shows_practice_that_has_happened(self, amira: Person, portfolio: UUID) -> None:
        body = make.new_item(practised_on=make.days_ago(-1))
        answer = amira.post(f"/portfolios/{portfolio}/evidence", body)
        assert problem(answer) == (422, "in-the-future")
        make.item(amira, portfolio, practised_on=make.days_ago(0))

    def test_a_removed_item_takes_its_files_claims_and_consents_with_it(
        self, amira: Person, portfolio: UUID, item: UUID, recording: bytes, shelves: Shelves
    ) -> None:
        file = make.file(amira, item, recording, media_type="audio/wav")
        make.claim(amira, item, "1a", file_id=str(file), from_ms=0, to_ms=500)
        make.consent(amira, item)
        beside = make.item(amira, portfolio)
        assert amira.delete(f"/evidence/{item}", if_match='"1"').status_code == 204
        shown = tree(amira, portfolio)
        assert [one["id"] for one in shown["evidence"]] == [str(beside)]
        assert shown["files"] == shown["claims"] == shown["consents"] == []
        arrival.discard_upload(make.shift(amira.tenant), file)
        assert shelves.kept(portfolio) == {}

    def test_a_removed_item_is_gone_for_every_purpose(
        self, amira: Person, portfolio: UUID, item: UUID
    ) -> None:
        file = make.file(amira, item)
        assert amira.delete(f"/evidence/{item}", if_match='"1"').status_code == 204
        version = amira.get(f"/portfolios/{portfolio}").json()["version"]
        for answer in (
            amira.get(f"/evidence/{item}"),
            amira.delete(f"/evidence/{item}", if_match='"1"'),
            amira.put(f"/evidence/{item}", make.new_item(), if_match='"1"'),
            amira.post(f"/evidence/{item}/files", make.new_file(make.WORDS)),
            amira.post(f"/evidence/{item}/claims", {"indicator": "1a", "reason": "x"}),
        ):
            assert problem(answer) == (404, "no-such-evidence")
        assert problem(amira.get(f"/files/{file}/content")) == (409, "file-not-readable")
        assert amira.get(f"/portfolios/{portfolio}").json()["version"] == version

    def test_an_item_whose_file_was_removed_before_can_be_removed_too(
        self, amira: Person, portfolio: UUID, item: UUID
    ) -> None:
        file = make.file(amira, item)
        assert amira.delete(f"/files/{file}").status_code == 204
        assert len(tree(amira, portfolio)["evidence"]) == 1
        assert amira.delete(f"/evidence/{item}", if_match='"1"').status_code == 204
        assert tree(amira, portfolio)["evidence"] == []


class TestConsents:
    def test_a_consent_is_entered_with_scope_language_and_date(
        self, amira: Person, portfolio: UUID, item: UUID
    ) -> None:
        entered = make.consent(amira, item)
        assert entered["evidence_id"] == str(item)
        assert tree(amira, portfolio)["consents"] == [{**entered, "withdrawn_at": None}]

    def test_a_consent_has_been_given_already(self, amira: Person, item: UUID) -> None:
        body = make.new_consent(given_on=make.days_ago(-1))
        assert problem(amira.post(f"/evidence/{item}/consents", body)) == (422, "in-the-future")


class TestClaims:
    def test_one_file_of_one_item_serves_all_75_indicators(
        self, amira: Person, portfolio: UUID, item: UUID, pdf: bytes
    ) -> None:
        file = make.file(amira, item, pdf, media_type="application/pdf")
        codes = [str(one["code"]) for one in tree(amira, portfolio)["indicators"]]
        assert len(codes) == 75
        for number, code in enumerate(codes):
            make.claim(amira, item, code, file_id=str(file), page=1 + number % 3)
        shown = tree(amira, portfolio)
        assert [one["indicator"] for one in shown["claims"]] == codes
        assert {one["file_id"] for one in shown["claims"]} == {str(file)}
        assert {one["claims"] for one in shown["indicators"]} == {1}

    def test_a_claim_names_an_indicator_of_the_framework(self, amira: Person, item: UUID) -> None:
        body = {"indicator": "99z", "reason": "It shows it."}
        answer = amira.post(f"/evidence/{item}/claims", body)
        assert problem(answer) == (422, "unknown-indicators")
        assert answer.json()["unknown"] == ["99z"]

    def test_a_place_lies_within_the_file(
        self, amira: Person, portfolio: UUID, item: UUID, pdf: bytes, recording: bytes
    ) -> None:
        paper = str(make.file(amira, item, pdf, media_type="application/pdf"))
        sound = str(make.file(amira, item, recording, media_type="audio/wav"))
        for place in (
            {"file_id": paper, "page": 4},
            {"file_id": paper, "from_ms": 0, "to_ms": 1},
            {"file_id": sound, "page": 1},
            {"file_id": sound, "from_ms": 0, "to_ms": 3_001},
            {"file_id": sound, "from_ms": 1_000, "to_ms": 1_000},
            {"file_id": sound, "from_ms": 1_000},
            {"file_id": sound, "to_ms": 1_000},
            {"file_id": paper, "page": 1, "from_ms": 0, "to_ms": 1},
            {"page": 1},
            {"from_ms": 0, "to_ms": 1},
            {"to_ms": 1},
        ):
            body = {"indicator": "1a", "reason": "There.", **place}
            answer = amira.post(f"/evidence/{item}/claims", body)
            assert problem(answer) == (422, "locator-out-of-place"), place
        assert tree(amira, portfolio)["claims"] == []
        make.claim(amira, item, "1a", file_id=paper, page=3)
        make.claim(amira, item, "1a", file_id=sound, from_ms=0, to_ms=2_000)
        make.claim(amira, item, "1a", file_id=sound)

    def test_a_claim_points_into_a_file_of_its_own_item(
        self, amira: Person, portfolio: UUID, item: UUID
    ) -> None:
        elsewhere = make.file(amira, make.item(amira, portfolio))
        removed = make.file(amira, item)
        assert amira.delete(f"/files/{removed}").status_code == 204
        for file in (elsewhere, removed, new_id()):
            body = {"indicator": "1a", "reason": "There.", "file_id": str(file)}
            assert problem(amira.post(f"/evidence/{item}/claims", body)) == (404, "no-such-file")
        assert tree(amira, portfolio)["claims"] == []

    def test_a_claim_is_changed_and_taken_back_against_its_version(
        self, amira: Person, portfolio: UUID, item: UUID
    ) -> None:
        claim = f"/claims/{make.claim(amira, item, '1a')['id']}"
        body = {"reason": "It shows it twice."}
        assert problem(amira.patch(claim, body)) == (428, "version-required")
        assert problem(amira.patch(claim, body, if_match='"7"')) == (412, "stale-version")
        assert problem(amira.patch(claim, body, if_match="*")) == (412, "stale-version")
        changed = amira.patch(claim, body, if_match='"1"')
        assert (changed.status_code, changed.headers["etag"]) == (200, '"2"')
        assert changed.json()["reason"] == "It shows it twice."
        assert problem(amira.delete(claim)) == (428, "version-required")
        assert problem(amira.delete(claim, if_match='"1"')) == (412, "stale-version")
        assert len(tree(amira, portfolio)["claims"]) == 1
        assert amira.delete(claim, if_match='"2"').status_code == 204
        assert tree(amira, portfolio)["claims"] == []
        assert problem(amira.delete(claim, if_match='"2"')) == (404, "no-such-claim")

    def test_a_changed_claim_keeps_to_its_file_too(
        self, amira: Person, item: UUID, pdf: bytes
    ) -> None:
        paper = str(make.file(amira, item, pdf, media_type="application/pdf"))
        claim = f"/claims/{make.claim(amira, item, '1a')['id']}"
        body = {"reason": "There.", "file_id": paper, "page": 9}
        answer = amira.patch(claim, body, if_match='"1"')
        assert problem(answer) == (422, "locator-out-of-place")
        assert answer.json()["pages"] == 3

    def test_what_a_change_leaves_out_stays(
        self, amira: Person, item: UUID, pdf: bytes, recording: bytes
    ) -> None:
        paper = str(make.file(amira, item, pdf, media_type="application/pdf"))
        sound = str(make.file(amira, item, recording, media_type="audio/wav"))
        first = make.claim(amira, item, "1a", file_id=paper, page=2)
        second = make.claim(amira, item, "1b", file_id=sound, from_ms=5, to_ms=900)
        better = {"reason": "Better words."}
        for claim in (first, second):
            changed = amira.patch(f"/claims/{claim['id']}", better, if_match='"1"').json()
            assert changed == {**claim, **better, "version": 2}
        changed = amira.patch(f"/claims/{second['id']}", {"to_ms": 800}, if_match='"2"').json()
        assert changed == {**second, **better, "to_ms": 800, "version": 3}

    def test_null_takes_a_place_away_and_the_words_stay(
        self, amira: Person, item: UUID, pdf: bytes
    ) -> None:
        paper = str(make.file(amira, item, pdf, media_type="application/pdf"))
        claim = make.claim(amira, item, "1a", file_id=paper, page=2)
        path = f"/claims/{claim['id']}"
        changed = amira.patch(path, {"page": None}, if_match='"1"').json()
        assert changed == {**claim, "page": None, "version": 2}
        assert amira.patch(path, {"page": 3}, if_match='"2"').json()["page"] == 3
        nowhere = amira.patch(path, {"file_id": None}, if_match='"3"').json()
        assert nowhere == {**claim, "file_id": None, "page": None, "version": 4}
        lost = amira.patch(path, {"page": 1}, if_match='"4"')
        assert problem(lost) == (422, "locator-out-of-place")

    @pytest.mark.parametrize("body", [{}, {"reason": None}, {"reason": ""}])
    def test_a_change_of_nothing_and_a_claim_without_words_are_refused(
        self, amira: Person, portfolio: UUID, item: UUID, body: Json
    ) -> None:
        claim = make.claim(amira, item, "1a")
        assert amira.patch(f"/claims/{claim['id']}", body, if_match='"1"').status_code == 422
        assert tree(amira, portfolio)["claims"][0]["version"] == 1


class TestSelfAssessment:
    def test_own_ratings_are_given_little_by_little_against_their_version(
        self, amira: Person, portfolio: UUID
    ) -> None:
        path = f"/portfolios/{portfolio}/self-assessment"
        empty = amira.get(path)
        assert (empty.headers["etag"], empty.json()) == ('"0"', {"version": 0, "ratings": []})
        body = {"ratings": {"1a": {"rating": 2, "comment": "Since 2019."}, "1b": {"rating": 1}}}
        assert problem(amira.put(path, body)) == (428, "version-required")
        assert problem(amira.put(path, body, if_match='"1"')) == (412, "stale-version")
        first = amira.put(path, body, if_match='"0"')
        assert (first.status_code, first.headers["etag"]) == (200, '"1"')
        second = amira.put(path, {"ratings": {"1b": {"rating": 3}}}, if_match='"1"')
        assert {o["indicator"]: o["rating"] for o in second.json()["ratings"]} == {
            "1a": 2,
            "1b": 3,
        }
        assert problem(amira.put(path, body, if_match='"1"')) == (412, "stale-version")
        shown = {one["code"]: one for one in tree(amira, portfolio)["indicators"]}
        assert (shown["1a"]["self_rating"], shown["1a"]["self_comment"]) == (2, "Since 2019.")
        assert shown["2a"]["self_rating"] is None

    @pytest.mark.parametrize(
        ("ratings", "kind"),
        [
            ({"1a": {"rating": 2}, "99z": {"rating": 2}}, "unknown-indicators"),
            ({"1a": {"rating": 2}, "1b": {"rating": 4}}, "rating-off-the-scale"),
            ({}, "not-as-described"),
        ],
    )
    def test_a_rating_is_of_the_framework_and_on_the_scale_or_none_counts(
        self, amira: Person, portfolio: UUID, ratings: Json, kind: str
    ) -> None:
        path = f"/portfolios/{portfolio}/self-assessment"
        answer = amira.put(path, {"ratings": ratings}, if_match='"0"')
        assert problem(answer) == (422, kind)
        assert amira.get(path).json() == {"version": 0, "ratings": []}


def test_nobody_but_the_candidate_changes_anything(
    amira: Person, officer: Person, vera: Person, portfolio: UUID, item: UUID
) -> None:
    file = make.file(amira, item)
    claim = make.claim(amira, item, "1a")["id"]
    make.submitted_as_it_is(portfolio, amira)
    before = amira.get(f"/portfolios/{portfolio}").content
    for person in (officer, vera):
        for method, path, body in (
            ("POST", f"/portfolios/{portfolio}/cases", case_body()),
            ("POST", f"/portfolios/{portfolio}/evidence", make.new_item()),
            ("PUT", f"/portfolios/{portfolio}/self-assessment", {"ratings": {"1a": {"rating": 1}}}),
            ("PUT", f"/evidence/{item}", make.new_item()),
            ("DELETE", f"/evidence/{item}", None),
            ("POST", f"/evidence/{item}/claims", {"indicator": "1a", "reason": "x"}),
            ("PATCH", f"/claims/{claim}", {"reason": "x"}),
            ("DELETE", f"/claims/{claim}", None),
            ("POST", f"/evidence/{item}/files", make.new_file(make.WORDS)),
            ("POST", f"/files/{file}/completion", {}),
            ("POST", f"/files/{file}/grant", None),
            ("DELETE", f"/files/{file}", None),
        ):
            answer = person.send(method, path, json=body, headers={"if_match": '"0"'})
            assert problem(answer) == (403, "not-the-candidate"), (method, path)
    assert amira.get(f"/portfolios/{portfolio}").content == before


def case_body() -> Json:
    return {"pseudonym": "C-9", "sector": "x", "size": "micro", "began_on": "2025-01-01"}


@pytest.mark.parametrize("state", ["assessed", "decided", "closed", "withdrawn", "lapsed"])
def test_a_portfolio_that_is_past_its_assessment_takes_no_evidence(
    amira: Person, portfolio: UUID, item: UUID, state: str
) -> None:
    claim = make.claim(amira, item, "1a")["id"]
    with amira.tenant.at_work() as work:
        work.session.execute(
            text("UPDATE portfolio SET state = :state, submitted_at = now(), decided_at = now()"),
            {"state": state},
        )
    before = amira.get(f"/portfolios/{portfolio}").content
    for answer in (
        amira.post(f"/portfolios/{portfolio}/cases", case_body()),
        amira.post(f"/portfolios/{portfolio}/evidence", make.new_item()),
        amira.put(f"/evidence/{item}", make.new_item(), if_match='"1"'),
        amira.delete(f"/evidence/{item}", if_match='"1"'),
        amira.patch(f"/claims/{claim}", {"reason": "x"}, if_match='"1"'),
        amira.delete(f"/claims/{claim}", if_match='"1"'),
        amira.post(f"/evidence/{item}/files", make.new_file(make.WORDS)),
    ):
        assert problem(answer) == (409, "evidence-closed")
    assert amira.get(f"/portfolios/{portfolio}").content == before
