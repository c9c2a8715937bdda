"""The interview: planned from gaps and doubts, recorded by one referent, confirmed by the other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from app.assessment import access, plan, queries, result
from app.assessment.agreement import Settled
from app.assessment.models import Interview, InterviewAnswer
from app.assessment.plan import Plan
from app.journal.service import record
from app.kit.errors import Conflict, Invalid
from app.kit.ids import new_id
from app.portfolio import lifecycle
from app.portfolio import queries as portfolios
from app.portfolio.access import Part
from app.portfolio.lifecycle import Step
from app.portfolio.models import Portfolio
from app.work import Work


class InterviewRecorded(Conflict):
    """The interview was recorded already; the other referent confirms it."""


class ConfirmedByOther(Conflict):
    """An interview is confirmed by the referent who did not record it."""


class NotHeldYet(Invalid):
    """An interview is recorded after it was held."""


class HeldBeforeSubmission(Invalid):
    """An interview is held about what was submitted, so after the submission."""


class RaiseNeedsNote(Invalid):
    """A raise takes a note that says what the candidate showed."""


class MinuteOutOfRange(Invalid):
    """An answer cites a minute of the interview, which was shorter."""


class DisagreementOpen(Conflict):
    """The referents disagree on some indicators; a third referent rates these first."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What was said about an indicator: the minute, a note, and the raise it leads to if any."""

    minute: int
    note: str | None
    raised_to: int | None


def planned(work: Work, portfolio_id: UUID) -> Plan:
    """Return what the interview has to ask about, for the referents of the portfolio."""
    _check_is_referent(work, portfolio_id, "interview.hold")
    portfolio = portfolios.portfolio_to_read_for_duty(work, portfolio_id)
    return result.interview_plan(work, result.case(work, portfolio))


def record_interview(
    work: Work,
    portfolio_id: UUID,
    *,
    held_at: datetime,
    minutes: int,
    summary: str,
    answers: Mapping[str, Answer],
) -> Interview:
    """Enter what the interview showed; raises take effect when the other referent confirms."""
    portfolio = _portfolio(work, portfolio_id, "interview.hold")
    lifecycle.after(portfolio.state, Step.CONCLUDE)
    case = result.case(work, portfolio)
    if held_at > work.now:
        raise NotHeldYet
    if held_at < case.snapshot.sealed_at:
        raise HeldBeforeSubmission(submitted_at=case.snapshot.sealed_at)
    if late := sorted(code for code, answer in answers.items() if answer.minute > minutes):
        raise MinuteOutOfRange(indicators=late, minutes=minutes)
    if queries.interview(work, case.snapshot.id) is not None:
        raise InterviewRecorded
    found = {line.indicator: line.settled for line in result.lines(work, case)}
    if doubtful := sorted(code for code, settled in found.items() if settled.rating is None):
        raise DisagreementOpen(indicators=doubtful)
    _check(case, result.interview_plan(work, case), answers, found)
    interview = Interview(
        id=new_id(),
        tenant_id=portfolio.tenant_id,
        portfolio_id=portfolio.id,
        snapshot_id=case.snapshot.id,
        framework_id=portfolio.framework_id,
        held_at=held_at,
        minutes=minutes,
        summary=summary,
        conducted_by=work.actor.person_id,
        conducted_as=Part.REFERENT,
        recorded_at=work.now,
    )
    work.session.add(interview)
    work.session.flush()
    work.session.add_all(
        InterviewAnswer(
            tenant_id=portfolio.tenant_id,
            interview_id=interview.id,
            framework_id=portfolio.framework_id,
            indicator=code,
            minute=answer.minute,
            note=answer.note,
            raised_to=answer.raised_to,
        )
        for code, answer in answers.items()
    )
    record(work, portfolio.id, "interview.recorded", interview.id, indicators=sorted(answers))
    return interview


def confirm(work: Work, portfolio_id: UUID) -> Interview:
    """Confirm, as the other referent, the interview and the raises it leads to."""
    portfolio = _portfolio(work, portfolio_id, "interview.confirm")
    lifecycle.after(portfolio.state, Step.CONCLUDE)
    interview = queries.interview(work, result.case(work, portfolio).snapshot.id)
    if interview is None:
        raise queries.NoInterview
    if interview.conducted_by == work.actor.person_id:
        raise ConfirmedByOther
    if interview.confirmed_at is None:
        interview.confirmed_by, interview.confirmed_as = work.actor.person_id, Part.REFERENT
        interview.confirmed_at = work.now
        record(work, portfolio.id, "interview.confirmed", interview.id)
        result.conclude(work, portfolio)
    return interview


def _portfolio(work: Work, portfolio_id: UUID, act: str) -> Portfolio:
    portfolio = portfolios.portfolio_for_duty(work, portfolio_id)
    _check_is_referent(work, portfolio_id, act)
    return portfolio


def _check_is_referent(work: Work, portfolio_id: UUID, act: str) -> None:
    referents = {one.referent_id for one in queries.working(work, portfolio_id, Part.REFERENT)}
    if work.actor.person_id not in referents:
        # Whoever may not know of the portfolio is told that there is none.
        portfolios.portfolio_to_read(work, portfolio_id)
    access.check_is_referent(work.actor, referents, act)


def _check(
    case: result.Case,
    planned: Plan,
    answers: Mapping[str, Answer],
    found: Mapping[str, Settled],
) -> None:
    case.framework.check_known(answers)
    plan.check_covered(planned, case.framework, answers.keys())
    for code, answer in answers.items():
        before = found[code].rating
        if answer.raised_to is not None and not answer.note:
            raise RaiseNeedsNote(indicator=code)
        if answer.raised_to is not None and before is not None:
            plan.check_raise(
                case.scheme.rating_scale,
                case.scheme.assessment.interview,
                code,
                before,
                answer.raised_to,
            )
