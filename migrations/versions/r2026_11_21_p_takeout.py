"""Portfolios taken along: exports and imports."""

from __future__ import annotations

from alembic import op

from migrations.tenancy import grant, guard

revision = "takeout"
down_revision = "keeping"

TABLES = """
-- The certification body's own journal goes by its identifier, and a candidate reads that of their
-- portfolio. An archive names the portfolio that comes in.
ALTER TABLE portfolio ADD CONSTRAINT portfolio_id_check CHECK (id <> tenant_id);
CREATE TABLE portfolio_export (
    id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL,
    portfolio_id uuid NOT NULL,
    asked_by uuid NOT NULL,
    state text NOT NULL CHECK (state IN ('waiting', 'making', 'made', 'failed', 'expired')),
    bytes_done bigint NOT NULL DEFAULT 0 CHECK (bytes_done >= 0),
    bytes_total bigint NOT NULL DEFAULT 0 CHECK (bytes_total >= 0),
    size bigint CHECK (size > 0),
    sha256 text CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    problem text,
    problem_detail text,
    asked_at timestamptz NOT NULL,
    made_at timestamptz,
    expires_at timestamptz,
    UNIQUE (tenant_id, id),
    FOREIGN KEY (tenant_id, portfolio_id) REFERENCES portfolio (tenant_id, id),
    FOREIGN KEY (tenant_id, asked_by) REFERENCES person (tenant_id, id),
    CONSTRAINT portfolio_export_made_check CHECK (state <> 'made' OR (size IS NOT NULL
        AND sha256 IS NOT NULL AND made_at IS NOT NULL AND expires_at IS NOT NULL)),
    CONSTRAINT portfolio_export_failed_check CHECK ((state = 'failed') <= (problem IS NOT NULL))
);
-- Whoever asks again while an archive is being made is given that one.
CREATE UNIQUE INDEX portfolio_export_open_key ON portfolio_export (tenant_id, portfolio_id)
    WHERE state IN ('waiting', 'making');
CREATE INDEX portfolio_export_expiry_idx ON portfolio_export (tenant_id, expires_at)
    WHERE state = 'made';
CREATE TABLE portfolio_import (
    id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL,
    candidate_id uuid NOT NULL,
    size bigint NOT NULL CHECK (size > 0),
    sha256 text NOT NULL CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    state text NOT NULL CHECK (state IN ('announced', 'received', 'imported', 'refused',
        'given_up')),
    upload_id text,
    part_size bigint CHECK (part_size > 0),
    -- The portfolio that the archive holds, once it was read. While it is taken in, its files lie
    -- in their final places: nobody else may put files there.
    holds_id uuid,
    portfolio_id uuid,
    problem text,
    problem_detail text,
    announced_at timestamptz NOT NULL,
    received_at timestamptz,
    settled_at timestamptz,
    UNIQUE (tenant_id, id),
    FOREIGN KEY (tenant_id, candidate_id) REFERENCES person (tenant_id, id),
    FOREIGN KEY (tenant_id, portfolio_id) REFERENCES portfolio (tenant_id, id),
    CONSTRAINT portfolio_import_multipart_check CHECK ((upload_id IS NULL) = (part_size IS NULL)),
    CONSTRAINT portfolio_import_received_check
        CHECK (state NOT IN ('received', 'imported') OR received_at IS NOT NULL),
    CONSTRAINT portfolio_import_imported_check
        CHECK ((state = 'imported') = (portfolio_id IS NOT NULL)),
    CONSTRAINT portfolio_import_refused_check CHECK ((state = 'refused') = (problem IS NOT NULL)),
    CONSTRAINT portfolio_import_settled_check
        CHECK ((state IN ('announced', 'received')) = (settled_at IS NULL))
);
CREATE UNIQUE INDEX portfolio_import_open_key ON portfolio_import (tenant_id, candidate_id)
    WHERE state IN ('announced', 'received');
CREATE UNIQUE INDEX portfolio_import_holds_key ON portfolio_import (holds_id)
    WHERE state = 'received';
-- What came with a portfolio and is no working content here; nothing of it counts, nothing of it
-- is changed.
CREATE TABLE imported_record (
    id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL,
    portfolio_id uuid NOT NULL,
    import_id uuid NOT NULL,
    manifest text NOT NULL,
    record text NOT NULL,
    imported_at timestamptz NOT NULL,
    UNIQUE (tenant_id, portfolio_id),
    FOREIGN KEY (tenant_id, portfolio_id) REFERENCES portfolio (tenant_id, id),
    FOREIGN KEY (tenant_id, import_id) REFERENCES portfolio_import (tenant_id, id)
);
"""


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute(TABLES)
    for table in ("portfolio_export", "portfolio_import", "imported_record"):
        guard(table)
    grant("portfolio_export, portfolio_import", "SELECT, INSERT, UPDATE")
    grant("imported_record", "SELECT, INSERT")
    op.execute(
        "CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON imported_record"
        " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )
