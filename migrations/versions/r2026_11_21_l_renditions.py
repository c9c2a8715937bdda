"""What is made of an original for people to see and hear, its text for the search, and captions."""

from __future__ import annotations

from alembic import op

from migrations.tenancy import grant, guard

revision = "renditions"
down_revision = "scanning"

TABLES = """
CREATE TABLE rendition (
    id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL,
    portfolio_id uuid NOT NULL,
    file_id uuid NOT NULL,
    kind text NOT NULL CHECK (kind IN ('poster', 'waveform', 'playable', 'preview', 'text', 'copy')
        OR kind ~ '^captions-[a-z]{2,3}(-[A-Z]{2})?$'),
    state text NOT NULL CHECK (state IN ('waiting', 'making', 'made', 'failed', 'not_needed',
        'not_available')),
    progress smallint NOT NULL DEFAULT 0 CHECK (progress BETWEEN 0 AND 100),
    tries smallint NOT NULL DEFAULT 0 CHECK (tries >= 0),
    media_type text,
    size bigint CHECK (size >= 0),
    sha256 text CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    reason text CHECK (reason <> ''),
    made_at timestamptz,
    UNIQUE (tenant_id, file_id, kind),
    FOREIGN KEY (tenant_id, portfolio_id, file_id)
        REFERENCES evidence_file (tenant_id, portfolio_id, id),
    CONSTRAINT rendition_made_check CHECK (state <> 'made'
        OR (made_at IS NOT NULL AND media_type IS NOT NULL AND size IS NOT NULL
            AND sha256 IS NOT NULL)),
    CONSTRAINT rendition_unmade_check CHECK (state NOT IN ('failed', 'not_available')
        OR reason IS NOT NULL)
);
CREATE INDEX rendition_portfolio_idx ON rendition (tenant_id, portfolio_id, file_id);
CREATE INDEX rendition_unsettled_idx ON rendition (tenant_id, id)
    WHERE state IN ('waiting', 'making');
CREATE INDEX rendition_not_available_idx ON rendition (tenant_id, reason)
    WHERE state = 'not_available';
CREATE TABLE captions (
    id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL,
    portfolio_id uuid NOT NULL,
    file_id uuid NOT NULL,
    language text NOT NULL CHECK (language ~ '^[a-z]{2,3}(-[A-Z]{2})?$'),
    words text NOT NULL,
    sha256 text NOT NULL CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    cues bigint NOT NULL CHECK (cues > 0),
    entered_at timestamptz NOT NULL,
    UNIQUE (tenant_id, file_id, language),
    FOREIGN KEY (tenant_id, portfolio_id, file_id)
        REFERENCES evidence_file (tenant_id, portfolio_id, id)
);
CREATE INDEX captions_portfolio_idx ON captions (tenant_id, portfolio_id, file_id);
CREATE TABLE passage (
    id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL,
    portfolio_id uuid NOT NULL,
    file_id uuid NOT NULL,
    source text NOT NULL CHECK (source = 'text' OR source ~ '^captions-[a-z]{2,3}(-[A-Z]{2})?$'),
    page bigint CHECK (page > 0),
    from_ms bigint CHECK (from_ms >= 0),
    to_ms bigint CHECK (to_ms > from_ms),
    words text NOT NULL CHECK (words <> ''),
    found tsvector NOT NULL GENERATED ALWAYS AS (to_tsvector('simple', words)) STORED,
    FOREIGN KEY (tenant_id, portfolio_id, file_id)
        REFERENCES evidence_file (tenant_id, portfolio_id, id),
    CONSTRAINT passage_place_check CHECK ((from_ms IS NULL) = (to_ms IS NULL)
        AND NOT (page IS NOT NULL AND from_ms IS NOT NULL))
);
-- A search is always in one portfolio: an index over the words of all would find far too much.
CREATE INDEX passage_portfolio_idx ON passage (tenant_id, portfolio_id, id);
CREATE INDEX passage_file_idx ON passage (tenant_id, file_id, source);
ALTER TABLE evidence_file
    ADD COLUMN video_codec text,
    ADD COLUMN audio_codec text,
    ADD COLUMN location_shared_at timestamptz;
"""

# What a snapshot names by its digest stays as it was handed in.
SEALED = """
CREATE FUNCTION keep_sealed_captions() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM snapshot_file f
               JOIN snapshot s ON s.tenant_id = f.tenant_id AND s.id = f.snapshot_id
               JOIN evidence_file e ON e.tenant_id = f.tenant_id AND e.id = f.file_id
               WHERE e.state <> 'deleted' AND f.tenant_id = OLD.tenant_id
                 AND f.portfolio_id = OLD.portfolio_id AND f.file_id = OLD.file_id
                 AND s.sealed_at >= OLD.entered_at) THEN
        RAISE EXCEPTION 'sealed captions stay as they are'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END $$;
CREATE TRIGGER keep_sealed BEFORE UPDATE OR DELETE ON captions
    FOR EACH ROW EXECUTE FUNCTION keep_sealed_captions();
"""


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute(TABLES)
    op.execute(SEALED)
    for table in ("rendition", "captions", "passage"):
        guard(table)
        grant(table, "SELECT, INSERT, UPDATE, DELETE")
