"""Places in a page, the versions of a claim's text, and who made a piece of evidence."""

from __future__ import annotations

from alembic import op

from migrations.tenancy import grant, guard

revision = "claims"
down_revision = "renditions"

# A box is a rectangle in a page or picture, in shares of its width and height. Its members are kept
# to four decimals, so that two that fill the width may add up to a little more than one.
BOX = """
ALTER TABLE claim
    ADD COLUMN box jsonb,
    ADD CONSTRAINT claim_box_check CHECK (box IS NULL OR (
        file_id IS NOT NULL AND from_ms IS NULL
        AND jsonb_typeof(box) = 'object' AND box - '{x,y,width,height}'::text[] = '{}'
        AND jsonb_typeof(box->'x') = 'number' AND jsonb_typeof(box->'y') = 'number'
        AND jsonb_typeof(box->'width') = 'number' AND jsonb_typeof(box->'height') = 'number'
        AND (box->>'x')::numeric >= 0 AND (box->>'y')::numeric >= 0
        AND (box->>'width')::numeric > 0 AND (box->>'height')::numeric > 0
        AND (box->>'x')::numeric + (box->>'width')::numeric <= 1.0001
        AND (box->>'y')::numeric + (box->>'height')::numeric <= 1.0001
    ) IS TRUE);
"""

# What a claim said before each change goes with the claim, and is never changed while it stands.
VERSIONS = """
DROP INDEX claim_portfolio_idx;
ALTER TABLE claim ADD CONSTRAINT claim_portfolio_key UNIQUE (tenant_id, portfolio_id, id);
CREATE TABLE claim_version (
    tenant_id uuid NOT NULL,
    portfolio_id uuid NOT NULL,
    claim_id uuid NOT NULL,
    version bigint NOT NULL CHECK (version > 0),
    reason text NOT NULL CHECK (reason <> ''),
    file_id uuid,
    page bigint,
    box jsonb,
    from_ms bigint,
    to_ms bigint,
    replaced_at timestamptz NOT NULL,
    replaced_by uuid NOT NULL,
    PRIMARY KEY (tenant_id, portfolio_id, claim_id, version),
    FOREIGN KEY (tenant_id, portfolio_id, claim_id)
        REFERENCES claim (tenant_id, portfolio_id, id) ON DELETE CASCADE
);
CREATE TRIGGER append_only BEFORE UPDATE OR TRUNCATE ON claim_version
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
"""

AUTHORSHIP = """
ALTER TABLE evidence_item
    ADD COLUMN authorship text CHECK (authorship IN ('own', 'shared', 'by_others')),
    ADD COLUMN contribution text CHECK (contribution <> ''),
    ADD COLUMN authorship_declared_at timestamptz,
    ADD CONSTRAINT evidence_item_declared_check CHECK (
        (authorship IS NULL) = (authorship_declared_at IS NULL)
        AND (authorship IS NOT NULL OR contribution IS NULL)
        AND (authorship IS DISTINCT FROM 'shared' OR contribution IS NOT NULL));
"""

ALIKE = """
CREATE INDEX evidence_file_sha256_idx ON evidence_file (tenant_id, sha256)
    WHERE sha256 IS NOT NULL;
-- A column rather than an expression: under row level security an index on what `->>` finds would
-- never be used.
ALTER TABLE flag ADD COLUMN other_portfolio uuid
    GENERATED ALWAYS AS ((facts->>'other_portfolio')::uuid) STORED;
CREATE INDEX flag_other_portfolio_idx ON flag (tenant_id, other_portfolio)
    WHERE other_portfolio IS NOT NULL;
CREATE INDEX flag_raised_idx ON flag (tenant_id, raised_at, id);
"""


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    for statements in (BOX, VERSIONS, AUTHORSHIP, ALIKE):
        op.execute(statements)
    guard("claim_version")
    grant("claim_version", "SELECT, INSERT")
