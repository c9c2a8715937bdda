"""Finding assessments, and what the rules need to know about them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import TextClause, exists, func, or_, select, text

from app.assessment.access import NoSuchAssessment, Ties
from app.assessment.agreement import counting_rating
from app.assessment.lifecycle import WORKING, State
from app.assessment.models import (
    Assessment,
    DeclaredConflict,
    Interview,
    InterviewAnswer,
    Judgement,
    Rating,
    Verification,
)
from app.evidence.models import File, SnapshotClaim, SnapshotFile, Validation
from app.framework.content.scheme import RatingScale
from app.kit.db import Statement
from app.kit.errors import NotFound
from app.kit.paging import Position, cursor
from app.people.models import Person, RoleHolding
from app.portfolio.access import Part
from app.portfolio.lifecycle import EVIDENCE_OPEN
from app.portfolio.lifecycle import Step as PortfolioStep
from app.portfolio.models import Portfolio, Transition
from app.work import Work


class NoInterview(NotFound):
    """No interview has been recorded for what was submitted."""


class NoVerification(NotFound):
    """No verification has been drawn for this portfolio yet."""


@dataclass(frozen=True, slots=True)
class Given:
    """What a referent gave one indicator, whatever it counts for, and the words beside it."""

    part: Part
    rating: int | None
    not_assessable: bool
    comment: str | None


def assessment(work: Work, id: UUID) -> Assessment:
    """Fetch one's own assessment and hold its row; anybody else's does not exist for one."""
    own = select(Assessment).where(
        Assessment.id == id, Assessment.referent_id == work.actor.person_id
    )
    found = work.session.scalars(own.with_for_update()).one_or_none()
    if found is None:
        raise NoSuchAssessment
    return found


def assessments(work: Work, portfolio_id: UUID) -> Sequence[Assessment]:
    """Return every assessment of a portfolio in the order of assignment."""
    rows = select(Assessment).where(Assessment.portfolio_id == portfolio_id)
    return work.session.scalars(rows.order_by(Assessment.assigned_at, Assessment.id)).all()


def working(work: Work, portfolio_id: UUID, part: Part) -> Sequence[Assessment]:
    """Return the assessments that count towards the result, in the order of assignment."""
    return [
        one for one in assessments(work, portfolio_id) if one.state in WORKING and one.part == part
    ]


def readers(work: Work, file_id: UUID) -> frozenset[UUID]:
    """Return who has accepted to assess a snapshot that holds this file, or to validate it.

    Whoever validates reads until they sign, and no longer than the evidence can still change.
    """
    rows = (
        select(Assessment.referent_id)
        .join(SnapshotFile, SnapshotFile.snapshot_id == Assessment.snapshot_id)
        .where(SnapshotFile.file_id == file_id, Assessment.state.in_(WORKING))
    )
    validating = (
        select(Validation.referent_id)
        .join(
            File,
            (File.portfolio_id == Validation.portfolio_id) & (File.item_id == Validation.item_id),
        )
        .join(Portfolio, Portfolio.id == Validation.portfolio_id)
        .where(
            File.id == file_id,
            Portfolio.state.in_(EVIDENCE_OPEN),
            Validation.referent_id.is_not(None),
            Validation.signed_at.is_(None),
            Validation.revoked_at.is_(None),
        )
    )
    return frozenset(work.session.scalars(rows.union(validating)))


# The queue is one referent's alone; its index holds unfinished work only, which is why the states
# stand in the statement as literals. On a portfolio that was withdrawn, or whose assessment is
# over, nothing waits to be done, however the assessment itself stands.
OPEN = (
    "a.state IN ('assigned', 'accepted', 'in_progress')"
    " AND p.state IN ('submitted', 'in_assessment', 'clarification')"
)
ROWS = """
SELECT a.id, a.portfolio_id, a.part, a.state, a.version, a.rated, a.to_rate, a.due_on,
       a.assigned_at, a.accepted_at, a.finalised_at, p.level
FROM assessment a JOIN portfolio p ON p.tenant_id = a.tenant_id AND p.id = a.portfolio_id
WHERE a.referent_id = :referent
"""
ORDER = " ORDER BY a.assigned_at, a.id LIMIT :limit"
AFTER = " AND (a.assigned_at, a.id) > (:at, :after)"
ONE_STATE = " AND a.state = :state"


def _page(where: str) -> Statement:
    rows = f"{ROWS}{where}{ORDER}"
    # One row more than the page holds tells whether there is a next page.
    return Statement(
        "SELECT coalesce(json_agg(x.r) FILTER (WHERE x.n < :limit)::text, '[]'), count(*),"  # noqa: S608
        " max(x.assigned_at) FILTER (WHERE x.n = :limit - 1),"
        " max(x.id::text) FILTER (WHERE x.n = :limit - 1)"
        f" FROM (SELECT row_number() OVER () AS n, r, r.assigned_at, r.id FROM ({rows}) r) x"
    )


PAGES = {
    (every, later): _page((ONE_STATE if every else f" AND {OPEN}") + (AFTER if later else ""))
    for every in (False, True)
    for later in (False, True)
}


@dataclass(frozen=True, slots=True)
class QueuePage:
    """A page of a referent's queue as JSON, and where the next one begins."""

    body: str
    next_cursor: str | None


def queue(work: Work, state: State | None, limit: int, after: Position | None) -> QueuePage:
    """Return a page of one's own assessments, the longest assigned first.

    Without a state: those that wait for something to be done. With one: all that are in it,
    whatever became of their portfolios.
    """
    values: dict[str, object] = {"referent": work.actor.person_id, "limit": limit + 1}
    if state is not None:
        values["state"] = state.value
    if after is not None:
        values |= {"at": after.at, "after": after.id}
    statement = PAGES[state is not None, after is not None]
    body, count, at, id = statement.row(work.session, values) or ("[]", 0, None, None)
    more = count > limit
    return QueuePage(body, cursor(Position(at, UUID(id))) if more else None)


def ties(work: Work, portfolio: Portfolio, person_id: UUID) -> Ties:
    """Return the organisations a person belongs to: employed, trained, or on the staff there.

    A tie that was cut while the case went on still binds: the training body that the candidate
    came from, and whoever's staff a person was.
    """
    person = work.session.get_one(Person, person_id)
    staff = select(RoleHolding.organisation_id).where(
        RoleHolding.person_id == person_id,
        or_(RoleHolding.ended_at.is_(None), RoleHolding.ended_at >= portfolio.opened_at),
    )
    bodies = {person.employer_id, person.training_body_id, *work.session.scalars(staff)}
    if person_id == portfolio.candidate_id:
        bodies.add(portfolio.training_body_id)
    return Ties(person_id, frozenset(id for id in bodies if id))


def has_declared_conflict(work: Work, person_id: UUID, candidate_id: UUID) -> bool:
    declared = exists().where(
        DeclaredConflict.person_id == person_id, DeclaredConflict.candidate_id == candidate_id
    )
    return bool(work.session.execute(select(declared)).scalar_one())


# The same rules as `ties` and `has_declared_conflict` state for one person and case.
BODIES = """
    SELECT employer_id AS id FROM person WHERE id = {0}
    UNION SELECT training_body_id FROM person WHERE id = {0}
    UNION SELECT organisation_id FROM role_holding
    WHERE person_id = {0} AND (ended_at IS NULL OR ended_at >= p.opened_at)"""
MAY_VALIDATE = f"""EXISTS (
    SELECT FROM portfolio p
    WHERE p.tenant_id = validation.tenant_id AND p.id = validation.portfolio_id
      AND p.state = ANY(:open) AND p.candidate_id <> :me
      AND NOT EXISTS (SELECT FROM duty d WHERE d.tenant_id = p.tenant_id
          AND d.portfolio_id = p.id AND d.person_id = :me AND d.duty <> 'validator')
      AND NOT EXISTS (SELECT FROM declared_conflict k WHERE k.tenant_id = p.tenant_id
          AND k.person_id = :me AND k.candidate_id = p.candidate_id)
      AND NOT EXISTS (SELECT FROM (
              {BODIES.format("p.candidate_id")} UNION SELECT p.training_body_id) theirs
          JOIN ({BODIES.format(":me")}) mine ON mine.id = theirs.id))
"""  # noqa: S608 -- constants


def may_validate(person_id: UUID) -> TextClause:
    """Return the condition that keeps the validations that a person may take on."""
    return text(MAY_VALIDATE).bindparams(me=person_id, open=sorted(EVIDENCE_OPEN))


def ratings(work: Work, assessment_id: UUID) -> Sequence[Rating]:
    own = select(Rating).where(Rating.assessment_id == assessment_id)
    return work.session.scalars(own).all()


def given(work: Work, portfolio_id: UUID) -> Mapping[str, list[Given]]:
    """Return what the referents of a portfolio gave and wrote, by indicator."""
    rows = (
        select(
            Rating.indicator,
            Assessment.part,
            Rating.rating,
            Rating.not_assessable,
            Rating.comment,
        )
        .join(Rating, Rating.assessment_id == Assessment.id)
        .where(Assessment.portfolio_id == portfolio_id, Assessment.state == State.FINAL)
        .order_by(Assessment.assigned_at, Assessment.id)
    )
    found: dict[str, list[Given]] = defaultdict(list)
    for indicator, part, value, not_assessable, comment in work.session.execute(rows):
        found[indicator].append(Given(part, value, not_assessable, comment))
    return found


def rating(work: Work, assessment_id: UUID, indicator: str) -> Rating | None:
    return work.session.get(Rating, (assessment_id, indicator), populate_existing=True)


def unjudged_claims(work: Work, assessment: Assessment) -> Sequence[UUID]:
    """Return the claims on the assessment's indicators that its referent has not judged."""
    rows = (
        select(SnapshotClaim.claim_id)
        .join(
            Rating,
            (Rating.assessment_id == assessment.id) & (Rating.indicator == SnapshotClaim.indicator),
        )
        .outerjoin(
            Judgement,
            (Judgement.assessment_id == assessment.id)
            & (Judgement.claim_id == SnapshotClaim.claim_id),
        )
        .where(SnapshotClaim.snapshot_id == assessment.snapshot_id, Judgement.claim_id.is_(None))
        .order_by(SnapshotClaim.claim_id)
    )
    return work.session.scalars(rows).all()


def counting_ratings(
    work: Work, assessment: Assessment, scale: RatingScale, not_countable: Collection[UUID]
) -> dict[str, int]:
    """Return what one referent's ratings count for, by indicator.

    `not_countable` are claims that count for nothing, whatever the referent thought of them.
    """
    counted: dict[str, int] = defaultdict(int)
    rows = (
        select(SnapshotClaim.indicator, func.count())
        .join(
            Judgement,
            (Judgement.snapshot_id == SnapshotClaim.snapshot_id)
            & (Judgement.claim_id == SnapshotClaim.claim_id),
        )
        .where(
            Judgement.assessment_id == assessment.id,
            Judgement.counts,
            SnapshotClaim.claim_id.not_in(not_countable),
        )
        .group_by(SnapshotClaim.indicator)
    )
    for indicator, count in work.session.execute(rows):
        counted[indicator] = count
    return {
        row.indicator: counting_rating(scale, row.rating, counted[row.indicator])
        for row in ratings(work, assessment.id)
    }


def finished_by(work: Work, referent_id: UUID) -> int:
    """Return how many assessments a referent has finished."""
    done = select(func.count()).select_from(Assessment)
    return work.session.execute(
        done.where(Assessment.referent_id == referent_id, Assessment.state == State.FINAL)
    ).scalar_one()


def interview(work: Work, snapshot_id: UUID) -> Interview | None:
    """Return the interview; whoever enters or confirms one holds its portfolio."""
    held = select(Interview).where(Interview.snapshot_id == snapshot_id)
    return work.session.scalars(held).one_or_none()


def answers(work: Work, interview: Interview) -> Sequence[InterviewAnswer]:
    """Return what an interview says in this version of it, by indicator."""
    own = select(InterviewAnswer).where(
        InterviewAnswer.interview_id == interview.id, InterviewAnswer.version == interview.version
    )
    return work.session.scalars(own.order_by(InterviewAnswer.indicator)).all()


def was_sent_back(work: Work, portfolio_id: UUID) -> bool:
    """Tell whether a verifier returned a portfolio, or a decision maker referred it back."""
    back = exists().where(
        Transition.portfolio_id == portfolio_id,
        Transition.step.in_((PortfolioStep.RETURN, PortfolioStep.REFER_BACK)),
    )
    return bool(work.session.execute(select(back)).scalar_one())


def verification(work: Work, portfolio_id: UUID) -> Verification:
    """Return the latest draw for a portfolio; whoever enters a finding holds its portfolio."""
    rows = (
        select(Verification)
        .where(Verification.portfolio_id == portfolio_id)
        .order_by(Verification.drawn_at.desc())
        .limit(1)
    )
    found = work.session.scalars(rows).one_or_none()
    if found is None:
        raise NoVerification
    return found
