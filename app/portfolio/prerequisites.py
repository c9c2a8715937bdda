"""Prerequisites of a level: what the candidate declares, and what it has to reach.

Source: the scheme, `levels[].prerequisites`. A figure named `…_min` is a least number; one that is
true has simply to be given.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass

from app.framework.content.scheme import Prerequisites
from app.kit.errors import Conflict, Invalid


class PrerequisitesUndeclared(Invalid):
    """Each prerequisite of the level is declared, and no other."""


class PrerequisitesUnchecked(Conflict):
    """Every prerequisite is checked before the candidate is admitted."""


class PrerequisitesUnmet(Conflict):
    """A candidate is admitted when every prerequisite is declared in full and found met."""


@dataclass(frozen=True, slots=True)
class Check:
    """One prerequisite of one portfolio: what is needed, declared and found."""

    code: str
    required: int
    declared: int
    met: bool | None


def required(prerequisites: Prerequisites) -> dict[str, int]:
    """Return each prerequisite's code with the least value; one that must be given has 1."""
    return {code: int(value) for code, value in asdict(prerequisites).items()}


def check_declared(needed: Mapping[str, int], declared: Mapping[str, int]) -> None:
    """Refuse a declaration that leaves a prerequisite out or names an unknown one."""
    missing, unknown = needed.keys() - declared.keys(), declared.keys() - needed.keys()
    if missing or unknown:
        raise PrerequisitesUndeclared(missing=sorted(missing), unknown=sorted(unknown))


def declared_enough(check: Check) -> bool:
    """Tell whether the declared value reaches the required one; the officer checks the proof."""
    return check.declared >= check.required


def check_all_met(checks: list[Check]) -> None:
    """Refuse to admit before everything was checked and found met."""
    if unchecked := [check.code for check in checks if check.met is None]:
        raise PrerequisitesUnchecked(unchecked=sorted(unchecked))
    if unmet := [check.code for check in checks if not (check.met and declared_enough(check))]:
        raise PrerequisitesUnmet(unmet=sorted(unmet))
