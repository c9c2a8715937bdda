"""Assigning referents, and what each does with an assessment until it is final."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from app.actor import Role, check_right
from app.assessment import access, queries, writing
from app.assessment.lifecycle import ENDED, State, Step, after
from app.assessment.models import Assessment, DeclaredConflict, Rating
from app.assessment.writing import Given, Judged, WrittenMany
from app.evidence import queries as evidence
from app.framework import queries as reference
from app.framework.content.scheme import Scheme
from app.journal.service import Fact, record
from app.kit.errors import Conflict, Invalid, NotFound, StaleVersion
from app.kit.ids import new_id
from app.people import queries as people
from app.portfolio import lifecycle as portfolio_lifecycle
from app.portfolio import queries as portfolios
from app.portfolio import service as portfolio_service
from app.portfolio.access import Part
from app.portfolio.lifecycle import State as PortfolioState
from app.portfolio.lifecycle import Step as PortfolioStep
from app.portfolio.models import Portfolio
from app.work import Work


class EnoughReferents(Conflict):
    """The portfolio has as many referents as the scheme asks for."""


class AlreadyAssigned(Conflict):
    """This person was assigned to this portfolio before."""


class NotInThisAssessment(NotFound):
    """This assessment has no such indicator to rate."""


class RatingsClosed(Conflict):
    """Ratings are given while an assessment is in progress; `open_steps` says what is open."""


class RatingLocked(Conflict):
    """This rating is final; only a return by the verifier opens it again."""


class RatingsMissing(Conflict):
    """Every indicator is rated, or marked not assessable, before the assessment is final."""


class ClaimsNotJudged(Conflict):
    """Every claim is judged before the assessment is final."""


class UnknownClaims(Invalid):
    """These are no claims on the rated indicators in what was submitted."""


class ReasonForNo(Invalid):
    """A claim that is not accepted, or fails a judgement, is given the reason why."""


class CommentNeeded(Invalid):
    """An indicator marked not assessable has no rating and a comment that says why."""


class JudgedTwice(Invalid):
    """A request judges a claim once."""


class NotUnderAssessment(Conflict):
    """This portfolio is not under assessment: there is nothing to do about it."""


class ModerationNotNeeded(Conflict):
    """The referents do not disagree: a third referent is called when they do."""


def assign(work: Work, portfolio_id: UUID, referent_id: UUID) -> Assessment:
    """Ask a referent without a conflict of interest to assess a submitted portfolio."""
    portfolio = portfolios.portfolio(work, portfolio_id)
    check_may_oversee(work, portfolio_id, "assessment.assign")
    # Where a referent stepped back from an assessment under way, another one takes their place.
    if portfolio.state != PortfolioState.IN_ASSESSMENT:
        portfolio_lifecycle.after(portfolio.state, PortfolioStep.BEGIN_ASSESSMENT)
    scheme = reference.scheme(work.session, portfolio.scheme_id)
    active = [
        one
        for one in queries.assessments(work, portfolio_id)
        if one.part == Part.REFERENT and one.state not in ENDED
    ]
    if len(active) >= scheme.assessment.referents_per_portfolio:
        raise EnoughReferents(referents=len(active))
    return _assign(work, portfolio, scheme, referent_id, Part.REFERENT)


def call_third(
    work: Work, portfolio_id: UUID, referent_id: UUID, codes: Sequence[str]
) -> Assessment:
    """Ask a third referent to rate, blind, the indicators on which the two disagree."""
    portfolio = portfolios.portfolio(work, portfolio_id)
    if not codes:
        raise ModerationNotNeeded
    # After a return the two may disagree on more than the last third referent was asked about:
    # then another is called, but only one at a time.
    if any(
        one.part == Part.MODERATOR and one.state not in (*ENDED, State.FINAL)
        for one in queries.assessments(work, portfolio_id)
    ):
        raise EnoughReferents
    scheme = reference.scheme(work.session, portfolio.scheme_id)
    assessment = _assign(work, portfolio, scheme, referent_id, Part.MODERATOR)
    assessment.to_rate = len(codes)
    _lay_out(work, assessment, codes)
    return assessment


def accept(work: Work, id: UUID) -> Assessment:
    """Take an assessment on; with the last referent needed the assessment begins."""
    assessment = _own(work, id, "assessment.accept")
    portfolio = portfolios.portfolio_for_duty(work, assessment.portfolio_id)
    after(assessment.state, Step.ACCEPT)
    _check_under_assessment(portfolio)
    assessment.accepted_at = work.now
    move(work, assessment, Step.ACCEPT)
    if assessment.part == Part.REFERENT:
        framework = reference.framework(work.session, portfolio.framework_id)
        _lay_out(work, assessment, list(framework.indicators))
    move(work, assessment, Step.BEGIN)
    work.session.flush()
    scheme = reference.scheme(work.session, portfolio.scheme_id)
    accepted = queries.working(work, portfolio.id, Part.REFERENT)
    enough = len(accepted) >= scheme.assessment.referents_per_portfolio
    if enough and portfolio.state == PortfolioState.SUBMITTED:
        portfolio_service.move(work, portfolio, PortfolioStep.BEGIN_ASSESSMENT)
    return assessment


def decline(work: Work, id: UUID, reason: str) -> Assessment:
    """Say no to an assignment; the officer asks someone else."""
    assessment = _own(work, id, "assessment.decline")
    assessment.reason = reason
    move(work, assessment, Step.DECLINE)
    return assessment


def declare_conflict(work: Work, id: UUID, reason: str) -> Assessment:
    """Step back for a conflict of interest; it counts for all of this candidate's portfolios."""
    assessment = _own(work, id, "assessment.declare_conflict")
    portfolio = portfolios.portfolio_for_duty(work, assessment.portfolio_id)
    assessment.reason = reason
    move(work, assessment, Step.DECLARE_CONFLICT)
    work.session.add(
        DeclaredConflict(
            id=new_id(),
            tenant_id=assessment.tenant_id,
            person_id=work.actor.person_id,
            candidate_id=portfolio.candidate_id,
            reason=reason,
            declared_at=work.now,
        )
    )
    return assessment


def rate(work: Work, id: UUID, version: int, given: Given, judged: Sequence[Judged] = ()) -> int:
    """Rate one indicator, with judgements on its claims; return the rating's new version."""
    check_right(work.actor, access.RIGHTS, "assessment.rate")
    _check_shape([given], judged)
    written = writing.write_one(work, id, version, given)
    if written is None:
        raise _why_not_one(work, id, given.indicator)
    _check_on_scale(work, written.scheme_id, [given])
    if judged:
        _judge(work, id, [given], judged)
    return written.version


def rate_many(
    work: Work, id: UUID, version: int, given: Sequence[Given], judged: Sequence[Judged] = ()
) -> WrittenMany:
    """Rate many indicators in one go: all of them, or none."""
    check_right(work.actor, access.RIGHTS, "assessment.rate")
    _check_shape(given, judged)
    written = writing.write_many(work, id, version, given)
    if written is None or written.written < len(given):
        raise _why_not_many(work, id, given)
    _check_on_scale(work, written.scheme_id, given)
    if judged:
        _judge(work, id, given, judged)
    return written


def finalise(work: Work, id: UUID, comment: str) -> Assessment:
    """Close one's ratings; from now on they are revealed as far as the process says."""
    assessment = _own(work, id, "assessment.finalise")
    after(assessment.state, Step.FINALISE)
    # Held before the journal is written, as every other step of a portfolio does it.
    _check_under_assessment(portfolios.portfolio_for_duty(work, assessment.portfolio_id))
    rows = queries.ratings(work, id)
    if missing := sorted(row.indicator for row in rows if row.rated_at is None):
        raise RatingsMissing(missing=missing)
    if unjudged := queries.unjudged_claims(work, assessment):
        raise ClaimsNotJudged(claims=[str(claim) for claim in unjudged])
    first = assessment.finalised_at is None
    for row in rows:
        row.locked = True
        if first:
            row.first_rating = row.rating
    assessment.comment, assessment.finalised_at = comment, work.now
    move(work, assessment, Step.FINALISE)
    return assessment


def reopen(work: Work, assessment: Assessment, codes: Sequence[str]) -> None:
    """Open named ratings of a final assessment again; the first ratings are kept."""
    rows = [row for row in queries.ratings(work, assessment.id) if row.indicator in codes]
    if not rows:
        return
    for row in rows:
        row.locked = False
    move(work, assessment, Step.REOPEN, indicators=sorted(row.indicator for row in rows))


def check_may_oversee(work: Work, portfolio_id: UUID, act: str) -> None:
    """Refuse an officer's or verifier's look at a case in which they have another part."""
    part = portfolios.part_of(work, portfolio_id, work.actor.person_id)
    access.check_may_oversee(work.actor, part, act)


def check_no_conflict(work: Work, portfolio: Portfolio, person_id: UUID) -> None:
    """Refuse a part in a case to whoever has a conflict of interest with its candidate."""
    access.check_no_conflict(
        queries.ties(work, portfolio, portfolio.candidate_id),
        queries.ties(work, portfolio, person_id),
        queries.has_declared_conflict(work, person_id, portfolio.candidate_id),
    )


def move(work: Work, assessment: Assessment, step: Step, **facts: Fact) -> None:
    """Take one step and put it on record; no assessment changes state in any other way."""
    assessment.state = after(assessment.state, step)
    assessment.version += 1
    record(work, assessment.portfolio_id, f"assessment.{step}", assessment.id, **facts)


def _check_under_assessment(portfolio: Portfolio) -> None:
    if portfolio.state not in (PortfolioState.SUBMITTED, PortfolioState.IN_ASSESSMENT):
        raise NotUnderAssessment(portfolio_state=portfolio.state)


def _own(work: Work, id: UUID, act: str) -> Assessment:
    assessment = queries.assessment(work, id)
    check_right(work.actor, access.RIGHTS, act)
    return assessment


def _assign(
    work: Work, portfolio: Portfolio, scheme: Scheme, referent_id: UUID, part: Part
) -> Assessment:
    if referent_id == work.actor.person_id:
        raise access.SelfAssigned
    people.person(work, referent_id)
    if people.holding(work, referent_id, Role.REFERENT, None) is None:
        raise access.NotAReferent
    check_no_conflict(work, portfolio, referent_id)
    if any(one.referent_id == referent_id for one in queries.assessments(work, portfolio.id)):
        raise AlreadyAssigned
    portfolio_service.take_part(work, portfolio, referent_id, part)
    assessment = Assessment(
        id=new_id(),
        tenant_id=portfolio.tenant_id,
        portfolio_id=portfolio.id,
        snapshot_id=evidence.latest_snapshot(work, portfolio.id).id,
        framework_id=portfolio.framework_id,
        referent_id=referent_id,
        part=part,
        state=State.ASSIGNED,
        version=1,
        rated=0,
        to_rate=len(reference.framework(work.session, portfolio.framework_id).indicators),
        due_on=(work.now + timedelta(days=scheme.assessment.service_levels_days.assessment)).date(),
        assigned_at=work.now,
    )
    work.session.add(assessment)
    record(
        work, portfolio.id, "assessment.assigned", assessment.id, referent=referent_id, part=part
    )
    return assessment


def _lay_out(work: Work, assessment: Assessment, codes: Sequence[str]) -> None:
    """Lay out the rows to be rated in one go, so that they lie together in the table."""
    work.session.flush()
    work.session.add_all(
        Rating(
            tenant_id=assessment.tenant_id,
            assessment_id=assessment.id,
            snapshot_id=assessment.snapshot_id,
            framework_id=assessment.framework_id,
            indicator=code,
            rating=None,
            first_rating=None,
            not_assessable=False,
            comment=None,
            locked=False,
            version=1,
            rated_at=None,
        )
        for code in codes
    )
    work.session.flush()


def _check_shape(given: Sequence[Given], judged: Sequence[Judged]) -> None:
    for one in given:
        if one.not_assessable != (one.rating is None) or (one.not_assessable and not one.comment):
            raise CommentNeeded(indicator=one.indicator)
    if len({one.claim_id for one in judged}) < len(judged):
        raise JudgedTwice
    for judgement in judged:
        holds = judgement.verdict != "not_accepted" and all(
            (
                judgement.valid,
                judgement.authentic,
                judgement.current,
                judgement.sufficient,
                judgement.reliable,
            )
        )
        if not holds and not judgement.reason:
            raise ReasonForNo(claim=str(judgement.claim_id))


def _check_on_scale(work: Work, scheme_id: UUID, given: Sequence[Given]) -> None:
    ratings = {one.indicator: one.rating for one in given if one.rating is not None}
    reference.scheme(work.session, scheme_id).rating_scale.check(ratings)


def _judge(work: Work, id: UUID, given: Sequence[Given], judged: Sequence[Judged]) -> None:
    assessment = queries.assessment(work, id)
    sealed = evidence.sealed_claims(work, assessment.snapshot_id)
    # Claims on other indicators stay out of reach, for these may be locked.
    rated = {one.indicator for one in given}
    if unknown := [str(one.claim_id) for one in judged if sealed.get(one.claim_id) not in rated]:
        raise UnknownClaims(unknown=unknown)
    writing.judge(work, id, judged, work.now)


def _why_not_one(work: Work, id: UUID, indicator: str) -> Exception:
    if refusal := _why_closed(work, queries.assessment(work, id)):
        return refusal
    row = queries.rating(work, id, indicator)
    if row is None:
        return NotInThisAssessment(indicator=indicator)
    return RatingLocked(indicator=indicator) if row.locked else StaleVersion()


def _why_not_many(work: Work, id: UUID, given: Sequence[Given]) -> Exception:
    assessment = queries.assessment(work, id)
    if refusal := _why_closed(work, assessment):
        return refusal
    rows = {row.indicator: row for row in queries.ratings(work, id)}
    if unknown := sorted({one.indicator for one in given} - rows.keys()):
        return NotInThisAssessment(indicators=unknown)
    if locked := sorted(one.indicator for one in given if rows[one.indicator].locked):
        return RatingLocked(indicators=locked)
    return StaleVersion()


def _why_closed(work: Work, assessment: Assessment) -> Exception | None:
    if assessment.state != State.IN_PROGRESS:
        return RatingsClosed(state=assessment.state, open_steps=assessment.open_steps)
    state = portfolios.portfolio_for_duty(work, assessment.portfolio_id).state
    if state not in (PortfolioState.SUBMITTED, PortfolioState.IN_ASSESSMENT):
        return RatingsClosed(portfolio_state=state)
    return None
