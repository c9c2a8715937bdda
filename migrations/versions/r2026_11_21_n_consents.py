"""Consent asked by a one-time link and withdrawn; testimony; validation by a referent."""

from __future__ import annotations

from alembic import op

from migrations.tenancy import SERVICE, grant, guard

revision = "consents"
down_revision = "claims"

# The address of an invited person is kept until there is an answer, and never after it.
INVITATIONS = """
CREATE TABLE invitation (
    id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL,
    portfolio_id uuid NOT NULL,
    item_id uuid NOT NULL,
    kind text NOT NULL CHECK (kind IN ('consent', 'testimony', 'withdrawal')),
    person text NOT NULL CHECK (person <> ''),
    language text NOT NULL CHECK (language IN ('en', 'fr')),
    email text CHECK (email = lower(email)),
    hash bytea UNIQUE CHECK (length(hash) = 32),
    scope text CHECK (scope IN ('assessment', 'assessment_and_training')),
    relation text CHECK (relation IN ('mentee', 'witness')),
    form text CHECK (form IN ('testimony', 'evaluation')),
    indicators text[] NOT NULL DEFAULT '{}',
    consent_id uuid,
    asked_at timestamptz NOT NULL,
    sent_at timestamptz,
    refused_at timestamptz,
    expires_at timestamptz CHECK (expires_at > asked_at),
    answer text CHECK (answer IN ('given', 'declined', 'withdrawn')),
    answered_at timestamptz,
    revoked_at timestamptz,
    UNIQUE (tenant_id, portfolio_id, item_id, id),
    FOREIGN KEY (tenant_id, portfolio_id, item_id)
        REFERENCES evidence_item (tenant_id, portfolio_id, id),
    CONSTRAINT invitation_answer_at_check CHECK ((answer IS NULL) = (answered_at IS NULL)),
    CONSTRAINT invitation_ended_once_check CHECK (answered_at IS NULL OR revoked_at IS NULL),
    CONSTRAINT invitation_email_erased_check
        CHECK (email IS NULL OR (answered_at IS NULL AND revoked_at IS NULL)),
    CONSTRAINT invitation_sent_check CHECK (sent_at IS NULL OR hash IS NOT NULL),
    CONSTRAINT invitation_expires_check
        CHECK (expires_at IS NOT NULL OR kind = 'withdrawal'),
    CONSTRAINT invitation_consent_check
        CHECK ((kind = 'testimony') = (relation IS NOT NULL)
           AND (kind = 'testimony') = (form IS NOT NULL)
           AND (kind = 'consent') = (scope IS NOT NULL)
           AND (kind = 'withdrawal' OR consent_id IS NULL))
);
CREATE INDEX invitation_item_idx ON invitation (tenant_id, portfolio_id, item_id);
CREATE INDEX invitation_waiting_idx ON invitation (tenant_id, asked_at) WHERE email IS NOT NULL;
"""

# Before a tenant is known, the secret of the link is all there is. The function tells whose it is
# and nothing else; all that follows happens within that tenant.
FIND = f"""
CREATE POLICY find_by_hash ON invitation FOR SELECT TO CURRENT_USER USING (true);
CREATE FUNCTION find_invitation(p_hash bytea) RETURNS TABLE (tenant_id uuid, id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS 'SELECT i.tenant_id, i.id FROM invitation i WHERE i.hash = p_hash';
REVOKE ALL ON FUNCTION find_invitation FROM PUBLIC;
GRANT EXECUTE ON FUNCTION find_invitation TO {SERVICE};
"""

CONSENTS = """
ALTER TABLE consent
    ADD COLUMN invitation_id uuid,
    ADD COLUMN signed_name text CHECK (signed_name <> ''),
    ADD COLUMN withdrawn_at timestamptz CHECK (withdrawn_at >= entered_at),
    ADD COLUMN withdrawn_by text CHECK (withdrawn_by IN ('person', 'officer', 'candidate')),
    ADD COLUMN withdrawal_reason text CHECK (withdrawal_reason <> ''),
    ADD UNIQUE (tenant_id, portfolio_id, item_id, id),
    ADD UNIQUE (tenant_id, invitation_id),
    ADD FOREIGN KEY (tenant_id, portfolio_id, item_id, invitation_id)
        REFERENCES invitation (tenant_id, portfolio_id, item_id, id),
    ADD CONSTRAINT consent_signed_check
        CHECK ((invitation_id IS NULL) = (signed_name IS NULL)
           AND (invitation_id IS NULL OR how = 'link')),
    ADD CONSTRAINT consent_withdrawn_check
        CHECK ((withdrawn_at IS NULL) = (withdrawn_by IS NULL)
           AND (withdrawal_reason IS NULL OR withdrawn_at IS NOT NULL)
           AND (withdrawn_by IS DISTINCT FROM 'officer' OR withdrawal_reason IS NOT NULL));
ALTER TABLE invitation
    ADD FOREIGN KEY (tenant_id, portfolio_id, item_id, consent_id)
        REFERENCES consent (tenant_id, portfolio_id, item_id, id)
        ON DELETE SET NULL (consent_id);
CREATE INDEX invitation_consent_idx ON invitation (tenant_id, consent_id)
    WHERE consent_id IS NOT NULL;
CREATE FUNCTION keep_consent() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.id, NEW.tenant_id, NEW.portfolio_id, NEW.item_id, NEW.person, NEW.scope, NEW.language,
        NEW.given_on, NEW.how, NEW.entered_at, NEW.invitation_id, NEW.signed_name)
       IS DISTINCT FROM
       (OLD.id, OLD.tenant_id, OLD.portfolio_id, OLD.item_id, OLD.person, OLD.scope, OLD.language,
        OLD.given_on, OLD.how, OLD.entered_at, OLD.invitation_id, OLD.signed_name)
       OR OLD.withdrawn_at IS NOT NULL THEN
        RAISE EXCEPTION 'a consent stays as it was given, and withdrawn once it was withdrawn'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER keep_given BEFORE UPDATE ON consent
    FOR EACH ROW EXECUTE FUNCTION keep_consent();
ALTER TABLE evidence_file ADD COLUMN quarantined_at timestamptz;
DO $$
DECLARE
    tenant uuid;
BEGIN
    FOR tenant IN SELECT all_tenants() LOOP
        PERFORM set_config('app.tenant', tenant::text, true);
        UPDATE evidence_file SET quarantined_at = coalesce(settled_at, received_at, announced_at)
        WHERE tenant_id = tenant AND state = 'quarantined';
    END LOOP;
    PERFORM set_config('app.tenant', '', true);
END $$;
ALTER TABLE evidence_file
    ADD CONSTRAINT evidence_file_quarantined_check
        CHECK (quarantined_at IS NULL OR state IN ('quarantined', 'deleted'));
"""

TESTIMONIES = """
CREATE TABLE testimony (
    id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL,
    portfolio_id uuid NOT NULL,
    item_id uuid NOT NULL,
    invitation_id uuid NOT NULL,
    person text NOT NULL CHECK (person <> ''),
    relation text NOT NULL CHECK (relation IN ('mentee', 'witness')),
    form text NOT NULL CHECK (form IN ('testimony', 'evaluation')),
    language text NOT NULL CHECK (language IN ('en', 'fr')),
    indicators text[] NOT NULL,
    words text NOT NULL CHECK (words <> ''),
    answers jsonb NOT NULL,
    questions text,
    signed_name text NOT NULL CHECK (signed_name <> ''),
    signed_at timestamptz NOT NULL,
    sha256 text NOT NULL CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    UNIQUE (tenant_id, portfolio_id, id),
    UNIQUE (tenant_id, invitation_id),
    FOREIGN KEY (tenant_id, portfolio_id, item_id, invitation_id)
        REFERENCES invitation (tenant_id, portfolio_id, item_id, id),
    CONSTRAINT testimony_evaluation_check CHECK ((form = 'evaluation') = (questions IS NOT NULL))
);
CREATE INDEX testimony_item_idx ON testimony (tenant_id, portfolio_id, item_id);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON testimony
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
"""

# Who validates evidence has that part in the case, and so can have no other.
VALIDATIONS = """
ALTER TABLE duty
    DROP CONSTRAINT duty_duty_check,
    ADD CONSTRAINT duty_duty_check CHECK (duty IN ('candidate', 'referent', 'moderator', 'verifier',
        'decision_maker', 'appeal_handler', 'validator'));
CREATE TABLE validation (
    id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL,
    portfolio_id uuid NOT NULL,
    item_id uuid NOT NULL,
    indicators text[] NOT NULL CHECK (cardinality(indicators) > 0),
    asked_at timestamptz NOT NULL,
    revoked_at timestamptz,
    referent_id uuid,
    taken_as text CHECK (taken_as = 'validator'),
    taken_at timestamptz,
    holds boolean,
    statement text CHECK (statement <> ''),
    reason text CHECK (reason <> ''),
    signed_name text CHECK (signed_name <> ''),
    signed_at timestamptz,
    evidence jsonb,
    sha256 text CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    UNIQUE (tenant_id, portfolio_id, id),
    FOREIGN KEY (tenant_id, portfolio_id, item_id)
        REFERENCES evidence_item (tenant_id, portfolio_id, id),
    FOREIGN KEY (tenant_id, portfolio_id, referent_id, taken_as)
        REFERENCES duty (tenant_id, portfolio_id, person_id, duty),
    CONSTRAINT validation_taken_check CHECK ((referent_id IS NULL) = (taken_at IS NULL)
        AND (referent_id IS NULL) = (taken_as IS NULL)),
    CONSTRAINT validation_signed_check CHECK ((signed_at IS NULL) = (holds IS NULL)
        AND (signed_at IS NULL) = (statement IS NULL) AND (signed_at IS NULL) = (evidence IS NULL)
        AND (signed_at IS NULL) = (signed_name IS NULL) AND (signed_at IS NULL) = (sha256 IS NULL)
        AND (signed_at IS NULL OR taken_at IS NOT NULL)),
    CONSTRAINT validation_denied_check CHECK (holds IS NOT FALSE OR reason IS NOT NULL),
    CONSTRAINT validation_revoked_check CHECK (revoked_at IS NULL OR signed_at IS NULL)
);
CREATE INDEX validation_item_idx ON validation (tenant_id, portfolio_id, item_id);
CREATE INDEX validation_referent_idx ON validation (tenant_id, referent_id)
    WHERE referent_id IS NOT NULL;
CREATE UNIQUE INDEX validation_open_key ON validation (tenant_id, portfolio_id, item_id)
    WHERE signed_at IS NULL AND revoked_at IS NULL;
CREATE INDEX validation_pool_idx ON validation (tenant_id, asked_at, id)
    WHERE signed_at IS NULL AND revoked_at IS NULL;
CREATE FUNCTION keep_signed_validation() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.signed_at IS NOT NULL OR OLD.revoked_at IS NOT NULL THEN
        RAISE EXCEPTION 'a validation stays as it was signed'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER keep_signed BEFORE UPDATE ON validation
    FOR EACH ROW EXECUTE FUNCTION keep_signed_validation();
"""

# Of claims that were handed in before this revision, what they rest on stands in the content only.
RESTING_ON = "ALTER TABLE snapshot_claim ADD COLUMN item_id uuid, ADD COLUMN file_id uuid"


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    for statements in (INVITATIONS, FIND, CONSENTS, TESTIMONIES, VALIDATIONS, RESTING_ON):
        op.execute(statements)
    for table in ("invitation", "testimony", "validation"):
        guard(table)
    for table in ("invitation", "validation"):
        grant(table, "SELECT, INSERT, UPDATE")
    grant("testimony", "SELECT, INSERT")
