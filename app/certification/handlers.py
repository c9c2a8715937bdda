"""What the worker does for certificates: it draws the PDF."""

from __future__ import annotations

import hashlib
import json
from datetime import timedelta
from uuid import UUID

from app.certification import queries, retention
from app.certification.face import CertificateFace
from app.certification.models import Certificate
from app.certification.pdf import draw
from app.evidence.models import File
from app.evidence.queries import keeping
from app.jobs.queue import defer_missing
from app.jobs.shift import Shift
from app.journal.service import record
from app.people.models import Person
from app.work import Work

PATIENCE = timedelta(minutes=10)
"""How long a certificate may be without its PDF before it is seen to that somebody draws it."""


def take_up(shift: Shift) -> None:
    """Queue once more the drawing of certificates whose job ran out of tries."""
    with shift.work() as work:
        waiting = queries.undrawn_since(work, work.now - PATIENCE)
        defer_missing(work, "certification.draw_certificate", waiting)


def draw_certificate(shift: Shift, certificate_id: UUID) -> None:
    """Draw a certificate's PDF and keep it in the store under its digest.

    The same certificate always gives the same bytes, so a job that runs twice changes nothing.
    """
    with shift.work() as work:
        face = _face(work, certificate_id, shift.public_url)
    if face is None:
        return
    pdf = draw(face)
    sha256 = hashlib.sha256(pdf).hexdigest()
    key = f"certificates/{certificate_id}/{sha256}.pdf"
    shift.store.put(key, pdf, "application/pdf")
    with shift.work() as work:
        certificate = work.session.get_one(Certificate, certificate_id, with_for_update=True)
        certificate.pdf_key, certificate.pdf_sha256 = key, sha256
        record(
            work,
            certificate.portfolio_id,
            "certification.certificate_drawn",
            certificate.id,
            sha256=sha256,
        )


def note_damage(shift: Shift, file_id: UUID) -> None:
    """Let the register say whether evidence behind a certificate is damaged, since one file was."""
    with shift.work() as work:
        portfolio_id = work.session.get_one(File, file_id).portfolio_id
        certificate = queries.certificate_of(work, portfolio_id, hold=True)
        if certificate is not None:
            certificate.evidence_damaged_at = keeping.damaged_since(work, portfolio_id)


AT_ONCE = 1_000
"""Files that go in one night; the next goes on."""


def carry_out_retention(shift: Shift) -> None:
    """Let go what is due: each file in a transaction of its own, its bytes by a job of their own.

    Whoever is killed in between leaves files that are still due, or rows whose bytes the next
    clearing removes.
    """
    with shift.work() as work:
        due = [one.file_id for one in retention.due_files(work, AT_ONCE)]
    for file_id in due:
        with shift.work() as work:
            retention.dispose(work, file_id)


def _face(work: Work, certificate_id: UUID, public_url: str) -> CertificateFace | None:
    certificate = work.session.get_one(Certificate, certificate_id)
    if certificate.pdf_key is not None:
        return None
    language = work.session.get_one(Person, certificate.holder_id).language
    facts = json.loads(certificate.facts)
    return CertificateFace(
        number=certificate.number,
        holder_name=facts["holder_name"],
        level_title=facts["level_title"][language],
        scheme_title=facts["scheme_title"][language],
        scheme_version=facts["scheme_version"],
        framework_title=facts["framework_title"][language],
        framework_version=facts["framework_version"],
        issuer=facts["issuer"],
        issued_on=certificate.issued_on,
        valid_until=certificate.valid_until,
        competences=[(won["number"], won["title"][language]) for won in facts["competences"]],
        labels=[],
        verification_url=f"{public_url}/verify/{certificate.number}",
        language=language,
    )
