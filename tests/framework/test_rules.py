"""One thing broken in a copy of the bundled files: told with its file, its line and its reason."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import pytest

from app.framework import loader
from app.framework.content import Document, Kind
from app.framework.loader import ReferenceDataRefused
from app.framework.loader.source import Located

FRAMEWORK, SCHEME, CHARTER = "mentorcert-2020.yaml", "scheme-2020.yaml", "ethics-charter-2020.yaml"
EDITIONS = "editions.yaml"


def spoil(folder: Path, file: str, before: str, after: str) -> int:
    """Change the first place where `before` stands, and return its line."""
    path = folder / file
    text = path.read_text()
    assert before in text
    path.write_text(text.replace(before, after, 1))
    return text[: text.index(before)].count("\n") + 1


def refused(path: Path, known: Iterable[Document] = ()) -> list[Located]:
    with pytest.raises(ReferenceDataRefused) as refusal:
        loader.read(path, known=tuple(known))
    return refusal.value.problems


def test_the_files_that_come_with_the_service_are_in_order(folder: Path) -> None:
    assert [one.kind for one in loader.read(folder)] == ["charter", "framework", "scheme"]


@pytest.mark.parametrize(
    ("file", "before", "after", "reason"),
    [
        # Numbers, letters and codes
        (
            FRAMEWORK,
            "number: 3\n    title: {en: Evaluation",
            "number: 5\n    title: {en: Evaluation",
            "phase 5 stands where 3 should",
        ),
        (FRAMEWORK, "- number: 14", "- number: 16", "competence 16 stands where 14 should"),
        (FRAMEWORK, "letter: l", "letter: n", "in competence 7, letter n stands where l should"),
        (
            FRAMEWORK,
            "code: interview",
            "code: documentation",
            "evidence kind documentation stands twice",
        ),
        (
            SCHEME,
            "{value: 3, code: exemplary",
            "{value: 3, code: competent",
            "rating competent stands twice",
        ),
        (SCHEME, "code: master", "code: senior", "level senior stands twice"),
        (SCHEME, "letter: M", "letter: S", "level letter S stands twice"),
        (SCHEME, "{id: none-zero", "{id: critical", "pass rule critical stands twice"),
        (SCHEME, "code: tourism", "code: fintech", "sector fintech stands twice"),
        (SCHEME, "video/ogg", "audio/ogg", "media type audio/ogg stands twice"),
        (CHARTER, "code: trust", "code: confidentiality", "clause confidentiality stands twice"),
        (CHARTER, "code: own-work", "code: openness", "clause openness stands twice"),
        # What is named must exist
        (
            FRAMEWORK,
            "kinds: [live, recording], text",
            "kinds: [live, film], text",
            "film is not one of the evidence kinds",
        ),
        (
            SCHEME,
            "critical_indicators: [2d,",
            "critical_indicators: [2z,",
            "2z is not an indicator of MENTORCERT 2020.1",
        ),
        (
            SCHEME,
            "min_cases: {3a: 3,",
            "min_cases: {3z: 3,",
            "3z is not an indicator of MENTORCERT 2020.1",
        ),
        (
            SCHEME,
            "referent_validation: [15a",
            "referent_validation: [16a",
            "16a is not an indicator of MENTORCERT 2020.1",
        ),
        (
            SCHEME,
            "indicators_reassessed: [8h",
            "indicators_reassessed: [8z",
            "8z is not an indicator of MENTORCERT 2020.1",
        ),
        (
            SCHEME,
            'framework: {code: MENTORCERT, version: "2020.1"}',
            'framework: {code: MENTORCERT, version: "2020.2"}',
            "there is no framework MENTORCERT 2020.2",
        ),
        (
            SCHEME,
            "charter: {code: ETHICS,",
            "charter: {code: MANNERS,",
            "there is no charter MANNERS 2020.1",
        ),
        (SCHEME, "[referent, verifier]", "[referent, headmaster]", "headmaster is not a role"),
        (
            SCHEME,
            "[referent, verifier]",
            "[referent, referent]",
            "referent cannot be kept apart from itself",
        ),
        (
            SCHEME,
            "[verifier, appeal_handler]",
            "[decision_maker, verifier]",
            "the separation of decision_maker / verifier stands twice",
        ),
        (
            SCHEME,
            "standard: [",
            'standard: ["ISO/IEC 17024:2012", 17024, ',
            "17024 is not of type 'string'",
        ),
        # Figures that make sense together
        (SCHEME, "{value: 0, code", "{value: 7, code", "rating 7 stands where 0 should"),
        (SCHEME, "exemplary_from: 3", "exemplary_from: 1", "exemplary begins below competent"),
        (SCHEME, "exemplary_from: 3", "exemplary_from: 4", "4 is not one of the ratings"),
        (SCHEME, "both_at_least: 2", "both_at_least: 7", "7 is not one of the ratings"),
        (
            SCHEME,
            "rule: min_rating, value: 1",
            "rule: min_rating, value: 9",
            "9 is not one of the ratings",
        ),
        (
            SCHEME,
            "share_competent, value: 0.75",
            "share_competent, value: 1.75",
            "1.75 is greater than the maximum of 1",
        ),
        (SCHEME, "min_competences: 8", "min_competences: 16", "16 competences cannot be won of 15"),
        (
            SCHEME,
            "random_indicators: 3",
            "random_indicators: 76",
            "76 indicators cannot be drawn from 75",
        ),
        (
            SCHEME,
            "surveillance_month: 18",
            "surveillance_month: 36",
            "surveillance comes after the certificate has expired",
        ),
        (
            SCHEME,
            "when: otherwise",
            "when: refused_or_third_referent_or_appeal",
            "the last sampling rule must be the one for all others (otherwise)",
        ),
        (
            CHARTER,
            "{min: 60, max: 120",
            "{min: 130, max: 120",
            "a meeting of at least 130 cannot last at most 120 minutes",
        ),
        # Languages
        (FRAMEWORK, ", fr: Établir la relation}", "}", "the words in fr are missing"),
        (
            FRAMEWORK,
            "fr: Documents}",
            "fr: Documents, de: Dokumente}",
            "de is not one of the document's languages",
        ),
        (
            FRAMEWORK,
            "source_language: en",
            "source_language: hu",
            "hu is not one of the document's languages",
        ),
        (SCHEME, ", fr: Mentor d'entreprise junior}", "}", "the words in fr are missing"),
        (
            SCHEME,
            'anchor: {en: "No evidence, or none that can be used", ',
            "anchor: {",
            "the words in en are missing",
        ),
        (CHARTER, ", fr: Confiance}", "}", "the words in fr are missing"),
        # Shapes
        (FRAMEWORK, "edition: 2020", "edition: soon", "'soon' is not of type 'integer'"),
    ],
)
def test_one_broken_thing_is_found_with_its_file_line_and_reason(
    folder: Path,
    bundled: Mapping[Kind, Document],
    file: str,
    before: str,
    after: str,
    reason: str,
) -> None:
    line = spoil(folder, file, before, after)
    assert refused(folder / file, bundled.values()) == [Located(file, line, reason)]


def test_a_member_that_nobody_knows_is_found_on_its_own_line(
    folder: Path, bundled: Mapping[Kind, Document]
) -> None:
    line = spoil(folder, SCHEME, "  blind: true", "  blind: true\n  glasses: true")
    wanted = [Located(SCHEME, line + 1, "glasses is not known here")]
    assert refused(folder / SCHEME, bundled.values()) == wanted


def test_an_outcome_that_needs_reasons_must_be_an_outcome(
    folder: Path, bundled: Mapping[Kind, Document]
) -> None:
    spoil(folder, SCHEME, "partial, refused, referred_back]", "refused, referred_back]")
    line = spoil(folder, SCHEME, "reasons_required", "reasons_required")
    wanted = [Located(SCHEME, line, "partial is not one of the outcomes")]
    assert refused(folder / SCHEME, bundled.values()) == wanted


@pytest.mark.parametrize(
    "number_format",
    [
        "MC-{letter}-{year}-{serial:06d}",
        "MC-{letter}-{year}-{serial}-{check}-{name}",
        "MC-{",
        "{0}",
    ],
)
def test_a_certificate_number_has_exactly_its_four_parts(
    folder: Path, bundled: Mapping[Kind, Document], number_format: str
) -> None:
    whole = "MC-{letter}-{year}-{serial:06d}-{check:02d}"
    line = spoil(folder, SCHEME, whole, number_format)
    reason = "a certificate's number is made of {letter}, {year}, {serial} and {check}"
    assert refused(folder / SCHEME, bundled.values()) == [Located(SCHEME, line, reason)]


@pytest.mark.parametrize(
    ("before", "after", "file", "marker", "reason"),
    [
        (
            "phases: 4",
            "phases: 5",
            FRAMEWORK,
            "framework:\n",
            "this edition has 5 phases, the document 4",
        ),
        (
            "evidence_examples: 60",
            "evidence_examples: 61",
            FRAMEWORK,
            "framework:\n",
            "this edition has 61 evidence examples, the document 60",
        ),
        (
            "PLAN: 22",
            "PLAN: 23",
            FRAMEWORK,
            "- code: PLAN",
            "this edition has 23 indicators in phase PLAN, not 22",
        ),
        (
            '"7": 13',
            '"7": 12',
            FRAMEWORK,
            "- number: 7",
            "this edition has 12 indicators in competence 7, not 13",
        ),
        (
            "levels: 3",
            "levels: 4",
            SCHEME,
            "scheme:\n",
            "this edition has 4 levels, the document 3",
        ),
        (
            "sanctions: 1",
            "sanctions: 2",
            CHARTER,
            "charter:\n",
            "this edition has 2 sanctions, the document 1",
        ),
    ],
)
def test_an_edition_has_the_totals_that_were_written_down_for_it(
    folder: Path, before: str, after: str, file: str, marker: str, reason: str
) -> None:
    spoil(folder, EDITIONS, before, after)
    line = spoil(folder, file, marker, marker)
    assert refused(folder) == [Located(file, line, reason)]


def test_an_indicator_that_got_lost_is_missed_in_every_total(folder: Path) -> None:
    lost = """          - letter: e
            statement:
              en: "propose a plan for sustainable improvement"
              fr: "proposer un plan d'amélioration durable"
"""
    spoil(folder, FRAMEWORK, lost, "")
    assert [one.reason for one in refused(folder)] == [
        "this edition has 75 indicators, the document 74",
        "this edition has 17 indicators in phase CHECK, not 16",
        "this edition has 5 indicators in competence 11, not 4",
    ]


def test_an_indicator_code_stands_once(folder: Path) -> None:
    line = spoil(folder, FRAMEWORK, "- letter: b", "- letter: a")
    assert refused(folder / FRAMEWORK) == [
        Located(FRAMEWORK, line, "in competence 1, letter a stands where b should"),
        Located(FRAMEWORK, line, "indicator 1a stands twice"),
    ]


def test_a_version_is_given_once(folder: Path) -> None:
    (folder / "again.yaml").write_text((folder / CHARTER).read_text())
    line = spoil(folder, CHARTER, "version:", "version:")
    reason = "charter ETHICS 2020.1 is given twice"
    assert refused(folder) == [Located(CHARTER, line, reason)]


def test_everything_that_is_wrong_is_told_at_once(folder: Path) -> None:
    lines = [
        spoil(folder, CHARTER, ", fr: Confiance}", "}"),
        spoil(folder, FRAMEWORK, "letter: l", "letter: n"),
        spoil(folder, SCHEME, "competent_from: 2", "competent_from: two"),
    ]
    found = refused(folder)
    assert [(one.file, one.line) for one in found] == [
        (CHARTER, lines[0]),
        (FRAMEWORK, lines[1]),
        (SCHEME, lines[2]),
    ]


def test_a_scheme_is_not_blamed_for_its_framework_being_broken(folder: Path) -> None:
    line = spoil(folder, FRAMEWORK, "edition: 2020", "edition: soon")
    assert refused(folder) == [Located(FRAMEWORK, line, "'soon' is not of type 'integer'")]


def test_a_file_of_no_known_kind_is_refused(folder: Path) -> None:
    spoil(folder, CHARTER, "charter:\n", "chart:\n")
    reason = "a document begins with framework:, scheme:, charter: or editions:"
    assert refused(folder / CHARTER) == [Located(CHARTER, 1, reason)]


def test_a_scheme_alone_may_name_what_is_held_already(
    folder: Path, bundled: Mapping[Kind, Document]
) -> None:
    spoil(folder, SCHEME, 'version: "2020.1"', 'version: "2020.2"')
    [document] = loader.read(folder / SCHEME, known=tuple(bundled.values()))
    assert str(document.reference) == "MENTORCERT-BM 2020.2"


def test_the_refusal_reads_as_a_list_of_places(folder: Path) -> None:
    line = spoil(folder, CHARTER, ", fr: Confiance}", "}")
    with pytest.raises(ReferenceDataRefused) as refusal:
        loader.read(folder / CHARTER)
    assert str(refusal.value) == f"{CHARTER}:{line}: the words in fr are missing"
    assert refusal.value.members == {
        "problems": [{"file": CHARTER, "line": line, "reason": "the words in fr are missing"}]
    }
