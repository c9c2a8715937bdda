"""What was released to the candidate: result, decision, interview and certificate, once decided.

It is gathered by the same functions, acting as the candidate, that answer the candidate over the
API: what those refuse does not go along.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from app.assessment import interview, result
from app.assessment.queries import NoInterview
from app.assessment.schemas import (
    AnswerOut,
    IndicatorResultOut,
    InterviewOut,
    InterviewReadOut,
    LevelResultOut,
    ResultOut,
)
from app.certification import queries as certification
from app.certification import service as decisions
from app.certification.models import Certificate, Decision
from app.certification.schemas import DecisionOut
from app.kit.errors import Refusal
from app.portfolio.lifecycle import DECIDED
from app.portfolio.models import Portfolio
from app.privacy.contents import Json, as_candidate
from app.work import Work


@dataclass(frozen=True, slots=True)
class Released:
    """What `results.json` says, and where the certificate's PDF lies in the store."""

    document: Json
    certificate_number: str | None
    pdf_key: str | None


def released(work: Work, portfolio: Portfolio) -> Released | None:
    """Return what the candidate was told of the outcome; None before it was decided."""
    if portfolio.state not in DECIDED:
        return None
    own = as_candidate(work, portfolio)
    decision, certificate = decisions.decision_for(own, portfolio.id)
    document: Json = {
        "result": _result(own, portfolio),
        "decision": _decision(own, decision, certificate),
        "interview": _interview(own, portfolio),
        "certificate": None if certificate is None else _certificate(certificate),
    }
    if certificate is None:
        return Released(document, None, None)
    return Released(document, certificate.number, certificate.pdf_key)


def _result(own: Work, portfolio: Portfolio) -> Json | None:
    try:
        found = result.result_for(own, portfolio.id)
    except Refusal:  # a decision entered without an assessment: nothing to tell
        return None
    recommended = found.recommendation
    return ResultOut.model_validate(
        {
            "outcome": recommended.outcome,
            "level": recommended.level,
            "scheme": recommended.scheme,
            "applied_for": LevelResultOut.model_validate(recommended.applied_for),
            "considered": [LevelResultOut.model_validate(one) for one in recommended.considered],
            "indicators": [_line(line) for line in found.lines],
        }
    ).model_dump(mode="json")


def _line(line: result.Line) -> IndicatorResultOut:
    return IndicatorResultOut(
        indicator=line.indicator,
        rating=line.rating,
        how=line.settled.how,
        ratings=None,
        third=None,
        raised_to=line.raised_to,
        given=None,
    )


def _decision(own: Work, decision: Decision, certificate: Certificate | None) -> Json:
    told = {
        name: getattr(decision, name)
        for name in DecisionOut.model_fields
        if hasattr(decision, name)
    }
    return DecisionOut.model_validate(
        {
            **told,
            "signatures": len(certification.signatures(own, decision.id)),
            "certificate_number": None if certificate is None else certificate.number,
        }
    ).model_dump(mode="json")


def _interview(own: Work, portfolio: Portfolio) -> Json | None:
    try:
        found = interview.read(own, portfolio.id)
    except NoInterview:
        return None
    shown = InterviewOut.model_validate(found.interview)
    answers = [AnswerOut.model_validate(one) for one in found.answers]
    return InterviewReadOut(**shown.model_dump(), answers=answers).model_dump(mode="json")


def _certificate(certificate: Certificate) -> Json:
    return {
        **json.loads(certificate.facts),
        "number": certificate.number,
        "status": certificate.status,
        "issued_on": certificate.issued_on.isoformat(),
        "valid_until": certificate.valid_until.isoformat(),
    }
