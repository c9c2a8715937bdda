"""Opening a portfolio, applying with it, and admission."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from app.actor import NOBODY, Role, check_right
from app.framework import queries as reference
from app.framework.content.scheme import Level, Scheme
from app.journal.service import Fact, record
from app.kit.errors import Conflict, Invalid
from app.kit.ids import new_id
from app.people import queries as people
from app.portfolio import access, lifecycle, prerequisites, queries
from app.portfolio.access import Part, PartsKeptApart
from app.portfolio.lifecycle import Step
from app.portfolio.models import Application, Duty, Portfolio, Prerequisite, Transition
from app.portfolio.prerequisites import Check
from app.work import Work


class AlreadyOpen(Conflict):
    """You already have an unfinished portfolio for this scheme and level."""


class NoSuchLevel(Invalid):
    """The scheme has no such level."""


class CharterNotAccepted(Invalid):
    """A candidate applies by accepting the ethics charter."""


class UnknownPrerequisites(Invalid):
    """Findings name prerequisites that the level does not have."""


def open_portfolio(work: Work, *, scheme_code: str, level: str) -> Portfolio:
    """Open a portfolio for the candidate under the versions in force today."""
    check_right(work.actor, access.RIGHTS, "portfolio.open")
    version = reference.published_scheme(work.session, scheme_code)
    scheme = reference.scheme(work.session, version.id)
    _level(scheme, level)
    candidate = people.person_held(work, work.actor.person_id)
    if existing := queries.live_portfolio(work, work.actor.person_id, version.id, level):
        raise AlreadyOpen(portfolio=existing)
    portfolio = Portfolio(
        id=new_id(),
        tenant_id=work.actor.tenant_id,
        candidate_id=candidate.id,
        training_body_id=candidate.training_body_id,
        framework_id=scheme.framework_id,
        scheme_id=version.id,
        charter_id=scheme.charter_id,
        level=level,
        version=1,
        opened_at=work.now,
        state_since=work.now,
    )
    work.session.add(portfolio)
    work.session.flush()
    take_part(work, portfolio, candidate.id, Part.CANDIDATE)
    record(
        work,
        portfolio.id,
        "portfolio.opened",
        portfolio.id,
        scheme=version.id,
        framework=portfolio.framework_id,
        level=level,
    )
    return portfolio


def apply(
    work: Work,
    id: UUID,
    *,
    declarations: Mapping[str, tuple[int, str | None]],
    charter_accepted: bool,
    charter_language: str,
    special_arrangements: str | None,
) -> Portfolio:
    """Ask for admission: declare the prerequisites and accept the charter."""
    portfolio = queries.portfolio(work, id)
    access.check_may_take(work.actor, portfolio.candidate_id, Step.APPLY)
    lifecycle.after(portfolio.state, Step.APPLY)
    if not charter_accepted:
        raise CharterNotAccepted
    level = _level(reference.scheme(work.session, portfolio.scheme_id), portfolio.level)
    needed = prerequisites.required(level.prerequisites)
    declared = {code: value for code, (value, _) in declarations.items()}
    prerequisites.check_declared(needed, declared)

    for code, (value, statement) in declarations.items():
        work.session.merge(
            Prerequisite(
                tenant_id=portfolio.tenant_id,
                portfolio_id=portfolio.id,
                code=code,
                required=needed[code],
                declared=value,
                statement=statement,
                met=None,
                finding=None,
                checked_by=None,
                checked_at=None,
            )
        )
    charter = reference.version(work.session, portfolio.charter_id)
    work.session.merge(
        Application(
            tenant_id=portfolio.tenant_id,
            portfolio_id=portfolio.id,
            charter_hash=charter.content_hash,
            charter_language=charter_language,
            charter_accepted_at=work.now,
            special_arrangements=special_arrangements,
            applied_at=work.now,
        )
    )
    move(work, portfolio, Step.APPLY, charter=charter.content_hash, language=charter_language)
    return portfolio


def decide_admission(
    work: Work,
    id: UUID,
    step: Step,
    *,
    findings: Mapping[str, tuple[bool, str | None]],
    reason: str | None,
) -> Portfolio:
    """Enter what was found about each prerequisite, and admit, ask again or refuse."""
    portfolio = queries.portfolio(work, id)
    access.check_may_take(work.actor, portfolio.candidate_id, step)
    lifecycle.after(portfolio.state, step)
    rows = {row.code: row for row in queries.prerequisites(work, id)}
    if unknown := findings.keys() - rows.keys():
        raise UnknownPrerequisites(unknown=sorted(unknown), known=sorted(rows))
    for code, (met, finding) in findings.items():
        row = rows[code]
        row.met, row.finding = met, finding
        row.checked_by, row.checked_at = work.actor.person_id, work.now
    if step == Step.ADMIT:
        prerequisites.check_all_met(
            [Check(row.code, row.required, row.declared, row.met) for row in rows.values()]
        )
    move(work, portfolio, step, reason=reason)
    return portfolio


def withdraw(work: Work, id: UUID) -> Portfolio:
    """Take the portfolio back for good; nothing that was submitted is deleted."""
    portfolio = queries.portfolio(work, id)
    access.check_may_take(work.actor, portfolio.candidate_id, Step.WITHDRAW)
    move(work, portfolio, Step.WITHDRAW)
    return portfolio


def move(
    work: Work, portfolio: Portfolio, step: Step, *, reason: str | None = None, **facts: Fact
) -> None:
    """Take one step and put it on record; no portfolio changes state in any other way."""
    lifecycle.check_reason(step, reason)
    before, portfolio.state = portfolio.state, lifecycle.after(portfolio.state, step)
    portfolio.state_since = work.now
    portfolio.version += 1
    transition = Transition(
        id=new_id(),
        tenant_id=portfolio.tenant_id,
        portfolio_id=portfolio.id,
        at=work.now,
        actor_id=work.actor.person_id,
        role=_acting_as(work, portfolio, step),
        step=step,
        from_state=before,
        to_state=portfolio.state,
        reason=reason,
    )
    work.session.add(transition)
    record(
        work,
        portfolio.id,
        f"portfolio.{step}",
        portfolio.id,
        transition=transition.id,
        before=before,
        after=portfolio.state,
        **facts,
    )


def take_part(work: Work, portfolio: Portfolio, person_id: UUID, part: Part) -> None:
    """Give a person their one part in a case; taking the same part again changes nothing."""
    held = queries.part_of(work, portfolio.id, person_id)
    if held == part:
        return
    if held is not None:
        raise PartsKeptApart(held=held, wanted=part)
    work.session.add(
        Duty(
            tenant_id=portfolio.tenant_id,
            portfolio_id=portfolio.id,
            person_id=person_id,
            duty=part,
            taken_at=work.now,
        )
    )
    work.session.flush()


def touch(work: Work, portfolio: Portfolio) -> None:
    """Give the portfolio a new version: something in it changed that its candidate can see."""
    portfolio.version += 1


def _acting_as(work: Work, portfolio: Portfolio, step: Step) -> Role | None:
    if work.actor.person_id == NOBODY:
        return None
    if work.actor.person_id == portfolio.candidate_id:
        return Role.CANDIDATE
    if step in access.TAKEN_AS:
        return access.TAKEN_AS[step]
    return next(iter(sorted(access.RIGHTS[f"portfolio.{step}"] & work.actor.roles)), None)


def _level(scheme: Scheme, code: str) -> Level:
    try:
        return scheme.level(code)
    except KeyError:
        raise NoSuchLevel(levels=[level.code for level in scheme.levels]) from None
