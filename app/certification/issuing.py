"""Issuing a certificate: what it says is frozen with it, and the register can show it at once."""

from __future__ import annotations

from app.assessment import result as results
from app.assessment.result import Case
from app.assessment.scoring import level_result
from app.certification import queries
from app.certification.models import Certificate, Decision, StatusChange
from app.certification.numbers import certificate_number
from app.certification.register import Status
from app.evidence.queries import keeping
from app.journal.service import record
from app.kit.alphabet import drawable
from app.kit.canonical import canonical
from app.kit.dates import months_after
from app.kit.ids import new_id
from app.people import queries as people
from app.people.models import Tenant
from app.portfolio.models import Portfolio
from app.work import Work


def issue(work: Work, portfolio: Portfolio, decision: Decision) -> Certificate:
    """Issue the certificate that a signed decision grants; its PDF is drawn by the worker."""
    case = results.case(work, portfolio)
    level = case.scheme.level(decision.level or portfolio.level)
    today = work.now.date()
    serial = queries.next_serial(work)
    number = certificate_number(
        case.scheme.certificate.number_format,
        letter=level.letter,
        year=today.year,
        serial=serial,
    )
    certificate = Certificate(
        id=new_id(),
        tenant_id=portfolio.tenant_id,
        portfolio_id=portfolio.id,
        decision_id=decision.id,
        holder_id=portfolio.candidate_id,
        number=number,
        serial=serial,
        level=level.code,
        facts=_facts(work, case, level.code, number),
        status=Status.ACTIVE,
        version=1,
        issued_at=work.now,
        issued_on=today,
        valid_until=months_after(today, case.scheme.certificate.validity_months),
        evidence_damaged_at=keeping.damaged_since(work, portfolio.id),
    )
    work.session.add(certificate)
    work.session.flush()
    work.session.add(
        StatusChange(
            id=new_id(),
            tenant_id=portfolio.tenant_id,
            certificate_id=certificate.id,
            status=Status.ACTIVE,
            at=work.now,
            actor_id=work.actor.person_id,
            reason=None,
        )
    )
    record(work, portfolio.id, "certification.certificate_issued", certificate.id, number=number)
    return certificate


def check_names(work: Work, portfolio: Portfolio) -> None:
    """Refuse to award what could not be printed: holder or issuer has a name beyond the typeface.

    What else a certificate says comes from reference data, in English and French.
    """
    drawable(people.person(work, portfolio.candidate_id).name)
    drawable(work.session.get_one(Tenant, portfolio.tenant_id).name)


def _facts(work: Work, case: Case, level_code: str, number: str) -> str:
    holder = people.person(work, case.portfolio.candidate_id)
    level = case.scheme.level(level_code)
    found = results.result(work, case)
    ratings = {line.indicator: line.rating or 0 for line in found.lines}
    won = level_result(case.scheme, case.framework, level, ratings).won
    return canonical(
        {
            "number": number,
            "holder_name": holder.name,
            "level": level.code,
            "level_title": dict(level.title.words),
            "scheme_code": case.scheme.code,
            "scheme_title": dict(case.scheme.title.words),
            "scheme_version": case.scheme.version,
            "framework_title": dict(case.framework.title.words),
            "framework_version": case.framework.version,
            "issuer": work.session.get_one(Tenant, case.portfolio.tenant_id).name,
            "competences": [
                {"number": one, "title": dict(case.framework.competences[one].title.words)}
                for one in won
            ],
        }
    ).decode()
