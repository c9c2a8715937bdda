"""Submitting a portfolio: it is found ready, and what it holds is sealed as a snapshot."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC
from uuid import UUID

from app.evidence import queries, readiness, sealing, tree
from app.evidence.lifecycle import State
from app.evidence.locator import Box
from app.evidence.models import Claim, Consent, Item, Snapshot, SnapshotClaim, SnapshotFile
from app.evidence.queries import renditions, testimonies, validations
from app.evidence.readiness import Unmet
from app.framework import queries as reference
from app.jobs.queue import defer
from app.kit.canonical import digest
from app.kit.ids import new_id
from app.portfolio import access, lifecycle
from app.portfolio import queries as portfolios
from app.portfolio.lifecycle import Step
from app.portfolio.models import Portfolio
from app.portfolio.service import move
from app.work import Work


def report(work: Work, id: UUID) -> list[Unmet]:
    """Say which rules for submission the portfolio does not meet yet, and where to mend them."""
    return _report(work, portfolios.portfolio_to_read(work, id))


def submit(work: Work, id: UUID) -> tuple[Portfolio, Snapshot]:
    """Hand the portfolio in: seal what it holds now. The working portfolio stays editable."""
    portfolio = portfolios.portfolio(work, id)
    access.check_may_take(work.actor, portfolio.candidate_id, Step.SUBMIT)
    lifecycle.after(portfolio.state, Step.SUBMIT)
    if unmet := readiness.obstacles(_report(work, portfolio)):
        raise readiness.NotReady(unmet=[line_out(line) for line in unmet])

    snapshot = seal(work, portfolio)
    portfolio.submitted_at = work.now
    move(work, portfolio, Step.SUBMIT, snapshot=snapshot.id, root=snapshot.root)
    return portfolio, snapshot


def seal(work: Work, portfolio: Portfolio) -> Snapshot:
    """Keep what the portfolio holds now, provably, for as long as certificates rest on it."""
    number = queries.next_snapshot_number(work, portfolio.id)
    sealed = sealing.seal(
        portfolio_id=portfolio.id,
        number=number,
        at=work.now,
        framework=reference.version(work.session, portfolio.framework_id).content_hash,
        scheme=reference.version(work.session, portfolio.scheme_id).content_hash,
        charter=reference.version(work.session, portfolio.charter_id).content_hash,
        entries=_entries(work, portfolio),
    )
    snapshot = Snapshot(
        id=new_id(),
        tenant_id=portfolio.tenant_id,
        portfolio_id=portfolio.id,
        number=number,
        sealed_at=work.now,
        root=sealed.root,
        manifest=sealed.manifest,
        content=tree.sealed_content(work, portfolio.id),
    )
    work.session.add(snapshot)
    work.session.flush()
    _keep_members(work, portfolio, snapshot)
    for job in ("evidence.draw_receipt", "evidence.lock_snapshot"):
        defer(work, job, subject_id=snapshot.id)
    return snapshot


def line_out(line: Unmet) -> dict[str, object]:
    """Return a line of the readiness report as members of a problem document."""
    return {
        "rule": line.rule,
        "sentence": line.sentence,
        "indicator": line.indicator,
        "evidence_id": None if line.item is None else str(line.item),
    }


def _report(work: Work, portfolio: Portfolio) -> list[Unmet]:
    items = queries.ready_items(work, portfolio.id)
    # Where nobody holds the portfolio, a claim may be on an item that came in meanwhile.
    claims = [
        (claim.indicator, claim.item_id)
        for claim in queries.claims(work, portfolio.id)
        if claim.item_id in items
    ]
    return readiness.unmet(
        reference.framework(work.session, portfolio.framework_id),
        reference.scheme(work.session, portfolio.scheme_id).evidence_rules,
        items,
        claims,
        {own.indicator for own in queries.self_ratings(work, portfolio.id)},
        work.now.date(),
    )


def _keep_members(work: Work, portfolio: Portfolio, snapshot: Snapshot) -> None:
    owner = {
        "tenant_id": portfolio.tenant_id,
        "portfolio_id": portfolio.id,
        "snapshot_id": snapshot.id,
    }
    work.session.add_all(
        SnapshotClaim(
            **owner,
            claim_id=claim.id,
            indicator=claim.indicator,
            item_id=claim.item_id,
            file_id=claim.file_id,
        )
        for claim in queries.claims(work, portfolio.id)
    )
    work.session.add_all(
        SnapshotFile(**owner, file_id=file.id, sha256=file.sha256)
        for file in queries.files(work, portfolio.id)
        if file.state == State.AVAILABLE
    )
    work.session.flush()


def _entries(work: Work, portfolio: Portfolio) -> Sequence[dict[str, object]]:
    cases = [
        sealing.entry(
            "case",
            case.id,
            {
                "pseudonym": case.pseudonym,
                "sector": case.sector,
                "size": case.size,
                "began_on": case.began_on.isoformat(),
                "ended_on": None if case.ended_on is None else case.ended_on.isoformat(),
            },
        )
        for case in queries.cases(work, portfolio.id)
    ]
    items = [
        sealing.entry(
            "evidence",
            item.id,
            {
                "kind": item.kind,
                "title": item.title,
                "description": item.description,
                "practised_on": item.practised_on.isoformat(),
                "case": None if item.case_id is None else str(item.case_id),
                **_authorship(item),
            },
        )
        for item in queries.items(work, portfolio.id)
    ]
    files = [
        sealing.entry(
            "file",
            file.id,
            {"name": file.name},
            evidence=str(file.item_id),
            sha256=file.sha256,
            size=file.size,
            media_type=file.media_type,
        )
        for file in queries.files(work, portfolio.id)
        if file.state == State.AVAILABLE
    ]
    claims = [
        sealing.entry(
            "claim",
            claim.id,
            {
                "reason": claim.reason,
                "file": None if claim.file_id is None else str(claim.file_id),
                "page": claim.page,
                **_box(claim),
                "from_ms": claim.from_ms,
                "to_ms": claim.to_ms,
            },
            evidence=str(claim.item_id),
            indicator=claim.indicator,
        )
        for claim in queries.claims(work, portfolio.id)
    ]
    consents = [
        sealing.entry(
            "consent",
            consent.id,
            {
                "person": consent.person,
                "scope": consent.scope,
                "language": consent.language,
                "given_on": consent.given_on.isoformat(),
                "how": consent.how,
                **_signature(consent),
            },
            evidence=str(consent.item_id),
        )
        for consent in queries.consents(work, portfolio.id)
    ]
    own = [
        {
            "kind": "self_rating",
            "id": one.indicator,
            "rating": one.rating,
            "content_sha256": digest({"comment": one.comment}),
        }
        for one in queries.self_ratings(work, portfolio.id)
    ]
    return [
        *cases,
        *items,
        *files,
        *consents,
        *claims,
        *_captions(work, portfolio),
        *own,
        *_signed(work, portfolio),
    ]


def _signed(work: Work, portfolio: Portfolio) -> Iterable[dict[str, object]]:
    """Yield what others signed; the digest of its content is the one that stands beside it."""
    for one in testimonies.of_portfolio(work, portfolio.id):
        yield {
            "kind": "testimony",
            "id": str(one.id),
            "evidence": str(one.item_id),
            "signed_at": one.signed_at.astimezone(UTC).isoformat(),
            "content_sha256": one.sha256,
        }
    kept = {item.id for item in queries.items(work, portfolio.id)}
    for act in validations.of_portfolio(work, portfolio.id):
        if act.signed_at is not None and act.item_id in kept:
            yield {
                "kind": "validation",
                "id": str(act.id),
                "evidence": str(act.item_id),
                "indicators": list(act.indicators),
                "holds": act.holds,
                "signed_at": act.signed_at.astimezone(UTC).isoformat(),
                "content_sha256": act.sha256,
            }


def _captions(work: Work, portfolio: Portfolio) -> list[dict[str, object]]:
    return [
        sealing.entry(
            "captions",
            one.id,
            {"words": one.words},
            file=str(one.file_id),
            language=one.language,
            sha256=one.sha256,
        )
        for one in renditions.captions_in(work, portfolio.id)
    ]


# What was sealed before there were boxes and declarations has neither member; nor has what has
# neither. So one rule computes the digest of every entry again, old and new.


def _authorship(item: Item) -> dict[str, dict[str, str | None]]:
    if (declared := item.declaration) is None:
        return {}
    return {
        "authorship": {
            "role": declared.role,
            "contribution": declared.contribution,
            "declared_at": declared.declared_at.astimezone(UTC).isoformat(),
        }
    }


def _box(claim: Claim) -> dict[str, Box]:
    return {} if claim.box is None else {"box": claim.box}


def _signature(consent: Consent) -> dict[str, str]:
    found = {}
    if consent.signed_name is not None:
        found["signed_name"] = consent.signed_name
    if consent.withdrawn_at is not None:
        found["withdrawn_at"] = consent.withdrawn_at.astimezone(UTC).isoformat()
    return found
