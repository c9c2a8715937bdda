"""An assessment step by step, as referents, officer, verifier and decision maker take it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import cast
from uuid import UUID

from httpx2 import Response

from app.actor import Role
from app.kit.clock import utc_now
from tests import make, rules
from tests.make import Json, Person, Tenant

COMMENT = {"comment": "A consistent file."}
CODES = tuple(rules.framework().indicators)
NOT_ASSESSABLE = -1
"""Stands for a rating where there is none."""


@dataclass(frozen=True, slots=True)
class Panel:
    """Everyone who has to do with a candidate's portfolio."""

    officer: Person
    bruno: Person
    chloe: Person
    dario: Person
    vera: Person
    diana: Person

    @property
    def tenant(self) -> Tenant:
        return self.officer.tenant

    def candidate(self, name: str = "Amira") -> Person:
        return make.person(self.tenant, name, Role.CANDIDATE)


def panel(tenant: Tenant) -> Panel:
    """Appoint everyone who has to do with portfolios."""
    return Panel(
        make.person(tenant, "Olga", Role.OFFICER),
        make.person(tenant, "Bruno", Role.REFERENT),
        make.person(tenant, "Chloé", Role.REFERENT),
        make.person(tenant, "Dario", Role.REFERENT),
        make.person(tenant, "Vera", Role.VERIFIER),
        make.person(tenant, "Diana", Role.DECISION_MAKER),
    )


def assign(officer: Person, portfolio_id: UUID, referent: Person) -> UUID:
    answer = officer.post(
        f"/portfolios/{portfolio_id}/assignments", {"referent_id": str(referent.id)}
    )
    assert answer.status_code == 201, answer.text
    return UUID(answer.json()["id"])


def accept(referent: Person, id: UUID) -> None:
    done(referent.post(f"/assessments/{id}/acceptance"))


def taken_on(officer: Person, portfolio_id: UUID, referent: Person) -> UUID:
    """Assign a referent, who accepts."""
    id = assign(officer, portfolio_id, referent)
    accept(referent, id)
    return id


def desk(referent: Person, id: UUID) -> Json:
    return done(referent.get(f"/assessments/{id}"))


def ratings(of_desk: Json) -> dict[str, Json]:
    """Return the ratings on a desk by indicator."""
    return {str(one["indicator"]): one for one in cast(list[Json], of_desk["ratings"])}


def claims(of_desk: Json, *codes: str) -> list[str]:
    """Return the identifiers of the claims on these indicators."""
    content = cast(Json, cast(Json, of_desk["snapshot"])["content"])
    return [
        str(one["id"])
        for one in cast(list[Json], content["claims"])
        if not codes or one["indicator"] in codes
    ]


def accepted(claim_ids: Iterable[str], **changes: object) -> list[Json]:
    """Return judgements that accept claims."""
    return [{"claim_id": id, "verdict": "accepted", **changes} for id in claim_ids]


def given(rating: int, judgements: list[Json] | None = None) -> Json:
    """Return the body that gives a rating."""
    if rating == NOT_ASSESSABLE:
        body: Json = {"not_assessable": True, "comment": "No occasion to see it."}
    else:
        body = {"rating": rating}
    return body if judgements is None else body | {"judgements": judgements}


def rate_all(referent: Person, id: UUID, usual: int = 2, **others: int) -> None:
    """Rate every open indicator and accept every claim; `others` by code: _2d=1."""
    seen = desk(referent, id)
    wanted = {code.removeprefix("_"): rating for code, rating in others.items()}
    body = {
        code: given(wanted.get(code, usual), accepted(claims(seen, code)))
        for code, row in ratings(seen).items()
        if not row["locked"]
    }
    done(referent.put(f"/assessments/{id}/ratings", {"ratings": body}, if_match=tag(seen)))


def finalise(referent: Person, id: UUID) -> Json:
    return done(referent.post(f"/assessments/{id}/finalisation", COMMENT))


def final(officer: Person, portfolio_id: UUID, referent: Person, **ratings: int) -> UUID:
    """Have a referent assess a portfolio all through."""
    id = taken_on(officer, portfolio_id, referent)
    rate_all(referent, id, **ratings)
    finalise(referent, id)
    return id


def interview(raises: Mapping[str, int] = {}) -> Json:
    """Return the body of an interview on every indicator."""
    return {
        "held_at": utc_now().isoformat(),
        "minutes": 60,
        "summary": "All competences were touched.",
        "answers": {
            code: {"minute": 5, "note": "Told in detail.", "raised_to": raises.get(code)}
            for code in CODES
        },
    }


def interviewed(
    one: Person, other: Person, portfolio_id: UUID, raises: Mapping[str, int] = {}
) -> None:
    """Have an interview recorded and confirmed."""
    path = f"/portfolios/{portfolio_id}/interview"
    answer = one.post(path, interview(raises))
    assert answer.status_code == 201, answer.text
    done(confirmed(other, portfolio_id))


def confirmed(other: Person, portfolio_id: UUID) -> Response:
    """Have a referent read an interview and confirm it."""
    path = f"/portfolios/{portfolio_id}/interview"
    return other.post(f"{path}/confirmation", if_match=tag(done(other.get(path))))


@dataclass(frozen=True, slots=True)
class Assessed:
    """A portfolio with the two assessments of it."""

    portfolio_id: UUID
    amira: Person
    bruno_id: UUID
    chloe_id: UUID

    @property
    def path(self) -> str:
        return f"/portfolios/{self.portfolio_id}"


def both_final(panel: Panel, *, level: str = "junior", **ratings: int) -> Assessed:
    """Have a portfolio submitted and rated by both, who agree."""
    amira = panel.candidate()
    id = make.submitted_portfolio(amira, level=level)
    one = final(panel.officer, id, panel.bruno, **ratings)
    other = final(panel.officer, id, panel.chloe, **ratings)
    return Assessed(id, amira, one, other)


def assessed(panel: Panel, *, level: str = "junior", **ratings: int) -> Assessed:
    """Have a portfolio assessed, interview and all; the verifier is still to come."""
    case = both_final(panel, level=level, **ratings)
    interviewed(panel.bruno, panel.chloe, case.portfolio_id)
    return case


def verified(panel: Panel, *, level: str = "junior", **ratings: int) -> Assessed:
    """Have a portfolio assessed and confirmed by the verifier."""
    case = assessed(panel, level=level, **ratings)
    done(panel.vera.post(f"{case.path}/verification", {"outcome": "confirmed"}))
    return case


def drafted(decider: Person, portfolio_id: UUID, outcome: str = "granted", **more: object) -> UUID:
    answer = decider.post(f"/portfolios/{portfolio_id}/decision", {"outcome": outcome, **more})
    assert answer.status_code == 201, answer.text
    return UUID(answer.json()["id"])


def signed(decider: Person, id: UUID) -> Json:
    return done(decider.post(f"/decisions/{id}/signatures"))


def certified(panel: Panel, *, level: str = "junior") -> tuple[Assessed, str]:
    """Have a portfolio lead to a certificate; return its number too."""
    case = verified(panel, level=level)
    return case, str(
        signed(panel.diana, drafted(panel.diana, case.portfolio_id))["certificate_number"]
    )


def state(case: Assessed) -> str:
    """Return where a portfolio stands, as its candidate sees it."""
    return str(done(case.amira.get(case.path))["state"])


def result(staff: Person, case: Assessed) -> dict[str, Json]:
    """Return how each indicator came out, as staff see it."""
    found = done(staff.get(f"{case.path}/result"))
    return {str(one["indicator"]): one for one in cast(list[Json], found["indicators"])}


def tag(of_desk: Json) -> str:
    return f'"{of_desk["version"]}"'


def done(answer: Response) -> Json:
    """Return the body of an answer that must be 200."""
    assert answer.status_code == 200, answer.text
    return cast(Json, answer.json())


def refused(answer: Response, status: int, kind: str) -> Json:
    """Return the problem of an answer that must be this refusal."""
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    problem = cast(Json, answer.json())
    assert (answer.status_code, problem["type"]) == (status, f"/problems/{kind}"), answer.text
    return problem


def lot_of(root: str, seed: str) -> Decimal:
    """Draw a lot again, as anyone can: the first 8 bytes of a SHA-256, as millionths."""
    digest = hashlib.sha256(f"verification/{root}/{seed}".encode()).digest()
    number = int.from_bytes(digest[:8], "big")
    return Decimal(number * 10**6 // 2**64) / 10**6
