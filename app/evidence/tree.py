"""A portfolio with everything in it, as JSON made by one statement.

It is the page that candidates and their tools read most, with 75 indicators and their claims: built
from ORM objects it would cost six times more. One statement also sees one moment: no claim names an
item that another list leaves out.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import text

from app.kit.db import Statement
from app.portfolio import access
from app.portfolio.lifecycle import State, steps_from
from app.work import Work

CONTENT = """
    'indicators', (SELECT json_agg(x) FROM (
        SELECT i.code, i.competence, s.rating AS self_rating, s.comment AS self_comment,
               coalesce(n.claims, 0) AS claims
        FROM indicator i
        LEFT JOIN self_rating s ON s.portfolio_id = p.id AND s.indicator = i.code
        LEFT JOIN (SELECT c.indicator, count(*) AS claims FROM claim c
                   WHERE c.tenant_id = p.tenant_id AND c.portfolio_id = p.id
                   GROUP BY c.indicator) n ON n.indicator = i.code
        WHERE i.framework_id = p.framework_id ORDER BY i.position) x),
    'cases', (SELECT coalesce(json_agg(x), '[]') FROM (
        SELECT k.id, k.pseudonym, k.sector, k.size, k.began_on, k.ended_on FROM client_case k
        WHERE k.tenant_id = p.tenant_id AND k.portfolio_id = p.id ORDER BY k.id) x),
    'evidence', (SELECT coalesce(json_agg(x), '[]') FROM (
        SELECT e.id, e.case_id, e.kind, e.title, e.description, e.practised_on,
               CASE WHEN e.authorship IS NOT NULL THEN json_build_object('role', e.authorship,
                   'contribution', e.contribution, 'declared_at', e.authorship_declared_at)
               END AS authorship, e.version
        FROM evidence_item e
        WHERE e.tenant_id = p.tenant_id AND e.portfolio_id = p.id AND e.removed_at IS NULL
        ORDER BY e.id) x),
    'files', (SELECT coalesce(json_agg(x), '[]') FROM (
        SELECT f.id, f.item_id AS evidence_id, f.name, f.media_type, f.kind, f.size, f.sha256,
               f.state, f.pages, f.duration_ms, f.cautions, f.problem, f.problem_detail
        FROM evidence_file f
        WHERE f.tenant_id = p.tenant_id AND f.portfolio_id = p.id AND f.state <> 'deleted'
        ORDER BY f.id) x),
    'consents', (SELECT coalesce(json_agg(x), '[]') FROM (
        SELECT t.id, t.item_id AS evidence_id, t.person, t.scope, t.language, t.given_on, t.how,
               t.withdrawn_at
        FROM consent t
        WHERE t.tenant_id = p.tenant_id AND t.portfolio_id = p.id ORDER BY t.id) x),
    'testimonies', (SELECT coalesce(json_agg(x), '[]') FROM (
        SELECT y.id, y.item_id AS evidence_id, y.person, y.relation, y.form, y.language,
               y.indicators, y.words AS text, y.answers, y.questions, y.signed_name, y.signed_at,
               y.sha256
        FROM testimony y JOIN evidence_item e ON e.tenant_id = y.tenant_id AND e.id = y.item_id
        WHERE y.tenant_id = p.tenant_id AND y.portfolio_id = p.id AND e.removed_at IS NULL
        ORDER BY y.id) x),
    'validations', (SELECT coalesce(json_agg(x), '[]') FROM (
        SELECT v.id, v.item_id AS evidence_id, v.indicators, v.holds, v.statement, v.reason,
               v.signed_name, v.signed_at, v.evidence AS named, v.sha256
        FROM validation v JOIN evidence_item e ON e.tenant_id = v.tenant_id AND e.id = v.item_id
        WHERE v.tenant_id = p.tenant_id AND v.portfolio_id = p.id AND v.signed_at IS NOT NULL
          AND e.removed_at IS NULL
        ORDER BY v.id) x),
    'claims', (SELECT coalesce(json_agg(x), '[]') FROM (
        SELECT c.id, c.indicator, c.item_id AS evidence_id, c.reason, c.file_id, c.page,
               c.box, c.from_ms, c.to_ms, c.version FROM claim c
        WHERE c.tenant_id = p.tenant_id AND c.portfolio_id = p.id ORDER BY c.id) x)
"""

TREE = Statement(
    "SELECT p.candidate_id, p.training_body_id, p.submitted_at, p.version,"  # noqa: S608 -- constants
    " p.state,"
    " CASE WHEN p.version IS DISTINCT FROM CAST(:known AS bigint) THEN json_build_object("
    " 'id', p.id, 'candidate_id', p.candidate_id, 'training_body_id', p.training_body_id,"
    " 'framework_id', p.framework_id, 'scheme_id', p.scheme_id, 'charter_id', p.charter_id,"
    " 'level', p.level, 'state', p.state, 'version', p.version, 'opened_at', p.opened_at,"
    " 'state_since', p.state_since, 'submitted_at', p.submitted_at, 'decided_at', p.decided_at,"
    f" {CONTENT})::text END AS body FROM portfolio p WHERE p.id = :id"
)

SEALED_CONTENT = text(
    f"SELECT json_build_object({CONTENT})::text FROM portfolio p WHERE p.id = :id"  # noqa: S608
)


@dataclass(frozen=True, slots=True)
class Tree:
    """A portfolio's version and, unless the reader has that version already, its JSON."""

    version: int
    body: bytes | None


def tree(work: Work, id: UUID, known: int | None) -> Tree:
    """Return a portfolio with all that is in it, for those who may read its evidence."""
    row = TREE.row(work.session, {"id": id, "known": known})
    if row is None:
        raise access.NoSuchPortfolio
    candidate_id, training_body_id, submitted_at, version, state, body = row
    submitted = submitted_at is not None
    if not access.may_read_evidence(work.actor, candidate_id, submitted=submitted):
        access.check_may_read(work.actor, candidate_id, training_body_id, submitted=submitted)
        raise access.EvidenceNotOpen
    if body is None:
        return Tree(version, None)
    return Tree(version, _OPENINGS[state] + body[1:].encode())


_OPENINGS = {
    state.value: b'{"open_steps": ['
    + ", ".join(f'"{step}"' for step in steps_from(state)).encode()
    + b"], "
    for state in State
}


def sealed_content(work: Work, id: UUID) -> str:
    """Return what a portfolio holds now, as referents will read it."""
    content: str = work.session.execute(SEALED_CONTENT, {"id": id}).scalar_one()
    return content
