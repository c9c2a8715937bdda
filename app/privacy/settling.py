"""Making a portfolio of what an archive says: checked row by row, entered in one transaction.

An archive carries checksums, not a signature: whoever holds it may have written anything into it.
So it can say no more than its candidate could have entered here by hand. What others said (consents
given by a link, testimonies, validations, results) is kept as a record and counts for nothing; that
a consent was withdrawn goes on to count against its recording.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import cast
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.exc import DataError, IntegrityError

from app.evidence.queries.versions import GONE
from app.evidence.quota import Limits
from app.evidence.room import hold_room
from app.framework import queries as reference
from app.framework.content import Kind
from app.framework.lifecycle import State as VersionState
from app.framework.models import ReferenceVersion
from app.journal.service import journal_exists
from app.kit.errors import Conflict, Refusal
from app.people import queries as people
from app.portfolio.access import Part
from app.portfolio.models import Portfolio
from app.portfolio.service import take_part
from app.privacy.contents import Json, Rows
from app.privacy.rows import ContentNotAccepted, member
from app.work import Work


class AlreadyHere(Conflict):
    """This portfolio, or something in it, is here already."""


class PortfolioOpen(Conflict):
    """You have an unfinished portfolio for this scheme and level here; withdraw it first."""


class VersionsMissing(Conflict):
    """A framework, scheme or charter of the portfolio is not published here; `missing` names it."""

    def __init__(self, *, missing: list[str]) -> None:
        super().__init__(f"{self.title()} Missing: {', '.join(missing)}.", missing=missing)


def pinned(work: Work, manifest: Json) -> dict[Kind, ReferenceVersion]:
    """Return the versions that a manifest names, or refuse: each must be published here, alike."""
    found: dict[Kind, ReferenceVersion] = {}
    missing: list[str] = []
    for one in _versions(manifest):
        kind, code, version = Kind(one["kind"]), one["code"], one["version"]
        try:
            here = reference.readable_by_all(work.session, kind, code, version)
        except reference.NoSuchReferenceVersion:
            missing.append(f"{kind} {code} {version}")
            continue
        if here.content_hash != one["content_sha256"]:
            missing.append(f"{kind} {code} {version} (SHA-256 {one['content_sha256'][:12]}…)")
        found[kind] = here
    if missing:
        raise VersionsMissing(missing=missing)
    if found.keys() != set(Kind) or found[Kind.SCHEME].state == VersionState.DRAFT:
        raise ContentNotAccepted(reason="it does not name a framework, a scheme and a charter")
    return found


def _versions(manifest: Json) -> list[dict[str, str]]:
    try:
        listed = cast(list[dict[str, str]], manifest["versions"])
        for one in listed:
            Kind(one["kind"])
            if not all(
                type(one[name]) is str and len(one[name]) <= 64 and "\x00" not in one[name]
                for name in ("code", "version", "content_sha256")
            ):
                raise ValueError
        if len(listed) != len(Kind):
            raise ValueError
    except (KeyError, TypeError, ValueError):
        raise ContentNotAccepted(reason="its manifest does not name its versions") from None
    return listed


def open_anew(
    work: Work,
    id: UUID,
    candidate_id: UUID,
    document: Json,
    versions: Mapping[Kind, ReferenceVersion],
) -> Portfolio:
    """Open the portfolio once more, as a draft of this candidate under the same identifier.

    Whose portfolio it is may read the journal of that name: it must not be kept already, be it the
    certification body's own.
    """
    if id == work.actor.tenant_id or journal_exists(work, id):
        raise AlreadyHere
    scheme = reference.scheme(work.session, versions[Kind.SCHEME].id)
    if scheme.framework_id != versions[Kind.FRAMEWORK].id:
        raise ContentNotAccepted(reason="its scheme is not of its framework")
    level = member(document, "portfolio").get("level")
    if level not in [one.code for one in scheme.levels]:
        raise ContentNotAccepted(reason="its scheme has no such level")
    candidate = people.person_held(work, candidate_id)
    portfolio = Portfolio(
        id=id,
        tenant_id=work.actor.tenant_id,
        candidate_id=candidate_id,
        training_body_id=candidate.training_body_id,
        framework_id=versions[Kind.FRAMEWORK].id,
        scheme_id=versions[Kind.SCHEME].id,
        charter_id=versions[Kind.CHARTER].id,
        level=str(level),
        version=1,
        opened_at=work.now,
        state_since=work.now,
    )
    work.session.add(portfolio)
    try:
        work.session.flush()
        take_part(work, portfolio, candidate_id, Part.CANDIDATE)
    except IntegrityError as error:
        raise _collision(error) from None
    return portfolio


def hold_room_for(work: Work, portfolio: Portfolio, rows: Rows, usual: Limits) -> None:
    """Refuse files for which there is no room; else nobody takes it until they are entered."""
    counted = [one for one in rows["evidence_file"] if one["state"] not in GONE]
    hold_room(work, portfolio, sum(cast(int, one["size"]) for one in counted), usual)


def enter_rows(work: Work, portfolio: Portfolio, rows: Rows) -> None:
    """Enter the working content, table by table."""
    for name, found in rows.items():
        if not found:
            continue
        names = ", ".join(f'"{one}"' for one in found[0])
        try:
            work.session.execute(
                text(
                    f"INSERT INTO {name} (tenant_id, {names}) SELECT :tenant, {names}"  # noqa: S608 -- names are our own
                    f" FROM json_populate_recordset(CAST(NULL AS {name}), CAST(:rows AS json))"
                ),
                {"tenant": portfolio.tenant_id, "rows": json.dumps(found)},
            )
        except IntegrityError as error:
            raise _collision(error) from None
        except DataError:
            raise ContentNotAccepted(reason=f"a value in {name} is of another kind") from None


def _collision(error: IntegrityError) -> Refusal:
    constraint = str(getattr(getattr(error.orig, "diag", None), "constraint_name", ""))
    if constraint == "portfolio_live_key":
        return PortfolioOpen()
    if constraint.endswith("_pkey"):
        return AlreadyHere()
    return ContentNotAccepted(reason=f"it breaks the rule {constraint}")
