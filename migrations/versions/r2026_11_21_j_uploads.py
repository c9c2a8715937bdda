"""Uploads that survive: quotas, grants that expire, and what the store was compared with."""

from __future__ import annotations

from alembic import op

from migrations.tenancy import SERVICE, grant, guard

revision = "uploads"
down_revision = "flags"

TABLES = """
CREATE TABLE evidence_upload (
    tenant_id uuid NOT NULL,
    portfolio_id uuid NOT NULL,
    file_id uuid NOT NULL,
    granted int4multirange NOT NULL DEFAULT '{}',
    granted_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, file_id),
    FOREIGN KEY (tenant_id, portfolio_id, file_id)
        REFERENCES evidence_file (tenant_id, portfolio_id, id)
);
COMMENT ON COLUMN evidence_upload.granted IS 'the numbers of the parts that were ever granted';
CREATE INDEX evidence_file_under_way_idx ON evidence_file (tenant_id, portfolio_id, id)
    WHERE state IN ('announced', 'uploading');
"""

STORAGE = """
CREATE TABLE storage_use (
    tenant_id uuid NOT NULL,
    person_id uuid NOT NULL,
    bytes bigint NOT NULL CHECK (bytes >= 0),
    PRIMARY KEY (tenant_id, person_id),
    FOREIGN KEY (tenant_id, person_id) REFERENCES person (tenant_id, id)
);
CREATE TABLE storage_limit (
    tenant_id uuid PRIMARY KEY REFERENCES tenant (id),
    per_person bigint CHECK (per_person >= 0),
    per_tenant bigint CHECK (per_tenant >= 0),
    changed_at timestamptz NOT NULL
);
COMMENT ON TABLE storage_limit IS
    'how many bytes files may take up; NULL: what the installation decides, 0: as many as you like';
CREATE TABLE store_comparison (
    id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL REFERENCES tenant (id),
    began_at timestamptz NOT NULL,
    ended_at timestamptz NOT NULL CHECK (ended_at >= began_at),
    files bigint NOT NULL CHECK (files >= 0),
    objects bigint NOT NULL CHECK (objects >= 0),
    missing bigint NOT NULL CHECK (missing >= 0),
    unknown bigint NOT NULL CHECK (unknown >= 0),
    removed bigint NOT NULL CHECK (removed >= 0),
    aborted bigint NOT NULL CHECK (aborted >= 0),
    drifted bigint NOT NULL CHECK (drifted >= 0)
);
CREATE INDEX store_comparison_tenant_idx ON store_comparison (tenant_id, id);
"""

# What counts is decided here alone. A sum that was wrong for once must not keep files from going:
# it stops at nothing, and the nightly comparison puts it right.
COUNTING = """
CREATE FUNCTION storage_bytes(p_state text, p_size bigint) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN p_state IN ('rejected', 'deleted') THEN 0 ELSE p_size END
$$;
CREATE FUNCTION count_added_files() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO storage_use AS u (tenant_id, person_id, bytes)
    SELECT a.tenant_id, p.candidate_id, sum(storage_bytes(a.state, a.size))
    FROM added a JOIN portfolio p ON p.tenant_id = a.tenant_id AND p.id = a.portfolio_id
    GROUP BY a.tenant_id, p.candidate_id ORDER BY a.tenant_id, p.candidate_id
    ON CONFLICT (tenant_id, person_id) DO UPDATE SET bytes = u.bytes + excluded.bytes;
    RETURN NULL;
END $$;
CREATE FUNCTION count_changed_file() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE storage_use u
    SET bytes = greatest(0, u.bytes + storage_bytes(NEW.state, NEW.size)
                                    - storage_bytes(OLD.state, OLD.size))
    FROM portfolio p WHERE p.tenant_id = NEW.tenant_id AND p.id = NEW.portfolio_id
      AND u.tenant_id = p.tenant_id AND u.person_id = p.candidate_id;
    RETURN NULL;
END $$;
CREATE TRIGGER count_added AFTER INSERT ON evidence_file
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION count_added_files();
CREATE TRIGGER count_changed AFTER UPDATE OF state, size ON evidence_file FOR EACH ROW
    WHEN (storage_bytes(OLD.state, OLD.size) <> storage_bytes(NEW.state, NEW.size))
    EXECUTE FUNCTION count_changed_file();
REVOKE ALL ON FUNCTION storage_bytes(text, bigint) FROM PUBLIC;
"""

# Which parts of an upload were granted before this revision is not known: so all may have been.
UNDER_WAY = """
DO $$
DECLARE
    tenant uuid;
BEGIN
    FOR tenant IN SELECT all_tenants() LOOP
        PERFORM set_config('app.tenant', tenant::text, true);
        INSERT INTO evidence_upload (tenant_id, portfolio_id, file_id, granted, granted_at)
        SELECT tenant_id, portfolio_id, id,
               CASE WHEN state = 'uploading' THEN '{[1,10001)}'::int4multirange ELSE '{}' END, now()
        FROM evidence_file WHERE state IN ('announced', 'uploading');
        INSERT INTO storage_use (tenant_id, person_id, bytes)
        SELECT p.tenant_id, p.candidate_id, sum(storage_bytes(f.state, f.size))
        FROM evidence_file f JOIN portfolio p
            ON p.tenant_id = f.tenant_id AND p.id = f.portfolio_id
        GROUP BY p.tenant_id, p.candidate_id;
    END LOOP;
    PERFORM set_config('app.tenant', '', true);
END $$;
"""


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute(TABLES)
    op.execute(STORAGE)
    op.execute(COUNTING)
    for table in ("evidence_upload", "storage_use", "storage_limit", "store_comparison"):
        guard(table)
    grant("evidence_upload", "SELECT, INSERT, UPDATE")
    grant("storage_use", "SELECT, INSERT, UPDATE")
    grant("storage_limit", "SELECT", "mentorcert_app")
    grant("storage_limit", "SELECT, INSERT, UPDATE", "mentorcert_worker")
    grant("store_comparison", "SELECT", "mentorcert_app")
    grant("store_comparison", "SELECT, INSERT", "mentorcert_worker")
    op.execute(f"GRANT EXECUTE ON FUNCTION storage_bytes(text, bigint) TO {SERVICE}")
    op.execute(UNDER_WAY)
