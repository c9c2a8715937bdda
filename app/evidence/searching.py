"""Searching a portfolio, for those who may read what is in it."""

from __future__ import annotations

from uuid import UUID

from app.evidence import access
from app.evidence.queries import search as queries
from app.evidence.queries.search import Found
from app.journal.service import record
from app.kit.paging import Page
from app.portfolio import queries as portfolios
from app.work import Work


def search(
    work: Work, portfolio_id: UUID, words: str, limit: int, after: tuple[int, UUID]
) -> Page[Found]:
    """Return a page of what holds the words, with some of what stands around them.

    That somebody other than the candidate searched is entered in the portfolio's journal, for they
    read parts of files; what they looked for is not.
    """
    found = portfolios.portfolio_to_read(work, portfolio_id)
    access.check_may_read(work.actor, found.candidate_id, submitted=found.was_submitted)
    page = queries.search(work, portfolio_id, words, limit, after)
    if work.actor.person_id != found.candidate_id:
        record(
            work, portfolio_id, "evidence.portfolio_searched", portfolio_id, found=len(page.rows)
        )
    return page
