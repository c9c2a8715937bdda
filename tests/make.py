"""People and rows in a given situation, made the way the service makes them.

Every argument that a test need not care about has a sensible default.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, cast
from uuid import UUID

import urllib3
from httpx2 import Response
from sqlalchemy import select, text
from starlette.testclient import TestClient

from app.actor import Actor, Role, system
from app.evidence import claiming, validating
from app.evidence.handlers import arrival
from app.evidence.lifecycle import State as FileState
from app.evidence.models import Authorship, CaseSize, Claim, ClientCase, File, Item
from app.evidence.queries.validations import held_by
from app.evidence.submission import submit
from app.framework import queries as reference
from app.jobs.shift import Shift
from app.kit.clock import utc_now
from app.kit.db import Sessions
from app.kit.ids import new_id
from app.mail import Letter, Post
from app.people.access import SCOPES
from app.people.models import Organisation, OrganisationKind
from app.people.models import Person as PersonRow
from app.people.service import (
    add_organisation,
    add_person,
    found_tenant,
    grant_role,
    issue_token,
)
from app.portfolio import queries as portfolios
from app.portfolio.lifecycle import State, Step
from app.portfolio.models import Portfolio
from app.portfolio.service import move, open_portfolio
from app.storage import ObjectStore
from app.storage.s3 import S3Store
from app.work import Work, begin

LIFE: Final = timedelta(days=1)
SCHEME: Final = "MENTORCERT-BM"
API: Final = "/api/v1"
DECLARED: Final = {
    "charter_accepted": 1,
    "diploma_or_title": 1,
    "mentoring_hours_min": 520,
    "mentoring_cases_min": 16,
    "mentee_evaluations_min": 5,
    "peer_assessments_min": 2,
}
"""Enough for every level."""
WORDS: Final = b"What I did, and what I take from it.\n"

Json = dict[str, object]


@dataclass(frozen=True, slots=True)
class Tenant:
    """A certification body, and how to work for it without HTTP."""

    id: UUID
    sessions: Sessions = field(repr=False)
    store: ObjectStore = field(repr=False)
    browser: TestClient = field(repr=False)
    administrator_id: UUID
    administrator_token: str = field(repr=False)

    @property
    def administrator(self) -> Person:
        roles = frozenset({Role.ADMINISTRATOR})
        return Person(self.administrator_id, self, self.administrator_token, roles, "Ada")

    def at_work(self) -> AbstractContextManager[Work]:
        """Open a transaction in which the service itself acts, as the worker does."""
        return begin(self.sessions, system(self.id), self.store)


@dataclass(frozen=True, slots=True)
class Person:
    """Someone who uses the service through its API; paths begin below `/api/v1`."""

    id: UUID
    tenant: Tenant = field(repr=False)
    token: str = field(repr=False)
    roles: frozenset[Role]
    name: str

    @property
    def actor(self) -> Actor:
        return Actor(self.tenant.id, self.id, self.roles, SCOPES)

    def at_work(self) -> AbstractContextManager[Work]:
        """Open a transaction in which this person acts, without HTTP."""
        return begin(self.tenant.sessions, self.actor, self.tenant.store)

    def get(self, path: str, **headers: str) -> Response:
        return self.send("GET", path, headers=headers)

    def post(self, path: str, json: object = None, **headers: str) -> Response:
        return self.send("POST", path, json=json, headers=headers)

    def put(self, path: str, json: object = None, **headers: str) -> Response:
        return self.send("PUT", path, json=json, headers=headers)

    def patch(self, path: str, json: object = None, **headers: str) -> Response:
        return self.send("PATCH", path, json=json, headers=headers)

    def delete(self, path: str, **headers: str) -> Response:
        return self.send("DELETE", path, headers=headers)

    def send(
        self,
        method: str,
        path: str,
        *,
        json: object = None,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Response:
        """Send a request with this person's token; `if_match="…"` is sent as `If-Match`."""
        named = {name.replace("_", "-"): value for name, value in (headers or {}).items()}
        all_headers = {"authorization": f"Bearer {self.token}", **named}
        return self.tenant.browser.request(
            method, API + path.removeprefix(API), json=json, content=content, headers=all_headers
        )

    def with_token(self, token: str) -> Person:
        """Return the same person with another token in hand."""
        return Person(self.id, self.tenant, token, self.roles, self.name)


def tenant(
    worker_sessions: Sessions,
    store: ObjectStore,
    browser: TestClient,
    *,
    name: str = "Certifiers",
    life: timedelta = LIFE,
) -> Tenant:
    """Found a certification body, as `mentorcert tenant create` does."""
    with begin(worker_sessions, system(new_id()), store) as work:
        founded, token = found_tenant(
            work, name=name, administrator="Ada", email=email("Ada"), life=life
        )
        founder = work.session.scalars(select(PersonRow.id)).one()
    return Tenant(founded.id, worker_sessions, store, browser, founder, token)


def person(
    tenant: Tenant,
    name: str,
    *roles: Role,
    employer: Organisation | None = None,
    training_body: Organisation | None = None,
    staff_of: Organisation | None = None,
) -> Person:
    """Enter a person, appoint them and give them a token for everything, as the administrator.

    `staff_of` is the training body for which they hold the training-body role.
    """
    with tenant.administrator.at_work() as work:
        added = add_person(
            work,
            name=name,
            email=email(name),
            language="en",
            employer_id=None if employer is None else employer.id,
            training_body_id=None if training_body is None else training_body.id,
        )
        for role in roles:
            grant_role(work, added.id, role, None)
        held = set(roles)
        if staff_of is not None:
            grant_role(work, added.id, Role.TRAINING_BODY, staff_of.id)
            held.add(Role.TRAINING_BODY)
        token = _token(work, added.id)
    return Person(added.id, tenant, token, frozenset(held), name)


def organisation(
    tenant: Tenant,
    name: str = "Mentors' School",
    kind: OrganisationKind = OrganisationKind.TRAINING_BODY,
) -> Organisation:
    with tenant.administrator.at_work() as work:
        return add_organisation(work, kind=kind, name=name)


def token(
    holder: Person,
    *scopes: str,
    expires_at: datetime | None = None,
    issued_by: Person | None = None,
) -> str:
    """Make one more token for somebody, with these scopes (all, if none are named)."""
    with (issued_by or holder).at_work() as work:
        return _token(work, holder.id, *scopes, expires_at=expires_at)


def portfolio(candidate: Person, *, level: str = "junior") -> UUID:
    """Open a portfolio; it is a draft."""
    answer = candidate.post("/portfolios", {"scheme": SCHEME, "level": level})
    assert answer.status_code == 201, answer.text
    return UUID(answer.json()["id"])


def email(name: str) -> str:
    """Return an address that nobody else has."""
    ascii_name = name.encode("ascii", "ignore").decode().lower().replace(" ", ".")
    return f"{ascii_name}.{new_id().hex}@example.org"


def _token(work: Work, holder_id: UUID, *scopes: str, expires_at: datetime | None = None) -> str:
    until = expires_at or utc_now() + LIFE
    _, secret = issue_token(
        work, holder_id, name="tests", scopes=scopes or SCOPES, expires_at=until
    )
    return secret


def soon() -> str:
    """Return a moment tomorrow, as JSON has it."""
    return (utc_now() + LIFE).isoformat()


def application(**declared: int) -> Json:
    """Return the body of an application that meets every level, but for what is `declared`."""
    values = {**DECLARED, **declared}
    return {
        "prerequisites": {code: {"value": value} for code, value in values.items()},
        "charter": {"accepted": True, "language": "en"},
    }


def applied(candidate: Person, *, level: str = "junior") -> UUID:
    """Open a portfolio and apply with it."""
    id_ = portfolio(candidate, level=level)
    answer = candidate.post(f"/portfolios/{id_}/application", application())
    assert answer.status_code == 200, answer.text
    return id_


def admitted(candidate: Person, officer: Person, *, level: str = "junior") -> UUID:
    """Open a portfolio, apply with it, and have it admitted."""
    id_ = applied(candidate, level=level)
    findings = {code: {"met": True} for code in DECLARED}
    body = {"outcome": "admitted", "findings": findings}
    answer = officer.post(f"/portfolios/{id_}/admission", body)
    assert answer.status_code == 200, answer.text
    return id_


def days_ago(days: int) -> str:
    return (utc_now() - timedelta(days=days)).date().isoformat()


def case(candidate: Person, portfolio_id: UUID, pseudonym: str = "C-01") -> UUID:
    """Enter a client case."""
    body = {
        "pseudonym": pseudonym,
        "sector": "tourism",
        "size": "micro",
        "began_on": days_ago(400),
    }
    answer = candidate.post(f"/portfolios/{portfolio_id}/cases", body)
    assert answer.status_code == 201, answer.text
    return UUID(answer.json()["id"])


def new_item(**changes: object) -> Json:
    """Return the body of a piece of evidence."""
    return {
        "kind": "documentation",
        "title": "Minutes of the first meeting",
        "practised_on": days_ago(30),
        "authorship": {"role": "own"},
        **changes,
    }


def item(candidate: Person, portfolio_id: UUID, **changes: object) -> UUID:
    """Enter a piece of evidence, without a file."""
    answer = candidate.post(f"/portfolios/{portfolio_id}/evidence", new_item(**changes))
    assert answer.status_code == 201, answer.text
    return UUID(answer.json()["id"])


def new_file(content: bytes, *, media_type: str = "text/plain", name: str = "minutes.txt") -> Json:
    """Return the body that announces a file of this content."""
    sha256 = hashlib.sha256(content).hexdigest()
    return {"name": name, "media_type": media_type, "size": len(content), "sha256": sha256}


def granted(candidate: Person, item_id: UUID, body: Json) -> Json:
    """Announce a file and return the grant."""
    answer = candidate.post(f"/evidence/{item_id}/files", body)
    assert answer.status_code == 201, answer.text
    return cast(Json, answer.json())


def send(request: object, content: bytes) -> int:
    """Send bytes to the store as a granted request says; return the store's status.

    The length said is that of the content, as browsers do, whatever was granted.
    """
    asked = cast(Mapping[str, str], request)
    headers = {**cast(Mapping[str, str], asked["headers"]), "content-length": str(len(content))}
    answer = urllib3.request(
        asked["method"], asked["url"], headers=headers, body=content, retries=False, timeout=30
    )
    return answer.status


def received(
    candidate: Person,
    item_id: UUID,
    content: bytes = WORDS,
    *,
    media_type: str = "text/plain",
    name: str = "minutes.txt",
) -> UUID:
    """Announce a file, send it and say so; it waits to be checked."""
    grant = granted(candidate, item_id, new_file(content, media_type=media_type, name=name))
    assert send(grant["request"], content) == 200
    id_ = UUID(str(cast(Json, grant["file"])["id"]))
    answer = candidate.post(f"/files/{id_}/completion", {})
    assert answer.status_code == 202, answer.text
    return id_


def failing_for(
    person: Person, file: UUID, time: timedelta, *, without_a_try: timedelta = timedelta(0)
) -> None:
    """Let the check of a file, which failed just now, have failed for so much longer."""
    earlier = text(
        "UPDATE evidence_file SET failing_since = failing_since - :time,"
        " failed_at = failed_at - :without WHERE id = :id AND failing IS NOT NULL"
    )
    with person.tenant.at_work() as work:
        work.session.execute(earlier, {"time": time, "without": without_a_try, "id": file})


@dataclass(frozen=True, slots=True)
class Letters:
    """Keeps what is sent, for a test to read."""

    sent: list[Letter] = field(default_factory=list)

    def send(self, letter: Letter, at: datetime) -> None:
        self.sent.append(letter)


def shift(tenant: Tenant, post: Post | None = None) -> Shift:
    """Return what the worker's jobs work with."""
    store = cast(S3Store, tenant.store)
    return Shift(tenant.sessions, store, tenant.id, "http://localhost:8000", post or Letters())


def file(
    candidate: Person,
    item_id: UUID,
    content: bytes = WORDS,
    *,
    media_type: str = "text/plain",
    name: str = "minutes.txt",
) -> UUID:
    """Hand a file in and have it checked as the worker does."""
    id_ = received(candidate, item_id, content, media_type=media_type, name=name)
    arrival.check_file(shift(candidate.tenant), id_)
    return id_


def new_consent(**changes: object) -> Json:
    """Return the body of a consent."""
    return {
        "person": "the mentee of C-01",
        "scope": "assessment",
        "language": "fr",
        "given_on": days_ago(20),
        "how": "written",
        **changes,
    }


def consent(candidate: Person, item_id: UUID, **changes: object) -> Json:
    """Enter the consent of somebody who is recorded in an item."""
    answer = candidate.post(f"/evidence/{item_id}/consents", new_consent(**changes))
    assert answer.status_code == 201, answer.text
    return cast(Json, answer.json())


def claim(candidate: Person, item_id: UUID, indicator: str, **place: object) -> Json:
    """Claim that an item shows an indicator."""
    body = {"indicator": indicator, "reason": f"It shows how I work on {indicator}.", **place}
    answer = candidate.post(f"/evidence/{item_id}/claims", body)
    assert answer.status_code == 201, answer.text
    return cast(Json, answer.json())


def ready(candidate: Person, officer: Person, *, level: str = "junior") -> UUID:
    """Have a portfolio admitted and put in everything that its submission needs.

    Each of three client cases has an item with a file; every indicator is claimed on the first
    item, those that need three cases on all three, and rated 2 by the candidate.
    """
    id_ = admitted(candidate, officer, level=level)
    items = [
        item(candidate, id_, case_id=str(case(candidate, id_, pseudonym)))
        for pseudonym in ("C-01", "C-02", "C-03")
    ]
    files = [file(candidate, one) for one in items]
    with candidate.at_work() as work:
        held = portfolios.portfolio(work, id_)
        codes = list(reference.framework(work.session, held.framework_id).indicators)
        rules = reference.scheme(work.session, held.scheme_id).evidence_rules
        for code in codes:
            for number in range(rules.min_cases_for(code)):
                claiming.add_claim(
                    work,
                    items[number],
                    indicator=code,
                    reason=f"It shows how I work on {code}.",
                    file_id=files[number],
                    page=None,
                    from_ms=None,
                    to_ms=None,
                )
        claiming.assess_self(work, id_, 0, dict.fromkeys(codes, (2, None)))
    validated(candidate, items[0], *rules.referent_validation)
    return id_


def validated(candidate: Person, item_id: UUID, *codes: str) -> UUID:
    """Have a referent who will not assess the portfolio validate a piece of evidence."""
    with candidate.at_work() as work:
        asked = validating.ask(work, item_id, codes).id
    referent = person(candidate.tenant, "Valentin", Role.REFERENT)
    with referent.at_work() as work:
        validating.take(work, asked)
        validating.sign(
            work,
            asked,
            statement="I know this work.",
            holds=True,
            reason=None,
            named=held_by(work, item_id),
        )
    return asked


def submitted(candidate: Person, officer: Person, *, level: str = "junior") -> UUID:
    """Have a complete portfolio submitted."""
    id_ = ready(candidate, officer, level=level)
    with candidate.at_work() as work:
        submit(work, id_)
    return id_


def submitted_as_it_is(portfolio_id: UUID, candidate: Person) -> None:
    """Have a portfolio stand as submitted, ready or not, and without a snapshot."""
    with candidate.tenant.at_work() as work:
        held = portfolios.portfolio(work, portfolio_id)
        held.state, held.submitted_at = State.SUBMITTED, work.now


def submitted_portfolio(candidate: Person, *, level: str = "junior") -> UUID:
    """Have a complete portfolio submitted, fast: as `submitted`, but its files are rows only."""
    with candidate.at_work() as work:
        portfolio = open_portfolio(work, scheme_code=SCHEME, level=level)
        for step in (Step.APPLY, Step.ADMIT):
            move(work, portfolio, step)
        framework = reference.framework(work.session, portfolio.framework_id)
        rules = reference.scheme(work.session, portfolio.scheme_id).evidence_rules
        items = [_item_row(work, portfolio, pseudonym) for pseudonym in ("C-01", "C-02", "C-03")]
        work.session.add_all(
            Claim(
                id=new_id(),
                tenant_id=portfolio.tenant_id,
                portfolio_id=portfolio.id,
                framework_id=portfolio.framework_id,
                indicator=code,
                item_id=items[number],
                reason=f"It shows how I work on {code}.",
                file_id=None,
                page=None,
                from_ms=None,
                to_ms=None,
                created_at=work.now,
            )
            for code in framework.indicators
            for number in range(rules.min_cases_for(code))
        )
        claiming.assess_self(work, portfolio.id, 0, dict.fromkeys(framework.indicators, (2, None)))
        work.session.flush()
    validated(candidate, items[0], *rules.referent_validation)
    with candidate.at_work() as work:
        submit(work, portfolio.id)
    return portfolio.id


def _item_row(work: Work, portfolio: Portfolio, pseudonym: str) -> UUID:
    """Add a client case with an item and a file that was found good."""
    owner = {"tenant_id": portfolio.tenant_id, "portfolio_id": portfolio.id}
    day = (work.now - timedelta(days=30)).date()
    case_id, item_id = new_id(), new_id()
    work.session.add(
        ClientCase(
            **owner,
            id=case_id,
            pseudonym=pseudonym,
            sector="tourism",
            size=CaseSize.MICRO,
            began_on=day,
            ended_on=None,
        )
    )
    work.session.flush()
    work.session.add(
        Item(
            **owner,
            id=item_id,
            case_id=case_id,
            kind="documentation",
            title="Minutes of the first meeting",
            description=None,
            practised_on=day,
            authorship=Authorship.OWN,
            authorship_declared_at=work.now,
            created_at=work.now,
        )
    )
    work.session.flush()
    work.session.add(
        File(
            **owner,
            id=new_id(),
            item_id=item_id,
            name="minutes.txt",
            media_type="text/plain",
            kind="document",
            size=len(WORDS),
            sha256=hashlib.sha256(WORDS).hexdigest(),
            state=FileState.AVAILABLE,
            announced_at=work.now,
            received_at=work.now,
            settled_at=work.now,
        )
    )
    work.session.flush()
    return item_id
