"""Loading, publishing and retiring versions of reference data, and comparing them.

There is no tenant here, hence no `Work`: a session and the moment are all these need.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from app.framework import lifecycle, queries
from app.framework.content import (
    Differences,
    Document,
    Framework,
    Kind,
    Reference,
    Scheme,
    changes,
    differences,
    parse,
    totals,
)
from app.framework.lifecycle import FROZEN, State, Step
from app.framework.models import Indicator, ReferenceVersion
from app.kit.errors import Conflict

SHOWN = 50  # changes that a refusal lists; more are counted


class PublishedVersionChanged(Conflict):
    """A published version never changes; write the change as a new version."""


class NamedVersionNotPublished(Conflict):
    """A scheme is published after the framework and the charter that it names."""


class Fate(StrEnum):
    """What loading made of a document."""

    NEW = "new"
    UNCHANGED = "unchanged"
    DRAFT_REPLACED = "draft_replaced"


@dataclass(frozen=True, slots=True)
class Loaded:
    kind: Kind
    reference: Reference
    fate: Fate
    state: State
    content_hash: str
    totals: Mapping[str, int]
    """What the document holds, counted, for a person to check."""


def load(session: Session, documents: Iterable[Document], *, now: datetime) -> list[Loaded]:
    """Keep documents that the loader has checked, as drafts.

    Loading the same content again does nothing. Other content under the same version replaces a
    draft; under a published version it is refused with what differs (PublishedVersionChanged).
    """
    return [_load(session, document, now) for document in documents]


def publish(
    session: Session, kind: Kind, code: str, version: str, *, now: datetime
) -> ReferenceVersion:
    """Put a draft into force; the version in force until now is superseded.

    Publishing what is in force already does nothing.
    """
    found = _held(session, kind, code, version)
    if found.state is State.PUBLISHED:
        return found
    _check_named(session, found)
    state = lifecycle.after(found.state, Step.PUBLISH)
    for earlier in _in_force(session, kind, code):
        earlier.state = lifecycle.after(earlier.state, Step.SUPERSEDE)
    # The earlier version must leave before the next one enters: only one may be in force.
    session.flush()
    found.state = state
    found.published_at = now
    session.flush()
    return found


def retire(session: Session, kind: Kind, code: str, version: str) -> ReferenceVersion:
    """Say that a superseded version is no longer used; it stays readable for ever."""
    found = _held(session, kind, code, version)
    found.state = lifecycle.after(found.state, Step.RETIRE)
    session.flush()
    return found


def diff(session: Session, code: str, before: str, after: str) -> Differences:
    """Compare two versions of a framework, drafts too, indicator by indicator."""
    versions = [queries.named(session, Kind.FRAMEWORK, code, one) for one in (before, after)]
    return differences(*(queries.framework(session, one.id) for one in versions))


def _load(session: Session, document: Document, now: datetime) -> Loaded:
    held = session.get(ReferenceVersion, document.id, with_for_update=True)
    content = parse(document)
    if held is None:
        fate = Fate.NEW
        held = _enter(session, document, now)
    elif held.content_hash == document.content_hash:
        fate = Fate.UNCHANGED
    else:
        fate = Fate.DRAFT_REPLACED
        _replace(session, held, document, now)
    if fate is not Fate.UNCHANGED and isinstance(content, Framework):
        _enter_indicators(session, content)
    return Loaded(
        document.kind,
        document.reference,
        fate,
        held.state,
        held.content_hash,
        totals(content),
    )


def _enter(session: Session, document: Document, now: datetime) -> ReferenceVersion:
    entered = ReferenceVersion(
        id=document.id,
        kind=document.kind,
        code=document.code,
        version=document.version,
        state=State.DRAFT,
        content=document.canonical,
        content_hash=document.content_hash,
        loaded_at=now,
    )
    session.add(entered)
    session.flush()
    return entered


def _replace(session: Session, held: ReferenceVersion, document: Document, now: datetime) -> None:
    if held.state in FROZEN:
        _refuse_change(Document.from_canonical(held.content), document)
    held.content = document.canonical
    held.content_hash = document.content_hash
    held.loaded_at = now
    session.flush()
    session.execute(delete(Indicator).where(Indicator.framework_id == held.id))


def _refuse_change(held: Document, given: Document) -> None:
    found = changes(held, given)
    lines = [f"{given.kind} {given.reference} is published and differs:"]
    lines += [f"  {one}" for one in found[:SHOWN]]
    if len(found) > SHOWN:
        lines.append(f"  and {len(found) - SHOWN} more")
    raise PublishedVersionChanged(
        "\n".join(lines),
        kind=given.kind,
        code=given.code,
        version=given.version,
        changes=[
            {"path": list(one.path), "before": one.before, "after": one.after}
            for one in found[:SHOWN]
        ],
    )


def _enter_indicators(session: Session, framework: Framework) -> None:
    rows = [
        {
            "framework_id": framework.id,
            "code": one.code,
            "id": one.id,
            "competence": one.competence,
            "phase": one.phase,
            "position": one.position,
        }
        for one in framework.indicators.values()
    ]
    session.execute(insert(Indicator), rows)


def _held(session: Session, kind: Kind, code: str, version: str) -> ReferenceVersion:
    """Return a version, locked against others who would move it now."""
    found = queries.named(session, kind, code, version)
    session.refresh(found, with_for_update=True)
    return found


def _in_force(session: Session, kind: Kind, code: str) -> Iterable[ReferenceVersion]:
    return session.scalars(
        select(ReferenceVersion)
        .where(
            ReferenceVersion.kind == kind,
            ReferenceVersion.code == code,
            ReferenceVersion.state == State.PUBLISHED,
        )
        .with_for_update()
    )


def _check_named(session: Session, found: ReferenceVersion) -> None:
    content = queries.content(session, found.id)
    if not isinstance(content, Scheme):
        return
    waiting = [
        f"{named.kind} {named.code} {named.version}"
        for named in (
            queries.version(session, content.framework_id),
            queries.version(session, content.charter_id),
        )
        if named.state is not State.PUBLISHED
    ]
    if waiting:
        raise NamedVersionNotPublished(publish_first=waiting)
