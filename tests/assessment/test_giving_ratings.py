"""Rating one indicator, rating many, judging claims, and closing one's ratings."""

from __future__ import annotations

from typing import cast
from uuid import UUID, uuid4

import pytest
from httpx2 import Response

from tests import assess, make
from tests.assess import NOT_ASSESSABLE, Panel, accepted, done, given, refused
from tests.make import Json, Person
from tests.racing import at_once


@pytest.fixture
def portfolio(panel: Panel) -> UUID:
    return make.submitted_portfolio(panel.candidate())


@pytest.fixture
def bruno(panel: Panel) -> Person:
    return panel.bruno


@pytest.fixture
def assessment(panel: Panel, portfolio: UUID) -> UUID:
    """Bruno's assessment, in progress."""
    return assess.taken_on(panel.officer, portfolio, panel.bruno)


def put(
    referent: Person, id: UUID, code: str, body: Json, version: int | str | None = 1
) -> Response:
    headers = {} if version is None else {"if_match": f'"{version}"'}
    return referent.put(f"/assessments/{id}/ratings/{code}", body, **headers)


def put_many(referent: Person, id: UUID, bodies: dict[str, Json], version: int) -> Response:
    return referent.put(f"/assessments/{id}/ratings", {"ratings": bodies}, if_match=f'"{version}"')


def row(referent: Person, id: UUID, code: str) -> Json:
    return assess.ratings(assess.desk(referent, id))[code]


def judgements(referent: Person, id: UUID) -> list[Json]:
    return cast(list[Json], assess.desk(referent, id)["judgements"])


def entries(person: Person, portfolio: UUID, action: str = "assessment.rated") -> int:
    """Count a portfolio's journal entries of one kind."""
    with person.tenant.at_work() as work:
        rows = work.session.connection().exec_driver_sql(
            "SELECT count(*) FROM journal_entry WHERE stream_id = %s AND action = %s",
            (portfolio, action),
        )
        return int(rows.scalar_one())


def test_a_rating_is_given_with_its_version_and_read_back(bruno: Person, assessment: UUID) -> None:
    answer = put(bruno, assessment, "1a", {"rating": 3, "comment": "Seen twice."})
    body = done(answer)
    assert answer.headers["etag"] == '"2"'
    assert {name: body[name] for name in ("indicator", "rating", "comment", "version")} == {
        "indicator": "1a",
        "rating": 3,
        "comment": "Seen twice.",
        "version": 2,
    }
    seen = assess.desk(bruno, assessment)
    assert assess.ratings(seen)["1a"]["rating"] == 3
    assert seen["rated"] == 1


def test_a_rating_can_be_changed_until_it_is_final(bruno: Person, assessment: UUID) -> None:
    done(put(bruno, assessment, "1a", given(3)))
    done(put(bruno, assessment, "1a", given(NOT_ASSESSABLE), 2))
    done(put(bruno, assessment, "1a", given(1), 3))
    found = row(bruno, assessment, "1a")
    assert (found["rating"], found["not_assessable"], found["version"]) == (1, False, 4)
    assert assess.desk(bruno, assessment)["rated"] == 1


def test_a_change_needs_the_version_that_it_changes(bruno: Person, assessment: UUID) -> None:
    refused(put(bruno, assessment, "1a", given(2), None), 428, "version-required")
    done(put(bruno, assessment, "1a", given(2)))
    for stale in (1, 0, 3, 2**63, "abc", "", "2,2"):
        refused(put(bruno, assessment, "1a", given(3), stale), 412, "stale-version")
    found = row(bruno, assessment, "1a")
    assert (found["rating"], found["version"]) == (2, 2)


def test_many_ratings_need_the_version_of_the_assessment(bruno: Person, assessment: UUID) -> None:
    answer = bruno.put(f"/assessments/{assessment}/ratings", {"ratings": {"1a": given(2)}})
    refused(answer, 428, "version-required")
    seen = assess.desk(bruno, assessment)
    version = seen["version"]
    assert isinstance(version, int)
    done(put(bruno, assessment, "1b", given(2)))
    answer = put_many(bruno, assessment, {"1a": given(2)}, version)
    refused(answer, 412, "stale-version")
    written = done(put_many(bruno, assessment, {"1a": given(2), "1b": given(3)}, version + 1))
    assert written == {"version": version + 2, "rated": 2, "versions": {"1a": 2, "1b": 3}}


@pytest.mark.parametrize("rating", [4, 100])
def test_a_rating_is_on_the_schemes_scale(bruno: Person, assessment: UUID, rating: int) -> None:
    answer = put(bruno, assessment, "1a", given(rating))
    problem = refused(answer, 422, "rating-off-the-scale")
    assert (problem["indicators"], problem["scale"]) == (["1a"], [0, 1, 2, 3])
    version = assess.desk(bruno, assessment)["version"]
    assert isinstance(version, int)
    answer = put_many(bruno, assessment, {"1a": given(2), "1b": given(rating)}, version)
    assert refused(answer, 422, "rating-off-the-scale")["indicators"] == ["1b"]
    assert row(bruno, assessment, "1a")["rating"] is None


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"rating": None},
        {"rating": None, "not_assessable": True},
        {"rating": 2, "not_assessable": True, "comment": "Both at once."},
    ],
)
def test_an_indicator_is_rated_or_said_not_to_be_assessable_with_the_reason(
    bruno: Person, assessment: UUID, body: Json
) -> None:
    assert refused(put(bruno, assessment, "1a", body), 422, "comment-needed")["indicator"] == "1a"
    done(put(bruno, assessment, "1a", given(NOT_ASSESSABLE)))


def test_an_indicator_that_the_framework_does_not_have_is_not_found(
    bruno: Person, assessment: UUID
) -> None:
    refused(put(bruno, assessment, "99z", given(2)), 404, "not-in-this-assessment")
    version = assess.desk(bruno, assessment)["version"]
    assert isinstance(version, int)
    answer = put_many(bruno, assessment, {"1a": given(2), "99z": given(2)}, version)
    assert refused(answer, 404, "not-in-this-assessment")["indicators"] == ["99z"]
    assert row(bruno, assessment, "1a")["rating"] is None, "all, or none"


@pytest.mark.parametrize(
    "body",
    [
        {"rating": "2"},
        {"rating": True},
        {"rating": 2.5},
        {"rating": -1},
        {"rating": 2**63},
        {"rating": 2, "comment": "\x00"},
        {"rating": 2, "comment": ""},
        {"rating": 2, "comment": "x" * 10_001},
        {"rating": 2, "first_rating": 3},
        {"rating": 2, "locked": False},
        {"rating": 2, "judgements": [{"claim_id": "x", "verdict": "accepted"}]},
        {"rating": 2, "judgements": [{"claim_id": str(uuid4()), "verdict": "maybe"}]},
        {"rating": 2, "judgements": [{"claim_id": str(uuid4()), "verdict": "accepted", "x": 1}]},
        {"rating": 2, "judgements": {}},
        [],
        None,
    ],
)
def test_a_body_of_another_shape_is_refused(unmoved: tuple[Person, UUID], body: object) -> None:
    bruno, assessment = unmoved
    answer = bruno.put(f"/assessments/{assessment}/ratings/1a", body, if_match='"1"')
    refused(answer, 422, "not-as-described")
    answer = bruno.put(
        f"/assessments/{assessment}/ratings", {"ratings": {"1a": body}}, if_match='"3"'
    )
    refused(answer, 422, "not-as-described")


@pytest.mark.parametrize(
    "content", [b"{", b'{"rating": NaN}', b'{"rating": 1e999}', b'"\xff"', b"[" * 50_000]
)
def test_what_is_not_json_is_refused(unmoved: tuple[Person, UUID], content: bytes) -> None:
    bruno, assessment = unmoved
    for path in ("ratings/1a", "ratings"):
        answer = bruno.send(
            "PUT",
            f"/assessments/{assessment}/{path}",
            content=content,
            headers={"if_match": '"1"', "content_type": "application/json"},
        )
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.status_code in (400, 422)


@pytest.mark.parametrize("indicator", ["%00", "..%2f", "a" * 65, "1a;drop", "%F0%9F%92%A9"])
def test_an_odd_indicator_is_refused(unmoved: tuple[Person, UUID], indicator: str) -> None:
    bruno, assessment = unmoved
    answer = put(bruno, assessment, indicator, given(2))
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.status_code in (404, 405, 422)


def test_a_claim_is_judged_with_its_rating(bruno: Person, assessment: UUID) -> None:
    seen = assess.desk(bruno, assessment)
    (claim,) = assess.claims(seen, "1a")
    refusal = {"claim_id": claim, "verdict": "accepted", "current": False, "reason": "From 2015."}
    done(put(bruno, assessment, "1a", given(1, [refusal])))
    (judged,) = judgements(bruno, assessment)
    assert judged["counts"] is False
    assert (judged["valid"], judged["current"], judged["reason"]) == (True, False, "From 2015.")

    done(put(bruno, assessment, "1a", given(2, accepted([claim])), 2))
    (judged,) = judgements(bruno, assessment)
    assert (judged["counts"], judged["reason"]) == (True, None)


@pytest.mark.parametrize(
    "no",
    [
        {"verdict": "not_accepted"},
        *(
            {"verdict": "accepted", judgement: False}
            for judgement in ("valid", "authentic", "current", "sufficient", "reliable")
        ),
    ],
)
def test_every_no_takes_a_reason(unmoved: tuple[Person, UUID], no: Json) -> None:
    bruno, assessment = unmoved
    (claim,) = assess.claims(assess.desk(bruno, assessment), "1a")
    body = given(2, [{"claim_id": claim, **no}])
    assert refused(put(bruno, assessment, "1a", body), 422, "reason-for-no")["claim"] == claim
    assert row(bruno, assessment, "1a")["rating"] is None


def test_only_claims_on_the_rated_indicator_are_judged_with_it(
    bruno: Person, assessment: UUID
) -> None:
    seen = assess.desk(bruno, assessment)
    (other,) = assess.claims(seen, "1b")
    for claim in (other, str(uuid4())):
        answer = put(bruno, assessment, "1a", given(2, accepted([claim])))
        assert refused(answer, 422, "unknown-claims")["unknown"] == [claim]
    assert row(bruno, assessment, "1a")["rating"] is None
    assert judgements(bruno, assessment) == []


def test_a_claim_is_judged_once_in_a_request(bruno: Person, assessment: UUID) -> None:
    (claim,) = assess.claims(assess.desk(bruno, assessment), "1a")
    answer = put(bruno, assessment, "1a", given(2, accepted([claim, claim])))
    refused(answer, 422, "judged-twice")


def test_an_assessment_is_final_when_everything_is_rated_and_judged(
    bruno: Person, assessment: UUID
) -> None:
    path = f"/assessments/{assessment}/finalisation"
    refused(bruno.post(path, {}), 422, "not-as-described")
    problem = refused(bruno.post(path, assess.COMMENT), 409, "ratings-missing")
    assert len(problem["missing"]) == 75  # type: ignore[arg-type]

    seen = assess.desk(bruno, assessment)
    version = seen["version"]
    assert isinstance(version, int)
    done(put_many(bruno, assessment, {code: given(2) for code in assess.CODES[1:]}, version))
    problem = refused(bruno.post(path, assess.COMMENT), 409, "ratings-missing")
    assert problem["missing"] == ["1a"]
    done(put(bruno, assessment, "1a", given(NOT_ASSESSABLE)))
    problem = refused(bruno.post(path, assess.COMMENT), 409, "claims-not-judged")
    assert problem["claims"] == sorted(assess.claims(seen))

    assess.rate_all(bruno, assessment)
    finished = done(bruno.post(path, assess.COMMENT))
    assert (finished["state"], finished["comment"]) == ("final", assess.COMMENT["comment"])
    assert finished["open_steps"] == [], "only the portfolio's return opens it again"


def test_a_final_rating_is_locked(bruno: Person, assessment: UUID) -> None:
    assess.rate_all(bruno, assessment)
    assess.finalise(bruno, assessment)
    found = row(bruno, assessment, "1a")
    assert found["locked"] is True
    version = found["version"]
    assert isinstance(version, int)
    problem = refused(put(bruno, assessment, "1a", given(3), version), 409, "ratings-closed")
    assert (problem["state"], problem["open_steps"]) == ("final", [])
    of_desk = assess.desk(bruno, assessment)["version"]
    assert isinstance(of_desk, int)
    refused(put_many(bruno, assessment, {"1a": given(3)}, of_desk), 409, "ratings-closed")
    refused(
        bruno.post(f"/assessments/{assessment}/finalisation", assess.COMMENT),
        409,
        "assessment-step-not-open",
    )


def test_of_eight_ratings_at_once_of_the_same_version_one_is_written(
    bruno: Person, portfolio: UUID, assessment: UUID
) -> None:
    for number in range(5):
        code, before = assess.CODES[number], entries(bruno, portfolio)
        answers = at_once(
            [
                lambda rating=rating: put(bruno, assessment, code, given(rating % 4))  # type: ignore[misc] # noqa: B023
                for rating in range(8)
            ]
        )
        assert sorted(one.status_code for one in answers) == [200, *[412] * 7]
        (written,) = (one.json() for one in answers if one.status_code == 200)
        found = row(bruno, assessment, code)
        assert (found["rating"], found["version"]) == (written["rating"], 2)
        assert entries(bruno, portfolio) == before + 1
    assert assess.desk(bruno, assessment)["rated"] == 5


def test_of_many_ratings_at_once_of_the_same_version_one_request_is_written_whole(
    bruno: Person, portfolio: UUID, assessment: UUID
) -> None:
    version = assess.desk(bruno, assessment)["version"]
    assert isinstance(version, int)
    bodies = [dict.fromkeys(assess.CODES, given(rating)) for rating in (0, 1, 2, 3)]
    answers = at_once(
        [lambda body=body: put_many(bruno, assessment, body, version) for body in bodies]  # type: ignore[misc]
    )
    assert sorted(one.status_code for one in answers) == [200, 412, 412, 412]
    seen = assess.desk(bruno, assessment)
    assert len({one["rating"] for one in assess.ratings(seen).values()}) == 1
    assert (seen["rated"], entries(bruno, portfolio)) == (75, 1)


def test_a_rating_repeated_with_the_same_key_is_written_once(
    bruno: Person, portfolio: UUID, assessment: UUID
) -> None:
    path, key = f"/assessments/{assessment}/ratings/1a", str(uuid4())
    first = bruno.put(path, given(2), if_match='"1"', idempotency_key=key)
    again = bruno.put(path, given(2), if_match='"1"', idempotency_key=key)
    assert (again.status_code, again.json()) == (200, first.json())
    assert again.headers["etag"] == first.headers["etag"]
    assert entries(bruno, portfolio) == 1
    other = bruno.put(path, given(3), if_match='"1"', idempotency_key=key)
    refused(other, 422, "idempotency-key-reused")


def test_a_withdrawal_and_a_referents_last_word_at_once_both_get_an_answer(panel: Panel) -> None:
    for _ in range(4):
        amira = panel.candidate()
        portfolio = make.submitted_portfolio(amira)
        assess.final(panel.officer, portfolio, panel.chloe)
        id = assess.taken_on(panel.officer, portfolio, panel.bruno)
        assess.rate_all(panel.bruno, id)
        withdrawn, finished = at_once(
            [
                lambda: amira.post(f"/portfolios/{portfolio}/withdrawal"),  # noqa: B023
                lambda: panel.bruno.post(f"/assessments/{id}/finalisation", assess.COMMENT),  # noqa: B023
            ]
        )
        assert withdrawn.status_code == 200
        assert finished.status_code in (200, 409)
