"""What the worker reads back by night: whether every kept file is still what was kept.

Each is read through and compared in size and SHA-256 with what was found when it arrived. A store
that finds by itself that bytes have rotted answers with an error, or not at all. That is told from
a store that is away by a look at another object, written for the purpose: if that one comes back,
the file that does not is damaged.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from app.evidence import integrity
from app.evidence.models import Damage
from app.evidence.queries import keeping
from app.evidence.queries.keeping import Kept
from app.jobs.shift import Shift
from app.kit.ids import new_id
from app.storage import ObjectMissing, StoreUnavailable
from app.storage.s3 import S3Store

AT_ONCE = 100
"""Files that are read between two transactions."""
HASTE, SECOND_LOOK = 5.0, 10.0
"""Seconds that the store has for each answer: at first, and for what it did not give then."""
PROBE = b"What was just written can be read."


@dataclass(frozen=True, slots=True)
class Limits:
    """How much is read back in one go; None: all of it."""

    files: int | None = None
    bytes: int | None = None


@dataclass(slots=True)
class Verified:
    """What was read back: how many files and bytes, and what is wrong with which."""

    files: int = 0
    bytes: int = 0
    damaged: dict[UUID, Damage] = field(default_factory=dict)

    def reached(self, limits: Limits) -> bool:
        return (limits.files is not None and self.files >= limits.files) or (
            limits.bytes is not None and self.bytes >= limits.bytes
        )


Progress = Callable[[Verified], None]


def verify_some(shift: Shift) -> None:
    """Read back what waited longest, as much as one night may take."""
    verify(shift, Limits(shift.verified_files, shift.verified_bytes))


def verify(
    shift: Shift,
    limits: Limits = Limits(),
    *,
    told: Progress = lambda _: None,
    haste: float = HASTE,
    second_look: float = SECOND_LOOK,
) -> Verified:
    """Read kept files back, those first that waited longest.

    It ends at a limit, or when every file was read. Raises StoreUnavailable if the store is away;
    what was read until then is entered.
    """
    looks = shift.store.in_haste(haste), shift.store.in_haste(second_look)
    done = Verified()
    with shift.work() as work:
        began = work.now
    while not done.reached(limits) and (batch := _next(shift, began, limits)):
        _verify(shift, looks, batch, limits, done, told)
    return done


def _next(shift: Shift, began: datetime, limits: Limits) -> Sequence[Kept]:
    at_once = AT_ONCE if limits.files is None else min(AT_ONCE, limits.files)
    with shift.work() as work:
        return keeping.to_verify(work, began, at_once)


def _verify(
    shift: Shift,
    looks: tuple[S3Store, S3Store],
    batch: Sequence[Kept],
    limits: Limits,
    done: Verified,
    told: Progress,
) -> None:
    hasty, slow = looks
    intact: list[UUID] = []
    damaged: dict[UUID, Damage] = {}
    unanswered: list[Kept] = []
    for file in batch:
        if done.reached(limits):
            break
        done.files, done.bytes = done.files + 1, done.bytes + file.size
        told(done)
        try:
            found = _look(hasty, file)
        except StoreUnavailable:
            unanswered.append(file)
            continue
        if found is None:
            intact.append(file.id)
        else:
            damaged[file.id] = found
    try:
        for file in unanswered:
            if (found := _look_again(shift, slow, file)) is None:
                intact.append(file.id)
            else:
                damaged[file.id] = found
    finally:
        _enter(shift, intact, damaged, done)


def _look(store: S3Store, file: Kept) -> Damage | None:
    """Say what is wrong with a file, if anything; StoreUnavailable if it is not given back."""
    try:
        found = store.fingerprint(file.key)
    except ObjectMissing:
        return Damage.MISSING
    if found.size != file.size:
        return Damage.SIZE
    return None if found.sha256 == file.sha256 else Damage.DIGEST


def _look_again(shift: Shift, slow: S3Store, file: Kept) -> Damage | None:
    try:
        return _look(slow, file)
    except StoreUnavailable:
        if not _gives_back(shift.store):
            raise
        return Damage.UNREADABLE


def _gives_back(store: S3Store) -> bool:
    """Tell whether the store gives back what it is given now."""
    key = f"selfcheck/{new_id()}"
    try:
        store.put(key, PROBE, "text/plain")
        try:
            return store.fingerprint(key).sha256 == hashlib.sha256(PROBE).hexdigest()
        finally:
            store.delete(key)
    except StoreUnavailable:
        return False


def _enter(
    shift: Shift, intact: Sequence[UUID], damaged: dict[UUID, Damage], done: Verified
) -> None:
    with shift.work() as work:
        integrity.note_intact(work, intact)
    for id, damage in damaged.items():
        with shift.work() as work:
            if integrity.note_damage(work, id, damage):
                done.damaged[id] = damage
