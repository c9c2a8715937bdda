"""Where a file and all that is made of it stand, in one statement: for who watches it."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from app.evidence import access
from app.kit.db import Statement
from app.portfolio.access import may_read_evidence
from app.work import Work

STANDING = Statement("""
SELECT p.candidate_id, p.submitted_at, json_build_object(
    'id', f.id, 'state', f.state, 'problem', f.problem,
    'renditions', (SELECT coalesce(json_agg(x), '[]') FROM (
        SELECT r.kind, r.state, r.progress, r.reason FROM rendition r
        WHERE r.tenant_id = f.tenant_id AND r.file_id = f.id ORDER BY r.id) x))::text,
  f.state NOT IN ('announced', 'uploading', 'received', 'checked') AND NOT EXISTS (
    SELECT FROM rendition r WHERE r.tenant_id = f.tenant_id AND r.file_id = f.id
      AND r.state IN ('waiting', 'making') AND f.state IN ('available', 'superseded'))
FROM evidence_file f JOIN portfolio p ON p.tenant_id = f.tenant_id AND p.id = f.portfolio_id
WHERE f.id = :id
""")


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a file stands, as JSON, and whether nothing is under way any more."""

    words: str
    settled: bool


def standing(work: Work, id: UUID) -> Standing:
    """Return where a file stands, for those who may read what is in its portfolio."""
    row = STANDING.row(work.session, {"id": id})
    if row is None:
        raise access.NoSuchFile
    candidate_id, submitted_at, words, settled = row
    if not may_read_evidence(work.actor, candidate_id, submitted=submitted_at is not None):
        raise access.NoSuchFile
    return Standing(words, settled)
