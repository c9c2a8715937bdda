"""Decisions, their signatures, certificates and the public register."""

from __future__ import annotations

from alembic import op

from migrations.tenancy import SERVICE, grant, guard

revision = "certification"
down_revision = "assessment"

TABLES = """
CREATE TABLE decision (
    id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL,
    portfolio_id uuid NOT NULL,
    outcome text NOT NULL CHECK (outcome IN
        ('granted', 'granted_lower_level', 'partial', 'refused', 'referred_back')),
    level text,
    state text NOT NULL CHECK (state IN ('drafted', 'signed', 'discarded')),
    reasons text,
    indicators text[] NOT NULL,
    recommended text NOT NULL,
    explanation text NOT NULL,
    quorum bigint NOT NULL CHECK (quorum > 0),
    drafted_by uuid NOT NULL,
    drafted_as text NOT NULL CHECK (drafted_as = 'decision_maker'),
    drafted_at timestamptz NOT NULL,
    signed_at timestamptz,
    UNIQUE (tenant_id, portfolio_id, id),
    FOREIGN KEY (tenant_id, portfolio_id) REFERENCES portfolio (tenant_id, id),
    -- Who assessed, verified or owns the case has another part in it: the key refuses them.
    FOREIGN KEY (tenant_id, portfolio_id, drafted_by, drafted_as)
        REFERENCES duty (tenant_id, portfolio_id, person_id, duty),
    CONSTRAINT decision_reasons_check CHECK (outcome = 'granted' OR reasons IS NOT NULL),
    CONSTRAINT decision_signed_check CHECK ((state = 'signed') = (signed_at IS NOT NULL)),
    CONSTRAINT decision_level_check
        CHECK (outcome NOT IN ('granted', 'granted_lower_level') OR level IS NOT NULL)
);
CREATE UNIQUE INDEX decision_current_key ON decision (tenant_id, portfolio_id)
    WHERE state <> 'discarded' AND NOT (state = 'signed' AND outcome = 'referred_back');
CREATE TABLE decision_signature (
    tenant_id uuid NOT NULL,
    portfolio_id uuid NOT NULL,
    decision_id uuid NOT NULL,
    person_id uuid NOT NULL,
    signed_as text NOT NULL CHECK (signed_as = 'decision_maker'),
    signed_at timestamptz NOT NULL,
    PRIMARY KEY (decision_id, person_id),
    FOREIGN KEY (tenant_id, portfolio_id, decision_id)
        REFERENCES decision (tenant_id, portfolio_id, id),
    FOREIGN KEY (tenant_id, portfolio_id, person_id, signed_as)
        REFERENCES duty (tenant_id, portfolio_id, person_id, duty)
);
CREATE SEQUENCE certificate_serial MAXVALUE 999999999;
CREATE TABLE certificate (
    id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL,
    portfolio_id uuid NOT NULL,
    decision_id uuid NOT NULL,
    holder_id uuid NOT NULL,
    number text NOT NULL UNIQUE,
    serial bigint NOT NULL UNIQUE,
    level text NOT NULL,
    facts text NOT NULL,
    status text NOT NULL CHECK (status IN
        ('active', 'suspended', 'withdrawn', 'surrendered', 'superseded')),
    version bigint NOT NULL CHECK (version > 0),
    issued_at timestamptz NOT NULL,
    issued_on date NOT NULL,
    valid_until date NOT NULL CHECK (valid_until > issued_on),
    pdf_key text,
    pdf_sha256 text,
    UNIQUE (tenant_id, id),
    UNIQUE (tenant_id, decision_id),
    FOREIGN KEY (tenant_id, portfolio_id, decision_id)
        REFERENCES decision (tenant_id, portfolio_id, id),
    FOREIGN KEY (tenant_id, holder_id) REFERENCES person (tenant_id, id),
    CONSTRAINT certificate_pdf_check CHECK ((pdf_key IS NULL) = (pdf_sha256 IS NULL))
);
CREATE TABLE certificate_status_change (
    id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL,
    certificate_id uuid NOT NULL,
    status text NOT NULL CHECK (status IN
        ('active', 'suspended', 'withdrawn', 'surrendered', 'superseded')),
    at timestamptz NOT NULL,
    actor_id uuid NOT NULL,
    reason text,
    FOREIGN KEY (tenant_id, certificate_id) REFERENCES certificate (tenant_id, id)
);
CREATE INDEX certificate_status_change_idx
    ON certificate_status_change (tenant_id, certificate_id, at, id);
"""

# No certificate without a decision that grants it, signed by as many as the scheme asks.
GRANTED = """
CREATE FUNCTION check_certificate_granted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM decision d
        WHERE d.tenant_id = NEW.tenant_id AND d.id = NEW.decision_id AND d.state = 'signed'
          AND d.outcome IN ('granted', 'granted_lower_level') AND d.level = NEW.level
          AND d.quorum <= (SELECT count(*) FROM decision_signature s
                           WHERE s.tenant_id = d.tenant_id AND s.decision_id = d.id)
    ) THEN
        RAISE EXCEPTION 'a certificate needs a signed decision that grants it'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER granted BEFORE INSERT ON certificate
    FOR EACH ROW EXECUTE FUNCTION check_certificate_granted();

CREATE FUNCTION keep_certificate() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.id, NEW.tenant_id, NEW.portfolio_id, NEW.decision_id, NEW.holder_id, NEW.number,
        NEW.serial, NEW.level, NEW.issued_at, NEW.issued_on, NEW.valid_until)
       IS DISTINCT FROM
       (OLD.id, OLD.tenant_id, OLD.portfolio_id, OLD.decision_id, OLD.holder_id, OLD.number,
        OLD.serial, OLD.level, OLD.issued_at, OLD.issued_on, OLD.valid_until) THEN
        RAISE EXCEPTION 'an issued certificate stays as it is'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER keep BEFORE UPDATE ON certificate
    FOR EACH ROW EXECUTE FUNCTION keep_certificate();
"""

# Anyone may check a certificate by its number, which names no tenant: found as the owner of the
# tables, whom these policies let look.
REGISTER = f"""
CREATE POLICY find_by_number ON certificate FOR SELECT TO CURRENT_USER USING (true);
CREATE POLICY find_by_number ON certificate_status_change FOR SELECT TO CURRENT_USER USING (true);
CREATE FUNCTION public_certificate(p_number text)
RETURNS TABLE (status text, issued_on date, valid_until date, facts text, history text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT c.status, c.issued_on, c.valid_until, c.facts,
           (SELECT json_agg(h)::text FROM (
               SELECT s.status, s.at FROM certificate_status_change s
               WHERE s.tenant_id = c.tenant_id AND s.certificate_id = c.id
               ORDER BY s.at, s.id) h)
    FROM certificate c WHERE c.number = p_number
$$;
REVOKE ALL ON FUNCTION public_certificate FROM PUBLIC;
GRANT EXECUTE ON FUNCTION public_certificate TO {SERVICE};

CREATE FUNCTION public_certificate_pdf(p_number text) RETURNS text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT c.pdf_key FROM certificate c WHERE c.number = p_number
$$;
REVOKE ALL ON FUNCTION public_certificate_pdf FROM PUBLIC;
GRANT EXECUTE ON FUNCTION public_certificate_pdf TO {SERVICE};
"""


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute(TABLES)
    tables = ("decision", "decision_signature", "certificate", "certificate_status_change")
    for table in tables:
        guard(table)
    op.execute(GRANTED)
    op.execute(REGISTER)
    grant("decision, certificate", "SELECT, INSERT, UPDATE")
    grant("decision_signature, certificate_status_change", "SELECT, INSERT")
    op.execute(f"GRANT USAGE ON SEQUENCE certificate_serial TO {SERVICE}")
    for table in ("decision_signature", "certificate_status_change"):
        op.execute(
            f"CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
