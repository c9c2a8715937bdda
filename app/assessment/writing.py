"""Writing ratings: the statements that referents and their tools use most.

One rating is one statement: it finds the assessment, checks whose it is, its state and the
rating's version, writes, counts, and enters the act in the journal. Seventy-five go in one as well.
What stood against a refused one is found out afterwards, when nothing was written.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import text

from app.journal.service import entry
from app.kit.db import Statement
from app.work import Work


@dataclass(frozen=True, slots=True)
class Given:
    """A rating as a referent gives it; None with `not_assessable`, which takes a comment."""

    indicator: str
    rating: int | None
    not_assessable: bool
    comment: str | None


@dataclass(frozen=True, slots=True)
class Judged:
    """A judgement as a referent gives it: the verdict, the five judgements, and why any "no"."""

    claim_id: UUID
    verdict: str
    valid: bool
    authentic: bool
    current: bool
    sufficient: bool
    reliable: bool
    reason: str | None


DESK = """
desk AS (
    SELECT a.id, a.portfolio_id, a.version, p.scheme_id
    FROM assessment a JOIN portfolio p ON p.tenant_id = a.tenant_id AND p.id = a.portfolio_id
    WHERE a.id = :assessment AND a.referent_id = :referent AND a.state = 'in_progress'
      AND p.state IN ('submitted', 'in_assessment')
    FOR NO KEY UPDATE OF a
)"""

ONE = Statement(f"""
WITH {DESK}, before AS (
    SELECT r.rated_at IS NULL AS fresh FROM rating r
    WHERE r.assessment_id = :assessment AND r.indicator = :indicator
), done AS (
    UPDATE rating r
       SET rating = :rating, not_assessable = :not_assessable, comment = :comment,
           version = r.version + 1, rated_at = :at
      FROM desk d, before b
     WHERE r.assessment_id = d.id AND r.indicator = :indicator AND r.version = :version
       AND NOT r.locked
    RETURNING r.version, d.portfolio_id, d.scheme_id, b.fresh
), counted AS (
    UPDATE assessment a
       SET version = a.version + 1, rated = a.rated + n.fresh::int
      FROM done n WHERE a.id = :assessment
    RETURNING a.version
)
SELECT n.version, n.scheme_id,
       record_entry(n.portfolio_id, :at, :actor, :action, :subject, :body)
FROM done n, counted c
""")  # noqa: S608 -- constants

MANY = Statement(f"""
WITH {DESK}, given AS (
    SELECT * FROM jsonb_to_recordset(CAST(:ratings AS jsonb))
        AS g (indicator text, rating smallint, not_assessable boolean, comment text)
), before AS (
    SELECT r.indicator, r.rated_at IS NULL AS fresh FROM rating r
    WHERE r.assessment_id = :assessment
), done AS (
    UPDATE rating r
       SET rating = g.rating, not_assessable = g.not_assessable, comment = g.comment,
           version = r.version + 1, rated_at = :at
      FROM desk d, given g, before b
     WHERE r.assessment_id = d.id AND r.indicator = g.indicator AND b.indicator = g.indicator
       AND NOT r.locked AND d.version = :version
    RETURNING r.indicator, r.version, d.portfolio_id, d.scheme_id, b.fresh
), summed AS (
    SELECT count(*) AS written, count(*) FILTER (WHERE n.fresh) AS fresh,
           json_object_agg(n.indicator, n.version)::text AS versions,
           (array_agg(n.portfolio_id))[1] AS portfolio_id,
           (array_agg(n.scheme_id))[1] AS scheme_id
    FROM done n
), counted AS (
    UPDATE assessment a
       SET version = a.version + 1, rated = a.rated + s.fresh
      FROM summed s WHERE a.id = :assessment AND s.written > 0
    RETURNING a.version, a.rated
)
SELECT s.written, s.versions, c.version, c.rated, s.scheme_id,
       record_entry(s.portfolio_id, :at, :actor, :action, :subject, :body)
FROM summed s, counted c
""")  # noqa: S608 -- constants

JUDGE = text("""
INSERT INTO judgement (tenant_id, assessment_id, snapshot_id, claim_id, verdict, valid, authentic,
                       "current", sufficient, reliable, reason, judged_at)
SELECT a.tenant_id, a.id, a.snapshot_id, j.claim_id, j.verdict, j.valid, j.authentic, j."current",
       j.sufficient, j.reliable, j.reason, :at
FROM assessment a, jsonb_to_recordset(CAST(:judgements AS jsonb)) AS j (
    claim_id uuid, verdict text, valid boolean, authentic boolean, "current" boolean,
    sufficient boolean, reliable boolean, reason text)
WHERE a.id = :assessment
ON CONFLICT (assessment_id, claim_id) DO UPDATE SET verdict = excluded.verdict,
    valid = excluded.valid, authentic = excluded.authentic, "current" = excluded."current",
    sufficient = excluded.sufficient, reliable = excluded.reliable, reason = excluded.reason,
    judged_at = excluded.judged_at
""")


@dataclass(frozen=True, slots=True)
class WrittenMany:
    """How many ratings were written, and the versions that they and the assessment have now."""

    written: int
    versions: Mapping[str, int]
    version: int
    rated: int
    scheme_id: UUID


@dataclass(frozen=True, slots=True)
class WrittenOne:
    """The version that a rating has now, and the scheme whose scale it has to be on."""

    version: int
    scheme_id: UUID


def write_one(work: Work, assessment_id: UUID, version: int, given: Given) -> WrittenOne | None:
    """Write one rating; None if anything stood against it."""
    facts = {"rating": given.rating, "not_assessable": given.not_assessable}
    row = ONE.row(
        work.session,
        {
            **entry(
                work,
                assessment_id,
                "assessment.rated",
                assessment_id,
                indicator=given.indicator,
                **facts,
            ),
            **facts,
            "assessment": assessment_id,
            "referent": work.actor.person_id,
            "indicator": given.indicator,
            "comment": given.comment,
            "version": version,
        },
    )
    return None if row is None else WrittenOne(row[0], row[1])


def write_many(
    work: Work, assessment_id: UUID, version: int, given: Sequence[Given]
) -> WrittenMany | None:
    """Write many ratings at once; None if the assessment is not open or not of this version.

    Fewer may be written than were given: then the caller refuses, and the transaction undoes them.
    """
    row = MANY.row(
        work.session,
        {
            **entry(
                work,
                assessment_id,
                "assessment.rated",
                assessment_id,
                ratings={one.indicator: one.rating for one in given},
            ),
            "assessment": assessment_id,
            "referent": work.actor.person_id,
            "version": version,
            "ratings": json.dumps([asdict(one) for one in given]),
        },
    )
    return None if row is None else WrittenMany(row[0], json.loads(row[1]), *row[2:5])


def judge(work: Work, assessment_id: UUID, judged: Sequence[Judged], at: datetime) -> None:
    """Write judgements on claims; what a claim was judged before is replaced."""
    rows = [{**asdict(one), "claim_id": str(one.claim_id)} for one in judged]
    work.session.execute(
        JUDGE, {"assessment": assessment_id, "judgements": json.dumps(rows), "at": at}
    )
