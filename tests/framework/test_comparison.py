"""What a newer version did to an older one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from app.framework import tree
from app.framework.content import (
    Change,
    ChangeKind,
    Differences,
    Document,
    Framework,
    IndicatorChange,
    Kind,
    changes,
    differences,
    readable,
)
from app.framework.loader import source

Edit = tuple[str, str]
Compare = Callable[..., Differences]

LAST_OF_9 = """          - letter: d
            statement:
              en: "decide to provide follow up if needed"
              fr: "décider d'un suivi si nécessaire"
            evidence:
              - {placed: printed, kinds: [documentation], text: {en: "Decisions taken following evaluations in customer files (documents attesting of this)"}}
"""  # noqa: E501 (as it stands in the file)


def edited(folder: Path, *edits: Edit) -> Framework:
    path = folder / "mentorcert-2020.yaml"
    text = path.read_text()
    for before, after in edits:
        assert text.count(before) == 1
        text = text.replace(before, after)
    path.write_text(text)
    return Framework.parse(Document.of(source.read(path).data))


@pytest.fixture
def compare(folder: Path, framework: Framework) -> Compare:
    """Compare the framework with itself after some edits."""
    return lambda *edits: differences(framework, edited(folder, *edits))


def not_the_same(found: Differences) -> list[IndicatorChange]:
    return [one for one in found.indicators if one.kind is not ChangeKind.SAME]


def test_a_version_does_not_differ_from_itself(compare: Compare) -> None:
    found = compare()
    assert found.counts == {**dict.fromkeys(ChangeKind, 0), ChangeKind.SAME: 75}
    assert found.titles == ()
    assert readable(found) == "MENTORCERT 2020.1 → MENTORCERT 2020.1: 75 same"
    assert str(found.indicators[0]) == "1a: same"


def test_other_words_under_the_same_code_are_a_rewording(compare: Compare) -> None:
    found = compare(("help the mentee create an action plan", "help to plan action"))
    [change] = not_the_same(found)
    assert change.kind is ChangeKind.REWORDED
    assert readable(found).splitlines() == [
        "MENTORCERT 2020.1 → MENTORCERT 2020.1: 74 same, 1 reworded",
        "  7j: reworded: “help the mentee create an action plan” → “help to plan action”",
    ]


def test_a_better_translation_is_a_rewording_too(compare: Compare) -> None:
    [change] = not_the_same(compare(("reconnaître le moment", "savoir le moment")))
    assert change.kind is ChangeKind.REWORDED


def test_the_same_words_under_another_code_have_moved(compare: Compare) -> None:
    a, b = (
        "help the mentee create an action plan",
        "transfer knowledge and experience to the mentee",
    )
    fr = (
        "aider le mentoré à créer un plan d'action",
        "transmettre des connaissances et de l'expérience au mentoré",
    )
    found = compare(
        (f'"{a}"', '"?"'),
        (f'"{b}"', f'"{a}"'),
        ('"?"', f'"{b}"'),
        (fr[0], "?!"),
        (fr[1], fr[0]),
        ("?!", fr[1]),
    )
    assert [(one.kind, str(one).split(":")[0]) for one in not_the_same(found)] == [
        (ChangeKind.MOVED, "7j → 7i"),
        (ChangeKind.MOVED, "7i → 7j"),
    ]
    line = "  7j → 7i: moved: “help the mentee create an action plan”"
    assert line + " (its evidence examples changed too)" in readable(found).splitlines()


def test_an_indicator_whose_phase_is_another_one_has_moved(compare: Compare) -> None:
    found = compare(("  - code: DO\n", "  - code: DEED\n"))
    assert found.counts[ChangeKind.MOVED] == 28
    assert [(one.part, one.code) for one in found.titles] == [("phase", "DO"), ("phase", "DEED")]
    assert readable(found).splitlines()[-2:] == [
        "  phase DO: Facilitating phase → —",
        "  phase DEED: — → Facilitating phase",
    ]


def test_indicators_come_and_go(compare: Compare, framework: Framework, folder: Path) -> None:
    found = compare((LAST_OF_9, ""))
    [gone] = not_the_same(found)
    assert (gone.kind, gone.before, gone.after) == (
        ChangeKind.REMOVED,
        framework.indicators["9d"],
        None,
    )
    back = differences(edited(folder), framework)
    [new] = not_the_same(back)
    assert (new.kind, new.before, new.after) == (ChangeKind.NEW, None, gone.before)
    assert str(new) == "9d: new: “decide to provide follow up if needed”"
    rows = tree.comparison(back, "fr")["indicators"]
    assert isinstance(rows, list)
    assert {
        "change": "new",
        "before": None,
        "after": {
            "code": "9d",
            "phase": "DO",
            "statement": {"text": "décider d'un suivi si nécessaire", "lang": "fr"},
        },
        "evidence_changed": False,
    } in rows


def test_other_evidence_for_the_same_words_is_told(compare: Compare) -> None:
    found = compare(('"Documents for customers files"', '"Reports"'))
    [change] = not_the_same(found)
    assert (change.kind, change.evidence_changed) == (ChangeKind.EVIDENCE_CHANGED, True)
    assert str(change) == "11a: evidence changed: “document and report the achieved outcomes”"


def test_a_competence_that_is_renamed_is_told(compare: Compare) -> None:
    found = compare(("{en: Progress the relationship,", "{en: Grow the relationship,"))
    assert not_the_same(found) == []
    assert readable(found).splitlines()[1:] == [
        "  competence 8: Progress the relationship → Grow the relationship"
    ]


def test_any_two_documents_are_compared_value_by_value(bundled: Mapping[Kind, Document]) -> None:
    before = bundled[Kind.SCHEME]
    text = before.canonical.replace('"2d"', '"2c"').replace('["15a","15b"]', '["15a","15b","9a"]')
    after = Document.from_canonical(text.replace(',"referred_back_max":1', ""))
    found = changes(before, after)
    assert set(found) == {
        Change(("decision", "referred_back_max"), 1, None),
        Change(("evidence_rules", "referent_validation", 2), None, "9a"),
        Change(("rating_scale", "critical_indicators", 0), "2d", "2c"),
    }
    assert {str(one) for one in found} == {
        "decision.referred_back_max: removed: 1",
        "evidence_rules.referent_validation.2: new: 9a",
        "rating_scale.critical_indicators.0: 2d → 2c",
    }
    assert changes(before, before) == ()
