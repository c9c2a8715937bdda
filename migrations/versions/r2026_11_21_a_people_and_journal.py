"""Tenants, people, their tokens, and the journal."""

from __future__ import annotations

from alembic import op

from migrations.tenancy import SERVICE, TENANT, grant, guard

revision = "people"
down_revision = None

TABLES = """
CREATE TABLE tenant (
    id uuid PRIMARY KEY,
    name text NOT NULL CHECK (name <> ''),
    created_at timestamptz NOT NULL
);
CREATE TABLE organisation (
    id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL REFERENCES tenant,
    kind text NOT NULL CHECK (kind IN ('training_body', 'employer')),
    name text NOT NULL CHECK (name <> ''),
    created_at timestamptz NOT NULL,
    UNIQUE (tenant_id, id),
    UNIQUE (tenant_id, kind, name)
);
CREATE TABLE person (
    id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL REFERENCES tenant,
    name text NOT NULL CHECK (name <> ''),
    email text NOT NULL CHECK (email = lower(email)),
    language text NOT NULL CHECK (language IN ('en', 'fr')),
    employer_id uuid,
    training_body_id uuid,
    created_at timestamptz NOT NULL,
    UNIQUE (tenant_id, id),
    -- Unique within the tenant only: a global key would tell one tenant who belongs to another.
    UNIQUE (tenant_id, email),
    FOREIGN KEY (tenant_id, employer_id) REFERENCES organisation (tenant_id, id),
    FOREIGN KEY (tenant_id, training_body_id) REFERENCES organisation (tenant_id, id)
);
CREATE TABLE role_holding (
    id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL,
    person_id uuid NOT NULL,
    role text NOT NULL CHECK (role IN ('candidate', 'referent', 'verifier', 'officer',
        'decision_maker', 'appeal_handler', 'scheme_manager', 'administrator', 'training_body')),
    organisation_id uuid,
    granted_by uuid,
    granted_at timestamptz NOT NULL,
    ended_at timestamptz,
    CONSTRAINT role_holding_organisation_check
        CHECK ((role = 'training_body') = (organisation_id IS NOT NULL)),
    FOREIGN KEY (tenant_id, person_id) REFERENCES person (tenant_id, id),
    FOREIGN KEY (tenant_id, granted_by) REFERENCES person (tenant_id, id),
    FOREIGN KEY (tenant_id, organisation_id) REFERENCES organisation (tenant_id, id)
);
CREATE UNIQUE INDEX role_holding_held_key ON role_holding
    (tenant_id, person_id, role, coalesce(organisation_id, tenant_id)) WHERE ended_at IS NULL;
CREATE TABLE api_token (
    id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL,
    person_id uuid NOT NULL,
    name text NOT NULL CHECK (name <> ''),
    hash bytea NOT NULL UNIQUE CHECK (length(hash) = 32),
    scopes text[] NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL CHECK (expires_at > created_at),
    last_used_at timestamptz,
    revoked_at timestamptz,
    FOREIGN KEY (tenant_id, person_id) REFERENCES person (tenant_id, id)
);
CREATE INDEX api_token_person_idx ON api_token (tenant_id, person_id);
CREATE TABLE idempotent_answer (
    tenant_id uuid NOT NULL REFERENCES tenant,
    person_id uuid NOT NULL,
    key text NOT NULL CHECK (length(key) BETWEEN 1 AND 255),
    fingerprint bytea NOT NULL,
    status integer NOT NULL,
    headers jsonb NOT NULL,
    body bytea NOT NULL,
    answered_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, person_id, key),
    FOREIGN KEY (tenant_id, person_id) REFERENCES person (tenant_id, id)
);
CREATE TABLE journal_head (
    tenant_id uuid NOT NULL REFERENCES tenant,
    stream_id uuid NOT NULL,
    seq bigint NOT NULL,
    hash bytea NOT NULL,
    PRIMARY KEY (tenant_id, stream_id)
);
CREATE TABLE journal_entry (
    tenant_id uuid NOT NULL,
    stream_id uuid NOT NULL,
    seq bigint NOT NULL,
    at timestamptz NOT NULL,
    actor_id uuid NOT NULL,
    action text NOT NULL,
    subject_id uuid NOT NULL,
    body text NOT NULL,
    hash bytea NOT NULL,
    PRIMARY KEY (tenant_id, stream_id, seq)
);
CREATE INDEX journal_entry_at_idx ON journal_entry (tenant_id, at, stream_id, seq);
CREATE TABLE journal_anchor (
    tenant_id uuid NOT NULL REFERENCES tenant,
    number bigint NOT NULL,
    at timestamptz NOT NULL,
    previous bytea NOT NULL,
    root bytea NOT NULL,
    PRIMARY KEY (tenant_id, number)
);
CREATE TABLE journal_anchored_head (
    tenant_id uuid NOT NULL,
    number bigint NOT NULL,
    stream_id uuid NOT NULL,
    seq bigint NOT NULL,
    hash bytea NOT NULL,
    PRIMARY KEY (tenant_id, number, stream_id),
    FOREIGN KEY (tenant_id, number) REFERENCES journal_anchor (tenant_id, number)
);
CREATE INDEX journal_anchored_head_stream_idx ON journal_anchored_head (tenant_id, stream_id, seq);
"""

# Before a tenant is known, a token is all there is. The function runs as the owner of the tables,
# whom the policy below lets find tokens; everything else it reads only after it has entered the
# token's tenant, under the same policy as everybody.
AUTHENTICATE = f"""
CREATE POLICY find_by_hash ON api_token FOR SELECT TO CURRENT_USER USING (true);
CREATE FUNCTION authenticate(p_hash bytea, p_now timestamptz)
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
        UPDATE api_token t SET last_used_at = p_now WHERE t.id = token.id;
    END IF;
    RETURN QUERY
        SELECT 'valid', token.id, token.tenant_id, token.person_id, token.scopes,
               coalesce(array_agg(h.role) FILTER (WHERE h.role IS NOT NULL), '{{}}'),
               coalesce(array_agg(h.organisation_id)
                        FILTER (WHERE h.organisation_id IS NOT NULL), '{{}}')
        FROM role_holding h
        WHERE h.tenant_id = token.tenant_id AND h.person_id = token.person_id
          AND h.ended_at IS NULL;
END $$;
REVOKE ALL ON FUNCTION authenticate FROM PUBLIC;
GRANT EXECUTE ON FUNCTION authenticate TO {SERVICE};
"""

# The journal is written through one function and in no other way: the service's roles may not
# insert, so no entry can carry a hash of their own making. The updated head row is also the lock
# that puts the entries of one stream in order.
RECORD = f"""
CREATE FUNCTION record_entry(p_stream uuid, p_at timestamptz, p_actor uuid, p_action text,
                             p_subject uuid, p_body text) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    tenant uuid := {TENANT};
    head journal_head;
BEGIN
    UPDATE journal_head h
       SET seq = h.seq + 1, hash = sha256(h.hash || convert_to(p_body, 'UTF8'))
     WHERE h.tenant_id = tenant AND h.stream_id = p_stream
    RETURNING * INTO head;
    IF NOT FOUND THEN
        INSERT INTO journal_head AS h (tenant_id, stream_id, seq, hash)
        VALUES (tenant, p_stream, 1,
                sha256(sha256(convert_to(p_stream::text, 'UTF8')) || convert_to(p_body, 'UTF8')))
        ON CONFLICT (tenant_id, stream_id) DO UPDATE
           SET seq = h.seq + 1, hash = sha256(h.hash || convert_to(p_body, 'UTF8'))
        RETURNING * INTO head;
    END IF;
    INSERT INTO journal_entry
        (tenant_id, stream_id, seq, at, actor_id, action, subject_id, body, hash)
    VALUES (tenant, p_stream, head.seq, p_at, p_actor, p_action, p_subject, p_body, head.hash);
    RETURN head.seq;
END $$;
REVOKE ALL ON FUNCTION record_entry FROM PUBLIC;
GRANT EXECUTE ON FUNCTION record_entry TO {SERVICE};

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% rows are never changed or removed', TG_TABLE_NAME
        USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON journal_entry
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON journal_anchor
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON journal_anchored_head
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
"""

# The worker's periodic jobs and `mentorcert verify` go through the tenants one by one.
TENANTS = """
CREATE POLICY list_all ON tenant FOR SELECT TO CURRENT_USER USING (true);
CREATE FUNCTION all_tenants() RETURNS SETOF uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS 'SELECT id FROM tenant ORDER BY id';
REVOKE ALL ON FUNCTION all_tenants FROM PUBLIC;
GRANT EXECUTE ON FUNCTION all_tenants TO mentorcert_worker;
"""


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute(f"GRANT USAGE ON SCHEMA public TO {SERVICE}")
    op.execute(TABLES)
    guard("tenant", key="id")
    for table in (
        "organisation",
        "person",
        "role_holding",
        "api_token",
        "idempotent_answer",
        "journal_head",
        "journal_entry",
        "journal_anchor",
        "journal_anchored_head",
    ):
        guard(table)
    for table in ("organisation", "person", "role_holding", "api_token"):
        grant(table, "SELECT, INSERT, UPDATE")
    grant("idempotent_answer", "SELECT, INSERT")
    grant("idempotent_answer", "DELETE", "mentorcert_worker")
    grant("tenant", "SELECT")
    grant("tenant", "INSERT", "mentorcert_worker")
    grant("journal_head, journal_entry, journal_anchor, journal_anchored_head", "SELECT")
    grant("journal_anchor, journal_anchored_head", "INSERT", "mentorcert_worker")
    op.execute(AUTHENTICATE)
    op.execute(RECORD)
    op.execute(TENANTS)
