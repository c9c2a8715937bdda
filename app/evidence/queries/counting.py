"""What consents, testimonies and validations count for, once their rows are at hand."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from app.evidence.lifecycle import State
from app.evidence.models import (
    Answer,
    Consent,
    ConsentForm,
    File,
    Invitation,
    InvitationKind,
    Testimony,
    Validation,
)
from app.evidence.readiness import RECORDINGS

GONE = (State.REJECTED, State.DELETED, State.SUPERSEDED, State.QUARANTINED)


def consented(
    found: Iterable[Consent], requests: Iterable[Invitation], files: Iterable[File]
) -> set[UUID]:
    """Return the items all of whose recorded persons consent.

    Against an item stands whoever was asked and did not consent (until the question is taken back,
    which clears no refusal), and whoever withdrew, until the same person consents anew. What a
    person said by a link is undone by a later question that they answer, never by an entry of the
    candidate; and it is about the recordings that there were when they answered.
    """
    newest: dict[UUID, datetime] = {}
    for file in files:
        if file.kind in RECORDINGS and file.state not in GONE:
            known = newest.get(file.item_id, file.announced_at)
            newest[file.item_id] = max(known, file.announced_at)
    consents = list(found)
    asked = {one.id: one for one in requests if one.kind == InvitationKind.CONSENT}
    by_label: dict[tuple[UUID, str], list[Consent]] = {}
    for one in consents:
        by_label.setdefault((one.item_id, one.person), []).append(one)

    def given_anew(said: Consent | Invitation, since: datetime) -> bool:
        """Tell whether the same person consents by a link that they were sent since."""
        return any(
            later.invitation_id in asked
            and asked[later.invitation_id].asked_at > since
            and later.withdrawn_at is None
            and _same_name(said, later)
            for later in by_label.get((said.item_id, said.person), ())
        )

    def covers_all(given: Consent) -> bool:
        """Tell whether a consent by a link, or a later one of the person, knew the recordings."""
        since = newest.get(given.item_id)
        return since is None or any(
            later.entered_at >= since
            and later.invitation_id is not None
            and _same_name(given, later)
            for later in by_label[given.item_id, given.person]
        )

    def entered_anew(withdrawn: Consent, since: datetime) -> bool:
        return any(
            later.entered_at > since and later.withdrawn_at is None
            for later in by_label[withdrawn.item_id, withdrawn.person]
        )

    against = {
        one.item_id
        for one in consents
        if one.withdrawn_at is not None
        and not (given_anew if one.how == ConsentForm.LINK else entered_anew)(one, one.withdrawn_at)
    }
    against |= {
        one.item_id
        for one in consents
        if one.withdrawn_at is None and one.invitation_id is not None and not covers_all(one)
    }
    against |= {
        one.item_id
        for one in asked.values()
        if one.answer != Answer.GIVEN
        and one.revoked_at is None
        and not (one.answered_at is not None and given_anew(one, one.answered_at))
    }
    return {one.item_id for one in consents if one.withdrawn_at is None} - against


def _same_name(said: Consent | Invitation, later: Consent) -> bool:
    """Tell whether two answers by links carry one typed name, where both carry any.

    Two people under one label are told apart by it.
    """
    name = said.signed_name if isinstance(said, Consent) else None
    return name is None or name.casefold() == (later.signed_name or "").casefold()


def validated(
    validations: Iterable[Validation], files: Iterable[File], signed: Iterable[Testimony]
) -> dict[UUID, set[str]]:
    """Return by item which indicators a referent's word bears out.

    A validation counts while everything that was named is there as it was; what was added since is
    not borne out, and takes nothing away.
    """
    now: dict[UUID, set[tuple[str, str | None]]] = {}
    for file in files:
        if file.state == State.AVAILABLE:
            now.setdefault(file.item_id, set()).add((str(file.id), file.sha256))
    for one in signed:
        now.setdefault(one.item_id, set()).add((str(one.id), one.sha256))
    found: dict[UUID, set[str]] = {}
    for validation in validations:
        if validation.evidence is None or not validation.holds:
            continue
        named = {
            (one["id"], one["sha256"])
            for one in (*validation.evidence["files"], *validation.evidence["testimonies"])
        }
        if named <= now.get(validation.item_id, set()):
            found.setdefault(validation.item_id, set()).update(validation.indicators)
    return found
