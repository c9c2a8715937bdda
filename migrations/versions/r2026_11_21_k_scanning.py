"""Malware: who scanned a file, and what was found."""

from __future__ import annotations

from alembic import op

from migrations.tenancy import grant, guard

revision = "scanning"
down_revision = "uploads"

TABLES = """
CREATE TABLE malware_scan (
    id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL,
    portfolio_id uuid NOT NULL,
    file_id uuid NOT NULL,
    scanner text NOT NULL CHECK (scanner IN ('yara-x', 'clamd')),
    version text NOT NULL CHECK (version <> ''),
    rules text NOT NULL CHECK (rules <> ''),
    verdict text NOT NULL CHECK (verdict IN ('clean', 'malware', 'too_large', 'failed')),
    found text CHECK (found <> ''),
    scanned_at timestamptz NOT NULL,
    UNIQUE (tenant_id, file_id, scanner),
    FOREIGN KEY (tenant_id, portfolio_id, file_id)
        REFERENCES evidence_file (tenant_id, portfolio_id, id),
    CONSTRAINT malware_scan_named_check CHECK ((verdict = 'malware') = (found IS NOT NULL))
);
CREATE INDEX malware_scan_file_idx ON malware_scan (tenant_id, portfolio_id, file_id);
"""

WAITING = """
ALTER TABLE evidence_file
    ADD COLUMN waiting_for text CHECK (waiting_for IN ('malware_scanner')),
    ADD COLUMN tried_at timestamptz,
    ADD COLUMN failing text CHECK (failing IN ('store', 'check')),
    ADD COLUMN failing_since timestamptz,
    ADD COLUMN failed_at timestamptz,
    ADD CONSTRAINT evidence_file_failing_since_check CHECK (
        num_nulls(failing, failing_since, failed_at) IN (0, 3)
        AND (failing IS NULL OR state IN ('received', 'checked'))),
    ADD CONSTRAINT evidence_file_waiting_check CHECK ((waiting_for IS NULL) = (tried_at IS NULL)
        AND (waiting_for IS NULL OR state IN ('received', 'checked'))),
    DROP CONSTRAINT evidence_file_cautions_check,
    ADD CONSTRAINT evidence_file_cautions_check CHECK (cautions <@ ARRAY['attachments', 'launch',
        'location', 'partly_scanned', 'remote_content', 'script']);
CREATE INDEX evidence_file_waiting_idx ON evidence_file (tenant_id) WHERE waiting_for IS NOT NULL;
"""


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute(TABLES)
    op.execute(WAITING)
    guard("malware_scan")
    grant("malware_scan", "SELECT, INSERT, UPDATE")
