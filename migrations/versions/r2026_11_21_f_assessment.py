"""Assessments, ratings, judgements, interviews and verifications."""

from __future__ import annotations

from alembic import op

from migrations.tenancy import grant, guard

revision = "assessment"
down_revision = "evidence"

TABLES = """
CREATE TABLE assessment (
    id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL,
    portfolio_id uuid NOT NULL,
    snapshot_id uuid NOT NULL,
    framework_id uuid NOT NULL,
    referent_id uuid NOT NULL,
    part text NOT NULL CHECK (part IN ('referent', 'moderator')),
    state text NOT NULL CHECK (state IN ('assigned', 'accepted', 'declined', 'conflict',
        'in_progress', 'final')),
    version bigint NOT NULL CHECK (version > 0),
    rated bigint NOT NULL CHECK (rated >= 0),
    to_rate bigint NOT NULL CHECK (to_rate >= rated),
    due_on date NOT NULL,
    assigned_at timestamptz NOT NULL,
    accepted_at timestamptz,
    finalised_at timestamptz,
    comment text,
    reason text,
    UNIQUE (tenant_id, id, snapshot_id),
    UNIQUE (tenant_id, portfolio_id, referent_id),
    FOREIGN KEY (tenant_id, portfolio_id, framework_id)
        REFERENCES portfolio (tenant_id, id, framework_id),
    FOREIGN KEY (tenant_id, portfolio_id, snapshot_id)
        REFERENCES snapshot (tenant_id, portfolio_id, id),
    -- The referent's part in the case: the candidate, the decision maker, … have another.
    FOREIGN KEY (tenant_id, portfolio_id, referent_id, part)
        REFERENCES duty (tenant_id, portfolio_id, person_id, duty),
    CONSTRAINT assessment_accepted_check
        CHECK (state NOT IN ('accepted', 'in_progress', 'final') OR accepted_at IS NOT NULL),
    CONSTRAINT assessment_final_check CHECK (state <> 'final'
        OR (finalised_at IS NOT NULL AND comment IS NOT NULL AND rated = to_rate)),
    CONSTRAINT assessment_reason_check
        CHECK (state NOT IN ('declined', 'conflict') OR reason IS NOT NULL)
);
CREATE INDEX assessment_queue_idx ON assessment (tenant_id, referent_id, assigned_at, id)
    WHERE state IN ('assigned', 'accepted', 'in_progress');
CREATE INDEX assessment_referent_idx ON assessment (tenant_id, referent_id, assigned_at, id);
CREATE TABLE rating (
    tenant_id uuid NOT NULL,
    assessment_id uuid NOT NULL,
    snapshot_id uuid NOT NULL,
    framework_id uuid NOT NULL,
    indicator text NOT NULL,
    rating smallint CHECK (rating >= 0),
    first_rating smallint,
    not_assessable boolean NOT NULL,
    comment text,
    locked boolean NOT NULL,
    version bigint NOT NULL CHECK (version > 0),
    rated_at timestamptz,
    PRIMARY KEY (assessment_id, indicator),
    FOREIGN KEY (tenant_id, assessment_id, snapshot_id)
        REFERENCES assessment (tenant_id, id, snapshot_id),
    FOREIGN KEY (framework_id, indicator) REFERENCES indicator (framework_id, code),
    CONSTRAINT rating_rated_check
        CHECK ((rated_at IS NOT NULL) = (rating IS NOT NULL OR not_assessable)),
    CONSTRAINT rating_not_assessable_check
        CHECK (NOT not_assessable OR (rating IS NULL AND comment IS NOT NULL))
) WITH (fillfactor = 80);
CREATE TABLE judgement (
    tenant_id uuid NOT NULL,
    assessment_id uuid NOT NULL,
    snapshot_id uuid NOT NULL,
    claim_id uuid NOT NULL,
    verdict text NOT NULL CHECK (verdict IN ('accepted', 'accepted_partly', 'not_accepted')),
    "valid" boolean NOT NULL,
    authentic boolean NOT NULL,
    "current" boolean NOT NULL,
    sufficient boolean NOT NULL,
    reliable boolean NOT NULL,
    reason text,
    judged_at timestamptz NOT NULL,
    counts boolean NOT NULL GENERATED ALWAYS AS (verdict <> 'not_accepted' AND "valid"
        AND authentic AND "current" AND sufficient AND reliable) STORED,
    PRIMARY KEY (assessment_id, claim_id),
    FOREIGN KEY (tenant_id, assessment_id, snapshot_id)
        REFERENCES assessment (tenant_id, id, snapshot_id),
    FOREIGN KEY (tenant_id, snapshot_id, claim_id)
        REFERENCES snapshot_claim (tenant_id, snapshot_id, claim_id),
    CONSTRAINT judgement_reason_check CHECK (reason IS NOT NULL OR (verdict <> 'not_accepted'
        AND "valid" AND authentic AND "current" AND sufficient AND reliable))
);
CREATE TABLE declared_conflict (
    id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL,
    person_id uuid NOT NULL,
    candidate_id uuid NOT NULL,
    reason text NOT NULL,
    declared_at timestamptz NOT NULL,
    FOREIGN KEY (tenant_id, person_id) REFERENCES person (tenant_id, id),
    FOREIGN KEY (tenant_id, candidate_id) REFERENCES person (tenant_id, id)
);
CREATE INDEX declared_conflict_idx ON declared_conflict (tenant_id, candidate_id, person_id);
CREATE TABLE interview (
    id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL,
    portfolio_id uuid NOT NULL,
    snapshot_id uuid NOT NULL,
    framework_id uuid NOT NULL,
    held_at timestamptz NOT NULL,
    minutes bigint NOT NULL CHECK (minutes > 0),
    summary text NOT NULL,
    conducted_by uuid NOT NULL,
    conducted_as text NOT NULL CHECK (conducted_as = 'referent'),
    recorded_at timestamptz NOT NULL,
    confirmed_by uuid,
    confirmed_as text CHECK (confirmed_as = 'referent'),
    confirmed_at timestamptz,
    UNIQUE (snapshot_id),
    UNIQUE (tenant_id, id, framework_id),
    FOREIGN KEY (tenant_id, portfolio_id, framework_id)
        REFERENCES portfolio (tenant_id, id, framework_id),
    FOREIGN KEY (tenant_id, portfolio_id, snapshot_id)
        REFERENCES snapshot (tenant_id, portfolio_id, id),
    FOREIGN KEY (tenant_id, portfolio_id, conducted_by, conducted_as)
        REFERENCES duty (tenant_id, portfolio_id, person_id, duty),
    FOREIGN KEY (tenant_id, portfolio_id, confirmed_by, confirmed_as)
        REFERENCES duty (tenant_id, portfolio_id, person_id, duty),
    CONSTRAINT interview_confirmed_check CHECK (confirmed_by <> conducted_by
        AND (confirmed_by IS NULL) = (confirmed_at IS NULL)
        AND (confirmed_by IS NULL) = (confirmed_as IS NULL))
);
CREATE TABLE interview_answer (
    tenant_id uuid NOT NULL,
    interview_id uuid NOT NULL,
    framework_id uuid NOT NULL,
    indicator text NOT NULL,
    minute bigint NOT NULL CHECK (minute >= 0),
    note text,
    raised_to smallint CHECK (raised_to >= 0),
    PRIMARY KEY (interview_id, indicator),
    FOREIGN KEY (tenant_id, interview_id, framework_id)
        REFERENCES interview (tenant_id, id, framework_id),
    FOREIGN KEY (framework_id, indicator) REFERENCES indicator (framework_id, code),
    CONSTRAINT interview_answer_raise_check CHECK (raised_to IS NULL OR note IS NOT NULL)
);
CREATE TABLE verification (
    id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL,
    portfolio_id uuid NOT NULL,
    snapshot_id uuid NOT NULL,
    required boolean NOT NULL,
    rule text NOT NULL,
    share numeric NOT NULL,
    lot numeric NOT NULL,
    drawn_at timestamptz NOT NULL,
    verifier_id uuid,
    verified_as text CHECK (verified_as = 'verifier'),
    outcome text CHECK (outcome IN ('confirmed', 'returned')),
    indicators text[],
    comment text,
    verified_at timestamptz,
    FOREIGN KEY (tenant_id, portfolio_id, snapshot_id)
        REFERENCES snapshot (tenant_id, portfolio_id, id),
    FOREIGN KEY (tenant_id, portfolio_id, verifier_id, verified_as)
        REFERENCES duty (tenant_id, portfolio_id, person_id, duty),
    CONSTRAINT verification_done_check CHECK ((outcome IS NULL) = (verifier_id IS NULL)
        AND (outcome IS NULL) = (verified_at IS NULL)
        AND (outcome IS NULL) = (verified_as IS NULL)
        AND (outcome IS DISTINCT FROM 'returned' OR (comment IS NOT NULL AND indicators <> '{}')))
);
CREATE INDEX verification_portfolio_idx ON verification (tenant_id, portfolio_id, drawn_at);
"""

WORKING = ("assessment", "rating", "judgement", "interview", "verification")
ENTERED = ("declared_conflict", "interview_answer")


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.execute(TABLES)
    for table in (*WORKING, *ENTERED):
        guard(table)
    for table in WORKING:
        grant(table, "SELECT, INSERT, UPDATE")
    for table in ENTERED:
        grant(table, "SELECT, INSERT")
