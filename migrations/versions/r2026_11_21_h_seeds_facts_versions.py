"""Seeds of verification draws; facts of certificates that stay; versions of persons."""

from __future__ import annotations

from alembic import op

revision = "seeds_facts_versions"
down_revision = "certification"

# Draws made before this revision had no seed: their lot comes from the snapshot's root alone.
SEED = """
ALTER TABLE verification ADD COLUMN seed text NOT NULL DEFAULT ''
    CHECK (seed ~ '^([0-9a-f]{64})?$');
ALTER TABLE verification ALTER COLUMN seed DROP DEFAULT;
"""

FACTS = """
CREATE OR REPLACE FUNCTION keep_certificate() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.id, NEW.tenant_id, NEW.portfolio_id, NEW.decision_id, NEW.holder_id, NEW.number,
        NEW.serial, NEW.level, NEW.facts, NEW.issued_at, NEW.issued_on, NEW.valid_until)
       IS DISTINCT FROM
       (OLD.id, OLD.tenant_id, OLD.portfolio_id, OLD.decision_id, OLD.holder_id, OLD.number,
        OLD.serial, OLD.level, OLD.facts, OLD.issued_at, OLD.issued_on, OLD.valid_until) THEN
        RAISE EXCEPTION 'an issued certificate stays as it is'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
"""


PERSONS = "ALTER TABLE person ADD COLUMN version bigint NOT NULL DEFAULT 1 CHECK (version > 0)"


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute(SEED)
    op.execute(FACTS)
    op.execute(PERSONS)
