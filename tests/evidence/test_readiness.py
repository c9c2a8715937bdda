"""Whether a portfolio is ready: each rule on its own, with where to mend it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from uuid import UUID

import pytest

from app.evidence.lifecycle import State
from app.evidence.readiness import Item, Unmet, obstacles, unmet
from app.framework import loader
from app.framework.content import Framework, Kind, Scheme, parse
from app.framework.content.scheme import EvidenceRules

TODAY = date(2026, 3, 31)
CASES = [UUID(int=number) for number in (11, 12, 13)]
READABLE = [("document", State.AVAILABLE)]


@pytest.fixture(scope="module")
def framework() -> Framework:
    found = [parse(one) for one in loader.read(loader.BUNDLED) if one.kind == Kind.FRAMEWORK]
    assert isinstance(found[0], Framework)
    return found[0]


@pytest.fixture(scope="module")
def rules() -> EvidenceRules:
    found = [parse(one) for one in loader.read(loader.BUNDLED) if one.kind == Kind.SCHEME]
    assert isinstance(found[0], Scheme)
    return found[0].evidence_rules


def item(number: int, **changes: object) -> Item:
    kept = Item(
        id=UUID(int=number),
        kind="documentation",
        case_id=CASES[(number - 1) % 3],
        practised_on=date(2026, 1, 1),
        files=READABLE,
        consented=False,
        authorship_declared=True,
        validated=frozenset({"15a", "15b"}),
    )
    return replace(kept, **changes)  # type: ignore[arg-type]


ITEMS = {one.id: one for one in (item(1), item(2), item(3))}


class Portfolio:
    """A portfolio that is ready, but for what a test changes."""

    def __init__(self, framework: Framework, rules: EvidenceRules) -> None:
        self.framework, self.rules = framework, rules
        self.codes = list(framework.indicators)
        self.items: dict[UUID, Item] = dict(ITEMS)
        self.claims = [(code, id_) for code in self.codes for id_ in ITEMS]
        self.self_rated = set(self.codes)

    def report(self) -> list[Unmet]:
        return unmet(self.framework, self.rules, self.items, self.claims, self.self_rated, TODAY)

    def obstacles(self) -> list[Unmet]:
        return obstacles(self.report())

    def change(self, number: int, **changes: object) -> None:
        self.items[UUID(int=number)] = item(number, **changes)


@pytest.fixture
def portfolio(framework: Framework, rules: EvidenceRules) -> Portfolio:
    return Portfolio(framework, rules)


def test_a_complete_portfolio_has_no_obstacle(portfolio: Portfolio) -> None:
    assert portfolio.obstacles() == []


def test_an_empty_portfolio_lacks_evidence_and_a_rating_for_every_indicator(
    portfolio: Portfolio,
) -> None:
    portfolio.items, portfolio.claims, portfolio.self_rated = {}, [], set()
    found = portfolio.report()
    assert [(line.rule, line.indicator) for line in found] == [
        (rule, code)
        for code in portfolio.codes
        for rule in ("min_items_per_indicator", "self_rating")
    ]
    assert len(found) == 150


def test_each_indicator_needs_the_scheme_s_pieces_of_evidence(portfolio: Portfolio) -> None:
    portfolio.rules = replace(portfolio.rules, min_items_per_indicator=2)
    portfolio.claims = [pair for pair in portfolio.claims if pair != ("1a", UUID(int=1))]
    assert portfolio.obstacles() == []
    portfolio.claims.remove(("1a", UUID(int=2)))
    portfolio.claims.append(("1a", UUID(int=3)))  # a second claim on the same item adds nothing
    assert portfolio.obstacles() == [
        Unmet(
            "min_items_per_indicator",
            "Indicator 1a has 1 pieces of evidence of the 2 it needs.",
            indicator="1a",
        )
    ]


@pytest.mark.parametrize("code", ["3a", "7m", "10d"])
def test_some_indicators_are_shown_in_three_client_cases(portfolio: Portfolio, code: str) -> None:
    portfolio.change(3, case_id=CASES[0])
    lines = [line for line in portfolio.obstacles() if line.indicator == code]
    assert lines == [
        Unmet(
            "min_cases",
            f"Indicator {code} is shown in 2 client cases of the 3 it needs.",
            indicator=code,
        )
    ]
    assert {line.indicator for line in portfolio.obstacles()} == {"3a", "7m", "10d"}


def test_evidence_without_a_client_case_shows_no_case(portfolio: Portfolio) -> None:
    for number in (1, 2, 3):
        portfolio.change(number, case_id=None)
    assert {line.rule for line in portfolio.obstacles()} == {"min_cases"}
    assert len(portfolio.obstacles()) == 75


def test_the_framework_s_kinds_of_evidence_are_advice(portfolio: Portfolio) -> None:
    advice = [line for line in portfolio.report() if line.advice]
    assert {line.rule for line in advice} == {"evidence_kind"}
    one = next(line for line in advice if line.indicator == "2b")
    assert one.sentence == "The framework suggests recording for indicator 2b."
    portfolio.change(2, kind="recording")
    assert not any(line.indicator == "2b" for line in portfolio.report())


def test_the_candidate_rates_every_indicator(portfolio: Portfolio) -> None:
    portfolio.self_rated.remove("15d")
    assert portfolio.obstacles() == [
        Unmet("self_rating", "Rate yourself on indicator 15d.", indicator="15d")
    ]


@pytest.mark.parametrize(
    ("practised_on", "current"), [(date(2021, 3, 31), True), (date(2021, 3, 30), False)]
)
def test_practice_is_no_older_than_the_scheme_allows(
    portfolio: Portfolio, practised_on: date, current: bool
) -> None:
    portfolio.change(2, practised_on=practised_on)
    assert portfolio.obstacles() == (
        []
        if current
        else [
            Unmet(
                "max_age_months",
                "The practice shown is older than 60 months.",
                item=UUID(int=2),
            )
        ]
    )


NO_FILE = "This item has no file that can be read."
CHECKING = "A file of this item is still being checked."
POINTS_AWAY = "A claim points into a file of this item that was not accepted."


@pytest.mark.parametrize(
    ("states", "sentences"),
    [
        ([State.AVAILABLE], []),
        ([State.AVAILABLE, State.REJECTED], []),
        ([], [NO_FILE]),
        ([State.REJECTED], [NO_FILE]),
        ([State.QUARANTINED], [NO_FILE]),
        ([State.SUPERSEDED], [NO_FILE]),
        ([State.ANNOUNCED], [CHECKING]),
        ([State.AVAILABLE, State.UPLOADING], [CHECKING]),
        ([State.AVAILABLE, State.RECEIVED], [CHECKING]),
        ([State.CHECKED], [CHECKING]),
    ],
)
def test_every_item_has_files_and_they_can_be_read(
    portfolio: Portfolio, states: Sequence[State], sentences: Sequence[str]
) -> None:
    portfolio.change(1, files=[("document", state) for state in states])
    assert portfolio.obstacles() == [
        Unmet("files_available", sentence, item=UUID(int=1)) for sentence in sentences
    ]


def test_a_signed_testimony_needs_no_file(portfolio: Portfolio) -> None:
    portfolio.change(1, files=[], attested=True)
    assert portfolio.obstacles() == []
    portfolio.change(1, files=[("document", State.UPLOADING)], attested=True)
    assert portfolio.obstacles() == [Unmet("files_available", CHECKING, item=UUID(int=1))]


def test_a_file_that_was_shut_is_said_to_count_no_longer(portfolio: Portfolio) -> None:
    portfolio.change(1, files=[*READABLE, ("video", State.QUARANTINED)], cited=[State.QUARANTINED])
    assert [line.item for line in portfolio.report() if line.rule == "file_quarantined"] == [
        UUID(int=1)
    ]
    assert portfolio.obstacles() == [Unmet("files_available", POINTS_AWAY, item=UUID(int=1))]


@pytest.mark.parametrize("code", ["15a", "15b"])
def test_some_indicators_need_the_word_of_a_referent(portfolio: Portfolio, code: str) -> None:
    other = {"15a", "15b"} - {code}
    for number in (1, 2, 3):
        portfolio.change(number, validated=other)
    assert portfolio.obstacles() == [
        Unmet(
            "referent_validation",
            f"Indicator {code} needs evidence that a referent who does not assess you has"
            " validated as it is now.",
            indicator=code,
        )
    ]
    portfolio.change(2, validated={code})
    assert portfolio.obstacles() == []


def test_the_word_of_a_referent_counts_for_the_evidence_that_is_claimed(
    portfolio: Portfolio,
) -> None:
    portfolio.change(2, validated=set())
    portfolio.change(3, validated=set())
    portfolio.claims.remove(("15a", UUID(int=1)))
    assert [(line.rule, line.indicator) for line in portfolio.obstacles()] == [
        ("referent_validation", "15a")
    ]


def test_a_claim_does_not_point_into_a_file_that_was_not_accepted(portfolio: Portfolio) -> None:
    portfolio.change(1, cited=[State.AVAILABLE])
    assert portfolio.obstacles() == []
    portfolio.change(1, cited=[State.AVAILABLE, State.REJECTED])
    assert portfolio.obstacles() == [Unmet("files_available", POINTS_AWAY, item=UUID(int=1))]


def test_a_claim_points_into_its_file(portfolio: Portfolio) -> None:
    portfolio.change(1, misplaced=[("2b", "The document has 3 pages.")])
    assert portfolio.obstacles() == [
        Unmet(
            "locator_in_file",
            "The claim on indicator 2b points outside its file. The document has 3 pages.",
            indicator="2b",
            item=UUID(int=1),
        )
    ]


def test_a_claim_points_into_the_newest_version_of_its_file(portfolio: Portfolio) -> None:
    portfolio.change(1, cited=[State.SUPERSEDED])
    assert [(line.rule, line.item) for line in portfolio.obstacles()] == [
        ("claim_in_replaced_file", UUID(int=1))
    ]


def test_a_damaged_file_is_handed_in_once_more(portfolio: Portfolio) -> None:
    portfolio.change(1, damaged=True)
    assert [(line.rule, line.item) for line in portfolio.obstacles()] == [
        ("file_damaged", UUID(int=1))
    ]


def test_what_is_not_claimed_is_not_asked_about(portfolio: Portfolio) -> None:
    portfolio.items[UUID(int=4)] = item(4, files=[], practised_on=date(1999, 1, 1))
    assert portfolio.obstacles() == []


@pytest.mark.parametrize("kind", ["audio", "video"])
def test_a_recording_counts_with_the_consent_of_those_in_it(
    portfolio: Portfolio, kind: str
) -> None:
    recorded = [(kind, State.AVAILABLE)]
    portfolio.change(2, files=recorded)
    assert portfolio.obstacles() == [
        Unmet(
            "recordings_need_consent",
            "This item holds a recording: enter the consent of every person heard or seen.",
            item=UUID(int=2),
        )
    ]
    portfolio.change(2, files=recorded, consented=True)
    assert portfolio.obstacles() == []


def test_who_made_a_piece_of_evidence_is_declared(portfolio: Portfolio) -> None:
    portfolio.change(2, authorship_declared=False)
    assert portfolio.obstacles() == [
        Unmet(
            "authorship_declared",
            "Declare who made this piece of evidence: you, you with others, or others.",
            item=UUID(int=2),
        )
    ]


def test_a_scheme_may_do_without_consent(portfolio: Portfolio) -> None:
    portfolio.rules = replace(portfolio.rules, recordings_need_consent=False)
    portfolio.change(2, files=[("video", State.AVAILABLE)])
    assert portfolio.obstacles() == []


def test_pictures_and_rejected_recordings_need_no_consent(portfolio: Portfolio) -> None:
    portfolio.change(2, files=[("image", State.AVAILABLE), ("audio", State.REJECTED)])
    assert portfolio.obstacles() == []


def test_the_figures_are_the_scheme_s(portfolio: Portfolio) -> None:
    fewer: Mapping[str, int] = {}
    portfolio.rules = replace(portfolio.rules, min_cases=fewer, min_cases_default=0)
    for number in (1, 2, 3):
        portfolio.change(number, case_id=None)
    assert portfolio.obstacles() == []
