"""Flags: what an officer must look at, raised by the service."""

from __future__ import annotations

from alembic import op

from migrations.tenancy import grant, guard

revision = "flags"
down_revision = "amendments"

TABLES = """
CREATE TABLE flag (
    id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL,
    portfolio_id uuid NOT NULL,
    file_id uuid NOT NULL,
    kind text NOT NULL CHECK (kind IN ('duplicate', 'malware', 'integrity')),
    facts jsonb NOT NULL,
    raised_at timestamptz NOT NULL,
    settled_at timestamptz,
    settled_by uuid,
    reason text CHECK (reason <> ''),
    UNIQUE (tenant_id, id),
    FOREIGN KEY (tenant_id, portfolio_id, file_id)
        REFERENCES evidence_file (tenant_id, portfolio_id, id),
    FOREIGN KEY (tenant_id, settled_by) REFERENCES person (tenant_id, id),
    CONSTRAINT flag_settled_check CHECK ((settled_at IS NULL) = (settled_by IS NULL)
        AND (settled_at IS NULL) = (reason IS NULL))
);
CREATE UNIQUE INDEX flag_open_idx ON flag (tenant_id, file_id, kind) WHERE settled_at IS NULL;
CREATE INDEX flag_portfolio_idx ON flag (tenant_id, portfolio_id, id);
"""


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute(TABLES)
    guard("flag")
    grant("flag", "SELECT, INSERT, UPDATE")
