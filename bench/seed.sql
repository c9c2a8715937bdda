CREATE FUNCTION row_id(kind int, number bigint, part bigint DEFAULT 0) RETURNS uuid
LANGUAGE sql IMMUTABLE AS $$
    SELECT ('0199' || lpad(to_hex(number), 8, '0') || '7' || lpad(to_hex(kind), 3, '0') || '8000'
            || lpad(to_hex(part), 12, '0'))::uuid
$$
;
CREATE FUNCTION asked(name text) RETURNS bigint LANGUAGE sql STABLE AS
$$ SELECT current_setting('bench.' || name)::bigint $$
;
CREATE TABLE number AS
SELECT n, row_id(4, n) AS portfolio_id, row_id(1, 0) AS tenant_id,
       timestamptz '2026-01-01' + n * interval '10 minutes' AS at,
       (SELECT id FROM reference_version WHERE kind = 'framework' ORDER BY version LIMIT 1)
           AS framework_id
FROM generate_series(0, asked('portfolios') - 1) n ORDER BY n
;
INSERT INTO tenant (id, name, created_at) SELECT row_id(1, 0), 'Bench body', now()
;
INSERT INTO person (id, tenant_id, name, email, language, created_at)
SELECT row_id(2, n), tenant_id, 'Candidate ' || n, 'candidate' || n || '@example.org', 'en', at
FROM number ORDER BY n
;
INSERT INTO person (id, tenant_id, name, email, language, created_at)
SELECT row_id(15, n), row_id(1, 0), 'Referent ' || n, 'referent' || n || '@example.org', 'fr', now()
FROM generate_series(0, asked('deep') + asked('others') - 1) n
;
INSERT INTO role_holding (id, tenant_id, person_id, role, granted_at)
SELECT row_id(16, row_number() OVER (ORDER BY p.id)), p.tenant_id, p.id,
       CASE WHEN p.name LIKE 'Ref%' THEN 'referent' ELSE 'candidate' END, p.created_at
FROM person p
;
INSERT INTO portfolio (id, tenant_id, candidate_id, framework_id, scheme_id, charter_id, level,
                       state, version, opened_at, state_since, submitted_at)
SELECT portfolio_id, tenant_id, row_id(2, n), framework_id,
       (SELECT id FROM reference_version WHERE kind = 'scheme' ORDER BY version LIMIT 1),
       (SELECT id FROM reference_version WHERE kind = 'charter' ORDER BY version LIMIT 1),
       'senior', 'in_assessment', 120, at, at + interval '90 days', at + interval '80 days'
FROM number ORDER BY n
;
INSERT INTO duty (tenant_id, portfolio_id, person_id, duty, taken_at)
SELECT tenant_id, portfolio_id, row_id(2, n), 'candidate', at FROM number ORDER BY n
;
INSERT INTO duty (tenant_id, portfolio_id, person_id, duty, taken_at)
SELECT tenant_id, portfolio_id, row_id(15, who), 'referent', at
FROM number, LATERAL (VALUES (n % asked('deep')), (asked('deep') + n % asked('others'))) r (who)
ORDER BY n
;
INSERT INTO client_case (id, tenant_id, portfolio_id, pseudonym, sector, size, began_on)
SELECT row_id(5, n, k), tenant_id, portfolio_id, 'Case ' || chr(65 + k::int), 'manufacturing',
       'small', date '2025-01-10'
FROM number, generate_series(0, 2) k ORDER BY n, k
;
INSERT INTO evidence_item (id, tenant_id, portfolio_id, case_id, kind, title, description,
                           practised_on, authorship, authorship_declared_at, version, created_at)
SELECT row_id(6, n, k), tenant_id, portfolio_id, row_id(5, n, k % 3), 'report',
       'Report of session ' || k, repeat('What was agreed and how it went. ', 4),
       date '2025-03-01' + k::int, 'own', at, 1, at
FROM number, generate_series(0, 11) k ORDER BY n, k
;
INSERT INTO evidence_file (id, tenant_id, portfolio_id, item_id, name, media_type, kind, size,
                           sha256, state, pages, announced_at, received_at, settled_at)
SELECT row_id(7, n, k), tenant_id, portfolio_id, row_id(6, n, k), 'report-' || k || '.pdf',
       'application/pdf', 'document', 180000 + k, encode(sha256((n || '/' || k)::bytea), 'hex'),
       'available', 12, at, at, at
FROM number, generate_series(0, 11) k ORDER BY n, k
;
INSERT INTO evidence_file (id, tenant_id, portfolio_id, item_id, name, media_type, kind, size,
                           state, upload_id, part_size, announced_at)
SELECT row_id(7, n, 12), tenant_id, portfolio_id, row_id(6, n, 0), 'session.mp4', 'video/mp4',
       'video', asked('parts') * asked('part_size'), 'uploading', md5(n::text), asked('part_size'), at
FROM number ORDER BY n
;
INSERT INTO evidence_upload (tenant_id, portfolio_id, file_id, granted_at)
SELECT tenant_id, portfolio_id, row_id(7, n, 12), at FROM number ORDER BY n
;
INSERT INTO consent (id, tenant_id, portfolio_id, item_id, person, scope, language, given_on, how,
                     entered_at)
SELECT row_id(8, n), tenant_id, portfolio_id, row_id(6, n, 0), 'mentee of case A', 'assessment',
       'en', date '2025-03-01', 'written', at
FROM number ORDER BY n
;
INSERT INTO claim (id, tenant_id, portfolio_id, framework_id, indicator, item_id, reason, file_id,
                   page, version, created_at)
SELECT row_id(9, n, k), tenant_id, portfolio_id, framework_id, i.code, row_id(6, n, k % 12),
       'The report shows how the goal of the session was agreed, followed and reviewed with the'
       ' mentee, and what changed in the business afterwards.',
       row_id(7, n, k % 12), 1 + k % 12, 1, at
FROM number JOIN LATERAL generate_series(0, 79) k ON true
JOIN indicator i USING (framework_id) WHERE i.position = 1 + k % 75
ORDER BY n, k
;
INSERT INTO self_assessment (portfolio_id, tenant_id, version, changed_at)
SELECT portfolio_id, tenant_id, 3, at FROM number ORDER BY n
;
INSERT INTO self_rating (tenant_id, portfolio_id, framework_id, indicator, rating, comment)
SELECT tenant_id, portfolio_id, framework_id, i.code, (n + i.position) % 4,
       CASE WHEN i.position % 5 = 0 THEN 'Shown in two client cases.' END
FROM number JOIN indicator i USING (framework_id) ORDER BY n, i.position
;
INSERT INTO snapshot (id, tenant_id, portfolio_id, number, sealed_at, root, manifest, content)
SELECT row_id(11, n), tenant_id, portfolio_id, 1, at, encode(sha256(n::text::bytea), 'hex'), '[]',
       '{}'
FROM number ORDER BY n
;
INSERT INTO snapshot_claim (tenant_id, portfolio_id, snapshot_id, claim_id, indicator)
SELECT tenant_id, portfolio_id, row_id(11, n), row_id(9, n, k), i.code
FROM number JOIN LATERAL generate_series(0, 79) k ON true
JOIN indicator i USING (framework_id) WHERE i.position = 1 + k % 75
ORDER BY n, k
;
INSERT INTO snapshot_file (tenant_id, portfolio_id, snapshot_id, file_id, sha256)
SELECT tenant_id, portfolio_id, row_id(11, n), row_id(7, n, k),
       encode(sha256((n || '/' || k)::bytea), 'hex')
FROM number, generate_series(0, 11) k ORDER BY n, k
;
INSERT INTO assessment (id, tenant_id, portfolio_id, snapshot_id, framework_id, referent_id, part,
                        state, version, rated, to_rate, due_on, assigned_at, accepted_at)
SELECT row_id(10, n, k), tenant_id, portfolio_id, row_id(11, n), framework_id,
       row_id(15, CASE k WHEN 0 THEN n % asked('deep')
                         ELSE asked('deep') + n % asked('others') END),
       'referent', 'in_progress', 1, 75, 75, (at + interval '125 days')::date,
       at + interval '81 days', at + interval '82 days'
FROM number, generate_series(0, 1) k ORDER BY n, k
;
INSERT INTO rating (tenant_id, assessment_id, snapshot_id, framework_id, indicator, rating,
                    first_rating, not_assessable, comment, locked, version, rated_at)
SELECT tenant_id, row_id(10, n, k), row_id(11, n), framework_id, i.code,
       (n + k + i.position) % 4, NULL, false, 'Shown in the report of the third session.', false,
       1, at + interval '90 days'
FROM number CROSS JOIN generate_series(0, 1) k JOIN indicator i USING (framework_id)
ORDER BY n, k, i.position
;
INSERT INTO decision (id, tenant_id, portfolio_id, outcome, level, state, indicators, recommended,
                      explanation, quorum, drafted_by, drafted_as, drafted_at, signed_at)
SELECT row_id(12, n), tenant_id, portfolio_id, 'granted', 'senior', 'signed', '{}', 'granted',
       '{}', 1, row_id(15, 0), 'decision_maker', at, at
FROM number ORDER BY n
;
INSERT INTO certificate (id, tenant_id, portfolio_id, decision_id, holder_id, number, serial, level,
                         facts, status, version, issued_at, issued_on, valid_until)
SELECT row_id(13, n), tenant_id, portfolio_id, row_id(12, n), row_id(2, n), n::text, n + 1,
       'senior', (json_build_object('number', '', 'holder_name', 'Candidate ' || n,
           'level', 'senior',
           'level_title', json_build_object('en', 'Senior mentor', 'fr', 'Mentor senior'),
           'scheme_code', 'MENTORCERT-BM',
           'scheme_title', json_build_object('en', 'Business mentors', 'fr', 'Mentors d''affaires'),
           'scheme_version', '2020.1',
           'framework_title', json_build_object('en', 'Competence framework',
                                                'fr', 'Référentiel de compétences'),
           'framework_version', '2020.1', 'issuer', 'Bench body',
           'competences', (SELECT json_agg(json_build_object('number', c, 'title',
               json_build_object('en', 'Agreeing goals with the mentee ' || c,
                                 'fr', 'Convenir des objectifs ' || c)))
               FROM generate_series(1, 15) c)))::text,
       'active', 1, at, date '2026-01-15', date '2029-01-15'
FROM number ORDER BY n
;
INSERT INTO certificate_status_change (id, tenant_id, certificate_id, status, at, actor_id)
SELECT row_id(14, n), tenant_id, row_id(13, n), 'active', at, row_id(15, 0) FROM number ORDER BY n
;
INSERT INTO journal_head (tenant_id, stream_id, seq, hash)
SELECT tenant_id, portfolio_id, 1,
       sha256(sha256(convert_to(portfolio_id::text, 'UTF8')) || convert_to('{}', 'UTF8'))
FROM number ORDER BY n
;
INSERT INTO journal_entry (tenant_id, stream_id, seq, at, actor_id, action, subject_id, body, hash)
SELECT h.tenant_id, h.stream_id, 1, n.at, row_id(2, n.n), 'portfolio.opened', h.stream_id, '{}',
       h.hash
FROM journal_head h JOIN number n ON n.portfolio_id = h.stream_id ORDER BY n.n
;
DROP TABLE number
