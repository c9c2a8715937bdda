"""What the bundled framework, scheme and charter say once they are typed."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction

import pytest

from app.framework.content import (
    Charter,
    Document,
    Framework,
    Kind,
    Outcome,
    Reference,
    RuleKind,
    Scheme,
    Scope,
    Text,
    node_id,
    version_id,
)
from app.framework.content.document import main_language
from app.kit.canonical import digest


def test_the_framework_has_4_phases_15_competences_and_75_indicators(framework: Framework) -> None:
    totals = framework.totals
    assert (totals.phases, totals.competences, totals.indicators) == (4, 15, 75)
    assert totals.evidence_examples == 60


def test_indicators_are_found_by_code_in_the_order_of_the_framework(framework: Framework) -> None:
    codes = list(framework.indicators)
    assert codes[:6] == ["1a", "1b", "1c", "1d", "1e", "2a"]
    assert codes[-1] == "15d"
    assert [one.position for one in framework.indicators.values()] == list(range(1, 76))


def test_an_indicator_knows_its_competence_its_phase_and_its_examples(framework: Framework) -> None:
    indicator = framework.indicators["7m"]
    assert (indicator.competence, indicator.letter, indicator.phase) == (7, "m", "DO")
    assert indicator.statement.words["en"] == 'use "Project based way of thinking" skills'
    [example] = indicator.evidence
    assert (example.min_cases, example.placed, example.referent_validation) == (3, "meaning", False)
    assert example.kinds == ("testimony", "documentation")


def test_competences_are_found_by_number(framework: Framework) -> None:
    assert list(framework.competences) == list(range(1, 16))
    assert framework.competences[1].restored
    assert not framework.competences[2].restored
    assert len(framework.competences[7].indicators) == 13
    assert framework.phases[3].restored


def test_the_same_node_has_the_same_identifier_in_every_installation(framework: Framework) -> None:
    assert framework.id == version_id(Kind.FRAMEWORK, "MENTORCERT", "2020.1")
    indicator = framework.indicators["7m"]
    wanted = node_id(Kind.FRAMEWORK, "MENTORCERT", "2020.1", "indicator", "7m")
    assert indicator.id == wanted
    assert str(wanted) == "4fed3729-0e86-5853-a792-b7a33d4f22cd"
    ids = {one.id for one in framework.indicators.values()}
    ids |= {one.id for one in framework.competences.values()}
    ids |= {one.id for one in framework.phases}
    assert len(ids) == 75 + 15 + 4


def test_what_was_published_in_2020_is_what_comes_with_the_service(
    bundled: Mapping[Kind, Document],
) -> None:
    assert {kind.value: one.content_hash for kind, one in bundled.items()} == {
        "framework": "15644d8d1be58e5597be540f0cde0845c6afff4c2f9f90d96a225252b10d6ae2",
        "scheme": "5f86fa2ed6b0a0e5f65d23acb90f0a13ca0bede90fb417a89f5b235d6e4691e3",
        "charter": "97ce14f9971af41f5eb4ed53ef73a40c8009f273764f7e9dcd38b0ef2c8a9f8a",
    }


def test_a_document_read_back_from_its_canonical_text_is_the_same(
    bundled: Mapping[Kind, Document], scheme: Scheme
) -> None:
    document = bundled[Kind.SCHEME]
    again = Document.from_canonical(document.canonical)
    assert again.content_hash == document.content_hash == digest(document.data)
    assert Scheme.parse(again) == scheme
    assert again.reference == Reference("MENTORCERT-BM", "2020.1")
    assert str(again.reference) == "MENTORCERT-BM 2020.1"


def test_data_without_a_head_is_no_document() -> None:
    with pytest.raises(ValueError, match="neither a framework, nor a scheme, nor a charter"):
        Document.of({"phases": []})


def test_texts_fall_back_to_the_source_language_and_say_so(framework: Framework) -> None:
    statement = framework.indicators["9a"].statement
    assert statement.in_language("fr") == ("reconnaître le moment de clore le mentorat", "fr")
    [example] = framework.indicators["9b"].evidence
    words = "Examples of tools, documents used for customer files"
    assert example.text.in_language("fr") == (words, "en")


def test_texts_fall_back_to_any_language_rather_than_to_none() -> None:
    assert Text({"hu": "mentor"}, "fr").in_language("de") == ("mentor", "hu")
    assert Text({"en": "a", "hu": "b"}, "fr").in_language("de") == ("a", "en")
    with pytest.raises(ValueError, match="at least one language"):
        Text({}).in_language("en")


def test_a_document_without_a_source_language_falls_back_to_its_first(
    bundled: Mapping[Kind, Document],
) -> None:
    assert main_language(bundled[Kind.CHARTER]) == "en"
    assert main_language(bundled[Kind.FRAMEWORK]) == "en"


def test_the_rating_scale_says_what_competent_and_exemplary_mean(scheme: Scheme) -> None:
    scale = scheme.rating_scale
    assert scale.values == (0, 1, 2, 3)
    assert [scale.is_competent(value) for value in scale.values] == [False, False, True, True]
    assert [scale.is_exemplary(value) for value in scale.values] == [False, False, False, True]
    assert scale.critical_indicators == ("2d", "5c", "8h", "9c", "13b")
    assert scale.evidence_judgements == ("valid", "authentic", "current", "sufficient", "reliable")


def test_three_indicators_need_three_client_cases_and_the_others_one(
    scheme: Scheme, framework: Framework
) -> None:
    rules = scheme.evidence_rules
    needed = {code: rules.min_cases_for(code) for code in framework.indicators}
    assert {code for code, cases in needed.items() if cases == 3} == {"3a", "7m", "10d"}
    assert {cases for code, cases in needed.items() if code not in rules.min_cases} == {1}
    assert rules.referent_validation == ("15a", "15b")
    assert rules.max_file_bytes == 5 * 1024**3


@pytest.mark.parametrize(
    ("media_type", "kind"),
    [("application/pdf", "document"), ("video/mp4", "video"), ("text/html", None)],
)
def test_a_media_type_is_accepted_as_one_kind_of_file_or_not_at_all(
    scheme: Scheme, media_type: str, kind: str | None
) -> None:
    assert scheme.evidence_rules.kind_of(media_type) == kind


def test_shares_are_exact(scheme: Scheme) -> None:
    rule = scheme.level("junior").pass_rules[-1]
    assert (rule.scope, rule.rule) == (Scope.COMPETENCE, RuleKind.SHARE_COMPETENT)
    assert rule.value == Decimal("0.6")
    assert Fraction(rule.value) == Fraction(3, 5)
    # As binary floats, 0.15 of 20 is not 3 and 0.1 × 3 is not 0.3.
    assert scheme.assessment.verification_sampling[-1].share * 20 == 3


def test_levels_are_found_by_code_and_ordered_upwards(scheme: Scheme) -> None:
    assert [level.letter for level in scheme.levels] == ["J", "S", "M"]
    assert scheme.level("master").decision_quorum == 2
    assert [level.code for level in scheme.below("master")] == ["senior", "junior"]
    assert scheme.below("junior") == ()
    with pytest.raises(KeyError):
        scheme.level("grandmaster")


def test_sector_labels_are_found_by_code(scheme: Scheme) -> None:
    assert scheme.labels.sector("fintech").title.words["fr"] == "FinTech"
    assert scheme.labels.rule.client_cases_min == 2


def test_a_scheme_names_its_framework_and_charter(
    scheme: Scheme, framework: Framework, charter: Charter
) -> None:
    assert scheme.framework_id == framework.id
    assert scheme.charter_id == charter.id


def test_the_scheme_fixes_assessment_decision_and_what_follows(scheme: Scheme) -> None:
    assessment = scheme.assessment
    assert assessment.referents_per_portfolio == 2
    assert assessment.agreement.agreed_when.both_at_least == 2
    assert ("referent", "decision_maker") in assessment.separation
    assert assessment.verification_sampling[1].count == 5
    assert Outcome.REFUSED in scheme.decision.reasons_required
    assert Outcome.GRANTED not in scheme.decision.reasons_required
    assert scheme.certificate.number_format.startswith("MC-{letter}-{year}")
    assert scheme.recertification.pass_rule.value == 2
    assert scheme.appeals.window_days == 30


def test_the_charter_has_its_values_commitments_and_figures(charter: Charter) -> None:
    assert len(charter.values) == 13
    assert len(charter.commitments.mentor) == 11
    assert len(charter.commitments.mentee) == 8
    assert [one.code for one in charter.sanctions] == ["exclusion"]
    assert charter.conduct.meeting_every_days.max == 45
    assert (charter.conduct.meeting_minutes.min, charter.conduct.meeting_minutes.max) == (60, 120)


def test_content_cannot_be_changed_by_those_who_read_it(
    framework: Framework, scheme: Scheme
) -> None:
    with pytest.raises(TypeError):
        framework.indicators["1a"] = framework.indicators["1b"]  # type: ignore[index]
    with pytest.raises(AttributeError):
        scheme.version = "2"  # type: ignore[misc]
    with pytest.raises(TypeError):
        scheme.evidence_rules.min_cases["1a"] = 9  # type: ignore[index]
