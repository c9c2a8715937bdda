"""Finding decisions and certificates, and the public register."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import func, select

from app.certification.access import NoSuchDecision
from app.certification.models import Certificate, Decision, DecisionState, Signature
from app.certification.models import certificate_serial as serial
from app.framework.content.scheme import Outcome
from app.kit.db import Sessions, Statement, reading
from app.work import Work

REGISTER = Statement(
    "SELECT status, issued_on, valid_until, facts, history, evidence_damaged_at"
    " FROM public_certificate(:number)"
)
REGISTERED_PDF = Statement("SELECT public_certificate_pdf(:number)")


@dataclass(frozen=True, slots=True)
class Registered:
    """A certificate as the register holds it; `facts` and `history` are JSON."""

    status: str
    issued_on: date
    valid_until: date
    facts: str
    history: str
    evidence_damaged_at: datetime | None
    """Since when evidence behind it is known to be damaged; None if it is whole."""


def registered(sessions: Sessions, number: str) -> Registered | None:
    """Look a certificate up, whoever asks."""
    with reading(sessions) as connection:
        row = REGISTER.row_of(connection, {"number": number})
    return None if row is None else Registered(*row)


def registered_pdf(sessions: Sessions, number: str) -> str | None:
    """Return the key of a certificate's PDF, if there is one."""
    with reading(sessions) as connection:
        row = REGISTERED_PDF.row_of(connection, {"number": number})
    return None if row is None else row[0]


def undrawn_since(work: Work, before: datetime) -> Sequence[UUID]:
    """Return the certificates that were issued before a moment and have no PDF yet."""
    undrawn = (Certificate.pdf_key.is_(None), Certificate.issued_at < before)
    return work.session.scalars(select(Certificate.id).where(*undrawn)).all()


def decision(work: Work, id: UUID) -> Decision:
    """Fetch a decision and hold its row until the transaction ends."""
    found = work.session.get(Decision, id, with_for_update=True)
    if found is None:
        raise NoSuchDecision
    return found


def current_decision(work: Work, portfolio_id: UUID) -> Decision | None:
    """Return the decision that was drafted or made last."""
    rows = select(Decision).where(
        Decision.portfolio_id == portfolio_id, Decision.state != DecisionState.DISCARDED
    )
    return work.session.scalars(rows.order_by(Decision.drafted_at.desc()).limit(1)).one_or_none()


def times_referred_back(work: Work, portfolio_id: UUID) -> int:
    rows = select(func.count()).where(
        Decision.portfolio_id == portfolio_id,
        Decision.outcome == Outcome.REFERRED_BACK,
        Decision.state == DecisionState.SIGNED,
    )
    return work.session.execute(rows).scalar_one()


def signatures(work: Work, decision_id: UUID) -> Sequence[Signature]:
    rows = select(Signature).where(Signature.decision_id == decision_id)
    return work.session.scalars(rows.order_by(Signature.signed_at)).all()


def next_serial(work: Work) -> int:
    """Return a serial that no certificate of this installation has had."""
    return int(work.session.execute(select(serial.next_value())).scalar_one())


def certificate_of(work: Work, portfolio_id: UUID, *, hold: bool = False) -> Certificate | None:
    own = select(Certificate).where(Certificate.portfolio_id == portfolio_id)
    return work.session.scalars(own.with_for_update() if hold else own).one_or_none()
