"""What a candidate claims: which indicators an item shows, and how they rate themself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple, TypedDict, Unpack
from uuid import UUID

from app.evidence import access, locator, queries
from app.evidence.lifecycle import State
from app.evidence.locator import Box
from app.evidence.models import Claim, SelfAssessment, SelfRating
from app.evidence.service import changed, check_open_to, own_portfolio
from app.evidence.writing import keep_former
from app.framework import queries as reference
from app.kit.errors import StaleVersion
from app.kit.ids import new_id
from app.portfolio.models import Portfolio
from app.work import Work


class Place(NamedTuple):
    """Where in which file a claim points; see `locator`."""

    file_id: UUID | None
    page: int | None
    box: Box | None
    from_ms: int | None
    to_ms: int | None


def add_claim(
    work: Work,
    item_id: UUID,
    *,
    indicator: str,
    reason: str,
    file_id: UUID | None,
    page: int | None,
    box: Box | None = None,
    from_ms: int | None,
    to_ms: int | None,
) -> Claim:
    """Claim that an item shows an indicator; one item and one file can serve many."""
    item, portfolio = queries.item(work, item_id)
    check_open_to(work, portfolio)
    _check_indicators(work, portfolio, {indicator})
    place = Place(file_id, page, box, from_ms, to_ms)
    _check_place(work, item_id, place)
    claim = Claim(
        id=new_id(),
        tenant_id=portfolio.tenant_id,
        portfolio_id=portfolio.id,
        framework_id=portfolio.framework_id,
        indicator=indicator,
        item_id=item.id,
        reason=reason,
        file_id=file_id,
        page=page,
        box=box,
        from_ms=from_ms,
        to_ms=to_ms,
        version=1,
        created_at=work.now,
    )
    work.session.add(claim)
    changed(work, portfolio, "evidence.claim_added", claim.id, item=item.id, indicator=indicator)
    return claim


class ClaimChange(TypedDict, total=False):
    """What of a claim may change; what is left out stays."""

    reason: str
    file_id: UUID | None
    page: int | None
    box: Box | None
    from_ms: int | None
    to_ms: int | None


def change_claim(work: Work, id: UUID, version: int, **changes: Unpack[ClaimChange]) -> Claim:
    """Give a claim another reason or place; what it said before is kept, as in what was sealed."""
    claim, portfolio = queries.claim(work, id)
    check_open_to(work, portfolio)
    if version != claim.version:
        raise StaleVersion
    place = _place_after(claim, changes)
    if changes.keys() - {"reason"}:
        _check_place(work, claim.item_id, place)
    keep_former(work, claim)
    claim.reason = changes.get("reason", claim.reason)
    claim.file_id, claim.page, claim.box = place.file_id, place.page, place.box
    claim.from_ms, claim.to_ms = place.from_ms, place.to_ms
    changed(work, portfolio, "evidence.claim_changed", id, version=claim.version)
    return claim


def remove_claim(work: Work, id: UUID, version: int) -> None:
    """Take a claim back; one that was submitted stays in the snapshot."""
    claim, portfolio = queries.claim(work, id)
    check_open_to(work, portfolio)
    if version != claim.version:
        raise StaleVersion
    work.session.delete(claim)
    changed(work, portfolio, "evidence.claim_removed", id)


def assess_self(
    work: Work, portfolio_id: UUID, version: int, ratings: Mapping[str, tuple[int, str | None]]
) -> SelfAssessment:
    """Enter how the candidate rates themself; indicators left out keep what they had."""
    portfolio = own_portfolio(work, portfolio_id)
    whole = queries.self_assessment(work, portfolio_id)
    if version != (whole.version if whole else 0):
        raise StaleVersion
    _check_indicators(work, portfolio, set(ratings))
    scheme = reference.scheme(work.session, portfolio.scheme_id)
    scheme.rating_scale.check({code: rating for code, (rating, _) in ratings.items()})
    if whole is None:
        whole = SelfAssessment(
            portfolio_id=portfolio_id,
            tenant_id=portfolio.tenant_id,
            version=0,
            changed_at=work.now,
        )
        work.session.add(whole)
    whole.version, whole.changed_at = version + 1, work.now
    work.session.flush()
    for code, (rating, comment) in ratings.items():
        work.session.merge(
            SelfRating(
                tenant_id=portfolio.tenant_id,
                portfolio_id=portfolio_id,
                framework_id=portfolio.framework_id,
                indicator=code,
                rating=rating,
                comment=comment,
            )
        )
    changed(work, portfolio, "evidence.self_assessed", portfolio.id, indicators=len(ratings))
    return whole


def _check_indicators(work: Work, portfolio: Portfolio, codes: set[str]) -> None:
    reference.framework(work.session, portfolio.framework_id).check_known(codes)


def _place_after(claim: Claim, changes: ClaimChange) -> Place:
    """Return where a claim points once it is changed: what is left out stays."""
    now = Place(claim.file_id, claim.page, claim.box, claim.from_ms, claim.to_ms)
    if changes.get("file_id", now.file_id) is None:  # no page is left where no file is named
        now = Place(None, None, None, None, None)
    return Place(
        changes.get("file_id", now.file_id),
        changes.get("page", now.page),
        changes.get("box", now.box),
        changes.get("from_ms", now.from_ms),
        changes.get("to_ms", now.to_ms),
    )


def _check_place(work: Work, item_id: UUID, place: Place) -> None:
    kind = pages = duration_ms = None
    if place.file_id is not None:
        file, _ = queries.file(work, place.file_id)
        if file.item_id != item_id or file.state == State.DELETED:
            raise access.NoSuchFile
        kind, pages, duration_ms = file.kind, file.pages, file.duration_ms
    elif place != Place(None, None, None, None, None):
        raise locator.LocatorOutOfPlace("Name the file that the page, box or time range is in.")
    locator.check(
        kind=kind,
        page=place.page,
        box=place.box,
        from_ms=place.from_ms,
        to_ms=place.to_ms,
        pages=pages,
        duration_ms=duration_ms,
    )
