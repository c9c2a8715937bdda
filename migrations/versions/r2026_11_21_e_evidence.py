"""Client cases, evidence items, files, consents, claims, self-assessment and snapshots."""

from __future__ import annotations

from alembic import op

from migrations.tenancy import grant, guard

revision = "evidence"
down_revision = "portfolio"

TABLES = """
CREATE TABLE client_case (
    id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL,
    portfolio_id uuid NOT NULL,
    pseudonym text NOT NULL CHECK (pseudonym <> ''),
    sector text NOT NULL,
    size text NOT NULL CHECK (size IN ('self_employed', 'micro', 'small', 'medium', 'large')),
    began_on date NOT NULL,
    ended_on date CHECK (ended_on >= began_on),
    UNIQUE (tenant_id, portfolio_id, id),
    UNIQUE (tenant_id, portfolio_id, pseudonym),
    FOREIGN KEY (tenant_id, portfolio_id) REFERENCES portfolio (tenant_id, id)
);
CREATE TABLE evidence_item (
    id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL,
    portfolio_id uuid NOT NULL,
    case_id uuid,
    kind text NOT NULL,
    title text NOT NULL CHECK (title <> ''),
    description text,
    practised_on date NOT NULL,
    version bigint NOT NULL CHECK (version > 0),
    created_at timestamptz NOT NULL,
    removed_at timestamptz,
    UNIQUE (tenant_id, portfolio_id, id),
    FOREIGN KEY (tenant_id, portfolio_id) REFERENCES portfolio (tenant_id, id),
    FOREIGN KEY (tenant_id, portfolio_id, case_id)
        REFERENCES client_case (tenant_id, portfolio_id, id),
    CONSTRAINT evidence_item_removed_check CHECK (removed_at IS NULL OR case_id IS NULL)
);
CREATE INDEX evidence_item_case_idx ON evidence_item (tenant_id, portfolio_id, case_id);
CREATE TABLE evidence_file (
    id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL,
    portfolio_id uuid NOT NULL,
    item_id uuid NOT NULL,
    name text NOT NULL CHECK (name <> ''),
    media_type text NOT NULL,
    kind text NOT NULL CHECK (kind IN ('document', 'image', 'audio', 'video')),
    size bigint NOT NULL CHECK (size > 0),
    sha256 text CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    state text NOT NULL CHECK (state IN ('announced', 'uploading', 'received', 'checked',
        'available', 'rejected', 'superseded', 'quarantined', 'deleted')),
    upload_id text,
    part_size bigint CHECK (part_size > 0),
    pages bigint,
    duration_ms bigint,
    width bigint,
    height bigint,
    problem text,
    problem_detail text,
    announced_at timestamptz NOT NULL,
    received_at timestamptz,
    settled_at timestamptz,
    UNIQUE (tenant_id, portfolio_id, id),
    UNIQUE (tenant_id, portfolio_id, item_id, id),
    FOREIGN KEY (tenant_id, portfolio_id, item_id)
        REFERENCES evidence_item (tenant_id, portfolio_id, id),
    CONSTRAINT evidence_file_received_check CHECK (state IN ('announced', 'uploading', 'deleted')
        OR (received_at IS NOT NULL AND sha256 IS NOT NULL)),
    CONSTRAINT evidence_file_rejected_check CHECK ((state = 'rejected') <= (problem IS NOT NULL)),
    CONSTRAINT evidence_file_multipart_check CHECK ((upload_id IS NULL) = (part_size IS NULL))
);
CREATE INDEX evidence_file_item_idx ON evidence_file (tenant_id, portfolio_id, item_id);
CREATE TABLE consent (
    id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL,
    portfolio_id uuid NOT NULL,
    item_id uuid NOT NULL,
    person text NOT NULL CHECK (person <> ''),
    scope text NOT NULL CHECK (scope IN ('assessment', 'assessment_and_training')),
    language text NOT NULL,
    given_on date NOT NULL,
    how text NOT NULL CHECK (how IN ('written', 'recorded', 'link')),
    entered_at timestamptz NOT NULL,
    FOREIGN KEY (tenant_id, portfolio_id, item_id)
        REFERENCES evidence_item (tenant_id, portfolio_id, id) ON DELETE CASCADE
);
CREATE INDEX consent_item_idx ON consent (tenant_id, portfolio_id, item_id);
CREATE TABLE claim (
    id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL,
    portfolio_id uuid NOT NULL,
    framework_id uuid NOT NULL,
    indicator text NOT NULL,
    item_id uuid NOT NULL,
    reason text NOT NULL CHECK (reason <> ''),
    file_id uuid,
    page bigint CHECK (page > 0),
    from_ms bigint CHECK (from_ms >= 0),
    to_ms bigint CHECK (to_ms > from_ms),
    version bigint NOT NULL CHECK (version > 0),
    created_at timestamptz NOT NULL,
    FOREIGN KEY (tenant_id, portfolio_id, framework_id)
        REFERENCES portfolio (tenant_id, id, framework_id),
    FOREIGN KEY (framework_id, indicator) REFERENCES indicator (framework_id, code),
    FOREIGN KEY (tenant_id, portfolio_id, item_id)
        REFERENCES evidence_item (tenant_id, portfolio_id, id),
    FOREIGN KEY (tenant_id, portfolio_id, item_id, file_id)
        REFERENCES evidence_file (tenant_id, portfolio_id, item_id, id),
    CONSTRAINT claim_locator_check CHECK ((from_ms IS NULL) = (to_ms IS NULL)
        AND NOT (page IS NOT NULL AND from_ms IS NOT NULL)
        AND (file_id IS NOT NULL OR (page IS NULL AND from_ms IS NULL)))
);
CREATE INDEX claim_portfolio_idx ON claim (tenant_id, portfolio_id, id);
CREATE INDEX claim_item_idx ON claim (tenant_id, portfolio_id, item_id);
CREATE INDEX claim_file_idx ON claim (tenant_id, portfolio_id, file_id) WHERE file_id IS NOT NULL;
CREATE TABLE self_assessment (
    portfolio_id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL,
    version bigint NOT NULL CHECK (version > 0),
    changed_at timestamptz NOT NULL,
    UNIQUE (tenant_id, portfolio_id),
    FOREIGN KEY (tenant_id, portfolio_id) REFERENCES portfolio (tenant_id, id)
);
CREATE TABLE self_rating (
    tenant_id uuid NOT NULL,
    portfolio_id uuid NOT NULL,
    framework_id uuid NOT NULL,
    indicator text NOT NULL,
    rating smallint NOT NULL CHECK (rating >= 0),
    comment text,
    PRIMARY KEY (portfolio_id, indicator),
    FOREIGN KEY (tenant_id, portfolio_id) REFERENCES self_assessment (tenant_id, portfolio_id),
    FOREIGN KEY (tenant_id, portfolio_id, framework_id)
        REFERENCES portfolio (tenant_id, id, framework_id),
    FOREIGN KEY (framework_id, indicator) REFERENCES indicator (framework_id, code)
);
CREATE TABLE snapshot (
    id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL,
    portfolio_id uuid NOT NULL,
    number bigint NOT NULL CHECK (number > 0),
    sealed_at timestamptz NOT NULL,
    root text NOT NULL CHECK (root ~ '^[0-9a-f]{64}$'),
    manifest text NOT NULL,
    content text NOT NULL,
    UNIQUE (tenant_id, portfolio_id, id),
    UNIQUE (portfolio_id, number),
    FOREIGN KEY (tenant_id, portfolio_id) REFERENCES portfolio (tenant_id, id)
);
CREATE TABLE snapshot_claim (
    tenant_id uuid NOT NULL,
    portfolio_id uuid NOT NULL,
    snapshot_id uuid NOT NULL,
    claim_id uuid NOT NULL,
    indicator text NOT NULL,
    PRIMARY KEY (snapshot_id, claim_id),
    UNIQUE (tenant_id, snapshot_id, claim_id),
    FOREIGN KEY (tenant_id, portfolio_id, snapshot_id)
        REFERENCES snapshot (tenant_id, portfolio_id, id)
);
CREATE TABLE snapshot_file (
    tenant_id uuid NOT NULL,
    portfolio_id uuid NOT NULL,
    snapshot_id uuid NOT NULL,
    file_id uuid NOT NULL,
    sha256 text NOT NULL,
    PRIMARY KEY (snapshot_id, file_id),
    FOREIGN KEY (tenant_id, portfolio_id, snapshot_id)
        REFERENCES snapshot (tenant_id, portfolio_id, id),
    FOREIGN KEY (tenant_id, portfolio_id, file_id)
        REFERENCES evidence_file (tenant_id, portfolio_id, id)
);
CREATE INDEX snapshot_file_file_idx ON snapshot_file (tenant_id, portfolio_id, file_id);
"""

# What was sealed keeps its bytes: a file in a snapshot is neither deleted nor given another digest.
SEALED = """
CREATE FUNCTION keep_sealed_file() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.sha256, NEW.size, NEW.media_type, NEW.portfolio_id, NEW.item_id)
           IS DISTINCT FROM (OLD.sha256, OLD.size, OLD.media_type, OLD.portfolio_id, OLD.item_id)
       OR NEW.state = 'deleted' THEN
        IF EXISTS (SELECT FROM snapshot_file s WHERE s.tenant_id = OLD.tenant_id
                   AND s.portfolio_id = OLD.portfolio_id AND s.file_id = OLD.id) THEN
            RAISE EXCEPTION 'a sealed file stays as it is'
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER keep_sealed BEFORE UPDATE ON evidence_file
    FOR EACH ROW EXECUTE FUNCTION keep_sealed_file();
"""

WORKING = ("client_case", "evidence_item", "consent", "claim", "self_assessment", "self_rating")
SNAPSHOTS = ("snapshot", "snapshot_claim", "snapshot_file")


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute(TABLES)
    op.execute(SEALED)
    for table in (*WORKING, "evidence_file", *SNAPSHOTS):
        guard(table)
    for table in WORKING:
        grant(table, "SELECT, INSERT, UPDATE, DELETE")
    grant("evidence_file", "SELECT, INSERT, UPDATE")
    for table in SNAPSHOTS:
        grant(table, "SELECT, INSERT")
        op.execute(
            f"CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
