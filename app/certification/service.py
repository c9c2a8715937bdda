"""Deciding: drafted by one who did not assess, signed by a quorum, then carried out."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from app.actor import check_right
from app.assessment import queries as assessment
from app.assessment import result as results
from app.assessment import scoring, verification
from app.assessment.models import Finding
from app.assessment.result import Case, Result
from app.assessment.scoring import LevelResult
from app.assessment.service import check_no_conflict
from app.certification import access, issuing, outcome, queries
from app.certification.models import Certificate, Decision, DecisionState, Signature
from app.framework.content.scheme import Outcome
from app.journal.service import record
from app.kit.canonical import canonical
from app.kit.errors import Conflict
from app.kit.ids import new_id
from app.portfolio import lifecycle
from app.portfolio import queries as portfolios
from app.portfolio import service as portfolio_service
from app.portfolio.access import NoSuchPortfolio, Part
from app.portfolio.lifecycle import DECIDED, Step
from app.portfolio.models import Portfolio
from app.work import Work


class VerificationPending(Conflict):
    """This assessment was drawn for verification; the decision follows the verifier's word."""


class DecisionExists(Conflict):
    """There is a decision already; sign it, or discard the draft first."""


class AlreadySigned(Conflict):
    """A signed decision stands; it is neither signed again nor discarded."""


class DraftTakenBack(Conflict):
    """This draft was taken back; it is neither signed nor discarded again."""


class ResultChanged(Conflict):
    """The result is not the one that this decision was drafted on; discard it and draft anew."""


def draft(
    work: Work,
    portfolio_id: UUID,
    *,
    chosen: Outcome,
    level: str | None,
    reasons: str | None,
    indicators: Sequence[str],
) -> Decision:
    """Draft a decision on the recorded information."""
    portfolio = _portfolio(work, portfolio_id, "decision.draft")
    lifecycle.after(portfolio.state, Step.DECIDE)
    _check_verified(work, portfolio)
    current = queries.current_decision(work, portfolio_id)
    if current is not None and current.state == DecisionState.DRAFTED:
        raise DecisionExists(decision=current.id)
    case = results.case(work, portfolio)
    found = results.result(work, case)
    outcome.check(
        case.scheme.decision,
        case.scheme.partial_award,
        found.recommendation,
        chosen,
        reasons=reasons,
        indicators=indicators,
        referred_back=queries.times_referred_back(work, portfolio_id),
    )
    case.framework.check_known(indicators)
    granted = _level(case, found, chosen, level)
    if granted is not None:
        issuing.check_names(work, portfolio)
    portfolio_service.take_part(work, portfolio, work.actor.person_id, Part.DECISION_MAKER)
    decision = Decision(
        id=new_id(),
        tenant_id=portfolio.tenant_id,
        portfolio_id=portfolio.id,
        outcome=chosen,
        level=granted,
        state=DecisionState.DRAFTED,
        reasons=reasons,
        indicators=list(indicators),
        recommended=found.recommendation.outcome,
        explanation=explanation(found),
        quorum=case.scheme.level(portfolio.level).decision_quorum,
        drafted_by=work.actor.person_id,
        drafted_as=Part.DECISION_MAKER,
        drafted_at=work.now,
    )
    work.session.add(decision)
    record(work, portfolio.id, "decision.drafted", decision.id, outcome=chosen)
    return decision


def discard(work: Work, id: UUID) -> None:
    """Take a draft back before the last signature."""
    decision = queries.decision(work, id)
    portfolio = _portfolio_of(work, decision, "decision.discard")
    _check_drafted(decision)
    decision.state = DecisionState.DISCARDED
    record(work, portfolio.id, "decision.discarded", decision.id)


def sign(work: Work, id: UUID) -> Decision:
    """Sign a decision; the last signature needed carries it out."""
    decision = queries.decision(work, id)
    portfolio = _portfolio_of(work, decision, "decision.sign")
    _check_drafted(decision)
    _check_still_holds(work, portfolio, decision)
    portfolio_service.take_part(work, portfolio, work.actor.person_id, Part.DECISION_MAKER)
    signed = {one.person_id for one in queries.signatures(work, id)}
    if work.actor.person_id not in signed:
        work.session.add(
            Signature(
                tenant_id=portfolio.tenant_id,
                portfolio_id=portfolio.id,
                decision_id=decision.id,
                person_id=work.actor.person_id,
                signed_as=Part.DECISION_MAKER,
                signed_at=work.now,
            )
        )
        record(work, portfolio.id, "decision.signed", decision.id)
    if len(signed | {work.actor.person_id}) >= decision.quorum:
        _carry_out(work, portfolio, decision)
    return decision


def decision_for(work: Work, portfolio_id: UUID) -> tuple[Decision, Certificate | None]:
    """Return the decision on a portfolio: to staff as drafted, to its candidate once it stands."""
    portfolio = portfolios.portfolio_to_read(work, portfolio_id)
    found = queries.current_decision(work, portfolio_id)
    if work.actor.person_id != portfolio.candidate_id:
        check_right(work.actor, access.RIGHTS, "decision.read")
    elif portfolio.state not in DECIDED:
        # Being referred back is signed as well, and ends nothing.
        found = None
    if found is None:
        raise access.NoSuchDecision
    return found, queries.certificate_of(work, portfolio_id)


def explanation(found: Result) -> str:
    """Return, as canonical JSON, what the decision rests on: rules, inputs and outcome.

    Who knows the scheme can work the outcome out again from the referents' ratings that it holds.
    """
    recommended = found.recommendation
    return canonical(
        {
            "scheme": recommended.scheme,
            "applied_for": recommended.applied_for.level,
            "outcome": recommended.outcome,
            "level": recommended.level,
            "indicators": {
                line.indicator: {
                    "ratings": list(line.ratings),
                    "third": line.third,
                    "how": line.settled.how,
                    "raised_to": line.raised_to,
                    "rating": line.rating,
                }
                for line in found.lines
            },
            "levels": [
                _level_explained(one) for one in (recommended.applied_for, *recommended.considered)
            ],
        }
    ).decode()


def _level_explained(level: LevelResult) -> dict[str, object]:
    return {
        "level": level.level,
        "passed": level.passed,
        "rules": [
            {
                "rule": rule.rule,
                "scope": rule.scope,
                "kind": rule.kind,
                "threshold": rule.threshold,
                "holds": rule.holds,
                "failing": list(rule.failing),
            }
            for rule in level.rules
        ],
        "competences_won": list(level.won),
    }


def _carry_out(work: Work, portfolio: Portfolio, decision: Decision) -> None:
    decision.state, decision.signed_at = DecisionState.SIGNED, work.now
    work.session.flush()
    if decision.outcome == Outcome.REFERRED_BACK:
        verification.give_back(
            work, portfolio, Step.REFER_BACK, decision.indicators, decision.reasons or ""
        )
        return
    portfolio.decided_at = work.now
    portfolio_service.move(work, portfolio, Step.DECIDE, outcome=decision.outcome)
    if decision.level is not None:
        issuing.issue(work, portfolio, decision)


def _portfolio(work: Work, id: UUID, act: str) -> Portfolio:
    portfolio = portfolios.portfolio(work, id)
    access.check_may_decide(work.actor, portfolios.part_of(work, id, work.actor.person_id), act)
    check_no_conflict(work, portfolio, work.actor.person_id)
    return portfolio


def _portfolio_of(work: Work, decision: Decision, act: str) -> Portfolio:
    try:
        return _portfolio(work, decision.portfolio_id, act)
    except NoSuchPortfolio:
        # Else the answer would tell whether there is a decision with this identifier.
        raise access.NoSuchDecision from None


def _check_drafted(decision: Decision) -> None:
    if decision.state == DecisionState.DISCARDED:
        raise DraftTakenBack
    if decision.state == DecisionState.SIGNED:
        raise AlreadySigned


def _check_still_holds(work: Work, portfolio: Portfolio, decision: Decision) -> None:
    """Refuse to sign what was drafted before the portfolio went back, or was withdrawn."""
    lifecycle.after(portfolio.state, Step.DECIDE)
    _check_verified(work, portfolio)
    if decision.level is not None:
        issuing.check_names(work, portfolio)
    if decision.explanation != explanation(results.result(work, results.case(work, portfolio))):
        raise ResultChanged


def _check_verified(work: Work, portfolio: Portfolio) -> None:
    drawn = assessment.verification(work, portfolio.id)
    if drawn.required and drawn.outcome != Finding.CONFIRMED:
        raise VerificationPending(rule=drawn.rule)


def _level(case: Case, found: Result, chosen: Outcome, level: str | None) -> str | None:
    applied_for = case.portfolio.level
    ratings = {line.indicator: line.rating or 0 for line in found.lines}
    below = [
        scoring.level_result(case.scheme, case.framework, lower, ratings)
        for lower in case.scheme.below(applied_for)
    ]
    return outcome.granted_level(applied_for, chosen, level, below)
