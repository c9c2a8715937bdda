"""Flags: the service tells the officers of something that a person must judge, and they settle it.

Candidates learn nothing of flags: no state, version or journal that they read moves with one.
"""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert

from app.actor import check_right
from app.evidence import access
from app.evidence.models import File
from app.evidence.models.flags import Flag, FlagKind
from app.evidence.queries import flags as found
from app.evidence.queries.flags import OTHER_PORTFOLIO
from app.journal.service import record
from app.kit.errors import Conflict
from app.kit.ids import new_id
from app.portfolio.models import Portfolio
from app.work import Work


class FlagSettled(Conflict):
    """This flag has been settled already; `settled_at` says when."""


def raise_flag(work: Work, file: File, kind: FlagKind, **facts: str | int | None) -> None:
    """Flag a file for the officers, unless a flag of this kind on it is open already.

    It is recorded in the tenant's journal, not in the portfolio's, which its candidate reads.
    """
    id = new_id()
    raised = work.session.execute(
        insert(Flag)
        .values(
            id=id,
            tenant_id=file.tenant_id,
            portfolio_id=file.portfolio_id,
            file_id=file.id,
            kind=kind,
            facts=facts,
            raised_at=work.now,
        )
        .on_conflict_do_nothing()
        .returning(Flag.id)
    ).first()
    if raised is not None:
        record(work, file.tenant_id, "evidence.flag_raised", id, kind=kind, file=file.id, **facts)


def flag_duplicates(work: Work, file: File, candidate_id: UUID) -> None:
    """Flag a file that was just kept, and every other candidate's that has the same bytes."""
    found.hold_digest(work, file)
    others = found.alike_elsewhere(work, file, candidate_id)
    for other in others:
        for one, same in ((file, other), (other, file)):
            raise_flag(
                work,
                one,
                FlagKind.DUPLICATE,
                other_file=str(same.id),
                **{OTHER_PORTFOLIO: str(same.portfolio_id)},
                sha256=file.sha256,
            )


def settle(work: Work, id: UUID, reason: str, check_untied: Callable[[Portfolio], None]) -> Flag:
    """Settle a flag with a reason, as an officer who has no part in what it is about.

    `check_untied` refuses who is tied to a portfolio's candidate; evidence knows nothing of that.
    """
    check_right(work.actor, access.RIGHTS, "evidence.settle_flag")
    flag = found.flag(work, id, hold=True)
    for portfolio_id in (flag.portfolio_id, flag.other_portfolio):
        if portfolio_id is not None:
            check_untied(work.session.get_one(Portfolio, portfolio_id))
    if flag.settled_at is not None:
        raise FlagSettled(settled_at=flag.settled_at)
    flag.settled_at, flag.settled_by, flag.reason = work.now, work.actor.person_id, reason
    record(
        work,
        flag.tenant_id,
        "evidence.flag_settled",
        flag.id,
        kind=flag.kind,
        file=flag.file_id,
    )
    return flag
