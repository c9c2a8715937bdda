"""The interview: planned from gaps and doubts, recorded by one referent, confirmed by the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from app.assessment import access, plan, queries, result
from app.assessment.models import Interview, InterviewAnswer
from app.assessment.plan import Plan
from app.evidence import queries as evidence
from app.journal.service import record
from app.kit.errors import Conflict, Invalid, StaleVersion
from app.kit.ids import new_id
from app.portfolio import lifecycle
from app.portfolio import queries as portfolios
from app.portfolio.access import Part
from app.portfolio.lifecycle import DECIDED, Step
from app.portfolio.models import Portfolio
from app.work import Work


class InterviewRecorded(Conflict):
    """The interview was recorded already; the other referent confirms it, or you replace it."""


class InterviewConfirmed(Conflict):
    """A confirmed interview stands; it is not replaced."""


class ReplacedByRecorder(Conflict):
    """An interview is replaced by the referent who recorded it."""


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


@dataclass(frozen=True, slots=True)
class Account:
    """What a referent tells of the interview that they held."""

    held_at: datetime
    minutes: int
    summary: str
    answers: Mapping[str, Answer]


@dataclass(frozen=True, slots=True)
class Read:
    """An interview with its answers, by indicator."""

    interview: Interview
    answers: Sequence[InterviewAnswer]


def planned(work: Work, portfolio_id: UUID) -> Plan:
    """Return what the interview has to ask about, for the referents of the portfolio."""
    _check_is_referent(work, portfolio_id, "interview.hold")
    portfolio = portfolios.portfolio_to_read_for_duty(work, portfolio_id)
    return result.interview_plan(work, result.case(work, portfolio))


def read(work: Work, portfolio_id: UUID) -> Read:
    """Return the interview: to its referents, staff once assessed, the candidate once decided.

    For whoever may know of the portfolio only, there is no interview.
    """
    portfolio = portfolios.portfolio_to_read_for_duty(work, portfolio_id)
    if not _may_read(work, portfolio):
        portfolios.portfolio_to_read(work, portfolio_id)
        raise queries.NoInterview
    interview = _recorded(work, portfolio)
    return Read(interview, queries.answers(work, interview))


def record_interview(work: Work, portfolio_id: UUID, account: Account) -> Interview:
    """Enter what the interview showed; raises take effect when the other referent confirms."""
    portfolio = _portfolio(work, portfolio_id, "interview.hold")
    lifecycle.after(portfolio.state, Step.CONCLUDE)
    case = result.case(work, portfolio)
    _check_held(case, account, work.now)
    if queries.interview(work, case.snapshot.id) is not None:
        raise InterviewRecorded
    _check(work, case, account.answers)
    interview = Interview(
        id=new_id(),
        tenant_id=portfolio.tenant_id,
        portfolio_id=portfolio.id,
        snapshot_id=case.snapshot.id,
        framework_id=portfolio.framework_id,
        held_at=account.held_at,
        minutes=account.minutes,
        summary=account.summary,
        version=1,
        conducted_by=work.actor.person_id,
        conducted_as=Part.REFERENT,
        recorded_at=work.now,
    )
    work.session.add(interview)
    _add_answers(work, interview, account.answers)
    indicators = sorted(account.answers)
    record(work, portfolio.id, "interview.recorded", interview.id, indicators=indicators)
    return interview


def replace(work: Work, portfolio_id: UUID, version: int, account: Account) -> Interview:
    """Enter one's own interview anew while it is not confirmed; the earlier answers are kept."""
    portfolio = _portfolio(work, portfolio_id, "interview.hold")
    lifecycle.after(portfolio.state, Step.CONCLUDE)
    interview = _recorded(work, portfolio)
    if interview.conducted_by != work.actor.person_id:
        raise ReplacedByRecorder
    if interview.confirmed_at is not None:
        raise InterviewConfirmed
    if interview.version != version:
        raise StaleVersion
    case = result.case(work, portfolio)
    _check_held(case, account, work.now)
    _check(work, case, account.answers)
    interview.held_at, interview.minutes = account.held_at, account.minutes
    interview.summary, interview.recorded_at = account.summary, work.now
    interview.version += 1
    _add_answers(work, interview, account.answers)
    record(
        work,
        portfolio.id,
        "interview.replaced",
        interview.id,
        version=interview.version,
        indicators=sorted(account.answers),
    )
    return interview


def confirm(work: Work, portfolio_id: UUID, version: int) -> Interview:
    """Confirm, as the other referent, the interview as read and the raises it leads to."""
    portfolio = _portfolio(work, portfolio_id, "interview.confirm")
    lifecycle.after(portfolio.state, Step.CONCLUDE)
    interview = _recorded(work, portfolio)
    if interview.conducted_by == work.actor.person_id:
        raise ConfirmedByOther
    if interview.version != version:
        raise StaleVersion
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


def _may_read(work: Work, portfolio: Portfolio) -> bool:
    if work.actor.person_id == portfolio.candidate_id:
        return portfolio.state in DECIDED
    if access.RIGHTS["result.read"] & work.actor.roles and portfolio.state in result.REVEALED:
        return True
    # Who was not final yet, having come in for another, rates without what the interview tells.
    return bool(access.RIGHTS["interview.hold"] & work.actor.roles) and any(
        one.referent_id == work.actor.person_id and one.finalised_at is not None
        for one in queries.working(work, portfolio.id, Part.REFERENT)
    )


def _recorded(work: Work, portfolio: Portfolio) -> Interview:
    interview = queries.interview(work, evidence.latest_snapshot(work, portfolio.id).id)
    if interview is None:
        raise queries.NoInterview
    return interview


def _add_answers(work: Work, interview: Interview, answers: Mapping[str, Answer]) -> None:
    work.session.flush()
    work.session.add_all(
        InterviewAnswer(
            tenant_id=interview.tenant_id,
            interview_id=interview.id,
            version=interview.version,
            framework_id=interview.framework_id,
            indicator=code,
            minute=answer.minute,
            note=answer.note,
            raised_to=answer.raised_to,
        )
        for code, answer in answers.items()
    )


def _check_held(case: result.Case, account: Account, now: datetime) -> None:
    if account.held_at > now:
        raise NotHeldYet
    if account.held_at < case.snapshot.sealed_at:
        raise HeldBeforeSubmission(submitted_at=case.snapshot.sealed_at)
    minutes = account.minutes
    if late := sorted(code for code, one in account.answers.items() if one.minute > minutes):
        raise MinuteOutOfRange(indicators=late, minutes=minutes)


def _check(work: Work, case: result.Case, answers: Mapping[str, Answer]) -> None:
    found = {line.indicator: line.settled for line in result.lines(work, case)}
    if doubtful := sorted(code for code, settled in found.items() if settled.rating is None):
        raise DisagreementOpen(indicators=doubtful)
    case.framework.check_known(answers)
    plan.check_covered(result.interview_plan(work, case), case.framework, answers.keys())
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
