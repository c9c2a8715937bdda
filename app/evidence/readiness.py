"""Whether a portfolio is ready to be submitted: a report, one line for each rule that is not met.

Source: PROCESS, "Readiness"; every figure is the scheme's (`evidence_rules`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from app.evidence.lifecycle import State
from app.framework.content.framework import Framework
from app.framework.content.scheme import EvidenceRules
from app.kit.dates import months_after
from app.kit.errors import Conflict


class NotReady(Conflict):
    """The portfolio does not meet every rule for submission; `unmet` says which and where."""


@dataclass(frozen=True, slots=True)
class Item:
    """An evidence item, as far as the rules ask."""

    id: UUID
    kind: str
    case_id: UUID | None
    practised_on: date
    files: Sequence[tuple[str, State]]
    """Each file's kind (document, image, audio, video) and state."""
    consented: bool
    cited: Sequence[State] = ()
    """The states of the files that claims on this item point into."""
    misplaced: Sequence[tuple[str, str]] = ()
    """Claims that point outside their file: each one's indicator, and what is wrong."""
    damaged: bool = False
    """Whether a file of it no longer reads back as it was kept."""
    authorship_declared: bool = False
    attested: bool = False
    """Whether somebody signed a testimony on it; such an item needs no file."""
    validated: Set[str] = frozenset()
    """The indicators for which a referent signed what the item still holds."""


@dataclass(frozen=True, slots=True)
class Unmet:
    """A rule that does not hold, where, and what would mend it."""

    rule: str
    sentence: str
    indicator: str | None = None
    item: UUID | None = None
    advice: bool = False
    """True for a recommendation that does not stand in the way of submission."""


RECORDINGS = frozenset({"audio", "video"})

COUNTED = frozenset(
    {State.ANNOUNCED, State.UPLOADING, State.RECEIVED, State.CHECKED, State.AVAILABLE}
)
"""States of a file that is, or may become, part of the evidence."""


def unmet(
    framework: Framework,
    rules: EvidenceRules,
    items: Mapping[UUID, Item],
    claims: Iterable[tuple[str, UUID]],
    self_rated: Set[str],
    today: date,
) -> list[Unmet]:
    """Return every rule that does not hold; `claims` are pairs of indicator and item."""
    claimed: dict[str, set[UUID]] = defaultdict(set)
    for indicator, item_id in claims:
        claimed[indicator].add(item_id)
    offered = sorted({item_id for ids in claimed.values() for item_id in ids})
    report: list[Unmet] = []
    for code in framework.indicators:
        report += _indicator(framework, rules, code, [items[id] for id in sorted(claimed[code])])
        if code not in self_rated:
            report.append(
                Unmet("self_rating", f"Rate yourself on indicator {code}.", indicator=code)
            )
    for item_id in offered:
        report += _item(rules, items[item_id], today)
    return report


def obstacles(report: Iterable[Unmet]) -> list[Unmet]:
    """Return the lines that stand in the way of submission."""
    return [line for line in report if not line.advice]


def _indicator(
    framework: Framework, rules: EvidenceRules, code: str, items: Sequence[Item]
) -> Iterable[Unmet]:
    if len(items) < rules.min_items_per_indicator:
        yield Unmet(
            "min_items_per_indicator",
            f"Indicator {code} has {len(items)} pieces of evidence of the"
            f" {rules.min_items_per_indicator} it needs.",
            indicator=code,
        )
        return
    cases = {item.case_id for item in items if item.case_id}
    if len(cases) < (least := rules.min_cases_for(code)):
        yield Unmet(
            "min_cases",
            f"Indicator {code} is shown in {len(cases)} client cases of the {least} it needs.",
            indicator=code,
        )
    if code in rules.referent_validation and not any(code in one.validated for one in items):
        yield Unmet(
            "referent_validation",
            f"Indicator {code} needs evidence that a referent who does not assess you has"
            " validated as it is now.",
            indicator=code,
        )
    wished = {kind for example in framework.indicators[code].evidence for kind in example.kinds}
    if wished and not wished & {item.kind for item in items}:
        yield Unmet(
            "evidence_kind",
            f"The framework suggests {' or '.join(sorted(wished))} for indicator {code}.",
            indicator=code,
            advice=True,
        )


def _item(rules: EvidenceRules, item: Item, today: date) -> Iterable[Unmet]:
    if item.practised_on < months_after(today, -rules.max_age_months):
        yield Unmet(
            "max_age_months",
            f"The practice shown is older than {rules.max_age_months} months.",
            item=item.id,
        )
    if not item.authorship_declared:
        yield Unmet(
            "authorship_declared",
            "Declare who made this piece of evidence: you, you with others, or others.",
            item=item.id,
        )
    files = [(kind, state) for kind, state in item.files if state in COUNTED]
    if any(state == State.QUARANTINED for _, state in item.files):
        yield Unmet(
            "file_quarantined",
            "A file of this item was shut, as when a consent is withdrawn, and no longer counts.",
            item=item.id,
            advice=True,
        )
    if not files and not item.attested:
        yield Unmet("files_available", "This item has no file that can be read.", item=item.id)
    if any(state != State.AVAILABLE for _, state in files):
        yield Unmet("files_available", "A file of this item is still being checked.", item=item.id)
    if item.damaged:
        yield Unmet(
            "file_damaged",
            "A file of this item no longer reads back as it was kept: hand it in once more.",
            item=item.id,
        )
    if State.SUPERSEDED in item.cited:
        yield Unmet(
            "claim_in_replaced_file",
            "A claim points into a file of this item that was replaced: say where it is in the new"
            " one.",
            item=item.id,
        )
    if any(state not in COUNTED and state != State.SUPERSEDED for state in item.cited):
        yield Unmet(
            "files_available",
            "A claim points into a file of this item that was not accepted.",
            item=item.id,
        )
    for indicator, fault in item.misplaced:
        yield Unmet(
            "locator_in_file",
            f"The claim on indicator {indicator} points outside its file. {fault}",
            indicator=indicator,
            item=item.id,
        )
    recorded = any(kind in RECORDINGS for kind, _ in files)
    if rules.recordings_need_consent and recorded and not item.consented:
        yield Unmet(
            "recordings_need_consent",
            "This item holds a recording: enter the consent of every person heard or seen.",
            item=item.id,
        )
