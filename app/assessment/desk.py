"""A referent's desk: their assessment with what was submitted, as JSON made by one statement."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from app.assessment.access import NoSuchAssessment
from app.evidence.queries.standing import SHUT_CLAIMS, SHUT_FILES
from app.kit.db import Statement
from app.work import Work

# A consent can be withdrawn without the assessment getting a new version: once anything was shut,
# the desk is always shown anew. What was submitted is kept as JSON text, so that it is passed on as
# it was sealed, byte for byte.
DESK = Statement(f"""
SELECT a.version,
  CASE WHEN a.version IS DISTINCT FROM CAST(:known AS bigint) OR EXISTS ({SHUT_FILES})
  THEN json_build_object(
    'id', a.id, 'portfolio_id', a.portfolio_id, 'part', a.part, 'state', a.state,
    'version', a.version, 'level', p.level, 'rated', a.rated, 'to_rate', a.to_rate,
    'due_on', a.due_on, 'assigned_at', a.assigned_at, 'accepted_at', a.accepted_at,
    'finalised_at', a.finalised_at, 'comment', a.comment,
    'ratings', (SELECT coalesce(json_agg(x), '[]') FROM (
        SELECT r.indicator, r.rating, r.not_assessable, r.comment, r.locked, r.version, r.rated_at
        FROM rating r JOIN indicator i ON i.framework_id = r.framework_id AND i.code = r.indicator
        WHERE r.assessment_id = a.id ORDER BY i.position) x),
    'judgements', (SELECT coalesce(json_agg(x), '[]') FROM (
        SELECT j.claim_id, j.verdict, j.valid, j.authentic, j."current", j.sufficient, j.reliable,
               j.reason, j.counts
        FROM judgement j WHERE j.assessment_id = a.id ORDER BY j.claim_id) x),
    'quarantined_files', (SELECT coalesce(json_agg(x.id ORDER BY x.id), '[]')
        FROM ({SHUT_FILES}) x),
    'not_countable', (SELECT coalesce(json_agg(x.claim_id ORDER BY x.claim_id), '[]')
        FROM ({SHUT_CLAIMS}) x),
    'snapshot', json_build_object('id', s.id, 'number', s.number, 'sealed_at', s.sealed_at,
        'root', s.root, 'content',
        CASE WHEN a.state IN ('accepted', 'in_progress', 'final') THEN s.content::json END)
    )::text END
FROM assessment a
JOIN portfolio p ON p.tenant_id = a.tenant_id AND p.id = a.portfolio_id
JOIN snapshot s ON s.tenant_id = a.tenant_id AND s.id = a.snapshot_id
WHERE a.id = :id AND a.referent_id = :referent
""")  # noqa: S608 -- constants


@dataclass(frozen=True, slots=True)
class Desk:
    """An assessment's version and, unless the reader has that version already, its JSON."""

    version: int
    body: bytes | None


def desk(work: Work, id: UUID, known: int | None) -> Desk:
    """Return one's own assessment; what was submitted shows once it is accepted."""
    row = DESK.row(work.session, {"id": id, "referent": work.actor.person_id, "known": known})
    if row is None:
        raise NoSuchAssessment
    return Desk(row[0], None if row[1] is None else row[1].encode())
