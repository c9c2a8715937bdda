"""Versions of files, receipts, retention and holds, and the nightly verification."""

from __future__ import annotations

from alembic import op

from migrations.tenancy import SERVICE, grant, guard

revision = "keeping"
down_revision = "consents"

# Files that were kept before this revision count as never verified, and come first.
FILES = """
ALTER TABLE evidence_file
    ADD COLUMN replaces uuid CHECK (replaces <> id),
    ADD COLUMN last_verified_at timestamptz,
    ADD COLUMN damaged_at timestamptz,
    ADD COLUMN damage text CHECK (damage IN ('missing', 'size', 'digest', 'unreadable')),
    ADD COLUMN locked_until timestamptz,
    ADD COLUMN disposed_at timestamptz,
    ADD FOREIGN KEY (tenant_id, portfolio_id, item_id, replaces)
        REFERENCES evidence_file (tenant_id, portfolio_id, item_id, id),
    ADD CONSTRAINT evidence_file_damaged_check CHECK ((damaged_at IS NULL) = (damage IS NULL)),
    ADD CONSTRAINT evidence_file_disposed_check
        CHECK (disposed_at IS NULL OR state = 'deleted');
CREATE UNIQUE INDEX evidence_file_replaces_idx ON evidence_file (tenant_id, replaces)
    WHERE replaces IS NOT NULL AND state NOT IN ('rejected', 'deleted');
CREATE INDEX evidence_file_verified_idx
    ON evidence_file (tenant_id, last_verified_at NULLS FIRST, id)
    WHERE state IN ('available', 'superseded', 'quarantined');
CREATE INDEX evidence_file_readable_idx ON evidence_file (tenant_id, id)
    WHERE state IN ('available', 'superseded') AND disposed_at IS NULL;
CREATE INDEX evidence_file_unchecked_idx ON evidence_file (tenant_id, received_at)
    WHERE state IN ('received', 'checked');
CREATE INDEX evidence_file_uncleared_idx ON evidence_file (tenant_id, settled_at)
    WHERE state = 'deleted' AND cleared_at IS NULL;
"""

# As before, but a sealed file may go when its retention has ended: that leaves a row in `disposal`.
SEALED = """
CREATE OR REPLACE FUNCTION keep_sealed_file() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.sha256, NEW.size, NEW.media_type, NEW.portfolio_id, NEW.item_id)
           IS DISTINCT FROM (OLD.sha256, OLD.size, OLD.media_type, OLD.portfolio_id, OLD.item_id)
       OR (NEW.state = 'deleted' AND NEW.disposed_at IS NULL) THEN
        IF EXISTS (SELECT FROM snapshot_file s WHERE s.tenant_id = OLD.tenant_id
                   AND s.portfolio_id = OLD.portfolio_id AND s.file_id = OLD.id) THEN
            RAISE EXCEPTION 'a sealed file stays as it is'
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
    END IF;
    RETURN NEW;
END $$;
"""

TABLES = """
CREATE TABLE receipt (
    tenant_id uuid NOT NULL,
    portfolio_id uuid NOT NULL,
    snapshot_id uuid NOT NULL,
    key text NOT NULL CHECK (key <> ''),
    sha256 text NOT NULL CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    language text NOT NULL CHECK (language IN ('en', 'fr')),
    drawn_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, snapshot_id),
    FOREIGN KEY (tenant_id, portfolio_id, snapshot_id)
        REFERENCES snapshot (tenant_id, portfolio_id, id)
);
CREATE TABLE retention_schedule (
    tenant_id uuid PRIMARY KEY REFERENCES tenant (id),
    version bigint NOT NULL CHECK (version > 0),
    periods jsonb NOT NULL CHECK (jsonb_typeof(periods) = 'object'),
    changed_at timestamptz NOT NULL,
    changed_by uuid NOT NULL,
    FOREIGN KEY (tenant_id, changed_by) REFERENCES person (tenant_id, id)
);
CREATE TABLE retention_hold (
    id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL,
    portfolio_id uuid NOT NULL,
    kind text NOT NULL CHECK (kind IN ('legal', 'appeal')),
    reason text NOT NULL CHECK (reason <> ''),
    placed_at timestamptz NOT NULL,
    placed_by uuid NOT NULL,
    released_at timestamptz,
    released_by uuid,
    in_store text CHECK (in_store IN ('placed', 'released')),
    UNIQUE (tenant_id, portfolio_id, id),
    FOREIGN KEY (tenant_id, portfolio_id) REFERENCES portfolio (tenant_id, id),
    CONSTRAINT retention_hold_released_check
        CHECK ((released_at IS NULL) = (released_by IS NULL) AND released_at >= placed_at)
);
CREATE INDEX retention_hold_open_idx ON retention_hold (tenant_id, portfolio_id)
    WHERE released_at IS NULL;
CREATE INDEX retention_hold_untold_idx ON retention_hold (tenant_id, portfolio_id)
    WHERE in_store IS NULL OR (in_store = 'placed' AND released_at IS NOT NULL);
CREATE TABLE disposal (
    id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL,
    portfolio_id uuid NOT NULL,
    file_id uuid NOT NULL,
    class text NOT NULL CHECK (class IN ('recording', 'document', 'sealed')),
    ending text NOT NULL CHECK (ending IN ('certified', 'not_certified', 'given_up')),
    due_on date NOT NULL,
    schedule_version bigint NOT NULL CHECK (schedule_version >= 0),
    sealed boolean NOT NULL,
    size bigint NOT NULL CHECK (size > 0),
    sha256 text NOT NULL CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    disposed_at timestamptz NOT NULL,
    UNIQUE (tenant_id, file_id),
    FOREIGN KEY (tenant_id, portfolio_id, file_id)
        REFERENCES evidence_file (tenant_id, portfolio_id, id)
);
CREATE INDEX disposal_at_idx ON disposal (tenant_id, disposed_at, id);
"""

# Anyone who may check a certificate may know that evidence behind it was found damaged, not which.
CERTIFICATES = f"""
ALTER TABLE certificate ADD COLUMN evidence_damaged_at timestamptz;
DROP FUNCTION public_certificate(text);
CREATE FUNCTION public_certificate(p_number text)
RETURNS TABLE (status text, issued_on date, valid_until date, facts text, history text,
               evidence_damaged_at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT c.status, c.issued_on, c.valid_until, c.facts,
           (SELECT json_agg(h)::text FROM (
               SELECT s.status, s.at FROM certificate_status_change s
               WHERE s.tenant_id = c.tenant_id AND s.certificate_id = c.id
               ORDER BY s.at, s.id) h),
           c.evidence_damaged_at
    FROM certificate c WHERE c.number = p_number
$$;
REVOKE ALL ON FUNCTION public_certificate FROM PUBLIC;
GRANT EXECUTE ON FUNCTION public_certificate TO {SERVICE};
"""

APPENDED_ONLY = ("receipt", "disposal")


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    for statements in (FILES, SEALED, TABLES, CERTIFICATES):
        op.execute(statements)
    for table in (*APPENDED_ONLY, "retention_schedule", "retention_hold"):
        guard(table)
    grant("retention_schedule, retention_hold", "SELECT, INSERT, UPDATE")
    for table in APPENDED_ONLY:
        grant(table, "SELECT, INSERT")
        op.execute(
            f"CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
