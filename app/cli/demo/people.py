"""The demo's people, each with a token of their own, entered by the administrator over the API."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, timedelta
from uuid import uuid4

from app.client import Client
from app.kit.clock import utc_now

SCOPES = [
    f"{feature}:{reach}"
    for feature in ("people", "portfolio", "assessment", "certification", "journal")
    for reach in ("read", "write")
]
LIFE = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Person:
    """Someone in the demo, with their own way to the service."""

    id: str
    name: str
    client: Client


@dataclass(frozen=True, slots=True)
class Cast:
    """Everyone who takes part."""

    officer: Person
    amira: Person
    milan: Person
    bruno: Person
    chloe: Person
    rosa: Person
    vera: Person
    diana: Person


NAMES = {
    "officer": ("Ottilie Brandt", ["officer"]),
    "amira": ("Amira Őszi-Țepeș", ["candidate"]),
    "milan": ("Milan Đorđević", ["candidate"]),
    # Bruno decides elsewhere; on what he assessed he may not.
    "bruno": ("Bruno Ferreira", ["referent", "decision_maker"]),
    "chloe": ("Chloé Lefèvre", ["referent"]),
    "rosa": ("Rosa Lindqvist", ["referent"]),
    "vera": ("Vera Novotná", ["verifier"]),
    "diana": ("Diana Kowalska", ["decision_maker"]),
}


@contextmanager
def engage(base_url: str, first_token: str) -> Iterator[Cast]:
    """Enter the people of the demo; `first_token` is the administrator's."""
    with ExitStack() as stack:
        administrator = stack.enter_context(Client(base_url, first_token))
        body = administrator.post(
            "/organisations", {"kind": "training_body", "name": "Demo mentoring school"}
        )
        people = {}
        for key, (name, roles) in NAMES.items():
            school = str(body["id"]) if roles == ["candidate"] else None
            id_, token = _enter(administrator, key, name, roles, school)
            people[key] = Person(id_, name, stack.enter_context(Client(base_url, token)))
        yield Cast(**people)


def _enter(
    administrator: Client, key: str, name: str, roles: list[str], school: str | None
) -> tuple[str, str]:
    person = administrator.post(
        "/persons",
        {
            "name": name,
            "email": f"{key}.{uuid4().hex[:8]}@example.org",
            "language": "fr" if key == "chloe" else "en",
            "training_body_id": school,
        },
    )
    for role in roles:
        administrator.post(f"/persons/{person['id']}/roles", {"role": role})
    token = administrator.post(
        "/tokens",
        {
            "person_id": person["id"],
            "name": "demo",
            "scopes": list(SCOPES),
            "expires_at": (utc_now() + LIFE).astimezone(UTC).isoformat(),
        },
    )
    return str(person["id"]), str(token["token"])
