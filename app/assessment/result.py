"""The result of a portfolio with its explanation, worked out each time from what was entered."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from app.actor import check_right
from app.assessment import access, agreement, plan, queries, sampling, scoring
from app.assessment.agreement import Settled
from app.assessment.lifecycle import State
from app.assessment.models import Interview, Verification
from app.assessment.plan import Plan
from app.assessment.scoring import Recommendation
from app.evidence import queries as evidence
from app.evidence.models import Snapshot
from app.evidence.queries import standing
from app.framework import queries as reference
from app.framework.content.framework import Framework
from app.framework.content.scheme import Outcome, Scheme
from app.journal.service import record
from app.kit.errors import Conflict
from app.kit.ids import new_id
from app.portfolio import queries as portfolios
from app.portfolio import service as portfolio_service
from app.portfolio.access import Part
from app.portfolio.lifecycle import DECIDED, Step
from app.portfolio.lifecycle import State as PortfolioState
from app.portfolio.models import Portfolio
from app.work import Work

REVEALED = (PortfolioState.ASSESSED, PortfolioState.DECIDED, PortfolioState.CLOSED)


class NotAssessedYet(Conflict):
    """There is a result once every referent is final and every disagreement is settled."""


@dataclass(frozen=True, slots=True)
class Case:
    """A portfolio under assessment with the versions that it is assessed by."""

    portfolio: Portfolio
    snapshot: Snapshot
    framework: Framework
    scheme: Scheme


@dataclass(frozen=True, slots=True)
class Line:
    """How the result of one indicator came about."""

    indicator: str
    ratings: tuple[int, ...]
    third: int | None
    settled: Settled
    raised_to: int | None

    @property
    def rating(self) -> int | None:
        return self.settled.rating if self.raised_to is None else self.raised_to


@dataclass(frozen=True, slots=True)
class Result:
    """Each indicator's line, and what follows from all of them by the scheme's rules."""

    lines: tuple[Line, ...]
    recommendation: Recommendation


def case(work: Work, portfolio: Portfolio) -> Case:
    """Gather what a portfolio is assessed by."""
    return Case(
        portfolio,
        evidence.latest_snapshot(work, portfolio.id),
        reference.framework(work.session, portfolio.framework_id),
        reference.scheme(work.session, portfolio.scheme_id),
    )


def result_for(work: Work, portfolio_id: UUID) -> Result:
    """Return the result for who may read it: staff once assessed, the candidate once decided."""
    portfolio = portfolios.portfolio_to_read(work, portfolio_id)
    own = work.actor.person_id == portfolio.candidate_id
    if not own and portfolio.training_body_id not in work.actor.training_bodies:
        check_right(work.actor, access.RIGHTS, "result.read")
        if portfolio.state not in REVEALED:
            raise NotAssessedYet(state=portfolio.state)
    elif portfolio.state not in DECIDED:
        raise NotAssessedYet("The result is shown after the decision.", state=portfolio.state)
    return result(work, case(work, portfolio))


def result(work: Work, case: Case) -> Result:
    """Work out the result; refused while referents disagree or are not final."""
    found = lines(work, case)
    ratings = {line.indicator: line.rating for line in found}
    settled = {code: rating for code, rating in ratings.items() if rating is not None}
    if len(settled) < len(ratings):
        raise NotAssessedYet(disagreements=sorted(ratings.keys() - settled.keys()))
    recommendation = scoring.recommend(case.scheme, case.framework, case.portfolio.level, settled)
    return Result(tuple(found), recommendation)


def lines(work: Work, case: Case) -> list[Line]:
    """Return how each indicator stands once the referents are final."""
    first = [
        one
        for one in queries.working(work, case.portfolio.id, Part.REFERENT)
        if one.state == State.FINAL
    ]
    if len(first) < case.scheme.assessment.referents_per_portfolio:
        raise NotAssessedYet
    scale = case.scheme.rating_scale
    shut = standing.not_countable(work, case.snapshot.id)
    given = [queries.counting_ratings(work, one, scale, shut) for one in first]
    third = _third(work, case, shut)
    raised = _raised(work, case)
    found = []
    for code in case.framework.indicators:
        ratings = tuple(one[code] for one in given)
        settled = agreement.settle(case.scheme.assessment.agreement, ratings, third.get(code))
        to = plan.raised(case.scheme.assessment.interview, settled.rating, raised.get(code))
        found.append(Line(code, ratings, third.get(code), settled, to))
    return found


def disagreements(work: Work, portfolio: Portfolio) -> list[str]:
    """Return the indicators on which the referents disagree and no third has rated."""
    found = lines(work, case(work, portfolio))
    return [line.indicator for line in found if line.settled.rating is None]


def interview_plan(work: Work, case: Case) -> Plan:
    """Return what the interview has to ask about."""
    settled = {line.indicator: line.settled for line in lines(work, case)}
    return plan.plan(
        case.framework,
        case.scheme.rating_scale,
        case.scheme.assessment.interview,
        settled,
        case.snapshot.root,
    )


def conclude(work: Work, portfolio: Portfolio) -> bool:
    """Close the assessment if nothing is left to do, and draw whether it is verified."""
    if portfolio.state != PortfolioState.IN_ASSESSMENT:
        return False
    work.session.flush()
    found = case(work, portfolio)
    try:
        outcome = result(work, found)
    except NotAssessedYet:
        return False
    needs_interview = found.scheme.assessment.interview.required
    held = queries.interview(work, found.snapshot.id)
    if needs_interview and not _confirmed(held):
        return False
    # Without the outcome: the candidate reads this entry before anything is decided.
    portfolio_service.move(work, portfolio, Step.CONCLUDE)
    _draw_verification(work, found, outcome)
    return True


def _draw_verification(work: Work, case: Case, outcome: Result) -> None:
    first = queries.working(work, case.portfolio.id, Part.REFERENT)
    seed = secrets.token_bytes(32).hex()
    drawn = sampling.draw(
        case.scheme.assessment.verification_sampling,
        sent_back=queries.was_sent_back(work, case.portfolio.id),
        at_risk=outcome.recommendation.outcome == Outcome.REFUSED
        or any(line.third is not None for line in outcome.lines),
        referent_assessments=min(queries.finished_by(work, one.referent_id) for one in first),
        root=case.snapshot.root,
        seed=seed,
    )
    verification = Verification(
        id=new_id(),
        tenant_id=case.portfolio.tenant_id,
        portfolio_id=case.portfolio.id,
        snapshot_id=case.snapshot.id,
        required=drawn.required,
        rule=drawn.rule,
        share=drawn.share,
        lot=drawn.lot,
        seed=seed,
        drawn_at=work.now,
    )
    work.session.add(verification)
    # Holds the draw to its seed without telling it: a referent is the actor of this entry.
    record(
        work,
        case.portfolio.id,
        "verification.drawn",
        verification.id,
        seed_sha256=hashlib.sha256(bytes.fromhex(seed)).hexdigest(),
    )


def _third(work: Work, case: Case, shut: Sequence[UUID]) -> Mapping[str, int]:
    found: dict[str, int] = {}
    for one in queries.working(work, case.portfolio.id, Part.MODERATOR):
        if one.state == State.FINAL:
            found |= queries.counting_ratings(work, one, case.scheme.rating_scale, shut)
    return found


def _raised(work: Work, case: Case) -> Mapping[str, int]:
    held = queries.interview(work, case.snapshot.id)
    if held is None or not _confirmed(held):
        return {}
    return {
        answer.indicator: answer.raised_to
        for answer in queries.answers(work, held)
        if answer.raised_to is not None
    }


def _confirmed(interview: Interview | None) -> bool:
    return interview is not None and interview.confirmed_at is not None
