"""The shapes of reference data over HTTP, as the API describes them to its users.

The bytes are made by `tree`; a test holds the two together.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from uuid import UUID

from app.framework.content import ChangeKind, Kind, Outcome, RuleKind, Scope
from app.framework.lifecycle import State
from app.kit.fields import Out


class TextOut(Out):
    """Words, the language they are in, and whether another one was asked for."""

    text: str
    lang: str
    # The one member that may be absent: nearly all of some hundred texts did not fall back.
    fallback: bool = False


class ReferenceOut(Out):
    code: str
    version: str


class VersionOut(Out):
    """One version of a framework, scheme or charter."""

    id: UUID
    kind: Kind
    code: str
    version: str
    state: State
    title: TextOut
    languages: list[str]
    content_hash: str
    published_at: datetime


class EvidenceExampleOut(Out):
    text: TextOut
    kinds: list[str]
    placed: Literal["printed", "meaning"]
    min_cases: int | None
    referent_validation: bool


class IndicatorOut(Out):
    id: UUID
    code: str
    letter: str
    competence: int
    phase: str
    position: int
    statement: TextOut
    evidence: list[EvidenceExampleOut]


class CompetenceOut(Out):
    id: UUID
    number: int
    phase: str
    title: TextOut
    restored: bool
    indicators: list[IndicatorOut]


class PhaseOut(Out):
    id: UUID
    code: str
    number: int
    title: TextOut
    restored: bool
    competences: list[CompetenceOut]


class FrameworkTotalsOut(Out):
    phases: int
    competences: int
    indicators: int
    evidence_examples: int


class CodedTitleOut(Out):
    code: str
    title: TextOut


class FrameworkOut(Out):
    """A competence framework: phases → competences → indicators → examples of evidence."""

    id: UUID
    code: str
    version: str
    source_language: str
    languages: list[str]
    title: TextOut
    issuer: str
    programme: str
    edition: int
    evidence_kinds: list[CodedTitleOut]
    guidance: list[TextOut]
    phases: list[PhaseOut]
    content_hash: str
    totals: FrameworkTotalsOut


class IndicatorSideOut(Out):
    code: str
    phase: str
    statement: TextOut


class IndicatorChangeOut(Out):
    """What became of an indicator; only "same" carries ratings to the newer version."""

    change: ChangeKind
    before: IndicatorSideOut | None
    after: IndicatorSideOut | None
    evidence_changed: bool


class TitleChangeOut(Out):
    part: Literal["phase", "competence"]
    code: str
    before: TextOut | None
    after: TextOut | None


class DifferencesOut(Out):
    """What one version of a framework is to another."""

    code: str
    before: str
    after: str
    counts: dict[ChangeKind, int]
    indicators: list[IndicatorChangeOut]
    titles: list[TitleChangeOut]


class RatingOut(Out):
    value: int
    code: str
    title: TextOut
    anchor: TextOut


class RatingScaleOut(Out):
    ratings: list[RatingOut]
    competent_from: int
    exemplary_from: int
    evidence_judgements: list[str]
    critical_indicators: list[str]


class EvidenceRulesOut(Out):
    max_age_months: int
    min_items_per_indicator: int
    min_cases_default: int
    min_cases: dict[str, int]
    referent_validation: list[str]
    recordings_need_consent: bool
    max_file_bytes: int
    media_types: dict[str, list[str]]


class SchemePrerequisitesOut(Out):
    charter_accepted: bool
    diploma_or_title: bool
    mentoring_hours_min: int
    mentoring_cases_min: int
    mentee_evaluations_min: int
    peer_assessments_min: int


class PassRuleOut(Out):
    id: str
    scope: Scope
    rule: RuleKind
    value: float


class LevelOut(Out):
    code: str
    letter: str
    title: TextOut
    prerequisites: SchemePrerequisitesOut
    pass_rules: list[PassRuleOut]
    decision_quorum: int


class PartialAwardOut(Out):
    min_competences: int
    validity_months: int


class LabelRuleOut(Out):
    client_cases_min: int
    evidence_items_min: int


class LabelsOut(Out):
    rule: LabelRuleOut
    sectors: list[CodedTitleOut]


class AgreedWhenOut(Out):
    equal: bool
    both_at_least: int | None


class AgreementRuleOut(Out):
    agreed_when: AgreedWhenOut
    result_when_agreed: str


class InterviewRulesOut(Out):
    required: bool
    covers: str
    minutes: int
    random_indicators: int
    may_raise_by: int


class SamplingRuleOut(Out):
    when: str
    share: float
    count: int | None


class StandardisationOut(Out):
    weighted_kappa_min: float
    on_shared_ratings_min: int


class ConflictOfInterestRulesOut(Out):
    same_organisation: str
    trained_or_mentored_the_candidate_within_months: int
    shared_client_case: str
    declared: str


class ServiceLevelsOut(Out):
    admission: int
    referent_accepts: int
    assessment: int
    decision: int
    notification: int


class AssessmentRulesOut(Out):
    referents_per_portfolio: int
    blind: bool
    agreement: AgreementRuleOut
    disagreement: list[str]
    clarification_rounds_max: int
    interview: InterviewRulesOut
    verification_sampling: list[SamplingRuleOut]
    standardisation: StandardisationOut
    separation: list[list[str]]
    conflict_of_interest: ConflictOfInterestRulesOut
    service_levels_days: ServiceLevelsOut


class DecisionRulesOut(Out):
    outcomes: list[Outcome]
    reasons_required: list[Outcome]
    referred_back_max: int


class CertificateRulesOut(Out):
    validity_months: int
    number_format: str
    statuses: list[str]
    surveillance_month: int
    suspension_max_months: int


class RecertificationRulesOut(Out):
    window_days_before_expiry: int
    cpd_hours_min: int
    mentoring_hours_min: int
    indicators_reassessed: list[str]
    pass_rule: PassRuleOut
    referents: int


class AppealRulesOut(Out):
    window_days: int
    answer_days: int


class SchemeTotalsOut(Out):
    levels: int
    ratings: int


class SchemeOut(Out):
    """A certification scheme: every figure and rule of certifying somebody on a framework."""

    id: UUID
    code: str
    version: str
    framework: ReferenceOut
    charter: ReferenceOut
    languages: list[str]
    title: TextOut
    standard: list[str]
    published: list[str]
    rating_scale: RatingScaleOut
    evidence_rules: EvidenceRulesOut
    levels: list[LevelOut]
    partial_award: PartialAwardOut
    labels: LabelsOut
    assessment: AssessmentRulesOut
    decision: DecisionRulesOut
    certificate: CertificateRulesOut
    recertification: RecertificationRulesOut
    appeals: AppealRulesOut
    content_hash: str
    totals: SchemeTotalsOut


class CharterValueOut(Out):
    code: str
    sources: list[str]
    title: TextOut


class LimitOut(Out):
    max: int
    sources: list[str]


class SpanOut(Out):
    min: int
    max: int
    sources: list[str]


class ClauseOut(Out):
    sources: list[str]
    text: TextOut


class ConductOut(Out):
    meeting_every_days: LimitOut
    meeting_minutes: SpanOut
    first_meeting: TextOut
    different_organisations: TextOut
    community_meeting_every_months: LimitOut
    satisfaction_survey: ClauseOut


class CommitmentsOut(Out):
    mentor: list[CodedTitleOut]
    mentee: list[CodedTitleOut]


class SanctionOut(Out):
    code: str
    sources: list[str]
    text: TextOut


class CharterTotalsOut(Out):
    values: int
    mentor_commitments: int
    mentee_commitments: int
    sanctions: int


class CharterOut(Out):
    """The ethics charter that mentor and mentee sign."""

    id: UUID
    code: str
    version: str
    languages: list[str]
    title: TextOut
    values: list[CharterValueOut]
    conduct: ConductOut
    commitments: CommitmentsOut
    sanctions: list[SanctionOut]
    content_hash: str
    totals: CharterTotalsOut
