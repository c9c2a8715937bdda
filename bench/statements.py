"""The statements of the limit, written for psycopg by hand. Each is one round trip, prepared."""

from __future__ import annotations

AUTHENTICATE = b"""
SELECT standing, person_id, scopes, roles FROM authenticate(%s, %s)
"""

CERTIFICATE = b"""
SELECT status, issued_on, valid_until, facts, history, evidence_damaged_at
FROM public_certificate(%s)
"""

PORTFOLIO = b"""
SELECT p.candidate_id, p.version, p.state,
  CASE WHEN p.version IS DISTINCT FROM %s::bigint THEN json_build_object(
    'id', p.id, 'candidate_id', p.candidate_id, 'training_body_id', p.training_body_id,
    'framework_id', p.framework_id, 'scheme_id', p.scheme_id, 'charter_id', p.charter_id,
    'level', p.level, 'state', p.state, 'version', p.version, 'opened_at', p.opened_at,
    'state_since', p.state_since, 'submitted_at', p.submitted_at, 'decided_at', p.decided_at,
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
        WHERE e.tenant_id = p.tenant_id AND e.portfolio_id = p.id ORDER BY e.id) x),
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
        WHERE c.tenant_id = p.tenant_id AND c.portfolio_id = p.id ORDER BY c.id) x))::text END
FROM portfolio p WHERE p.id = %s
"""

QUEUE = b"""
SELECT coalesce(json_agg(x.r) FILTER (WHERE x.n < %s)::text, '[]'), count(*),
       max(x.assigned_at) FILTER (WHERE x.n = %s), max(x.id::text) FILTER (WHERE x.n = %s)
FROM (SELECT row_number() OVER () AS n, r, r.assigned_at, r.id FROM (
    SELECT a.id, a.portfolio_id, a.part, a.state, a.version, a.rated, a.to_rate, a.due_on,
           a.assigned_at, a.accepted_at, a.finalised_at, p.level
    FROM assessment a JOIN portfolio p ON p.tenant_id = a.tenant_id AND p.id = a.portfolio_id
    WHERE a.referent_id = %s AND a.state IN ('assigned', 'accepted', 'in_progress')
      AND p.state IN ('submitted', 'in_assessment', 'clarification')
      AND (a.assigned_at, a.id) > (%s, %s)
    ORDER BY a.assigned_at, a.id LIMIT %s) r) x
"""

RATE = b"""
WITH desk AS (
    SELECT a.id, a.portfolio_id, p.scheme_id
    FROM assessment a JOIN portfolio p ON p.tenant_id = a.tenant_id AND p.id = a.portfolio_id
    WHERE a.id = %(assessment)s AND a.referent_id = %(referent)s AND a.state = 'in_progress'
      AND p.state IN ('submitted', 'in_assessment')
    FOR NO KEY UPDATE OF a
), before AS (
    SELECT r.rated_at IS NULL AS fresh FROM rating r
    WHERE r.assessment_id = %(assessment)s AND r.indicator = %(indicator)s
), done AS (
    UPDATE rating r
       SET rating = %(rating)s, not_assessable = false, comment = %(comment)s,
           version = r.version + 1, rated_at = %(at)s
      FROM desk d, before b
     WHERE r.assessment_id = d.id AND r.indicator = %(indicator)s AND r.version = %(version)s
       AND NOT r.locked
    RETURNING r.version, d.portfolio_id, d.scheme_id, b.fresh
), counted AS (
    UPDATE assessment a
       SET version = a.version + 1, rated = a.rated + n.fresh::int
      FROM done n WHERE a.id = %(assessment)s
    RETURNING a.version
)
SELECT n.version, n.scheme_id, record_entry(n.portfolio_id, %(at)s, %(referent)s,
           'assessment.rated', %(assessment)s, %(body)s)
FROM done n, counted c
"""

RATE_MANY = b"""
WITH desk AS (
    SELECT a.id, a.portfolio_id, a.version, p.scheme_id
    FROM assessment a JOIN portfolio p ON p.tenant_id = a.tenant_id AND p.id = a.portfolio_id
    WHERE a.id = %(assessment)s AND a.referent_id = %(referent)s AND a.state = 'in_progress'
      AND p.state IN ('submitted', 'in_assessment')
    FOR NO KEY UPDATE OF a
), given AS (
    SELECT * FROM jsonb_to_recordset(%(ratings)s::jsonb)
        AS g (indicator text, rating smallint, not_assessable boolean, comment text)
), before AS (
    SELECT r.indicator, r.rated_at IS NULL AS fresh FROM rating r
    WHERE r.assessment_id = %(assessment)s
), done AS (
    UPDATE rating r
       SET rating = g.rating, not_assessable = g.not_assessable, comment = g.comment,
           version = r.version + 1, rated_at = %(at)s
      FROM desk d, given g, before b
     WHERE r.assessment_id = d.id AND r.indicator = g.indicator AND b.indicator = g.indicator
       AND NOT r.locked AND d.version = %(version)s
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
      FROM summed s WHERE a.id = %(assessment)s AND s.written > 0
    RETURNING a.version, a.rated
)
SELECT s.written, s.versions, c.version, c.rated, s.scheme_id,
       record_entry(s.portfolio_id, %(at)s, %(referent)s, 'assessment.rated', %(assessment)s,
           %(body)s)
FROM summed s, counted c
"""

FILE = b"""
WITH held AS (
    SELECT f.tenant_id, f.id, p.candidate_id, f.portfolio_id, f.size, f.state, f.upload_id,
           f.part_size
    FROM evidence_file f
    JOIN portfolio p ON p.tenant_id = f.tenant_id AND p.id = f.portfolio_id
    JOIN evidence_upload u ON u.tenant_id = f.tenant_id AND u.file_id = f.id
    WHERE f.id = %(file)s AND p.state IN ('draft', 'applied', 'needs_info', 'admitted',
                                          'submitted', 'in_assessment', 'clarification')
    FOR NO KEY UPDATE OF u
), noted AS (
    UPDATE evidence_upload u
       SET granted = u.granted + int4multirange(int4range(%(first)s, %(last)s, '[]')),
           granted_at = %(at)s
      FROM held WHERE u.tenant_id = held.tenant_id AND u.file_id = held.id
)
SELECT candidate_id, portfolio_id, size, state, upload_id, part_size FROM held
"""
