"""A certification scheme: every figure and rule of certifying somebody on a framework.

Thresholds are inclusive. Shares are `Decimal`s read digit by digit, so that 3 of 5 meets 0.60;
compare them by multiplying (`count >= share * total`) or through `Fraction`, never as floats.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import cast
from uuid import UUID

from app.framework.content.document import Document, Kind, Reference, main_language, version_id
from app.framework.content.structure import structure
from app.framework.content.text import Text
from app.kit.errors import Invalid


class Scope(StrEnum):
    """What a pass rule looks at."""

    CRITICAL_INDICATOR = "critical_indicator"
    INDICATOR = "indicator"
    COMPETENCE = "competence"
    PORTFOLIO = "portfolio"


class RuleKind(StrEnum):
    MIN_RATING = "min_rating"
    SHARE_COMPETENT = "share_competent"
    SHARE_EXEMPLARY = "share_exemplary"


class Outcome(StrEnum):
    GRANTED = "granted"
    GRANTED_LOWER_LEVEL = "granted_lower_level"
    PARTIAL = "partial"
    REFUSED = "refused"
    REFERRED_BACK = "referred_back"


@dataclass(frozen=True, slots=True)
class Rating:
    value: int
    code: str
    title: Text
    anchor: Text
    """What a referent must have seen to give this rating."""


class RatingOffTheScale(Invalid):
    """The scheme's rating scale has no such value."""


@dataclass(frozen=True, slots=True)
class RatingScale:
    ratings: tuple[Rating, ...]
    competent_from: int
    exemplary_from: int
    evidence_judgements: tuple[str, ...]
    critical_indicators: tuple[str, ...]

    def is_competent(self, rating: int) -> bool:
        return rating >= self.competent_from

    def is_exemplary(self, rating: int) -> bool:
        return rating >= self.exemplary_from

    @property
    def values(self) -> tuple[int, ...]:
        return tuple(rating.value for rating in self.ratings)

    def check(self, ratings: Mapping[str, int]) -> None:
        """Refuse ratings (by indicator) that the scale does not have."""
        if off := sorted(code for code, rating in ratings.items() if rating not in self.values):
            raise RatingOffTheScale(indicators=off, scale=list(self.values))


@dataclass(frozen=True, slots=True)
class EvidenceRules:
    """What must be handed in; readiness asks it before submission."""

    max_age_months: int
    """From the date of the practice shown to the date of submission."""
    min_items_per_indicator: int
    min_cases_default: int
    min_cases: Mapping[str, int]
    referent_validation: tuple[str, ...]
    """Indicators whose evidence a referent signs who does not assess the portfolio."""
    recordings_need_consent: bool
    max_file_bytes: int
    media_types: Mapping[str, tuple[str, ...]]
    """The accepted media types by kind of file: document, image, audio, video."""

    def min_cases_for(self, indicator: str) -> int:
        """Return how many distinct client cases an indicator's evidence must come from."""
        return self.min_cases.get(indicator, self.min_cases_default)

    def kind_of(self, media_type: str) -> str | None:
        """Return the kind of file a media type is accepted as, or None if it is not."""
        return next((kind for kind, types in self.media_types.items() if media_type in types), None)


@dataclass(frozen=True, slots=True)
class Prerequisites:
    charter_accepted: bool
    diploma_or_title: bool
    mentoring_hours_min: int
    mentoring_cases_min: int
    mentee_evaluations_min: int
    peer_assessments_min: int


@dataclass(frozen=True, slots=True)
class PassRule:
    id: str
    scope: Scope
    rule: RuleKind
    value: Decimal
    """A rating for `min_rating`, else a share from 0 to 1."""


@dataclass(frozen=True, slots=True)
class Level:
    code: str
    letter: str
    title: Text
    prerequisites: Prerequisites
    pass_rules: tuple[PassRule, ...]
    decision_quorum: int


@dataclass(frozen=True, slots=True)
class PartialAward:
    min_competences: int
    validity_months: int


@dataclass(frozen=True, slots=True)
class LabelRule:
    client_cases_min: int
    evidence_items_min: int


@dataclass(frozen=True, slots=True)
class Sector:
    code: str
    title: Text


@dataclass(frozen=True, slots=True)
class Labels:
    rule: LabelRule
    sectors: tuple[Sector, ...]

    def sector(self, code: str) -> Sector:
        """Return a sector label; raises KeyError for one the scheme does not have."""
        return {sector.code: sector for sector in self.sectors}[code]


@dataclass(frozen=True, slots=True)
class AgreedWhen:
    equal: bool
    both_at_least: int | None = None


@dataclass(frozen=True, slots=True)
class Agreement:
    agreed_when: AgreedWhen
    result_when_agreed: str


@dataclass(frozen=True, slots=True)
class Interview:
    required: bool
    covers: str
    minutes: int
    random_indicators: int
    may_raise_by: int


@dataclass(frozen=True, slots=True)
class SamplingRule:
    """Which share of finished assessments is verified; the first rule that matches counts."""

    when: str
    share: Decimal
    count: int | None = None


@dataclass(frozen=True, slots=True)
class Standardisation:
    weighted_kappa_min: Decimal
    on_shared_ratings_min: int


@dataclass(frozen=True, slots=True)
class ConflictOfInterest:
    same_organisation: str
    trained_or_mentored_the_candidate_within_months: int
    shared_client_case: str
    declared: str


@dataclass(frozen=True, slots=True)
class ServiceLevels:
    """How many days each waiting stage may take."""

    admission: int
    referent_accepts: int
    assessment: int
    decision: int
    notification: int


@dataclass(frozen=True, slots=True)
class Assessment:
    referents_per_portfolio: int
    blind: bool
    agreement: Agreement
    disagreement: tuple[str, ...]
    clarification_rounds_max: int
    interview: Interview
    verification_sampling: tuple[SamplingRule, ...]
    standardisation: Standardisation
    separation: tuple[tuple[str, ...], ...]
    """Pairs of roles that one person may not hold on one portfolio."""
    conflict_of_interest: ConflictOfInterest
    service_levels_days: ServiceLevels


@dataclass(frozen=True, slots=True)
class DecisionRules:
    outcomes: tuple[Outcome, ...]
    reasons_required: tuple[Outcome, ...]
    referred_back_max: int


@dataclass(frozen=True, slots=True)
class CertificateRules:
    validity_months: int
    number_format: str
    statuses: tuple[str, ...]
    surveillance_month: int
    suspension_max_months: int


@dataclass(frozen=True, slots=True)
class Recertification:
    window_days_before_expiry: int
    cpd_hours_min: int
    mentoring_hours_min: int
    indicators_reassessed: tuple[str, ...]
    pass_rule: PassRule
    referents: int


@dataclass(frozen=True, slots=True)
class Appeals:
    window_days: int
    answer_days: int


@dataclass(frozen=True, slots=True)
class Scheme:
    """One version of a certification scheme."""

    id: UUID
    code: str
    version: str
    framework: Reference
    charter: Reference
    languages: tuple[str, ...]
    title: Text
    standard: tuple[str, ...]
    published: tuple[str, ...]
    """What the scheme's owner has made public; every other figure is a working figure."""
    rating_scale: RatingScale
    evidence_rules: EvidenceRules
    levels: tuple[Level, ...]
    partial_award: PartialAward
    labels: Labels
    assessment: Assessment
    decision: DecisionRules
    certificate: CertificateRules
    recertification: Recertification
    appeals: Appeals

    @property
    def framework_id(self) -> UUID:
        return version_id(Kind.FRAMEWORK, self.framework.code, self.framework.version)

    @property
    def charter_id(self) -> UUID:
        return version_id(Kind.CHARTER, self.charter.code, self.charter.version)

    def level(self, code: str) -> Level:
        """Return a level; raises KeyError for one the scheme does not have."""
        return {level.code: level for level in self.levels}[code]

    def below(self, code: str) -> tuple[Level, ...]:
        """Return the levels below one, the highest first (levels are written upwards)."""
        codes = [level.code for level in self.levels]
        return tuple(reversed(self.levels[: codes.index(code)]))

    @classmethod
    def parse(cls, document: Document) -> Scheme:
        """Type a scheme that has passed its JSON schema and `rules.problems`."""
        data = cast(dict[str, dict[str, dict[str, object]]], document.data)
        renewal = data["recertification"]
        rule = {"id": "recertification", **renewal["pass_rule"]}
        plain = {
            **data,
            **data["scheme"],
            "id": document.id.hex,
            "recertification": {**renewal, "pass_rule": rule},
        }
        return structure(cls, plain, main_language(document))
