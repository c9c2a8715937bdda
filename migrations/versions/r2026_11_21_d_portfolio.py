"""Portfolios, applications and their steps."""

from __future__ import annotations

from alembic import op

from migrations.tenancy import grant, guard

revision = "portfolio"
down_revision = "jobs"

STATES = (
    "'draft', 'applied', 'needs_info', 'not_admitted', 'admitted', 'submitted', 'in_assessment',"
    " 'clarification', 'assessed', 'decided', 'closed', 'withdrawn', 'lapsed'"
)

TABLES = f"""
CREATE TABLE portfolio (
    id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL REFERENCES tenant,
    candidate_id uuid NOT NULL,
    training_body_id uuid,
    framework_id uuid NOT NULL REFERENCES reference_version,
    scheme_id uuid NOT NULL REFERENCES reference_version,
    charter_id uuid NOT NULL REFERENCES reference_version,
    level text NOT NULL,
    state text NOT NULL CHECK (state IN ({STATES})),
    version bigint NOT NULL CHECK (version > 0),
    opened_at timestamptz NOT NULL,
    state_since timestamptz NOT NULL,
    submitted_at timestamptz,
    decided_at timestamptz,
    UNIQUE (tenant_id, id),
    UNIQUE (tenant_id, id, framework_id),
    FOREIGN KEY (tenant_id, candidate_id) REFERENCES person (tenant_id, id),
    FOREIGN KEY (tenant_id, training_body_id) REFERENCES organisation (tenant_id, id),
    CONSTRAINT portfolio_submitted_check CHECK (state IN ('draft', 'applied', 'needs_info',
        'not_admitted', 'admitted', 'withdrawn', 'lapsed') OR submitted_at IS NOT NULL),
    CONSTRAINT portfolio_decided_check
        CHECK (state NOT IN ('decided', 'closed') OR decided_at IS NOT NULL)
);
CREATE UNIQUE INDEX portfolio_live_key ON portfolio (tenant_id, candidate_id, scheme_id, level)
    WHERE state NOT IN ('not_admitted', 'closed', 'withdrawn', 'lapsed', 'decided');
CREATE INDEX portfolio_opened_idx ON portfolio (tenant_id, opened_at, id);
CREATE INDEX portfolio_state_idx ON portfolio (tenant_id, state, opened_at, id);
CREATE INDEX portfolio_candidate_idx ON portfolio (tenant_id, candidate_id, opened_at, id);
CREATE TABLE application (
    tenant_id uuid NOT NULL,
    portfolio_id uuid PRIMARY KEY,
    charter_hash text NOT NULL,
    charter_language text NOT NULL,
    charter_accepted_at timestamptz NOT NULL,
    special_arrangements text,
    applied_at timestamptz NOT NULL,
    FOREIGN KEY (tenant_id, portfolio_id) REFERENCES portfolio (tenant_id, id)
);
CREATE TABLE prerequisite (
    tenant_id uuid NOT NULL,
    portfolio_id uuid NOT NULL,
    code text NOT NULL,
    required bigint NOT NULL,
    declared bigint NOT NULL,
    statement text,
    met boolean,
    finding text,
    checked_by uuid,
    checked_at timestamptz,
    PRIMARY KEY (portfolio_id, code),
    CONSTRAINT prerequisite_checked_check CHECK ((met IS NULL) = (checked_by IS NULL)
        AND (met IS NULL) = (checked_at IS NULL)),
    FOREIGN KEY (tenant_id, portfolio_id) REFERENCES portfolio (tenant_id, id),
    FOREIGN KEY (tenant_id, checked_by) REFERENCES person (tenant_id, id)
);
CREATE TABLE portfolio_transition (
    id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL,
    portfolio_id uuid NOT NULL,
    at timestamptz NOT NULL,
    actor_id uuid NOT NULL,
    role text,
    step text NOT NULL,
    from_state text NOT NULL CHECK (from_state IN ({STATES})),
    to_state text NOT NULL CHECK (to_state IN ({STATES})),
    reason text,
    CONSTRAINT portfolio_transition_reason_check CHECK (reason IS NOT NULL OR step NOT IN
        ('ask_for_information', 'refuse_admission', 'ask_clarification', 'return', 'refer_back')),
    FOREIGN KEY (tenant_id, portfolio_id) REFERENCES portfolio (tenant_id, id)
);
-- Whoever takes a part in a case takes one part only: the scheme keeps referent, verifier,
-- decision maker and appeal handler apart, and nobody assesses themself. What a feature records of
-- a person's part refers to the row here, so the key keeps them apart whatever the service does.
CREATE TABLE duty (
    tenant_id uuid NOT NULL,
    portfolio_id uuid NOT NULL,
    person_id uuid NOT NULL,
    duty text NOT NULL CHECK (duty IN ('candidate', 'referent', 'moderator', 'verifier',
        'decision_maker', 'appeal_handler')),
    taken_at timestamptz NOT NULL,
    PRIMARY KEY (portfolio_id, person_id),
    UNIQUE (tenant_id, portfolio_id, person_id, duty),
    FOREIGN KEY (tenant_id, portfolio_id) REFERENCES portfolio (tenant_id, id),
    FOREIGN KEY (tenant_id, person_id) REFERENCES person (tenant_id, id)
);
CREATE INDEX portfolio_transition_idx ON portfolio_transition (tenant_id, portfolio_id, at, id);
"""


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute(TABLES)
    for table in ("portfolio", "application", "prerequisite", "portfolio_transition", "duty"):
        guard(table)
    for table in ("portfolio", "application", "prerequisite"):
        grant(table, "SELECT, INSERT, UPDATE")
    grant("portfolio_transition, duty", "SELECT, INSERT")
    op.execute(
        "CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON duty"
        " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )
