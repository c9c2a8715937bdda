"""Frameworks, schemes and charters by version, and the indicators that other tables refer to.

Reference data belongs to the installation, not to a tenant: no row level security. What has been
published is kept as it is by triggers, whoever connects.
"""

from __future__ import annotations

from alembic import op

from migrations.tenancy import grant

revision = "reference_data"
down_revision = "people"

TABLES = """
CREATE TABLE reference_version (
    id uuid PRIMARY KEY,
    kind text NOT NULL CHECK (kind IN ('framework', 'scheme', 'charter')),
    code text NOT NULL CHECK (code <> ''),
    version text NOT NULL CHECK (version <> ''),
    state text NOT NULL CHECK (state IN ('draft', 'published', 'superseded', 'retired')),
    content text NOT NULL,
    content_hash text NOT NULL,
    loaded_at timestamptz NOT NULL,
    published_at timestamptz,
    UNIQUE (kind, code, version),
    CONSTRAINT reference_version_hash_check
        CHECK (content_hash = encode(sha256(convert_to(content, 'UTF8')), 'hex')),
    CONSTRAINT reference_version_published_check
        CHECK ((state = 'draft') = (published_at IS NULL))
);
CREATE UNIQUE INDEX reference_version_published_key ON reference_version (kind, code)
    WHERE state = 'published';
CREATE TABLE indicator (
    framework_id uuid NOT NULL REFERENCES reference_version,
    code text NOT NULL CHECK (code ~ '^[1-9][0-9]?[a-z]$'),
    id uuid NOT NULL UNIQUE,
    competence bigint NOT NULL CHECK (competence > 0),
    phase text NOT NULL CHECK (phase <> ''),
    position bigint NOT NULL CHECK (position > 0),
    PRIMARY KEY (framework_id, code),
    UNIQUE (framework_id, position)
);
"""

FROZEN = """
CREATE FUNCTION keep_published_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.state <> 'draft' THEN
            RAISE EXCEPTION 'a version begins as a draft'
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        RETURN NEW;
    END IF;
    IF TG_OP = 'DELETE' THEN
        IF OLD.state <> 'draft' THEN
            RAISE EXCEPTION '% % % is published: it stays', OLD.kind, OLD.code, OLD.version
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        RETURN OLD;
    END IF;
    IF (NEW.id, NEW.kind, NEW.code, NEW.version) <> (OLD.id, OLD.kind, OLD.code, OLD.version)
        OR (OLD.state <> 'draft'
            AND (NEW.content, NEW.content_hash, NEW.loaded_at, NEW.published_at) IS DISTINCT FROM
                (OLD.content, OLD.content_hash, OLD.loaded_at, OLD.published_at))
    THEN
        RAISE EXCEPTION '% % % is published: it never changes', OLD.kind, OLD.code, OLD.version
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF NEW.state <> OLD.state AND (OLD.state, NEW.state) NOT IN
        (('draft', 'published'), ('published', 'superseded'), ('superseded', 'retired'))
    THEN
        RAISE EXCEPTION 'a version does not go from % to %', OLD.state, NEW.state
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER keep_published BEFORE INSERT OR UPDATE OR DELETE ON reference_version
    FOR EACH ROW EXECUTE FUNCTION keep_published_version();

CREATE FUNCTION keep_published_indicator() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    owner_id uuid;
    owner reference_version;
BEGIN
    FOREACH owner_id IN ARRAY CASE TG_OP
        WHEN 'INSERT' THEN ARRAY[NEW.framework_id]
        WHEN 'DELETE' THEN ARRAY[OLD.framework_id]
        ELSE ARRAY[OLD.framework_id, NEW.framework_id] END
    LOOP
        -- Locked, so that nobody publishes the version between this look and our commit.
        SELECT * INTO owner FROM reference_version WHERE id = owner_id FOR SHARE;
        IF owner.state <> 'draft' THEN
            RAISE EXCEPTION 'framework % % is published: its indicators never change',
                owner.code, owner.version USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        IF owner.kind <> 'framework' THEN
            RAISE EXCEPTION 'only a framework has indicators'
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
    END LOOP;
    RETURN coalesce(NEW, OLD);
END $$;
CREATE TRIGGER keep_published BEFORE INSERT OR UPDATE OR DELETE ON indicator
    FOR EACH ROW EXECUTE FUNCTION keep_published_indicator();

CREATE FUNCTION refuse_emptying() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'published reference data is not emptied'
        USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER keep_all BEFORE TRUNCATE ON reference_version EXECUTE FUNCTION refuse_emptying();
CREATE TRIGGER keep_all BEFORE TRUNCATE ON indicator EXECUTE FUNCTION refuse_emptying();
"""


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute(TABLES)
    op.execute(FROZEN)
    grant("reference_version", "SELECT")
    grant("indicator", "SELECT")
    # The command line loads and publishes with the worker's rights.
    grant("reference_version", "INSERT, UPDATE", to="mentorcert_worker")
    grant("indicator", "INSERT, DELETE", to="mentorcert_worker")
