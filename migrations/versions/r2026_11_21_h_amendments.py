"""Amendments to the first tables: seeds, versions, cautions, who made a token, and smaller ones."""

from __future__ import annotations

from alembic import op

revision = "amendments"
down_revision = "certification"

# Draws made before this revision had no seed: their lot comes from the snapshot's root alone.
SEED = """
ALTER TABLE verification ADD COLUMN seed text NOT NULL DEFAULT ''
    CHECK (seed ~ '^([0-9a-f]{64})?$');
ALTER TABLE verification ALTER COLUMN seed DROP DEFAULT;
"""

FACTS = """
CREATE OR REPLACE FUNCTION keep_certificate() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.id, NEW.tenant_id, NEW.portfolio_id, NEW.decision_id, NEW.holder_id, NEW.number,
        NEW.serial, NEW.level, NEW.facts, NEW.issued_at, NEW.issued_on, NEW.valid_until)
       IS DISTINCT FROM
       (OLD.id, OLD.tenant_id, OLD.portfolio_id, OLD.decision_id, OLD.holder_id, OLD.number,
        OLD.serial, OLD.level, OLD.facts, OLD.issued_at, OLD.issued_on, OLD.valid_until) THEN
        RAISE EXCEPTION 'an issued certificate stays as it is'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
"""


PERSONS = "ALTER TABLE person ADD COLUMN version bigint NOT NULL DEFAULT 1 CHECK (version > 0)"


# As before, but requests with the same token no longer wait for the one that notes its use.
AUTHENTICATE = """
CREATE OR REPLACE FUNCTION authenticate(p_hash bytea, p_now timestamptz)
RETURNS TABLE (standing text, token_id uuid, tenant_id uuid, person_id uuid, scopes text[],
               roles text[], training_bodies uuid[])
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    token api_token;
BEGIN
    SELECT * INTO token FROM api_token t WHERE t.hash = p_hash;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    IF token.revoked_at IS NOT NULL OR token.expires_at <= p_now THEN
        RETURN QUERY SELECT CASE WHEN token.revoked_at IS NULL THEN 'expired' ELSE 'revoked' END,
            token.id, NULL::uuid, NULL::uuid, NULL::text[], NULL::text[], NULL::uuid[];
        RETURN;
    END IF;
    PERFORM set_config('app.tenant', token.tenant_id::text, true);
    -- To the minute is enough to see a forgotten token, and keeps reads from becoming writes.
    IF token.last_used_at IS NULL OR token.last_used_at < p_now - interval '1 minute' THEN
        UPDATE api_token t SET last_used_at = p_now
        WHERE t.id = (SELECT one.id FROM api_token one WHERE one.id = token.id
                      FOR UPDATE SKIP LOCKED);
    END IF;
    RETURN QUERY
        SELECT 'valid', token.id, token.tenant_id, token.person_id, token.scopes,
               coalesce(array_agg(h.role) FILTER (WHERE h.role IS NOT NULL), '{}'),
               coalesce(array_agg(h.organisation_id)
                        FILTER (WHERE h.organisation_id IS NOT NULL), '{}')
        FROM role_holding h
        WHERE h.tenant_id = token.tenant_id AND h.person_id = token.person_id
          AND h.ended_at IS NULL;
END $$;
"""

# An interview that is entered anew keeps the answers it had: they are only ever added to.
INTERVIEWS = """
ALTER TABLE interview ADD COLUMN version bigint NOT NULL DEFAULT 1 CHECK (version > 0);
ALTER TABLE interview_answer ADD COLUMN version bigint NOT NULL DEFAULT 1 CHECK (version > 0);
ALTER TABLE interview_answer DROP CONSTRAINT interview_answer_pkey;
ALTER TABLE interview_answer
    ADD CONSTRAINT interview_answer_pkey PRIMARY KEY (interview_id, version, indicator);
"""

# Of files that were checked before this revision, the cautions are not known. Files deleted before
# it count as not cleared: the worker removes their bytes once more, which changes nothing.
FILES = """
ALTER TABLE evidence_file ADD COLUMN cautions text[] NOT NULL DEFAULT '{}'
    CHECK (cautions <@ ARRAY['attachments', 'launch', 'location', 'remote_content', 'script']);
ALTER TABLE evidence_file ADD COLUMN cleared_at timestamptz
    CHECK (cleared_at IS NULL OR state = 'deleted');
"""

# The journal knows who made the tokens there are. Nobody is to find a token in an answer that was
# kept for whoever repeats the request.
TOKENS = """
ALTER TABLE api_token ADD COLUMN issued_by uuid,
    ADD FOREIGN KEY (tenant_id, issued_by) REFERENCES person (tenant_id, id);
DO $$
DECLARE
    tenant uuid;
BEGIN
    FOR tenant IN SELECT all_tenants() LOOP
        PERFORM set_config('app.tenant', tenant::text, true);
        UPDATE api_token t SET issued_by = p.id FROM journal_entry e, person p
        WHERE e.action = 'people.token_issued' AND e.subject_id = t.id AND p.id = e.actor_id
          AND e.tenant_id = tenant AND p.tenant_id = tenant AND t.tenant_id = tenant;
        DELETE FROM idempotent_answer WHERE position('"token":"mc_'::bytea IN body) > 0;
    END LOOP;
    PERFORM set_config('app.tenant', '', true);
END $$;
"""


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute(SEED)
    op.execute(FACTS)
    op.execute(PERSONS)
    op.execute(AUTHENTICATE)
    op.execute(INTERVIEWS)
    op.execute(FILES)
    op.execute(TOKENS)
