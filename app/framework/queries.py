"""Finding versions of reference data, and reading what they say.

Reference data is nobody's tenant's, so these take a plain session; from a use case, `work.session`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar
from uuid import UUID
from weakref import WeakKeyDictionary

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from app.framework.content import Charter, Content, Document, Framework, Kind, Scheme, parse
from app.framework.lifecycle import FROZEN, State
from app.framework.models import ReferenceVersion
from app.kit.errors import NotFound

C = TypeVar("C", Framework, Scheme, Charter)


class NoSuchReferenceVersion(NotFound):
    """There is no such version of a framework, scheme or charter."""


class NothingPublished(NotFound):
    """No version of this framework, scheme or charter is published."""


def version(session: Session, id: UUID) -> ReferenceVersion:
    """Return a version, drafts too, or refuse."""
    found = session.get(ReferenceVersion, id)
    if found is None:
        raise NoSuchReferenceVersion(version=id)
    return found


def named(session: Session, kind: Kind, code: str, version: str) -> ReferenceVersion:
    """Return the version that people name this way, drafts too, or refuse."""
    found = session.scalar(
        select(ReferenceVersion).where(
            ReferenceVersion.kind == kind,
            ReferenceVersion.code == code,
            ReferenceVersion.version == version,
        )
    )
    if found is None:
        raise NoSuchReferenceVersion(kind=kind, code=code, version=version)
    return found


def readable_by_all(session: Session, kind: Kind, code: str, version: str) -> ReferenceVersion:
    """Return a version that has been published, even if it is superseded or retired by now."""
    found = named(session, kind, code, version)
    if found.state not in FROZEN:
        raise NoSuchReferenceVersion(kind=kind, code=code, version=version)
    return found


def published(session: Session, kind: Kind, code: str) -> ReferenceVersion:
    """Return the version in force today, or refuse."""
    found = session.scalar(
        select(ReferenceVersion).where(
            ReferenceVersion.kind == kind,
            ReferenceVersion.code == code,
            ReferenceVersion.state == State.PUBLISHED,
        )
    )
    if found is None:
        raise NothingPublished(kind=kind, code=code)
    return found


def published_scheme(session: Session, code: str) -> ReferenceVersion:
    """Return the scheme version that new portfolios are opened under."""
    return published(session, Kind.SCHEME, code)


def frozen(session: Session, kind: Kind | None = None) -> Sequence[ReferenceVersion]:
    """Return every version that may be read by anybody, by kind and code, the oldest first."""
    wanted = [kind] if kind else list(Kind)
    return session.scalars(
        select(ReferenceVersion)
        .where(ReferenceVersion.state.in_(FROZEN), ReferenceVersion.kind.in_(wanted))
        .order_by(
            ReferenceVersion.kind,
            ReferenceVersion.code,
            ReferenceVersion.published_at,
            ReferenceVersion.version,
        )
    ).all()


def documents(session: Session) -> list[Document]:
    """Return everything that is held, drafts too, as it was written."""
    return [
        Document.from_canonical(one) for one in session.scalars(select(ReferenceVersion.content))
    ]


def framework(session: Session, id: UUID) -> Framework:
    """Return what a framework's version says, or refuse."""
    return _content(session, id, Framework)


def scheme(session: Session, id: UUID) -> Scheme:
    """Return what a scheme's version says, or refuse."""
    return _content(session, id, Scheme)


def charter(session: Session, id: UUID) -> Charter:
    """Return what a charter's version says, or refuse."""
    return _content(session, id, Charter)


def content(session: Session, id: UUID) -> Content:
    """Return what a version says, whatever its kind; published ones are read once per process."""
    known = _READ.setdefault(session.get_bind().engine, {})
    if id in known:
        return known[id]
    row = session.execute(
        select(ReferenceVersion.state, ReferenceVersion.content).where(ReferenceVersion.id == id)
    ).one_or_none()
    if row is None:
        raise NoSuchReferenceVersion(version=id)
    found = parse(Document.from_canonical(row.content))
    if row.state in FROZEN:
        known[id] = found
    return found


# By database, since one process may serve several (tests do), and ids are the same in all of them.
_READ: WeakKeyDictionary[Engine, dict[UUID, Content]] = WeakKeyDictionary()


def _content(session: Session, id: UUID, kind: type[C]) -> C:
    found = content(session, id)
    if not isinstance(found, kind):
        raise NoSuchReferenceVersion(version=id)
    return found
