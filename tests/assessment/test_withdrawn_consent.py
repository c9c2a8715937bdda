"""What a consent withdrawn during the assessment changes: on the desk, and in the result."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import text

from app.assessment import queries
from app.evidence.queries import standing
from app.framework import queries as reference
from app.portfolio import queries as portfolios
from tests import make
from tests.evidence.conftest import silence, tree
from tests.make import Json, Person


def handed_in(candidate: Person, officer: Person, code: str = "2b") -> tuple[UUID, str, UUID]:
    """Submit a portfolio in which a recording is one claim's only proof; return consent and file.

    The other claim on the indicator is taken out.
    """
    portfolio = make.ready(candidate, officer)
    case = tree(candidate, portfolio)["cases"][0]["id"]
    item = make.item(candidate, portfolio, kind="recording", case_id=case)
    file = make.file(candidate, item, silence(2), media_type="audio/wav", name="talk.wav")
    consent = make.consent(candidate, item)["id"]
    for claim in tree(candidate, portfolio)["claims"]:
        if claim["indicator"] == code:
            version = f'"{claim["version"]}"'
            assert candidate.delete(f"/claims/{claim['id']}", if_match=version).status_code == 204
    make.claim(candidate, item, code, file_id=str(file))
    answer = candidate.post(f"/portfolios/{portfolio}/submission")
    assert answer.status_code == 200, answer.text
    return portfolio, str(consent), file


def desk(referent: Person, assessment: str, **headers: str) -> Json:
    found: Json = referent.get(f"/assessments/{assessment}", **headers).json()
    return found


def test_the_desk_says_what_was_shut_and_which_claims_count_no_more(
    amira: Person, officer: Person, bruno: Person
) -> None:
    portfolio, consent, file = handed_in(amira, officer)
    made = officer.post(f"/portfolios/{portfolio}/assignments", {"referent_id": str(bruno.id)})
    id_ = made.json()["id"]
    bruno.post(f"/assessments/{id_}/acceptance")
    before = bruno.get(f"/assessments/{id_}")
    assert before.json()["quarantined_files"] == before.json()["not_countable"] == []

    amira.post(f"/consents/{consent}/withdrawal", {})
    # The assessment has the same version, but is not said to be unchanged.
    after = bruno.get(f"/assessments/{id_}", if_none_match=before.headers["etag"])
    assert after.status_code == 200
    assert after.json()["quarantined_files"] == [str(file)]
    (claim,) = [
        one for one in after.json()["snapshot"]["content"]["claims"] if one["indicator"] == "2b"
    ]
    assert after.json()["not_countable"] == [claim["id"]]
    assert after.json()["snapshot"] == before.json()["snapshot"]
    assert bruno.get(f"/files/{file}/content").status_code == 409


def test_a_rating_that_rests_on_what_was_shut_counts_as_described_at_best(
    amira: Person, officer: Person, bruno: Person
) -> None:
    portfolio, consent, _ = handed_in(amira, officer)
    made = officer.post(f"/portfolios/{portfolio}/assignments", {"referent_id": str(bruno.id)})
    id_ = UUID(made.json()["id"])
    bruno.post(f"/assessments/{id_}/acceptance")
    claims = desk(bruno, str(id_))["snapshot"]["content"]["claims"]  # type: ignore[index]
    (claim,) = [one["id"] for one in claims if one["indicator"] == "2b"]
    body = {"rating": 3, "judgements": [{"claim_id": claim, "verdict": "accepted"}]}
    given = bruno.put(f"/assessments/{id_}/ratings/2b", body, if_match='"1"')
    assert given.status_code == 200, given.text
    assert counted(bruno, id_, portfolio) == 3
    amira.post(f"/consents/{consent}/withdrawal", {})
    assert counted(bruno, id_, portfolio) == 1


def counted(referent: Person, assessment: UUID, portfolio: UUID) -> int:
    """Return what a referent's rating of 2b counts for in the result."""
    with referent.at_work() as work:
        held = portfolios.portfolio_to_read_for_duty(work, portfolio)
        scale = reference.scheme(work.session, held.scheme_id).rating_scale
        one = queries.assessment(work, assessment)
        shut = standing.not_countable(work, one.snapshot_id)
        return queries.counting_ratings(work, one, scale, shut)["2b"]


def test_a_claim_without_a_place_counts_while_anything_of_its_evidence_is_open(
    amira: Person, officer: Person
) -> None:
    portfolio = make.ready(amira, officer)
    item = make.item(amira, portfolio, kind="recording")
    make.file(amira, item, silence(2), media_type="audio/wav", name="talk.wav")
    beside = make.item(amira, portfolio, kind="recording")
    make.file(amira, beside, silence(3), media_type="audio/wav", name="talk.wav")
    make.file(amira, beside)
    consents = [make.consent(amira, one)["id"] for one in (item, beside)]
    bare = make.claim(amira, item, "2b")
    make.claim(amira, beside, "2b")
    amira.post(f"/portfolios/{portfolio}/submission")
    snapshot = amira.get(f"/portfolios/{portfolio}/snapshot").json()["id"]
    for consent in consents:
        amira.post(f"/consents/{consent}/withdrawal", {})
    with amira.at_work() as work:
        assert [str(one) for one in standing.not_countable(work, snapshot)] == [bare["id"]]


def test_what_was_shut_before_the_decision_stays_shut_when_it_is_disposed_of(
    amira: Person, officer: Person
) -> None:
    """Else the result of a decided case would change with the disposal."""
    portfolio, consent, file = handed_in(amira, officer)
    snapshot = amira.get(f"/portfolios/{portfolio}/snapshot").json()["id"]
    amira.post(f"/consents/{consent}/withdrawal", {})
    with amira.at_work() as work:
        before = standing.not_countable(work, snapshot)
    assert len(before) == 1
    with amira.tenant.at_work() as work:
        decided = "UPDATE portfolio SET state = 'decided', decided_at = :now WHERE id = :id"
        work.session.execute(text(decided), {"id": portfolio, "now": work.now})
        gone = "UPDATE evidence_file SET state = 'deleted', disposed_at = :now WHERE id = :id"
        work.session.execute(text(gone), {"id": file, "now": work.now})
    with amira.at_work() as work:
        assert standing.not_countable(work, snapshot) == before


def test_what_was_decided_stays_decided(amira: Person, officer: Person) -> None:
    portfolio, consent, _ = handed_in(amira, officer)
    snapshot = amira.get(f"/portfolios/{portfolio}/snapshot").json()["id"]
    with amira.tenant.at_work() as work:
        work.session.execute(
            text("UPDATE portfolio SET state = 'decided', decided_at = :now WHERE id = :id"),
            {"id": portfolio, "now": work.now},
        )
    amira.post(f"/consents/{consent}/withdrawal", {})
    with amira.at_work() as work:
        assert standing.not_countable(work, snapshot) == []
