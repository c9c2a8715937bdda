"""What must hold in a scheme beyond its JSON schema, and towards the framework it is on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from string import Formatter

from app.actor import Role
from app.framework.content.framework import Framework
from app.framework.content.problems import (
    Finding,
    Path,
    incomplete,
    not_consecutive,
    repeated,
    texts,
)
from app.framework.content.scheme import RuleKind, Scheme

NUMBER_PARTS = {"letter", "year", "serial", "check"}
"""What a certificate's number is made of."""


def findings(scheme: Scheme, framework: Framework | None) -> Iterator[Finding]:
    """Find everything that is wrong in a scheme; without its framework, all the rest."""
    found = (
        (("scheme", *path) if path == ("title",) else path, text) for path, text in texts(scheme)
    )
    yield from incomplete(found, scheme.languages)
    yield from _scale(scheme)
    yield from _levels(scheme)
    yield from _media_types(scheme)
    yield from _assessment(scheme)
    yield from _afterwards(scheme)
    if framework is not None:
        yield from _indicators(scheme, framework)
        yield from _amounts(scheme, framework)


def _scale(scheme: Scheme) -> Iterator[Finding]:
    scale = scheme.rating_scale
    values = [(("rating_scale", "ratings", i, "value"), one) for i, one in enumerate(scale.values)]
    yield from not_consecutive(values, range(len(values)), "rating")
    codes = (
        (("rating_scale", "ratings", i, "code"), one.code) for i, one in enumerate(scale.ratings)
    )
    yield from repeated(codes, "rating")
    places: list[tuple[Path, int | None]] = [
        (("rating_scale", "competent_from"), scale.competent_from),
        (("rating_scale", "exemplary_from"), scale.exemplary_from),
        (
            ("assessment", "agreement", "agreed_when", "both_at_least"),
            scheme.assessment.agreement.agreed_when.both_at_least,
        ),
    ]
    for path, value in places:
        if value is not None and value not in scale.values:
            yield path, f"{value} is not one of the ratings"
    if scale.exemplary_from < scale.competent_from:
        yield ("rating_scale", "exemplary_from"), "exemplary begins below competent"


def _levels(scheme: Scheme) -> Iterator[Finding]:
    codes = ((("levels", i, "code"), one.code) for i, one in enumerate(scheme.levels))
    yield from repeated(codes, "level")
    letters = ((("levels", i, "letter"), one.letter) for i, one in enumerate(scheme.levels))
    yield from repeated(letters, "level letter")
    rules = [
        (("levels", i, "pass_rules", k), rule)
        for i, level in enumerate(scheme.levels)
        for k, rule in enumerate(level.pass_rules)
    ]
    for i, level in enumerate(scheme.levels):
        ids = (
            (("levels", i, "pass_rules", k, "id"), one.id) for k, one in enumerate(level.pass_rules)
        )
        yield from repeated(ids, "pass rule")
    for path, rule in [
        *rules,
        (("recertification", "pass_rule"), scheme.recertification.pass_rule),
    ]:
        if rule.rule is RuleKind.MIN_RATING and rule.value not in scheme.rating_scale.values:
            yield (*path, "value"), f"{rule.value} is not one of the ratings"


def _media_types(scheme: Scheme) -> Iterator[Finding]:
    types = (
        (("evidence_rules", "media_types", kind, i), one)
        for kind, all_types in scheme.evidence_rules.media_types.items()
        for i, one in enumerate(all_types)
    )
    yield from repeated(types, "media type")
    sectors = (
        (("labels", "sectors", i, "code"), one.code) for i, one in enumerate(scheme.labels.sectors)
    )
    yield from repeated(sectors, "sector")


def _assessment(scheme: Scheme) -> Iterator[Finding]:
    known = {role.value for role in Role}
    pairs = scheme.assessment.separation
    for i, pair in enumerate(pairs):
        for k, role in enumerate(pair):
            if role not in known:
                yield ("assessment", "separation", i, k), f"{role} is not a role"
        if len(set(pair)) == 1:
            yield ("assessment", "separation", i), f"{pair[0]} cannot be kept apart from itself"
    places = ((("assessment", "separation", i), " / ".join(sorted(p))) for i, p in enumerate(pairs))
    yield from repeated(places, "the separation of")
    sampling = scheme.assessment.verification_sampling
    if sampling[-1].when != "otherwise":
        reason = "the last sampling rule must be the one for all others (otherwise)"
        yield ("assessment", "verification_sampling", len(sampling) - 1), reason


def _afterwards(scheme: Scheme) -> Iterator[Finding]:
    for i, outcome in enumerate(scheme.decision.reasons_required):
        if outcome not in scheme.decision.outcomes:
            yield ("decision", "reasons_required", i), f"{outcome} is not one of the outcomes"
    certificate = scheme.certificate
    if certificate.surveillance_month >= certificate.validity_months:
        reason = "surveillance comes after the certificate has expired"
        yield ("certificate", "surveillance_month"), reason
    if _parts(certificate.number_format) != NUMBER_PARTS:
        reason = "a certificate's number is made of {letter}, {year}, {serial} and {check}"
        yield ("certificate", "number_format"), reason


def _parts(number_format: str) -> set[str]:
    try:
        number_format.format(letter="A", year=2000, serial=1, check=1)
        return {name for _, name, _, _ in Formatter().parse(number_format) if name is not None}
    except (ValueError, KeyError, IndexError, AttributeError, TypeError):
        return set()


def _indicators(scheme: Scheme, framework: Framework) -> Iterator[Finding]:
    rules = scheme.evidence_rules
    named: list[tuple[Path, Iterable[tuple[str | int, str]]]] = [
        (
            ("rating_scale", "critical_indicators"),
            enumerate(scheme.rating_scale.critical_indicators),
        ),
        (("evidence_rules", "min_cases"), ((code, code) for code in rules.min_cases)),
        (("evidence_rules", "referent_validation"), enumerate(rules.referent_validation)),
        (
            ("recertification", "indicators_reassessed"),
            enumerate(scheme.recertification.indicators_reassessed),
        ),
    ]
    for path, codes in named:
        for place, code in codes:
            if code not in framework.indicators:
                reason = f"{code} is not an indicator of {scheme.framework}"
                yield (*path, place), reason


def _amounts(scheme: Scheme, framework: Framework) -> Iterator[Finding]:
    drawn = scheme.assessment.interview.random_indicators
    if drawn > len(framework.indicators):
        reason = f"{drawn} indicators cannot be drawn from {len(framework.indicators)}"
        yield ("assessment", "interview", "random_indicators"), reason
    won = scheme.partial_award.min_competences
    if won > len(framework.competences):
        reason = f"{won} competences cannot be won of {len(framework.competences)}"
        yield ("partial_award", "min_competences"), reason
