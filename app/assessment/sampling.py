"""Which finished assessments a verifier looks at (PROCESS, "Sampling").

The draw is a number from 0 to 1, made from the snapshot's root and a random seed. The seed is made
when the assessment is finished, and kept: so the number is the same for everyone who computes it
afterwards, and known to nobody while the referents still rate.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from app.framework.content.scheme import SamplingRule

RETURNED_OR_REFERRED_BACK = "returned_or_referred_back"
"""The one rule that no scheme sets: what had to be mended is looked at again, always."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """Whether a verification is required, by which rule, and the lot that was drawn.

    It is required exactly if the lot is below the rule's share.
    """

    required: bool
    rule: str
    share: Decimal
    lot: Decimal


def draw(
    rules: Sequence[SamplingRule],
    *,
    sent_back: bool,
    at_risk: bool,
    referent_assessments: int,
    root: str,
    seed: str,
) -> Drawn:
    """Apply the first of the scheme's rules that matches; what was sent back is always verified.

    `sent_back`: a verifier returned this portfolio, or a decision maker referred it back.
    `at_risk`: the outcome is a refusal, or a third referent or an appeal was needed.
    `referent_assessments`: how many the least experienced of the referents has finished.
    `root` (of the snapshot) and `seed` (256 random bits) are hexadecimal.
    """
    lot = lot_from(root, seed)
    if sent_back:
        return Drawn(True, RETURNED_OR_REFERRED_BACK, Decimal(1), lot)
    rule = next(one for one in rules if _matches(one, at_risk, referent_assessments))
    return Drawn(lot < rule.share, rule.when, rule.share, lot)


def lot_from(root: str, seed: str) -> Decimal:
    """Return a number of six decimals from 0 up to but not including 1."""
    number = int.from_bytes(hashlib.sha256(f"verification/{root}/{seed}".encode()).digest()[:8])
    return Decimal(number * 1_000_000 // 2**64) / 1_000_000


def _matches(rule: SamplingRule, at_risk: bool, referent_assessments: int) -> bool:
    if rule.when == "refused_or_third_referent_or_appeal":
        return at_risk
    if rule.when == "referent_assessments_up_to":
        return referent_assessments <= (rule.count or 0)
    return True
