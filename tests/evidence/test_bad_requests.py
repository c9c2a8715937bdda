"""Whatever is sent to these addresses, the answer is a clean refusal and nothing is half done."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, cast
from uuid import UUID

import pytest
from httpx2 import Response
from sqlalchemy import text
from starlette.testclient import TestClient

from app.actor import Role
from app.kit.db import Sessions
from app.kit.ids import new_id
from app.storage.s3 import S3Store
from tests import make
from tests.make import Json, Person, Tenant

CASE: Final[Json] = {
    "pseudonym": "C-77",
    "sector": "tourism",
    "size": "micro",
    "began_on": "2025-01-01",
    "ended_on": "2025-02-01",
}
CONSENT: Final[Json] = {
    "person": "the mentee",
    "scope": "assessment",
    "language": "en",
    "given_on": "2025-01-01",
    "how": "written",
}
CLAIM: Final[Json] = {"indicator": "1a", "reason": "It shows it."}
PLACE: Final[Json] = {"reason": "There.", "page": 1, "from_ms": 0, "to_ms": 1}
ITEM: Final[Json] = {
    "kind": "documentation",
    "title": "Minutes",
    "description": "All of them.",
    "practised_on": "2025-06-01",
}
PARTS: Final[Json] = {"parts": [{"number": 1, "size": 8 * 2**20, "sha256": "0" * 64}]}
HOLD: Final[Json] = {"kind": "legal", "reason": "A court asked for it."}
CONSENT_REQUEST: Final[Json] = {
    "person": "the mentee of C-01",
    "email": "mara@example.org",
    "language": "fr",
    "scope": "assessment",
}
TESTIMONY_REQUEST: Final[Json] = {
    "person": "the mentee of C-01",
    "relation": "mentee",
    "form": "evaluation",
    "email": "mara@example.org",
    "language": "fr",
    "indicators": ["2b"],
}
RATINGS: Final[Json] = {"ratings": {"1a": {"rating": 2, "comment": "Since 2019."}}}
ADMISSION: Final[Json] = {
    "outcome": "needs_info",
    "findings": {"mentoring_hours_min": {"met": True, "finding": "Seen."}},
    "reason": "Which hours?",
}
APPLICATION: Final[Json] = {
    "prerequisites": {"mentoring_hours_min": {"value": 60, "statement": "See my list."}},
    "charter": {"accepted": True, "language": "en"},
    "special_arrangements": "A screen reader.",
}


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An address with a body that it takes; `place` names whose id stands in it."""

    method: str
    path: str
    place: str = ""
    body: Json | None = None

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def writes(self) -> bool:
        return self.method != "GET"


ENDPOINTS: Final = [
    Endpoint("POST", "/portfolios", "", {"scheme": "MENTORCERT-BM", "level": "senior"}),
    Endpoint("GET", "/portfolios"),
    Endpoint("GET", "/portfolios/{}", "portfolio"),
    Endpoint("GET", "/portfolios/{}/history", "portfolio"),
    Endpoint("GET", "/portfolios/{}/application", "portfolio"),
    Endpoint("GET", "/portfolios/{}/readiness", "portfolio"),
    Endpoint("GET", "/portfolios/{}/snapshot", "portfolio"),
    Endpoint("GET", "/portfolios/{}/snapshot/manifest", "portfolio"),
    Endpoint("GET", "/portfolios/{}/snapshots/1/receipt", "portfolio"),
    Endpoint("GET", "/portfolios/{}/snapshots/1/receipt.pdf", "portfolio"),
    Endpoint("GET", "/portfolios/{}/snapshots/1/proof?entry=1a", "portfolio"),
    Endpoint("GET", "/portfolios/{}/holds", "portfolio"),
    Endpoint("POST", "/portfolios/{}/holds", "portfolio", HOLD),
    Endpoint("GET", "/portfolios/{}/self-assessment", "portfolio"),
    Endpoint("POST", "/portfolios/{}/application", "portfolio", APPLICATION),
    Endpoint("POST", "/portfolios/{}/admission", "portfolio", ADMISSION),
    Endpoint("POST", "/portfolios/{}/submission", "portfolio"),
    Endpoint("POST", "/portfolios/{}/withdrawal", "portfolio"),
    Endpoint("POST", "/portfolios/{}/cases", "portfolio", CASE),
    Endpoint("POST", "/portfolios/{}/evidence", "portfolio", ITEM),
    Endpoint("PUT", "/portfolios/{}/self-assessment", "portfolio", RATINGS),
    Endpoint("DELETE", "/portfolios/{own}/cases/{}", "case"),
    Endpoint("GET", "/evidence/{}", "item"),
    Endpoint("PUT", "/evidence/{}", "item", ITEM),
    Endpoint("DELETE", "/evidence/{}", "item"),
    Endpoint("POST", "/evidence/{}/files", "item", make.new_file(make.WORDS)),
    Endpoint("POST", "/evidence/{}/consents", "item", CONSENT),
    Endpoint("GET", "/portfolios/{}/consents", "portfolio"),
    Endpoint("GET", "/portfolios/{}/readings", "portfolio"),
    Endpoint("GET", "/portfolios/{}/search?q=minutes", "portfolio"),
    Endpoint("GET", "/portfolios/{}/storage", "portfolio"),
    Endpoint("GET", "/storage"),
    Endpoint("GET", "/portfolios/{}/invitations", "portfolio"),
    Endpoint("GET", "/portfolios/{}/validations", "portfolio"),
    Endpoint("POST", "/evidence/{}/consent-requests", "item", CONSENT_REQUEST),
    Endpoint("POST", "/evidence/{}/testimony-requests", "item", TESTIMONY_REQUEST),
    Endpoint("POST", "/evidence/{}/validation-requests", "item", {"indicators": ["15a"]}),
    Endpoint("GET", "/evidence/{}/testimonies", "item"),
    Endpoint("POST", "/consents/{}/withdrawal", "consent", {"reason": "A letter."}),
    Endpoint("GET", "/invitations/{}", "invitation"),
    Endpoint("POST", "/invitations/{}/renewal", "invitation", {"email": "mara@example.org"}),
    Endpoint("DELETE", "/invitations/{}", "invitation"),
    Endpoint("DELETE", "/validations/{}", "validation"),
    Endpoint("POST", "/evidence/{}/claims", "item", {**CLAIM, **PLACE}),
    Endpoint("GET", "/evidence/{}/suggestions", "item"),
    Endpoint("PATCH", "/claims/{}", "claim", PLACE),
    Endpoint("DELETE", "/claims/{}", "claim"),
    Endpoint("GET", "/claims/{}/versions", "claim"),
    Endpoint("GET", "/files/{}", "file"),
    Endpoint("GET", "/files/{}/content", "file"),
    Endpoint("GET", "/files/{}/versions", "file"),
    Endpoint("GET", "/files/{}/renditions", "file"),
    Endpoint("GET", "/files/{}/renditions/poster", "file"),
    Endpoint("GET", "/files/{}/events", "file"),
    Endpoint("GET", "/files/{}/captions/en", "file"),
    Endpoint("PUT", "/files/{}/captions/en", "file"),
    Endpoint("DELETE", "/files/{}/captions/en", "file"),
    Endpoint("PUT", "/files/{}/location-sharing", "file", {"shared": True}),
    Endpoint("GET", "/files/{}/parts", "file"),
    Endpoint("POST", "/files/{}/grant", "file"),
    Endpoint("POST", "/files/{}/parts", "file", PARTS),
    Endpoint("POST", "/files/{}/completion", "file", {"sha256": "0" * 64}),
    Endpoint("DELETE", "/files/{}", "file"),
]
WITH_ID: Final = [one for one in ENDPOINTS if one.place]
WITH_BODY: Final = [one for one in ENDPOINTS if one.body is not None]


@dataclass(frozen=True, slots=True)
class Belongings:
    """What somebody has: a portfolio and one of everything in it."""

    person: Person
    ids: dict[str, UUID]

    @classmethod
    def of(cls, person: Person) -> Belongings:
        portfolio = make.applied(person)
        case = make.case(person, portfolio)
        item = make.item(person, portfolio)
        grant = cast(Json, make.granted(person, item, make.new_file(make.WORDS))["file"])
        claim = make.claim(person, item, "1a")
        ids = {"portfolio": portfolio, "case": case, "item": item}
        ids |= {"file": UUID(str(grant["id"])), "claim": UUID(str(claim["id"]))}
        ids["consent"] = UUID(str(make.consent(person, item)["id"]))
        asked = person.post(f"/evidence/{item}/consent-requests", CONSENT_REQUEST)
        ids["invitation"] = UUID(asked.json()["id"])
        whole = make.item(person, portfolio)
        make.file(person, whole)
        asked = person.post(f"/evidence/{whole}/validation-requests", {"indicators": ["15a"]})
        ids["validation"] = UUID(asked.json()["id"])
        return cls(person, ids)

    def state(self) -> tuple[object, ...]:
        """Return how many rows of everything the tenant has, and every version."""
        with self.person.tenant.at_work() as work:
            return tuple(work.session.execute(COUNTS).one())


COUNTS: Final = text("""
    SELECT (SELECT json_agg(version ORDER BY id)::text FROM portfolio),
           (SELECT json_agg(version ORDER BY id)::text FROM evidence_item),
           (SELECT json_agg(version ORDER BY id)::text FROM claim),
           (SELECT json_agg(state ORDER BY id)::text FROM evidence_file),
           (SELECT count(*) FROM application), (SELECT count(*) FROM prerequisite),
           (SELECT count(*) FROM portfolio_transition), (SELECT count(*) FROM duty),
           (SELECT count(*) FROM client_case), (SELECT count(*) FROM consent),
           (SELECT count(*) FROM self_assessment), (SELECT count(*) FROM self_rating),
           (SELECT count(*) FROM snapshot), (SELECT count(*) FROM journal_entry),
           (SELECT count(*) FROM procrastinate.procrastinate_jobs)
""")


@dataclass(frozen=True, slots=True)
class Neighbours:
    amira: Belongings
    milan: Belongings
    otto: Belongings
    officer: Person
    bruno: Person


@pytest.fixture(scope="module")
def all_of_them(worker_sessions: Sessions, store: S3Store, browser: TestClient) -> Neighbours:
    tenant: Tenant = make.tenant(worker_sessions, store, browser)
    elsewhere = make.tenant(worker_sessions, store, browser, name="Elsewhere")
    return Neighbours(
        amira=Belongings.of(make.person(tenant, "Amira", Role.CANDIDATE)),
        milan=Belongings.of(make.person(tenant, "Milan", Role.CANDIDATE)),
        otto=Belongings.of(make.person(elsewhere, "Otto", Role.CANDIDATE, Role.OFFICER)),
        officer=make.person(tenant, "Olga", Role.OFFICER),
        bruno=make.person(tenant, "Bruno", Role.REFERENT),
    )


def send(
    person: Person,
    endpoint: Endpoint,
    id_: object,
    *,
    content: bytes | None = None,
    content_type: str = "application/json",
    own: object = "",
) -> Response:
    body = content
    if body is None and endpoint.body is not None:
        body = json.dumps(endpoint.body).encode()
    headers = {"content-type": content_type, "if-match": '"1"'}
    path = endpoint.path.replace("{own}", str(own)).replace("{}", str(id_))
    return person.send(endpoint.method, path, content=body, headers=headers)


def check_refused(answer: Response, *allowed: int) -> None:
    assert answer.status_code in (allowed or range(400, 500)), answer.text
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    found = answer.json()
    assert found["status"] == answer.status_code
    assert found["type"].startswith("/problems/")
    assert found["title"].endswith(".")


@pytest.mark.parametrize("endpoint", WITH_ID, ids=str)
def test_what_is_somebody_else_s_looks_like_what_does_not_exist(
    all_of_them: Neighbours, endpoint: Endpoint
) -> None:
    amira, own = all_of_them.amira.person, all_of_them.amira.ids["portfolio"]
    ids = [
        new_id(),
        all_of_them.milan.ids[endpoint.place],
        all_of_them.otto.ids[endpoint.place],
    ]
    before = all_of_them.amira.state(), all_of_them.otto.state()
    answers = [send(amira, endpoint, id_, own=own) for id_ in ids]
    if endpoint.place == "portfolio":
        answers += [send(all_of_them.bruno, endpoint, id_) for id_ in (*ids, own)]
    for answer in answers:
        check_refused(answer, 404)
        assert answer.content == answers[0].content
    assert (all_of_them.amira.state(), all_of_them.otto.state()) == before


@pytest.mark.parametrize("endpoint", WITH_ID, ids=str)
def test_an_identifier_that_is_none_is_refused(all_of_them: Neighbours, endpoint: Endpoint) -> None:
    own = all_of_them.amira.ids["portfolio"]
    for id_ in ("1", "null", "%00", "..%2f..", "0" * 400, "%F0%9F%92%A9", "' OR 1=1 --"):
        check_refused(send(all_of_them.amira.person, endpoint, id_, own=own), 404, 405, 422)


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=str)
def test_nobody_gets_in_without_a_token_or_with_one_for_something_else(
    all_of_them: Neighbours, endpoint: Endpoint
) -> None:
    amira = all_of_them.amira
    id_ = amira.ids.get(endpoint.place, "")
    own = amira.ids["portfolio"]
    needed, other = ("write", "read") if endpoint.writes else ("read", "write")
    wrong = amira.person.with_token(
        make.token(amira.person, f"portfolio:{other}", f"people:{needed}", f"journal:{needed}")
    )
    before = amira.state()
    for somebody, status in (
        (amira.person.with_token(""), 401),
        (amira.person.with_token("mc_" + "A" * 49), 401),
        (amira.person.with_token(amira.person.token[:-1]), 401),
        (wrong, 403),
    ):
        check_refused(send(somebody, endpoint, id_, own=own), status)
    assert amira.state() == before


NOT_JSON: Final = {
    "nothing": b"",
    "half": b'{"level": ',
    "a list": b"[]",
    "a word": b'"level"',
    "null": b"null",
    "not a number": b'{"level": NaN}',
    "infinite": b'{"level": -Infinity, "size": 1e999}',
    "no Unicode": b'{"level": "\xff\xfe"}',
    "deep": b"[" * 100_000,
    "deep in a member": b'{"level": ' + b'{"a":' * 50_000,
    "a huge number": b'{"level": ' + b"9" * 5_000 + b"}",
    "a null byte": b"\x00",
}


@pytest.mark.parametrize("endpoint", WITH_BODY, ids=str)
def test_a_body_that_is_no_such_object_is_refused(
    all_of_them: Neighbours, endpoint: Endpoint
) -> None:
    amira = all_of_them.amira
    id_ = amira.ids.get(endpoint.place, "")
    before = amira.state()
    for content in NOT_JSON.values():
        check_refused(send(amira.person, endpoint, id_, content=content), 400, 422)
    good = json.dumps(endpoint.body).encode()
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "x"):
        check_refused(
            send(amira.person, endpoint, id_, content=good, content_type=kind), 400, 415, 422
        )
    check_refused(send(amira.person, endpoint, id_, content=b'"' + b"x" * 3_000_000 + b'"'), 413)
    assert amira.state() == before


def test_a_large_body_is_refused_though_nobody_said_how_large(all_of_them: Neighbours) -> None:
    amira = all_of_them.amira
    before = amira.state()

    def endless() -> Iterator[bytes]:
        yield b'{"pseudonym": "'
        for _ in range(60):
            yield b"x" * 100_000

    answer = amira.person.tenant.browser.post(
        f"/api/v1/portfolios/{amira.ids['portfolio']}/cases",
        content=endless(),
        headers={
            "authorization": f"Bearer {amira.person.token}",
            "content-type": "application/json",
        },
    )
    check_refused(answer, 413)
    assert amira.state() == before


FORGED: Final[Json] = {
    "id": str(new_id()),
    "tenant_id": str(new_id()),
    "candidate_id": str(new_id()),
    "state": "available",
    "version": 99,
    "role": "officer",
}


@pytest.mark.parametrize("endpoint", WITH_BODY, ids=str)
def test_members_that_the_api_does_not_describe_are_refused(
    all_of_them: Neighbours, endpoint: Endpoint
) -> None:
    amira = all_of_them.amira
    id_ = amira.ids.get(endpoint.place, "")
    before = amira.state()
    for name, value in (*FORGED.items(), ("\ud800", 1), ("\x00", 1), ("", None)):
        content = json.dumps({**cast(Json, endpoint.body), name: value}).encode()
        answer = send(amira.person, endpoint, id_, content=content)
        check_refused(answer, 422)
        assert answer.json()["type"] == "/problems/not-as-described"
    assert amira.state() == before


ODD: Final[list[object]] = [
    None,
    True,
    -1,
    2**31,
    2**53 + 1,
    2**63,
    10**40,
    1.5,
    1e308,
    "",
    " ",
    "\x00",
    "a\x00b",
    "\ud800",
    "a\udfffb",
    "x" * 10_001,
    "\u202e",
    "NaN",
    "0000-00-00",
    "9999-12-31",
    "0001-01-01",
    str(2**63),
    [],
    {},
    [[]],
    {"\ud800": {}},
]


def variants(body: object) -> Iterator[object]:
    """Give the body again and again with one value in it replaced by something odd."""
    if isinstance(body, dict):
        for name in body:
            for odd in (*ODD, *variants(body[name])):
                yield {**body, name: odd}
            yield {other: body[other] for other in body if other != name}
    elif isinstance(body, list):
        for place in range(len(body)):
            for odd in (*ODD, *variants(body[place])):
                yield [*body[:place], odd, *body[place + 1 :]]


@pytest.mark.parametrize(
    "endpoint", [one for one in WITH_BODY if "admission" not in one.path], ids=str
)
def test_odd_values_are_taken_or_refused_but_never_break_anything(
    all_of_them: Neighbours, endpoint: Endpoint
) -> None:
    amira = all_of_them.amira
    id_ = amira.ids.get(endpoint.place, "")
    before = amira.state()
    for body in variants(copy.deepcopy(endpoint.body)):
        content = json.dumps(body).encode()
        answer = send(amira.person, endpoint, id_, content=content)
        assert answer.status_code < 500, (content[:200], answer.text)
        if answer.status_code >= 400:
            check_refused(answer)
            assert amira.state() == before, content[:200]
        else:
            before = amira.state()
    # Whatever was taken can be shown again.
    shown = amira.person.get(f"/portfolios/{amira.ids['portfolio']}")
    assert shown.status_code == 200


def test_odd_answers_to_an_application_are_refused(all_of_them: Neighbours) -> None:
    amira, officer = all_of_them.amira, all_of_them.officer
    endpoint = next(one for one in WITH_BODY if "admission" in one.path)
    before = amira.state()
    for body in variants({**ADMISSION, "outcome": "admitted"}):
        answer = send(officer, endpoint, amira.ids["portfolio"], content=json.dumps(body).encode())
        check_refused(answer)
        assert amira.state() == before, body


@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=201",
        "limit=x",
        f"limit={10**30}",
        "limit=1e3",
        "state=odd",
        "state=%00",
        "cursor=",
        "cursor=x",
        "cursor=%00",
        "cursor=%ff",
        "cursor=W10",
        "cursor=" + "W1tb" * 200,
        "cursor=WyIyMDI2LTAxLTAxIiwgIngiXQ",
    ],
)
def test_an_odd_question_for_the_list_is_refused(all_of_them: Neighbours, query: str) -> None:
    check_refused(all_of_them.officer.get(f"/portfolios?{query}"), 400, 422)


@pytest.mark.parametrize(
    "tag", ["", "1", '""', "W/1", '"1', '"-1"', '"x"', '"1", "2"', '"' + "9" * 400 + '"', '"²"']
)
def test_an_odd_version_never_counts_as_the_present_one(all_of_them: Neighbours, tag: str) -> None:
    amira = all_of_them.amira
    before = amira.state()
    answer = amira.person.tenant.browser.put(
        f"/api/v1/evidence/{amira.ids['item']}",
        json=ITEM,
        headers=[
            (b"authorization", f"Bearer {amira.person.token}".encode()),
            (b"if-match", tag.encode("latin-1")),
        ],
    )
    check_refused(answer, 412, 428)
    assert amira.state() == before


def test_no_address_of_these_features_is_left_out_here(all_of_them: Neighbours) -> None:
    shown = all_of_them.officer.tenant.browser.get("/api/v1/openapi.json").json()
    described = {
        f"{method.upper()} {path}" for path, methods in shown["paths"].items() for method in methods
    }
    tried = {
        f"{one.method} /api/v1"
        + one.path.partition("?")[0]
        .replace("{own}", "{id}")
        .replace("{}", "{id}")
        .replace("/1/", "/{number}/")
        .replace("/captions/en", "/captions/{language}")
        .replace("/poster", "/{kind}")
        for one in ENDPOINTS
    }
    assert tried - described == {"DELETE /api/v1/portfolios/{id}/cases/{id}"}
    ours = {
        f"{method.upper()} {path}"
        for path, methods in shown["paths"].items()
        for method, operation in methods.items()
        if {"Portfolio", "Evidence"} & set(operation["tags"])
    }
    assert ours - tried == {"DELETE /api/v1/portfolios/{id}/cases/{case_id}"}
