"""What the public register tells, to pages and to programs alike."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime

from app.certification import queries
from app.certification.numbers import normalise
from app.certification.queries import Registered
from app.certification.register import PublicCertificate, Status, status_on
from app.kit.db import Sessions


def public_certificate(sessions: Sessions, number: str) -> PublicCertificate | None:
    """Return what anyone may learn about a certificate, or None for a number never given out."""
    found = queries.registered(sessions, number)
    if found is None:
        return None
    facts = json.loads(found.facts)
    return PublicCertificate(
        number=number,
        status=Status(found.status),
        holder_name=facts["holder_name"],
        level=facts["level"],
        level_title=facts["level_title"],
        scheme_code=facts["scheme_code"],
        scheme_title=facts["scheme_title"],
        scheme_version=facts["scheme_version"],
        framework_version=facts["framework_version"],
        issuer=facts["issuer"],
        issued_on=found.issued_on,
        valid_until=found.valid_until,
        competences=[(won["number"], won["title"]) for won in facts["competences"]],
        history=[
            (Status(change["status"]), datetime.fromisoformat(change["at"]))
            for change in json.loads(found.history)
        ],
        evidence_damaged_on=_day(found.evidence_damaged_at),
    )


def public_json(sessions: Sessions, typed: str, today: date) -> bytes | None:
    """Return a certificate's register entry as JSON; the facts stand as they were frozen."""
    found = queries.registered(sessions, normalise(typed))
    return None if found is None else _entry(found, today)


def _entry(found: Registered, today: date) -> bytes:
    shown = status_on(today, stored=Status(found.status), valid_until=found.valid_until)
    dates = f'"issued_on":"{found.issued_on}","valid_until":"{found.valid_until}"'
    intact = "true" if found.evidence_damaged_at is None else "false"
    return (
        f'{{"status":"{shown}","valid":{"true" if shown == Status.ACTIVE else "false"},{dates},'
        f'"evidence_intact":{intact},"history":{found.history},{found.facts[1:]}'
    ).encode()


def _day(moment: datetime | None) -> date | None:
    return None if moment is None else moment.astimezone(UTC).date()
