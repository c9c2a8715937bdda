"""Changing what a claim says, so that what it said before is kept."""

from __future__ import annotations

from app.evidence.models import Claim, ClaimVersion
from app.work import Work


def keep_former(work: Work, claim: Claim) -> None:
    """Keep what a claim says now and count its version on; the caller then changes it."""
    work.session.add(
        ClaimVersion(
            tenant_id=claim.tenant_id,
            portfolio_id=claim.portfolio_id,
            claim_id=claim.id,
            version=claim.version,
            reason=claim.reason,
            file_id=claim.file_id,
            page=claim.page,
            box=claim.box,
            from_ms=claim.from_ms,
            to_ms=claim.to_ms,
            replaced_at=work.now,
            replaced_by=work.actor.person_id,
        )
    )
    claim.version += 1
